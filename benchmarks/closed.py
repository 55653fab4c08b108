"""The same hot documents on a private feed, where each request brings a key; and what it costs to check a key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks import shares
from benchmarks.documents import documents_of
from benchmarks.figure import Figure, ratio
from benchmarks.load import hammer
from benchmarks.servers import feed
from nugetlite import OPERATOR, Action, PackageId
from nugetlite.app import build
from nugetlite.config import Config
from nugetlite.management import Wanted
from nugetlite.people.values import Kind, parse_grants

ROUNDS = 9
VERSIONS = 10
CONNECTIONS = 8
CHECKS = 2000
AT_MOST = 100.0  #: microseconds


def measure() -> Iterator[Figure]:
    """Two figures beside the same documents of an open feed, and one of a key alone."""
    with shares.temporary_folder() as folder:
        share, open_index, closed_index = folder / "share", folder / "open.db", folder / "closed.db"
        shares.fill(share, ids=1, versions=VERSIONS)
        for index in (open_index, closed_index):
            shares.scan(share, index)
        key = _key(share, closed_index)
        with (
            feed(share, database=f"sqlite:///{open_index}") as everybodys,
            feed(share, database=f"sqlite:///{closed_index}", anonymous_read="false") as closed,
        ):
            documents = documents_of(everybodys, shares.package_id(0))
            rates: dict[tuple[str, bool], list[float]] = {}
            for _ in range(1 + ROUNDS):
                for what, path in documents.items():
                    rates.setdefault((what, True), []).append(
                        hammer(everybodys.url + path, connections=CONNECTIONS)
                    )
                    rates.setdefault((what, False), []).append(
                        hammer(closed.url + path, connections=CONNECTIONS, bearer=key)
                    )
        for what in documents:  # the first round is for warming up
            yield ratio(
                f"{what}, hot, with a key",
                "on an open feed",
                0.8,
                rates[what, False][1:],
                rates[what, True][1:],
            )
        yield _checked(share, closed_index, key)


def _key(share: Path, index: Path) -> str:
    """The key of a reader."""
    server = build(Config(packages=str(share), database=f"sqlite:///{index}"))
    try:
        server.management.accounts.create(OPERATOR, "reader", Kind.SERVICE, parse_grants(["reader"]))
        return server.management.keys.create(OPERATOR, "reader", Wanted("benchmark")).text
    finally:
        server.database.close()


def _checked(share: Path, index: Path, key: str) -> Figure:
    """What it costs to know whose a key is, and whether they may read a package."""
    server = build(Config(packages=str(share), database=f"sqlite:///{index}", anonymous_read=False))
    id = PackageId.parse(shares.package_id(0))
    rounds = []
    for _ in range(ROUNDS):
        took = []
        for _ in range(CHECKS):
            began = perf_counter()
            server.access.permit(server.people.by_key(key), Action.READ, id)
            took.append((perf_counter() - began) * 1e6)
        rounds.append(median(took))
    server.database.close()
    return Figure(
        "a key checked, and what it may read",
        "in one process, warm",
        "us",
        AT_MOST,
        tuple(rounds),
        at_most=True,
    )


if __name__ == "__main__":
    for figure in measure():
        print(figure)
