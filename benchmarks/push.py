"""Packages on their way in: four clients push two thousand small ones."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import shares, writing
from benchmarks.figure import Figure, ratio
from benchmarks.servers import feed, gunicorn

ROUNDS = 5
IDS_A_ROUND = 40
VERSIONS = 10
YARDSTICK = "receive, hash, write, fsync, rename, one insert into SQLite"


def measure() -> Iterator[Figure]:
    """One figure; every push of every round has to be answered with 201."""
    ours, theirs = [], []
    with shares.temporary_folder() as folder:
        received = folder / "received"
        received.mkdir()
        with (
            feed(folder / "share") as server,
            gunicorn(f"benchmarks.yardsticks:pipeline('{received}')") as bare,
        ):
            for round in range(1 + ROUNDS):
                requests = [
                    writing.push(
                        shares.small_package(shares.package_id(number), shares.version_text(version))
                    )
                    for number in range(round * IDS_A_ROUND, (round + 1) * IDS_A_ROUND)
                    for version in range(VERSIONS)
                ]
                ours.append(writing.send(server, requests).all_were(201).a_second)
                theirs.append(writing.send(bare, requests).all_were(201).a_second)
    yield ratio("push of 2,000 packages by 4 clients", YARDSTICK, 0.6, ours[1:], theirs[1:])


if __name__ == "__main__":
    for figure in measure():
        print(figure)
