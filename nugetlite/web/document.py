"""A document as it goes over the wire: bytes, their hash, and how long anyone may keep them.

A document is a WSGI application, so a view returns it as it is, and whoever stands in front of the
application can keep it and answer with it again.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

JSON = "application/json"
REVALIDATE = "no-cache"  #: keep it, but ask each time whether it still holds; the ETag makes that cheap
IMMUTABLE = "max-age=31536000, immutable"
WORTH_COMPRESSING = 256  #: bytes; below that the header costs more than is saved
KEPT = "nugetlite.kept"  #: where in the WSGI environment an answer leaves itself to be kept

_TAKES_GZIP = re.compile(r"(?:^|[\s,])(?:gzip|\*)\s*(?:,|$|;\s*q=(?:1|0\.\d*[1-9]))", re.IGNORECASE)


@dataclass(frozen=True)
class Document:
    """Something rendered. Made once for each change of what it shows; the same bytes for everybody."""

    body: bytes
    content_type: str = JSON
    cache_control: str = REVALIDATE
    compressible: bool = True
    subject: str = ""  #: the key of the one package id that it speaks of, if it speaks of one only
    headers: tuple[tuple[str, str], ...] = ()  #: more of them

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer whole, compressed, or "you have it" (304)."""
        environ[KEPT] = self
        plain, zipped = self._answers
        body, headers = (
            zipped if zipped and _TAKES_GZIP.search(environ.get("HTTP_ACCEPT_ENCODING", "")) else plain
        )
        known = environ.get("HTTP_IF_NONE_MATCH")
        if known and (self._hash in known or known.strip() == "*"):
            start_response("304 NOT MODIFIED", [each for each in headers if each[0] not in _OF_A_BODY])
            return []
        start_response("200 OK", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def __len__(self) -> int:
        return sum(len(answer[0]) for answer in self._answers if answer)

    @cached_property
    def _hash(self) -> str:
        return blake2b(self.body, digest_size=16).hexdigest()

    @cached_property
    def _answers(self) -> tuple[_Answer, _Answer | None]:
        """The body and its headers, plain and, where that is worth it, compressed."""
        if not self.compressible or len(self.body) < WORTH_COMPRESSING:
            return self._answer(self.body), None
        vary = ("Vary", "Accept-Encoding")
        zipped = gzip.compress(self.body, compresslevel=6, mtime=0)
        return self._answer(self.body, vary), self._answer(
            zipped, vary, ("Content-Encoding", "gzip"), mark="-gz"
        )

    def _answer(self, body: bytes, *more: tuple[str, str], mark: str = "") -> _Answer:
        """The ETag is a hash of the content: equal on every server, and after every restart."""
        return body, [
            ("Content-Type", self.content_type),
            ("Content-Length", str(len(body))),
            ("ETag", f'"{self._hash}{mark}"'),
            ("Cache-Control", self.cache_control),
            ("X-Content-Type-Options", "nosniff"),
            *more,
            *self.headers,
        ]


_Answer = tuple[bytes, list[tuple[str, str]]]
_OF_A_BODY = frozenset({"Content-Type", "Content-Length", "Content-Encoding"})


def json_document(content: Any, **circumstances: Any) -> Document:
    """A JSON document from plain values."""
    return Document(orjson.dumps(content), **circumstances)
