"""The first request of a document after its package has changed: nothing that was kept can be used."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import shares, writing
from benchmarks.documents import RESOURCES, ROUTE, all_documents
from benchmarks.figure import Figure, ratio
from benchmarks.load import ask_once
from benchmarks.servers import feed, gunicorn

ROUNDS = 11
IDS = 400
VERSIONS = 10
CONNECTIONS = 8


def measure() -> Iterator[Figure]:
    """Each round unlists one version of every package, asks once for a document of each, and relists them."""
    ids = [shares.package_id(number) for number in range(IDS)]
    changes = [(writing.delete, 204), (writing.relist, 200)]
    ours: dict[str, list[float]] = {kind: [] for kind in RESOURCES}
    theirs: dict[str, list[float]] = {kind: [] for kind in RESOURCES}
    with shares.temporary_folder() as folder:
        shares.fill(folder / "share", IDS, VERSIONS)
        shares.scan(folder / "share", folder / "index.db")
        with (
            feed(folder / "share", database=f"sqlite:///{folder / 'index.db'}") as running,
            gunicorn("benchmarks.yardsticks:two_bytes()") as bare,
        ):
            documents = all_documents(running, ids)
            for _ in range(1 + ROUNDS):
                for (change, done), (kind, paths) in zip(changes, documents.items(), strict=True):
                    writing.send(running, [change(id, shares.version_text(0)) for id in ids]).all_were(done)
                    ours[kind].append(ask_once(running.url, paths, connections=CONNECTIONS))
                    theirs[kind].append(ask_once(bare.url, ["/"] * IDS, connections=CONNECTIONS))
    for kind in documents:
        yield ratio(f"{kind}, first after a change", ROUTE, 0.5, ours[kind][1:], theirs[kind][1:])


if __name__ == "__main__":
    for figure in measure():
        print(figure)
