"""The next version of a large package, of which a hundredth has changed: as a delta, and whole.

Over loopback bytes cost nearly nothing, so what a delta saves shows only on a real line; from both times follows how
fast a line may be for it to pay.
"""

from __future__ import annotations

import base64
import json
import os
import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic

from benchmarks import shares
from benchmarks.figure import Figure
from benchmarks.servers import KEY, PATIENCE, Running, feed
from nugetlite.octodiff.delta import Delta
from nugetlite.octodiff.signature import Signature

ROUNDS = 5
SIZE = 200_000_000
CHANGES = 100  #: places, a hundredth of a hundredth of the package each
BLOCK = 1024 * 1024


@dataclass(frozen=True)
class Sent:
    """What one push took."""

    size: int  #: bytes
    seconds: float


def measure() -> Iterator[Figure]:
    """Three figures: what is sent, how long that takes, and up to which speed of a line it is the quicker way."""
    shares_sent, seconds, speeds, whole_seconds = [], [], [], []
    with shares.temporary_folder() as folder:
        old, new, delta = (folder / name for name in ("old", "new", "delta"))
        _make(old)
        with feed(folder / "share") as running:
            _post(running, "/api/packages/raw", "Contoso.Large.1.0.0.zip", old)
            for number in range(1, ROUNDS + 1):
                _change(old, new)
                whole = _push_whole(running, f"Contoso.Whole.1.{number}.0.zip", new)
                less = _push_delta(running, f"1.{number}.0", new, delta)
                shares_sent.append(100 * less.size / whole.size)
                seconds.append(less.seconds)
                whole_seconds.append(whole.seconds)
                saved, longer = whole.size - less.size, less.seconds - whole.seconds
                speeds.append(saved * 8 / 1_000_000 / longer if longer > 0 else float("inf"))
                old, new = new, old
    what = "200 MB of which 1 % has changed, as a delta"
    beside = "a full push; the signature that is fetched first is 1.7 % of it"
    yield Figure(f"{what}: sent", beside, "%", 1.5, tuple(shares_sent), at_most=True)
    beside = f"a full push over loopback takes {sorted(whole_seconds)[ROUNDS // 2]:.1f} s"
    yield Figure(f"{what}: all of it", beside, "s", 20, tuple(seconds), at_most=True)
    yield Figure(f"{what}: quicker up to", "a full push over such a line", "Mbit/s", 100, tuple(speeds))


def _make(path: Path) -> None:
    with path.open("wb") as file:
        for _ in range(SIZE // BLOCK):
            file.write(os.urandom(BLOCK))


def _change(old: Path, new: Path) -> None:
    """A hundred places have other bytes, and some more than before, so that all that follows moves."""
    content = old.read_bytes()
    step, much = len(content) // CHANGES, len(content) // CHANGES // 100
    with new.open("wb") as file:
        for start in range(0, len(content), step):
            at = start + random.randrange(step // 2)
            file.write(
                content[start:at] + os.urandom(much) + os.urandom(at % 7) + content[at + much : start + step]
            )


def _push_whole(running: Running, name: str, file: Path) -> Sent:
    began = monotonic()
    _post(running, "/api/packages/raw", name, file)
    return Sent(file.stat().st_size, monotonic() - began)


def _push_delta(running: Running, version: str, file: Path, delta: Path) -> Sent:
    """As Octopus's clients do it; the server has made no signature of the base before."""
    began = monotonic()
    told = _ask(running, "GET", f"/api/packages/Contoso.Large/{version}/delta-signature")
    answer = json.loads(told)
    with file.open("rb") as new, delta.open("wb") as out:
        for block in Delta(Signature.parse(base64.b64decode(answer["Signature"])), new):
            out.write(block)
    path = f"/api/packages/Contoso.Large/{answer['BaseVersion']}/delta"
    _post(running, path, f"Contoso.Large.{version}.zip", delta)
    return Sent(delta.stat().st_size, monotonic() - began)


def _post(running: Running, path: str, name: str, file: Path) -> None:
    start = f'--benchmark\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    end = b"\r\n--benchmark--\r\n"

    def body() -> Iterator[bytes]:
        yield start
        with file.open("rb") as stream:
            while block := stream.read(BLOCK):
                yield block
        yield end

    length = len(start) + file.stat().st_size + len(end)
    kind = {"Content-Type": "multipart/form-data; boundary=benchmark", "Content-Length": str(length)}
    _ask(running, "POST", path, body(), kind)


def _ask(
    running: Running,
    method: str,
    path: str,
    body: Iterator[bytes] | None = None,
    headers: dict[str, str] | None = None,
) -> bytes:
    with closing(HTTPConnection("127.0.0.1", running.port, timeout=10 * PATIENCE)) as connection:
        connection.request(method, path, body, {"X-Octopus-ApiKey": KEY, **(headers or {})})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status not in (200, 201):
            raise RuntimeError(f"{method} {path} was answered with {answer.status}: {content[:200]!r}")
        return content


if __name__ == "__main__":
    for figure in measure():
        print(figure)
