"""A document as it goes over the wire: bytes, their hash, and how long anyone may keep them.

A view returns a document as it is. A document is a WSGI application, too, so whoever stands in front of the
application can keep it and answer with it again.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

JSON = "application/json"
XML = ("application/atom+xml", "application/xml", "text/xml")
REVALIDATE = "no-cache"  #: keep it, but ask each time whether it still holds; the ETag makes that cheap
IMMUTABLE = "max-age=31536000, immutable"
QUICKLY = 3  #: gzip's level: a tenth more bytes than at its usual 6, in a third of the time
WORTH_COMPRESSING = 256  #: bytes; below that the header costs more than is saved
NOSNIFF = ("X-Content-Type-Options", "nosniff")  #: a browser takes an answer for what it says it is
KEPT = "nugetlite.kept"  #: where in the WSGI environment an answer leaves itself to be kept

Answer = tuple[str, list[tuple[str, str]], bytes]  #: status, headers, body

ETAG = 0  #: where it stands among the headers
_OF_A_BODY = frozenset({"Content-Type", "Content-Length", "Content-Encoding"})


@dataclass(frozen=True)
class Document:
    """Something rendered. Made once for each change of what it shows; the same bytes for everybody."""

    body: bytes
    content_type: str = JSON
    cache_control: str = REVALIDATE
    compressible: bool = True
    subject: str = ""  #: the key of the one package id that it speaks of, if it speaks of one only
    headers: tuple[tuple[str, str], ...] = ()  #: more of them
    varies_by: tuple[str, ...] = ()  #: headers of requests, for caches: other ones may get another answer
    again: Callable[[], Document] | None = (
        None  #: makes it anew from what the feed is by then; wants no request
    )

    def renewed(self) -> Document | None:
        """What has become of it, for the same clients; ``None`` if that takes a request. Raises as ``again``."""
        if self.again is None:
            return None
        return replace(
            self.again(), cache_control=self.cache_control, varies_by=self.varies_by, again=self.again
        )

    def answer(self, environ: WSGIEnvironment) -> Answer:
        """What to answer to a request: the whole, the whole compressed, or "you have it" (304)."""
        status, headers, body = self._zipped if self._is_zipped_for(environ) else self._plain
        if is_known(headers[ETAG][1], environ):
            return "304 NOT MODIFIED", [each for each in headers if each[0] not in _OF_A_BODY], b""
        return status, headers, body

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The same as a WSGI application."""
        status, headers, body = self.answer(environ)
        start_response(status, headers)
        return [body] if body and environ["REQUEST_METHOD"] != "HEAD" else []

    def __len__(self) -> int:
        """Bytes that it takes to keep it: compressed it is never longer."""
        return 2 * len(self.body)

    def _is_zipped_for(self, environ: WSGIEnvironment) -> bool:
        return self._is_worth_zipping and takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))

    @property
    def _is_worth_zipping(self) -> bool:
        return self.compressible and len(self.body) >= WORTH_COMPRESSING

    @cached_property
    def _hash(self) -> str:
        """Of the content: equal on every server, and after every restart."""
        return sha256(self.body).hexdigest()[:32]  # processors have steps of their own for it

    @cached_property
    def _plain(self) -> Answer:
        return self._prepared(self.body, f'"{self._hash}"')

    @cached_property
    def _zipped(self) -> Answer:
        zipped = gzip.compress(self.body, compresslevel=QUICKLY, mtime=0)
        return self._prepared(zipped, f'"{self._hash}-gz"', ("Content-Encoding", "gzip"))

    def _prepared(self, body: bytes, etag: str, *encoding: tuple[str, str]) -> Answer:
        headers = [
            ("ETag", etag),
            ("Content-Type", self.content_type),
            ("Content-Length", str(len(body))),
            ("Cache-Control", self.cache_control),
            NOSNIFF,
            *encoding,
            *self.headers,
        ]
        varies_by = (*self.varies_by, "Accept-Encoding") if self._is_worth_zipping else self.varies_by
        if varies_by:
            headers.append(("Vary", ", ".join(varies_by)))
        return "200 OK", headers, body


@dataclass(frozen=True)
class Done:
    """What became of a write: a status and what else there is to say in headers."""

    status: HTTPStatus
    headers: tuple[tuple[str, str], ...] = ()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Say it."""
        length = () if self.status is HTTPStatus.NO_CONTENT else (("Content-Length", "0"),)
        start_response(f"{self.status:d} {self.status.phrase}", [*length, NOSNIFF, *self.headers])
        return []


def renewable(make: Callable[[], Document]) -> Document:
    """What ``make`` makes, and will make again, without a request, when what it shows has changed.

    Whoever may see the document now may see what it becomes, as long as nothing about people changes; ``Viewers``
    knows whether anything has.
    """
    return replace(make(), again=make)


def is_known(etag: str, environ: WSGIEnvironment) -> bool:
    """Whether the client has what bears this ETag, and asks only if there is something else by now."""
    known = environ.get("HTTP_IF_NONE_MATCH", "")
    return bool(known) and (
        known.strip() == "*" or etag in (each.strip().removeprefix("W/") for each in known.split(","))
    )


@lru_cache(maxsize=256)
def takes_gzip(accepted: str) -> bool:
    """Whether an ``Accept-Encoding`` lets gzip in."""
    return bool(parse_accept_header(accepted, Accept)["gzip"])


@lru_cache(maxsize=256)
def prefers_json(accepted: str) -> bool:
    """Whether an ``Accept`` asks for JSON where there is Atom, too: by name, and more than for XML."""
    if "json" not in accepted.lower():
        return False
    wanted: dict[str, float] = {}
    for kind, quality in parse_accept_header(accepted, Accept):
        name = kind.partition(";")[0].strip().lower()
        wanted[name] = max(quality, wanted.get(name, 0))
    return wanted.get(JSON, 0) > max(wanted.get(kind, 0) for kind in XML)


def json_document(content: Any, **circumstances: Any) -> Document:
    """A JSON document from plain values."""
    body = bytes(memoryview(orjson.dumps(content)))  # of just its length: orjson leaves several times that
    return Document(body, **circumstances)
