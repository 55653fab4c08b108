"""What V2 clients ask for: first pages of a large feed, and all versions of one package.

    python -m benchmarks.v2                           prints each kind of question on its own, in SQL

Every time in SQL is that of the whole call, from the text of the filter to the values of the page.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from urllib.parse import quote

from benchmarks import shares
from benchmarks.documents import ROUTE
from benchmarks.figure import Figure, ratio
from benchmarks.load import hammer
from benchmarks.search import ROUNDS, Kind, MadeUpFeed, kept, p95, seconds
from benchmarks.servers import feed, get, gunicorn
from nugetlite.index import Index
from nugetlite.odata.parser import parse_filter, parse_orderby
from nugetlite.odata.selection import Selection
from nugetlite.package.query import Query, parse_terms

PAGE_LIMIT = 50.0  #: milliseconds, p95
SHARE_OF_ROUTE = 0.15
HTTP_ROUNDS = 9
VERSIONS = 100
CONNECTIONS = 8

Ask = Callable[[Index], object]


def measure() -> Iterator[Figure]:
    """Two figures in SQL, each round asking everything, and one over HTTP."""
    database, index, made_up = kept()
    for what, kinds in (
        ("V2 Search(), first page, p95", searches_of(made_up)),
        ("V2 Packages() of latest versions, first page, p95", filters_of(made_up)),
    ):
        asked = [ask for kind in kinds.values() for ask in kind]
        rounds = tuple(p95(timed(what, index, asked)) for _ in range(ROUNDS))
        yield Figure(
            what, "in SQL, 1,000,000 versions of 100,000 ids", "ms", PAGE_LIMIT, rounds, at_most=True
        )
    database.close()
    yield find_packages_by_id()


def find_packages_by_id() -> Figure:
    """All versions of one package, as Atom."""
    with shares.temporary_folder() as folder:
        shares.fill(folder / "share", ids=1, versions=VERSIONS)
        shares.scan(folder / "share", folder / "index.db")
        with (
            feed(folder / "share", database=f"sqlite:///{folder / 'index.db'}") as ours,
            gunicorn("benchmarks.yardsticks:two_bytes()") as bare,
        ):
            path = f"/nuget/FindPackagesById()?id={quote(repr(shares.package_id(0)))}&semVerLevel=2.0.0"
            if get(ours, path).count(b"<entry") != VERSIONS:
                raise RuntimeError(f"{path} does not answer {VERSIONS} entries")
            rates: dict[str, list[float]] = {ours.url + path: [], f"{bare.url}/": []}
            for _ in range(1 + HTTP_ROUNDS):
                for url, found in rates.items():
                    found.append(hammer(url, connections=CONNECTIONS))
    mine, theirs = [found[1:] for found in rates.values()]  # the first is for warming up
    return ratio(f"V2 FindPackagesById, {VERSIONS} versions, hot", ROUTE, SHARE_OF_ROUTE, mine, theirs)


def selecting(filter: str = "", order: str = "", words: str | None = None, **more: bool | int) -> Ask:
    """A question, from the texts that a client sends to the page that it gets."""

    def ask(index: Index) -> object:
        return index.select(
            Selection(
                filter=parse_filter(filter) if filter else None,
                order=parse_orderby(order),
                query=None if words is None else Query(parse_terms(words)),
                listed_only=words is not None,
                **more,  # type: ignore[arg-type]
            )
        )

    return ask


def searches_of(feed: MadeUpFeed) -> dict[str, list[Ask]]:
    """``Search()`` as clients send it, by kind."""
    chance = random.Random(19)
    common, usual, rare = feed.vocabulary[3:40], feed.vocabulary[100:2_000], feed.vocabulary[2_000:]
    ids = chance.sample(feed.ids, 30)
    latest, absolute = "IsLatestVersion", "IsAbsoluteLatestVersion"
    return {
        "nothing in particular": [selecting(latest, "Id", "", stable_only=True, top=30) for _ in range(10)]
        + [selecting(absolute, "DownloadCount desc,Id", "", top=30, semver2=True) for _ in range(10)],
        "nothing, all versions": [selecting("", "Id", "", stable_only=True) for _ in range(10)],
        "newest first": [
            selecting(latest, "Published desc", "", stable_only=True, top=30) for _ in range(10)
        ],
        "a common word": [
            selecting(latest, "Id", word, stable_only=True, top=30) for word in chance.choices(common, k=20)
        ],
        "a usual word": [
            selecting(absolute, "Id", word, semver2=True, top=30) for word in chance.choices(usual, k=40)
        ],
        "a usual word, most downloads": [
            selecting(latest, "DownloadCount desc,Id", word, stable_only=True, top=30)
            for word in chance.choices(usual, k=40)
        ],
        "a rare word": [
            selecting(latest, "Id", word, stable_only=True, top=30) for word in chance.choices(rare, k=40)
        ],
        "an id": [selecting(latest, "Id", id, stable_only=True, top=30) for id in ids],
        "an id, all versions": [selecting("", "Id", id, stable_only=True) for id in ids],
        "a pattern": [
            selecting(f"{absolute} and startswith(Id, '{id[:4]}') and endswith(Id, 'e')", "Id desc", "")
            for id in ids
        ],
    }


def filters_of(feed: MadeUpFeed) -> dict[str, list[Ask]]:
    """``Packages()?$filter=`` as clients send it, by kind; latest versions, or one id."""
    chance = random.Random(23)
    ids = chance.sample(feed.ids, 40)
    return {
        "IsLatestVersion": [selecting("IsLatestVersion", top=top) for top in (30, 100) for _ in range(10)],
        "IsLatestVersion eq true": [selecting("IsLatestVersion eq true", "Id") for _ in range(20)],
        "IsAbsoluteLatestVersion": [
            selecting("IsAbsoluteLatestVersion", "Id", semver2=True) for _ in range(20)
        ],
        "either": [selecting("IsLatestVersion or IsAbsoluteLatestVersion", "Id") for _ in range(20)],
        "most downloads": [selecting("IsLatestVersion", "DownloadCount desc,Id") for _ in range(20)],
        "newest first": [selecting("IsLatestVersion", "Published desc") for _ in range(20)],
        "with the total": [selecting("IsLatestVersion", "Id", counted=True) for _ in range(20)],
        "an id, latest": [selecting(f"(tolower(Id) eq '{id.lower()}') and IsLatestVersion") for id in ids],
        "an id": [selecting(f"Id eq '{id}'", "Id,Version desc", semver2=True) for id in ids],
        "two ids": [
            selecting(
                f"(tolower(Id) eq '{id.lower()}') or (tolower(Id) eq '{chance.choice(ids).lower()}')",
                "Id",
                top=30,
            )
            for id in ids
        ],
        "beginning of an id": [
            selecting(f"startswith(tolower(Id),'{id[:5].lower()}') and IsLatestVersion") for id in ids
        ],
    }


def rare_filters_of(feed: MadeUpFeed) -> dict[str, list[Ask]]:
    """What has to look into manifests, or to sort them; no client asks it often."""
    words = random.Random(29).choices(feed.vocabulary[100:2_000], k=5)
    return {
        "a word in texts": [
            selecting(
                f"(substringof('{word}',tolower(Id)) or substringof('{word}',tolower(Description))) and IsLatestVersion"
            )
            for word in words
        ],
        "by title": [selecting("IsLatestVersion", "Title,Id", top=30) for _ in range(3)],
        "by version": [selecting("IsLatestVersion", "Version desc", top=30) for _ in range(3)],
        "a text that is nowhere": [selecting("substringof('qqq',ReleaseNotes) and IsLatestVersion")] * 2,
    }


def timed(name: str, index: Index, asked: Sequence[Ask]) -> Kind:
    """Ask each once; the first is asked once more before, as nobody is the first on a running server."""
    asked[0](index)
    return Kind(name, [seconds(ask, index) for ask in asked])


def main() -> None:
    """Print how long each kind of question takes."""
    database, index, made_up = kept()
    print(f"{'':<34} {'p50':>8} {'p95':>8} {'max':>8}")
    for kinds in (searches_of(made_up), filters_of(made_up), rare_filters_of(made_up)):
        for name, asked in kinds.items():
            print(timed(name, index, asked))
        print(timed("ALL", index, [*chain.from_iterable(kinds.values())]))
    database.close()


if __name__ == "__main__":
    main()
