"""A file on its way to a feed, as the one part of a multipart form: read as it is sent, never held as a whole."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from time import monotonic
from typing import BinaryIO

from urllib3.fields import RequestField

from nugetlite.client.errors import BadOption, Unfinished

Watch = Callable[
    [int, int], None
]  #: is told how many bytes have gone or come so far, and of how many (0: nobody knows)


def unwatched(so_far: int, of: int) -> None:
    """Nobody looks."""


class Upload:
    """What urllib3 reads a request's body from, and rewinds if the request is made again."""

    def __init__(self, stream: BinaryIO, filename: str, *, field: str, watch: Watch, seconds: float) -> None:
        boundary = f"nugetlite-{secrets.token_hex(16)}"
        part = RequestField(field, b"", filename)
        part.make_multipart(content_type="application/octet-stream")
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._head = f"--{boundary}\r\n{part.render_headers()}".encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._stream, self._watch, self._seconds = stream, watch, seconds
        self._size = stream.seek(0, 2)
        self.length = len(self._head) + self._size + len(self._tail)
        self.seek(0)

    def tell(self) -> int:
        """Always the start: that is where urllib3 goes back to."""
        return 0

    def seek(self, position: int) -> int:
        """To the start again; the time limit of a request begins anew."""
        self._stream.seek(position)
        self._parts = [self._tail, self._head]
        self._sent = 0
        self._deadline = monotonic() + self._seconds
        return position

    def read(self, size: int = -1) -> bytes:
        """The next bytes. Raises ``Unfinished`` once the time limit is over."""
        if monotonic() > self._deadline:
            raise Unfinished(f"The upload took longer than {self._seconds:g} seconds (--timeout)")
        if len(self._parts) == 2:
            return self._parts.pop()
        if block := self._read_file(size):
            self._sent += len(block)
            self._watch(self._sent, self._size)
            return block
        return self._parts.pop() if self._parts else b""

    def _read_file(self, size: int) -> bytes:
        try:
            block = self._stream.read(size)
        except OSError as error:
            raise BadOption(f"The file cannot be read any further: {error.strerror or error}") from error
        if self._sent + len(block) > self._size or (not block and self._sent < self._size):
            raise BadOption("The file changed while it was sent; push it again")
        return block
