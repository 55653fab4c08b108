"""Clients that push and delete: requests made beforehand, sent one after the other on kept connections."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from time import monotonic

from benchmarks.servers import KEY, PATIENCE, Running

BOUNDARY = "b3nchm4rk"
OPENING = (
    f"--{BOUNDARY}\r\n"
    'Content-Disposition: form-data; name="package"; filename="package.nupkg"\r\n'
    "Content-Type: application/octet-stream\r\n\r\n"
).encode()
CLOSING = f"\r\n--{BOUNDARY}--\r\n".encode()


@dataclass(frozen=True)
class Sent:
    """What came of sending many requests."""

    seconds: float
    answers: Counter[int]  #: status: how often

    @property
    def a_second(self) -> float:
        """Answers a second."""
        return self.answers.total() / self.seconds

    def all_were(self, status: int) -> Sent:
        """Itself; raises ``RuntimeError`` if any answer was another one."""
        if set(self.answers) != {status}:
            raise RuntimeError(f"wanted nothing but {status}, and was answered {dict(self.answers)}")
        return self


def send(running: Running, requests: Sequence[bytes], *, clients: int = 4) -> Sent:
    """Send all of these, dealt out to so many clients."""
    shares = [requests[client::clients] for client in range(clients)]
    with ThreadPoolExecutor(clients) as pool:
        began = monotonic()
        answers = list(pool.map(lambda share: _send_each(running.port, share), shares))
        ended = monotonic()
    return Sent(ended - began, Counter(chain.from_iterable(answers)))


def push(nupkg: bytes) -> bytes:
    """The request that pushes a package, as dotnet and nuget.exe send it."""
    return _head("PUT", "/v3/package/", len(OPENING) + len(nupkg) + len(CLOSING)) + OPENING + nupkg + CLOSING


def push_head(size: int) -> tuple[bytes, bytes]:
    """What comes before and after a package of ``size`` bytes that is not in memory."""
    return _head("PUT", "/v3/package/", len(OPENING) + size + len(CLOSING)) + OPENING, CLOSING


def delete(id: str, version: str) -> bytes:
    """The request that deletes a version, as the feed's policy has it."""
    return _head("DELETE", f"/v3/package/{id}/{version}", 0)


def relist(id: str, version: str) -> bytes:
    """The request that shows it again."""
    return _head("POST", f"/v3/package/{id}/{version}", 0)


def status(connection: socket.socket) -> int:
    """Read one answer to its end, and say its status."""
    told = b""
    while b"\r\n\r\n" not in told:
        if not (some := connection.recv(65536)):
            raise RuntimeError(f"the connection ended in the middle of an answer: {told[:200]!r}")
        told += some
    head, _, body = told.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            missing = int(line.partition(b":")[2]) - len(body)
            while missing > 0:
                missing -= len(connection.recv(missing))
    return int(head.split(b" ", 2)[1])


def _send_each(port: int, requests: Sequence[bytes]) -> list[int]:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answers = []
        for request in requests:
            connection.sendall(request)
            answers.append(status(connection))
        return answers


def _head(method: str, path: str, length: int) -> bytes:
    return (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-NuGet-ApiKey: {KEY}\r\n"
        + (f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n" if length else "")
        + f"Content-Length: {length}\r\n\r\n"
    ).encode()
