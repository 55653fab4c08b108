"""What a request carries: its bytes, no more of them than are let in, and the package among them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flask import request
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]  # gunicorn comes without types

from nugetlite.errors import BadUpload, TooLarge
from nugetlite.web.multipart import Multipart, OneWay, Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from wsgiref.types import WSGIEnvironment

    from nugetlite.package.archive import Readable

SMALL = 1024 * 1024  #: bytes let in where nobody asked for a package
FORM_LIMIT = 64 * 1024  #: bytes of a form, or of JSON in its place
FRAMING = 8 * 1024  #: bytes that multipart may add to a package
SHORT_REST = 64 * 1024  #: unread bytes that a server reads by itself, to use the connection again
READ = 1024 * 1024  #: bytes asked of the server; asked for fewer, gunicorn copies all others every time

_NOT_PACKAGES = re.compile(r"application/(x-www-form-urlencoded|([\w.-]+\+)?(json|xml))|text/.*")


def package_stream(environ: WSGIEnvironment, limit: int, *, named: bool = False) -> Upload:
    """The package that a request carries, to be read once.

    It is the first part of a multipart body, whatever its name (``named``: the first that has a file name, as
    Octopus has it), or else the body itself. Raises ``TooLarge`` if the client declares more than ``limit``
    bytes, ``BadUpload`` if it sends anything else than a package; reading may raise both, too.
    """
    content_type = environ.get("CONTENT_TYPE", "")
    kind = content_type.partition(";")[0].strip().lower()
    if _NOT_PACKAGES.fullmatch(kind):
        raise BadUpload("This is no package; send one as multipart/form-data or application/octet-stream")
    if not kind.startswith("multipart/"):
        return Upload(body_of(environ, limit))
    parts = iter(Multipart(content_type, body_of(environ, limit + FRAMING)))
    for part in parts:
        if part.filename or not named:
            return Upload(part, part.filename, parts)
    raise BadUpload("There is no file in this upload")


def small_form() -> Mapping[str, str]:
    """The form that the current request carries; none if it carries anything else. A large one is refused (413)."""
    request.max_content_length = request.max_form_memory_size = FORM_LIMIT
    return request.form


class Upload(OneWay):
    """The bytes of one package on their way in. Where they end, the whole request is known to have come."""

    def __init__(self, source: Readable, filename: str = "", rest: Iterable[Part] = ()) -> None:
        self.filename = filename  #: as the client calls it, without folders; "" if it does not
        self._source = source
        self._rest = rest
        self._is_empty = True

    def _next(self, size: int) -> bytes:
        data = self._source.read(size)
        self._is_empty = self._is_empty and not data
        if size and not data:
            for _ in self._rest:
                pass  # a request that breaks off behind the package is no whole request
            if self._is_empty:
                raise BadUpload("There is no package in this upload; it is empty")
        return data


class Body(OneWay):
    """All the bytes of one request, as the server hands them over, whatever is in them.

    Reading raises ``TooLarge`` beyond ``limit``, before the first byte if the client declares so many, and
    ``BadUpload`` if the client goes away, falls silent or breaks HTTP before the end.
    """

    def __init__(self, environ: WSGIEnvironment, limit: int = SMALL) -> None:
        declared = environ.get("CONTENT_LENGTH", "")
        self.limit = limit
        self._source = environ["wsgi.input"]
        self._is_chunked = "HTTP_TRANSFER_ENCODING" in environ
        self._left = int(declared) if declared.isdecimal() else 0  # servers refuse nonsense
        self._received = 0
        self._is_broken = False
        self._has_ended = not self._is_chunked and not self._left
        self._data = b""
        self._at = 0

    @property
    def ends_connection(self) -> bool:
        """Whether so much is unread, or nobody knows how much, that no other request can follow behind it."""
        return not self._has_ended and (self._is_broken or self._is_chunked or self._left > SHORT_REST)

    def check_size(self) -> None:
        """Raise ``TooLarge`` if it has, or declares, more than ``limit`` bytes."""
        if self._received + self._left > self.limit:
            raise TooLarge(f"This is more than the {_in_words(self.limit)} that may be sent here")

    def _next(self, size: int) -> bytes:
        if size and self._at == len(self._data):
            self._data, self._at = self._receive(), 0
        data = self._data[self._at : self._at + size]
        self._at += len(data)
        return data

    def _receive(self) -> bytes:
        self.check_size()
        if self._has_ended:
            return b""
        data = self._from_server(READ if self._is_chunked else min(READ, self._left))
        self._received += len(data)
        if self._is_chunked:
            self._has_ended = not data
        else:
            self._left -= len(data)
            self._has_ended = not self._left
        return data

    def _from_server(self, size: int) -> bytes:
        try:
            data: bytes = self._source.read(size)
        except (OSError, ParseException) as error:  # gunicorn looks at chunks only when they are read
            self._is_broken = True
            raise BadUpload("This upload broke off, or its chunks are wrong; send it again") from error
        if not data and self._left:
            self._is_broken = True
            raise BadUpload(f"This upload broke off {self._left} bytes before its end; send it again")
        return data


def body_of(environ: WSGIEnvironment, limit: int) -> Body:
    """The body of a request that may have up to ``limit`` bytes; raises ``TooLarge`` if it declares more."""
    body = environ["wsgi.input"]
    if not isinstance(body, Body):
        body = environ["wsgi.input"] = Body(environ)
    body.limit = limit
    body.check_size()
    return body


def _in_words(size: float) -> str:
    units = ["bytes", "KB", "MB", "GB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        del units[0]
    return f"{size:.1f}".removesuffix(".0") + f" {units[0]}"
