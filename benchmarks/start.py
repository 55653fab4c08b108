"""From the command to the first answer, with a large index."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

from benchmarks import shares
from benchmarks.figure import Figure
from benchmarks.servers import feed, gunicorn

ROUNDS = 5
IDS, VERSIONS = 10_000, 10


def measure() -> Iterator[Figure]:
    """One figure: until a version list is answered. The scan of the whole share, due at start, goes on behind."""
    share = shares.kept_share(IDS, VERSIONS)
    shares.scan(share)
    first = f"/v3/content/{shares.package_id(IDS - 1).lower()}/index.json"
    ours, bare = [], []
    for _ in range(ROUNDS):
        began = monotonic()
        with feed(share, wait_for=first):
            ours.append(monotonic() - began)
        began = monotonic()
        with gunicorn("benchmarks.yardsticks:two_bytes()"):
            bare.append(monotonic() - began)
    beside = f"of which an empty Flask application takes {sorted(bare)[ROUNDS // 2]:.2f} s"
    yield Figure("start to first answer, 100,000 versions", beside, "s", 1.0, tuple(ours), at_most=True)


if __name__ == "__main__":
    for figure in measure():
        print(figure)
