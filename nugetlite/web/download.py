"""A file as it goes over the wire whole; ranges and other conditions are left to Flask."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO

from flask import Response, request
from werkzeug.exceptions import PreconditionFailed
from werkzeug.wsgi import FileWrapper, wrap_file

from nugetlite.web.document import is_known

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

SMALL = (
    256 * 1024
)  #: bytes; up to here one read and one write are quicker than sendfile with its preparations
BLOCK = 256 * 1024
ONE_RANGE = re.compile(r"bytes=(?:[0-9]{1,18}-(?:[0-9]{1,18})?|-([0-9]{1,18}))", re.IGNORECASE)
ROOM = 1024  #: bytes that it takes to keep one: not the file, only where it is


@dataclass(frozen=True)
class Download:
    """One file that was found before, and is opened anew each time it is asked for."""

    reopen: Callable[[], BinaryIO]  #: opens it, or raises if it is not what it was
    served: Callable[[], None]  #: told each time somebody gets it
    size: int
    etag: str
    headers: tuple[tuple[str, str], ...]
    subject: str

    def renewed(self) -> None:
        """Nothing: of another file, all of this would be another one."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send it, or say that the client has it (304)."""
        stream = self.reopen()
        if is_known(self.etag, environ):
            stream.close()
            start_response("304 NOT MODIFIED", [("ETag", self.etag), *self.headers])
            return []
        start_response("200 OK", [("Content-Length", str(self.size)), ("ETag", self.etag), *self.headers])
        if environ["REQUEST_METHOD"] == "HEAD":
            stream.close()
            return []
        self.served()
        if self.size > SMALL and "wsgi.file_wrapper" in environ:
            return environ["wsgi.file_wrapper"](stream, BLOCK)  # type: ignore[no-any-return]  # sendfile
        with stream:
            return (
                [stream.read(self.size)]
                if self.size <= SMALL
                else list(iter(lambda: stream.read(BLOCK), b""))
            )

    def __len__(self) -> int:
        return ROOM


def send(stream: BinaryIO, size: int, hash: str, headers: tuple[tuple[str, str], ...]) -> Response:
    """Answer the current request with a file, whole or one range of it; ``hash`` is its ETag. It closes the stream."""
    with ExitStack() as opened:
        opened.callback(stream.close)
        part = _wants_a_part(size)
        body = FileWrapper(stream, BLOCK) if part else wrap_file(request.environ, stream, BLOCK)
        response = Response(body, headers=headers, direct_passthrough=True)
        response.content_length = size
        response.set_etag(hash)
        response.make_conditional(request)
        if response.status_code == HTTPStatus.PRECONDITION_FAILED:
            raise PreconditionFailed
        if response.status_code == HTTPStatus.OK and part:
            response.make_conditional(request, accept_ranges=True, complete_length=size)
        opened.pop_all()  # whoever sends the response closes it
    return response


def _wants_a_part(size: int) -> bool:
    """Whether one range is asked for. With several, or in units that nobody knows, the whole is sent (RFC 9110)."""
    asked = ONE_RANGE.fullmatch(request.headers.get("Range", "").strip())
    return request.method == "GET" and asked is not None and int(asked[1] or 0) < size
