"""The first request of a document after its package has changed: nothing that was kept can be used."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import shares, writing
from benchmarks.documents import RESOURCES, ROUTE, all_documents
from benchmarks.figure import Figure, ratio
from benchmarks.load import ask_once
from benchmarks.servers import feed, gunicorn

ROUNDS = 7
IDS = 400
VERSIONS = 10
CONNECTIONS = 8


def measure() -> Iterator[Figure]:
    """Each round unlists one version of every package, asks once for a document of each, and relists them."""
    ids = [shares.package_id(number) for number in range(IDS)]
    changes = [(writing.delete, 204), (writing.relist, 200)]
    rates: dict[str, list[float]] = {what: [] for what in ("bare", *RESOURCES)}
    with shares.temporary_folder() as folder:
        shares.fill(folder / "share", IDS, VERSIONS)
        shares.scan(folder / "share", folder / "index.db")
        with (
            feed(folder / "share", database=f"sqlite:///{folder / 'index.db'}") as ours,
            gunicorn("benchmarks.yardsticks:two_bytes()") as bare,
        ):
            documents = all_documents(ours, ids)
            for _ in range(1 + ROUNDS):
                for (change, done), (what, paths) in zip(changes, documents.items(), strict=True):
                    writing.send(ours, [change(id, shares.version_text(0)) for id in ids]).all_were(done)
                    rates[what].append(ask_once(ours.url, paths, connections=CONNECTIONS))
                rates["bare"].append(ask_once(bare.url, ["/"] * IDS, connections=CONNECTIONS))
    for what in documents:
        yield ratio(f"{what}, first after a change", ROUTE, 0.5, rates[what][1:], rates["bare"][1:])


if __name__ == "__main__":
    for figure in measure():
        print(figure)
