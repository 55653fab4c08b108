"""Reads a multipart body part by part, as real clients write it, while it comes in.

    preamble
    --boundary                            a line ends with CRLF or, from Mono, with a bare LF
    Content-Disposition: form-data; name=package; filename=package.nupkg

    bytes, as many as there are           handed out in blocks, never kept
    --boundary--
    epilogue

Reading takes time in proportion to the body, and memory for two or three blocks, whatever is in it.
"""

from __future__ import annotations

import io
import re
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from nugetlite.errors import BadUpload

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nugetlite.package.archive import Readable

BLOCK = 256 * 1024
PARTS = 100  #: of one body; a push has one
HEADERS = 16 * 1024  #: bytes of one part's headers
PREAMBLE = 64 * 1024  #: bytes before the first boundary
BOUNDARY = 200  #: characters; RFC 2046 allows 70
BLANKS = 64  #: that may follow a boundary (RFC 2046, 5.1.1)

_AFTER_BOUNDARY = re.compile(rb"(--)?[ \t]{0,%d}(?:\r?\n|\Z)" % BLANKS)
_LONGEST_AFTER_BOUNDARY = len("--") + BLANKS + len("\r\n")
_PARAMETER = re.compile(r';\s*([^\s;=]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')
_ESCAPED = re.compile(r'\\(["\\])')  # before anything else a backslash is one: filename="C:\package.nupkg"


class OneWay(io.RawIOBase):
    """A file that is read once, from front to back, because its bytes are just coming in."""

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """At most ``size`` bytes, or all of them if it is negative; none at the end, and only there."""
        if size is None or size < 0:
            return b"".join(iter(lambda: self._next(BLOCK), b""))
        return self._next(size)

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # what has a len() will do
        """Fill the front of ``buffer``; answers how many bytes that took."""
        data = self._next(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _next(self, size: int) -> bytes:
        raise NotImplementedError


class Multipart:
    """The parts of a body, one after the other. To go on to the next is to skip what is left of this one.

    ``content_type`` is the request's header. Raises ``BadUpload`` at once if that names no boundary, and on
    the way for what is no multipart body; one that breaks off before its last boundary never looks whole.
    """

    def __init__(self, content_type: str, body: Readable) -> None:
        boundary = _parameters(content_type).get("boundary", "").encode("latin-1", "replace")
        if not 0 < len(boundary) <= BOUNDARY:
            raise BadUpload("The Content-Type of this upload names no boundary that tells its parts apart")
        self._boundary = b"\n--" + boundary
        self._body = body
        self._body_ended = False
        self._data = b"\n"  # so that a boundary at the very start stands behind a line end, as everywhere
        self._start = 0  # before here, all is used
        self._sure = 0  # before here, there is no boundary
        self._after_boundary: int | None = None  # where the boundary ends that begins at sure
        self._is_last = False  # that boundary
        self._part: Part | None = None

    def __iter__(self) -> Iterator[Part]:
        """Read the body. There is one pass over it."""
        self._skip_preamble()
        parts = 0
        while not self._is_last:
            if parts == PARTS:
                raise BadUpload(f"This upload has more than {PARTS} parts; send one package at a time")
            parts += 1
            self._part = Part(self, self._headers())
            yield self._part
            while self.read_of(self._part, BLOCK):
                pass
        while self._body.read(BLOCK):
            pass  # the epilogue

    def read_of(self, part: Part, size: int) -> bytes:
        """At most ``size`` bytes of ``part``, the one that the iteration stands at; none at its end."""
        if part is not self._part:
            raise ValueError("the reading went on to another part")
        return self._take(size)

    def _skip_preamble(self) -> None:
        skipped = 0
        while data := self._take(BLOCK):
            skipped += len(data)
            if skipped > PREAMBLE:
                raise BadUpload("The boundary that the Content-Type names is not where this upload begins")

    def _headers(self) -> Mapping[str, str]:
        """The headers behind the boundary that was reached; names in lower case, the first of each."""
        assert self._after_boundary is not None  # noqa: S101 -- what was taken before ended there
        self._start, self._after_boundary = self._after_boundary, None
        headers: dict[str, str] = {}
        left = HEADERS
        while line := self._header_line(left):
            left -= len(line)
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon:
                raise BadUpload("A part of this upload has a header that is none")
            headers.setdefault(name.strip().lower(), value.strip())
        self._start = self._sure = self._start - 1
        self._take(len("\n"))  # unless a boundary follows at once: then that is its line end
        return MappingProxyType(headers)

    def _header_line(self, limit: int) -> bytes:
        while (end := self._data.find(b"\n", self._start)) < 0 and len(self._data) - self._start <= limit:
            self._read_on()
        if not 0 <= end - self._start <= limit:
            raise BadUpload("A part of this upload has headers without end")
        line = self._data[self._start : end]
        self._start = end + 1
        return line.rstrip(b"\r")

    def _take(self, size: int) -> bytes:
        """At most ``size`` bytes of what comes before the next boundary; none when it was reached."""
        while size and self._start == self._sure and self._after_boundary is None:
            self._look_ahead()
        stop = min(self._sure, self._start + size)
        data = self._data[self._start : stop]
        self._start = stop
        return data

    def _look_ahead(self) -> None:
        """Find the next boundary in what was read, or how far there is surely none, or read on."""
        look_from = self._start
        while (at := self._data.find(self._boundary, look_from)) >= 0:
            behind = at + len(self._boundary)
            if len(self._data) - behind < _LONGEST_AFTER_BOUNDARY and not self._body_ended:
                self._sure = self._line_end(at)
                break
            if match := _AFTER_BOUNDARY.match(self._data, behind):
                self._sure = self._line_end(at)
                self._after_boundary = match.end()
                self._is_last = bool(match[1])
                return
            look_from = at + 1  # a longer word that begins like the boundary
        else:
            self._sure = max(self._start, len(self._data) - len(b"\r") - len(self._boundary) + 1)
        if self._sure == self._start:
            self._read_on()

    def _line_end(self, line_feed: int) -> int:
        """Where the line end begins whose LF is there."""
        return line_feed - 1 if self._data.endswith(b"\r", self._start, line_feed) else line_feed

    def _read_on(self) -> None:
        """Have more data, or know that there is none."""
        if self._body_ended:
            raise BadUpload(
                "This upload broke off; send it again" if self._part else "There is no file in this upload"
            )
        block = self._body.read(BLOCK)
        self._body_ended = not block
        self._data = self._data[self._start :] + block
        self._sure -= self._start
        self._start = 0


class Part(OneWay):
    """One part: its headers (names in lower case), and the file that it is."""

    def __init__(self, body: Multipart, headers: Mapping[str, str]) -> None:
        disposition = _parameters(headers.get("content-disposition", ""))
        self.headers = headers
        self.name = _text(disposition.get("name", ""))  #: of the form's field; "" for none
        self.filename = _file_name(disposition)  #: without the client's folders; "" for none
        self._body = body

    def _next(self, size: int) -> bytes:
        return self._body.read_of(self, size)


def _parameters(header: str) -> dict[str, str]:
    """``{"name": "package"}`` of ``form-data; name=package``, or of ``form-data; name="package"``."""
    return {name.lower(): _unquoted(value.strip()) for name, value in reversed(_PARAMETER.findall(header))}


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return _ESCAPED.sub(r"\1", value[1:-1])
    return value


def _file_name(disposition: Mapping[str, str]) -> str:
    extended = _extended_text(disposition.get("filename*", ""))
    return re.split(r"[/\\]", extended or _text(disposition.get("filename", "")))[-1]


def _extended_text(value: str) -> str:
    """``naïve.zip`` of ``utf-8''na%C3%AFve.zip`` (RFC 8187); "" of what is none."""
    charset, _, rest = value.partition("'")
    _, quote, encoded = rest.partition("'")
    try:
        return unquote_to_bytes(encoded).decode(charset) if quote else ""
    except (LookupError, ValueError):
        return ""


def _text(value: str) -> str:
    """What a header means that browsers and curl fill with UTF-8."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeDecodeError:
        return value
