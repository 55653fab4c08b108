"""What it costs a worker in memory to take in two gigabytes, and to give out a large V2 feed page by page."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

from benchmarks import shares, writing
from benchmarks.figure import Figure
from benchmarks.servers import PATIENCE, Running, feed, get
from nugetlite.testing.packages import nuspec

ROUNDS = 5
SIZE = 2_000_000_000
BLOCK = bytes(4 * 1024 * 1024)
MIB = 1024 * 1024


def measure() -> Iterator[Figure]:
    """Two figures: by how much the peak of the worker that grew most exceeds what it held before."""
    yield push_of_2_gb()
    yield walk_through_v2()


def push_of_2_gb() -> Figure:
    """One after the other, each of them deleted before the next."""
    grown = []
    with shares.temporary_folder() as folder:
        nupkg = folder / "large.nupkg"
        with feed(folder / "share", delete_policy="hard") as running:
            _warm_up(running)
            for number in range(ROUNDS):
                version = shares.version_text(number)
                _make(nupkg, version)
                before = {pid: _forget_peak(pid) for pid in running.workers}
                _push(running, nupkg)
                grown.append(max(_status(pid, "VmHWM") - held for pid, held in before.items()) / MIB)
                writing.send(running, [writing.delete("Contoso.Large", version)], clients=1)
    return _figure("a push of 2 GB", "before the push", grown)


def walk_through_v2() -> Figure:
    """From page to page by the links that lead on, after a first walk that filled what is kept."""
    share, grown = shares.kept_share(2_000, 10), []
    with shares.temporary_folder() as folder:
        shares.scan(share, folder / "index.db")
        with feed(share, database=f"sqlite:///{folder / 'index.db'}") as running:
            page = _walk(running, "/api/v2/Packages()?$inlinecount=none", pages=120)
            for _ in range(ROUNDS):
                before = {pid: _forget_peak(pid) for pid in running.workers}
                page = _walk(running, page, pages=12)
                grown.append(max(_status(pid, "VmHWM") - held for pid, held in before.items()) / MIB)
    return _figure("12 pages of V2, 100 versions each", "before them", grown)


def _walk(running: Running, path: str, *, pages: int) -> str:
    """Read so many pages, and answer where the next one is."""
    for _ in range(pages):
        following = re.search(rb'<link rel="next" href="([^"]+)"', get(running, path))
        if following is None:
            raise RuntimeError(f"{path} is the last page already")
        path = unescape(following[1].decode()).removeprefix(running.url)
    return path


def _figure(what: str, beside: str, grown: list[float]) -> Figure:
    return Figure(f"peak memory of a worker in {what}", beside, "MiB more", 32, tuple(grown), at_most=True)


def _warm_up(running: Running) -> None:
    requests = [
        writing.push(shares.small_package("Contoso.Small", shares.version_text(n))) for n in range(100)
    ]
    writing.send(running, requests).all_were(201)


def _make(path: Path, version: str) -> None:
    with ZipFile(path, "w", ZIP_STORED) as archive:
        archive.writestr("Contoso.Large.nuspec", nuspec("Contoso.Large", version))
        with archive.open("content/large.bin", "w") as entry:
            for _ in range(SIZE // len(BLOCK)):
                entry.write(BLOCK)


def _push(running: Running, nupkg: Path) -> None:
    opening, closing = writing.push_head(nupkg.stat().st_size)
    with (
        socket.create_connection(("127.0.0.1", running.port), PATIENCE) as connection,
        nupkg.open("rb") as file,
    ):
        connection.sendall(opening)
        connection.sendfile(file)
        connection.sendall(closing)
        if (status := writing.status(connection)) != 201:
            raise RuntimeError(f"a push of {nupkg.stat().st_size:,} bytes was answered with {status}")


def _forget_peak(pid: int) -> int:
    """Let the peak begin anew (proc(5)), and answer what is held now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return _status(pid, "VmRSS")


def _status(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    for figure in measure():
        print(figure)
