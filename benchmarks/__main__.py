"""Measures everything, or what is named: ``python -m benchmarks [hot push …]``.

A run of everything also writes the table in this folder's README. Exit status 1 says that something was missed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from datetime import date

from benchmarks import (
    after_change,
    closed,
    delta,
    download,
    hot,
    memory,
    push,
    scan,
    search,
    start,
    table,
    v2,
)
from benchmarks.figure import Figure

ALL: dict[str, Callable[[], Iterable[Figure]]] = {
    "hot": hot.measure,
    "closed": closed.measure,
    "after_change": after_change.measure,
    "download": download.measure,
    "push": push.measure,
    "delta": delta.measure,
    "scan": scan.measure,
    "start": start.measure,
    "search": search.measure,
    "v2": v2.measure,
    "memory": memory.measure,
}


def main(names: list[str]) -> int:
    """Print each figure as soon as it is known; 0 if all are as good as wanted."""
    if unknown := [name for name in names if name not in ALL]:
        print(f"There is no {', '.join(unknown)}; there are {', '.join(ALL)}", file=sys.stderr)
        return 2
    figures = []
    for name in names or ALL:
        for figure in ALL[name]():
            print(figure, flush=True)
            figures.append(figure)
    if not names:
        table.write(figures, date.today())
    return 0 if all(figure.is_met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
