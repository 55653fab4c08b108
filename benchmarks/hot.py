"""What clients ask over and over: the version list and the registration of a package, while nothing changes."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import shares
from benchmarks.documents import ROUTE, documents_of
from benchmarks.figure import Figure, ratio
from benchmarks.load import hammer
from benchmarks.servers import feed, gunicorn

ROUNDS = 9
VERSIONS = 10
CONNECTIONS = 8


def measure() -> Iterator[Figure]:
    """Two figures: the version list, and the registration index that current clients read."""
    with shares.temporary_folder() as folder:
        shares.fill(folder / "share", ids=1, versions=VERSIONS)
        shares.scan(folder / "share", folder / "index.db")
        with (
            feed(folder / "share", database=f"sqlite:///{folder / 'index.db'}") as ours,
            gunicorn("benchmarks.yardsticks:two_bytes()") as bare,
        ):
            documents = documents_of(ours, shares.package_id(0))
            urls = {"bare": f"{bare.url}/"} | {what: ours.url + path for what, path in documents.items()}
            rates: dict[str, list[float]] = {what: [] for what in urls}
            for _ in range(1 + ROUNDS):
                for what, url in urls.items():
                    rates[what].append(hammer(url, connections=CONNECTIONS))
    for what in documents:
        yield ratio(
            f"{what}, hot", ROUTE, 1.2, rates[what][1:], rates["bare"][1:]
        )  # the first is for warming up


if __name__ == "__main__":
    for figure in measure():
        print(figure)
