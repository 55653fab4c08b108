"""Packages on their way out, a small one and a large one."""

from __future__ import annotations

import os
from collections.abc import Iterator

from benchmarks import shares, writing
from benchmarks.figure import Figure, ratio
from benchmarks.load import hammer
from benchmarks.servers import Running, feed, gunicorn, nginx
from nugetlite.testing import nupkg

ROUNDS = 7
SMALL = 100 * 1024
LARGE = 50 * 1024 * 1024


def measure() -> Iterator[Figure]:
    """Two figures; each yardstick sends the very file that the feed sends."""
    with shares.temporary_folder() as folder:
        share = folder / "share"
        with (
            feed(share) as ours,
            gunicorn(f"benchmarks.yardsticks:files('{share}')") as flask,
            nginx(share, folder) as other,
        ):
            small, large = (_push(ours, id, size) for id, size in {"Small": SMALL, "Large": LARGE}.items())
            yield _compare(
                "download of 100 KB", "Flask's send_file", 1.5, small, ours, flask, connections=8, seconds=1
            )
            yield _compare("download of 50 MB", "nginx", 0.85, large, ours, other, connections=4, seconds=2)


def _push(running: Running, id: str, size: int) -> str:
    """Push a package of that size, and answer where its file lies on the share."""
    content = {"lib/net8.0/Contoso.dll": os.urandom(size - 800)}
    writing.send(running, [writing.push(nupkg(id, "1.0.0", files=content))], clients=1).all_were(201)
    return f"{id.lower()}/1.0.0/{id.lower()}.1.0.0.nupkg"


def _compare(
    what: str,
    yardstick: str,
    wanted: float,
    path: str,
    ours: Running,
    theirs: Running,
    *,
    connections: int,
    seconds: int,
) -> Figure:
    urls = f"{ours.url}/v3/content/{path}", f"{theirs.url}/{path}"
    rounds = [
        [hammer(url, connections=connections, seconds=seconds) for url in urls] for _ in range(1 + ROUNDS)
    ]
    return ratio(what, yardstick, wanted, *zip(*rounds[1:], strict=True))


if __name__ == "__main__":
    for figure in measure():
        print(figure)
