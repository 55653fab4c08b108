"""A share of which nothing is known yet: how many packages a second one process reads into the index."""

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
from benchmarks.shares import scan
report = scan(*map(Path, sys.argv[1:]))
assert not report.problems and not report.waiting, report
print(report.added / report.seconds)
"""


def measure() -> Iterator[Figure]:
    """One figure. Each round is a new process with a new database; the pages of the share are in memory."""
    share = shares.kept_share(IDS, VERSIONS)
    with shares.temporary_folder() as folder:
        rates = [_scan(str(share), f"{folder / str(number)}.db") for number in range(1 + ROUNDS)]
    yield Figure("index scan", "one process, warm page cache", "packages/s", 5000, tuple(rates[1:]))


def _scan(share: str, database: str) -> float:
    command = [sys.executable, "-c", SCAN, share, database]
    return float(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout)


if __name__ == "__main__":
    for figure in measure():
        print(figure)
