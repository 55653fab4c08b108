"""A file as it goes over the wire whole; ranges and other conditions are left to Flask."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from nugetlite.web.document import is_known

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

SMALL = (
    256 * 1024
)  #: bytes; up to here one read and one write are quicker than sendfile with its preparations
BLOCK = 256 * 1024
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
