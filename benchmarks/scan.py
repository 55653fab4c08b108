"""Scans: how many packages a second one process reads into the index, and how many it finds to be as they were."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from benchmarks import shares
from benchmarks.figure import Figure
from benchmarks.servers import ROOT

ROUNDS = 5
IDS, VERSIONS = 2_000, 10

SCAN = """
import sys
from pathlib import Path
from benchmarks.shares import scans
first, second = scans(*map(Path, sys.argv[1:]), looks=2)
assert not first.problems and not first.waiting and not second.added + second.changed, (first, second)
print(first.added / first.seconds, first.added / second.seconds)
"""


def measure() -> Iterator[Figure]:
    """Two figures. Each round is a new process with a new database; the pages of the share are in memory."""
    share = shares.kept_share(IDS, VERSIONS)
    with shares.temporary_folder() as folder:
        rates = [_scan(str(share), f"{folder / str(number)}.db") for number in range(1 + ROUNDS)]
    for what, found in zip(("unknown", "known"), zip(*rates[1:], strict=True), strict=True):
        yield Figure(
            f"index scan of {what} packages", "one process, warm page cache", "packages/s", 5000, found
        )


def _scan(share: str, database: str) -> tuple[float, ...]:
    command = [sys.executable, "-c", SCAN, share, database]
    told = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return tuple(map(float, told.split()))


if __name__ == "__main__":
    for figure in measure():
        print(figure)
