"""How long search takes on a large feed: 1,000,000 versions of 100,000 ids, p95 of a mix of queries.

    python -m benchmarks.search                       builds the feed in a passing folder: some minutes
    python -m benchmarks.search --database big.db     builds it once, and uses it again the next time

The words are made up, but as frequent as those of a language: the commonest is in most packages, most are in
very few. Every figure is the time of the whole call, what Python adds to SQL included.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from pathlib import Path
from statistics import quantiles
from typing import Generic, TypeVar

from benchmarks.figure import Figure
from benchmarks.servers import PLACE
from nugetlite.database import Database, open_database
from nugetlite.index import Index
from nugetlite.package.identity import Identity
from nugetlite.package.manifest import Manifest, PackageType
from nugetlite.package.package import Package
from nugetlite.package.query import Query, parse_terms

T = TypeVar("T")

IDS = 100_000
VERSIONS = 10
ROUNDS = 5
BATCH = 2_000
SEARCH_LIMIT = 20.0  #: milliseconds, p95
COMPLETE_LIMIT = 5.0

BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
ONSETS = [
    "b",
    "br",
    "c",
    "ch",
    "d",
    "f",
    "fl",
    "g",
    "h",
    "j",
    "k",
    "l",
    "m",
    "n",
    "p",
    "pr",
    "r",
    "s",
    "st",
    "t",
    "tr",
    "v",
    "w",
    "",
]
VOWELS = ["a", "e", "i", "o", "u", "ai", "ea", "io"]
CODAS = ["", "", "n", "r", "s", "t", "l", "m", "ck", "nd", "x"]


class Zipf(Generic[T]):
    """Draws things, the first ones far more often than the last ones; ``evenness`` makes that less so."""

    def __init__(self, chance: random.Random, things: Sequence[T], evenness: int = 0) -> None:
        self._chance = chance
        self._things = things
        self._weights = list(accumulate(1 / (rank + evenness) for rank in range(1, len(things) + 1)))

    def draw(self, count: int) -> list[T]:
        """Some of them, perhaps one of them twice."""
        return self._chance.choices(self._things, cum_weights=self._weights, k=count)


class MadeUpFeed:
    """The packages of a feed, the same for the same seed."""

    def __init__(self, ids: int, versions: int, seed: int = 7) -> None:
        self._chance = random.Random(seed)
        self._versions = versions
        self.vocabulary = self._make_words(20_000)
        names = [word.capitalize() for word in self.vocabulary if len(word) > 3]
        self._chance.shuffle(names)
        self._owners = Zipf(self._chance, names[:3_000])
        self._products = Zipf(self._chance, names[1_000:9_000], evenness=20)
        self._prose = Zipf(self._chance, self.vocabulary)
        self.ids = self._make_ids(ids)

    def packages(self) -> Iterator[tuple[Package, str]]:
        """Every version of every id, with a stamp. Some are prereleases, some need SemVer 2, some are tools."""
        for id in self.ids:
            manifest = self._manifest(id)
            newest_says_more = self._chance.random() < 0.1
            for minor in range(self._versions):
                is_newest = minor == self._versions - 1
                label = self._label() if is_newest or self._chance.random() < 0.2 else ""
                identity = Identity.parse(id, f"1.{minor}.0{label}")
                text = (
                    f"{manifest.description} anew" if is_newest and newest_says_more else manifest.description
                )
                yield self._package(replace(manifest, identity=identity, description=text), minor)

    def downloads(self) -> dict[Identity, int]:
        """How often the first versions were downloaded; many never."""
        return {
            Identity.parse(id, "1.0.0"): int(self._chance.paretovariate(0.6)) * 10
            for id in self.ids
            if self._chance.random() < 0.6
        }

    def _make_words(self, count: int) -> list[str]:
        words: dict[str, None] = {}
        while len(words) < count:
            syllables = range(self._chance.choice([1, 2, 2, 3, 3]))
            word = "".join("".join(map(self._chance.choice, (ONSETS, VOWELS, CODAS))) for _ in syllables)
            if 2 <= len(word) <= 14:
                words[word] = None
        return list(words)

    def _make_ids(self, count: int) -> list[str]:
        ids: dict[str, str] = {}
        while len(ids) < count:
            parts = self._owners.draw(1) + self._products.draw(self._chance.choice([1, 2, 2, 3]))
            if self._chance.random() < 0.3:
                parts[-2:] = ["".join(parts[-2:])]
            id = ".".join(parts)
            ids.setdefault(id.lower(), id)
        return list(ids.values())

    def _manifest(self, id: str) -> Manifest:
        return Manifest(
            identity=Identity.parse(id, "1.0.0"),
            title=id.replace(".", " ") if self._chance.random() < 0.5 else "",
            authors=self._owners.draw(1)[0],
            description=" ".join(self._prose.draw(self._chance.choice([8, 15, 25, 40]))),
            tags=tuple(word.lower() for word in self._products.draw(self._chance.choice([2, 4, 6]))),
            package_types=(PackageType("DotnetTool"),) if self._chance.random() < 0.03 else (),
        )

    def _label(self) -> str:
        return self._chance.choices(["", "-beta", "-rc.1"], weights=[12, 5, 1])[0]

    def _package(self, manifest: Manifest, minor: int) -> tuple[Package, str]:
        hash = f"{self._chance.getrandbits(512):0128x}"[:88]
        listed = self._chance.random() > 0.02
        return Package(manifest, 100_000, hash, BEGAN + timedelta(days=minor), listed), hash[:24]


@dataclass(frozen=True)
class Kind:
    """Queries of one kind, and how long each took."""

    name: str
    seconds: list[float]

    def __str__(self) -> str:
        cuts = quantiles(self.seconds, n=100, method="inclusive")
        most = max(self.seconds)
        return f"{self.name:<34} {1000 * cuts[49]:8.2f} {1000 * cuts[94]:8.2f} {1000 * most:8.2f}  ms"


def main() -> None:
    """Build, or open, the feed; ask; print; fail if a limit is passed."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--ids", type=int, default=IDS)
    asked.add_argument("--versions", type=int, default=VERSIONS, help="of each id")
    asked.add_argument("--database", type=Path, help="a SQLite file to build the feed in, or to find it in")
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{options.database or Path(folder, 'search.db')}")
        feed = MadeUpFeed(options.ids, options.versions)
        index = Index(database)
        if not index.counts().packages:
            fill(database, index, feed)
        sys.exit(0 if report(index, feed) else 1)


def measure() -> Iterator[Figure]:
    """Two figures, each round asking everything. The feed is built at the first run, and kept for the next."""
    PLACE.mkdir(parents=True, exist_ok=True)
    database = open_database(f"sqlite:///{PLACE / 'search.db'}")
    feed, index = MadeUpFeed(IDS, VERSIONS), Index(database)
    if index.counts().packages != IDS:
        fill(database, index, feed)
    beside = "in SQL, 1,000,000 versions of 100,000 ids"
    for what, ask, kinds, limit in (
        ("search, p95", index.search, searches_of(feed), SEARCH_LIMIT),
        ("autocomplete, p95", index.complete, completions_of(feed), COMPLETE_LIMIT),
    ):
        queries = [query for kind in kinds.values() for query in kind]
        rounds = tuple(p95(timed(what, ask, queries)) for _ in range(ROUNDS))
        yield Figure(what, beside, "ms", limit, rounds, at_most=True)
    database.close()


def fill(database: Database, index: Index, feed: MadeUpFeed) -> None:
    """Put the whole feed into the index, and say how fast that went."""
    packages, began, count = feed.packages(), time.perf_counter(), 0
    while batch := list(islice(packages, BATCH)):
        with database.begin() as connection:
            index.add(connection, batch)
        count += len(batch)
    taken = time.perf_counter() - began
    with database.begin() as connection:
        index.count_downloads(connection, feed.downloads())
    print(f"indexed {count:,} versions of {len(feed.ids):,} ids: {count / taken:,.0f} a second")


def report(index: Index, feed: MadeUpFeed) -> bool:
    """Ask everything, print how long it took, and answer whether that is within the limits."""
    counts = index.counts()
    print(f"{counts.versions:,} versions of {counts.packages:,} ids")
    print(f"{'':<34} {'p50':>8} {'p95':>8} {'max':>8}")
    searches = [timed(name, index.search, queries) for name, queries in searches_of(feed).items()]
    completions = [timed(name, index.complete, queries) for name, queries in completions_of(feed).items()]
    lookups = timed_lookups(index, feed)
    all_searches = Kind("ALL SEARCHES", [seconds for kind in searches for seconds in kind.seconds])
    all_completions = Kind("ALL COMPLETIONS", [seconds for kind in completions for seconds in kind.seconds])
    for kind in (*searches, all_searches, *completions, all_completions, *lookups):
        print(kind)
    return p95(all_searches) < SEARCH_LIMIT and p95(all_completions) < COMPLETE_LIMIT


def p95(kind: Kind) -> float:
    """Milliseconds within which 95 of 100 were answered."""
    return 1000 * quantiles(kind.seconds, n=100, method="inclusive")[94]


def searches_of(feed: MadeUpFeed) -> dict[str, list[Query]]:
    """Queries as people and clients ask them, by kind."""
    chance = random.Random(11)
    common, usual, rare = feed.vocabulary[3:40], feed.vocabulary[100:2_000], feed.vocabulary[2_000:]
    words = [word.lower() for id in chance.sample(feed.ids, 60) for word in id.split(".")]
    return {
        "empty": [Query(skip=skip) for skip in range(0, 3000, 100)],
        "a common word": asking(chance.choices(common, k=40)),
        "a usual word": asking(chance.choices(usual, k=40)),
        "a rare word": asking(chance.choices(rare, k=40)),
        "two common words": asking(f"{chance.choice(common)} {chance.choice(common)}" for _ in range(30)),
        "a common and a usual word": asking(
            f"{chance.choice(common)} {chance.choice(usual)}" for _ in range(30)
        ),
        "four usual words": asking(" ".join(chance.choices(usual, k=4)) for _ in range(20)),
        "a common word, page 20": [
            replace(query, skip=400) for query in asking(chance.choices(common, k=20))
        ],
        "an id": asking(chance.choices(feed.ids, k=40)),
        "words of ids": asking(chance.choices(words, k=40)),
        "beginning of an id, 1 character": asking(id[:1] for id in chance.choices(feed.ids, k=20)),
        "beginning of an id, 2": asking(id[:2] for id in chance.choices(feed.ids, k=20)),
        "beginning of an id, 3": asking(id[:3] for id in chance.choices(feed.ids, k=30)),
        "beginning of an id, 6": asking(id[:6] for id in chance.choices(feed.ids, k=30)),
        "part of an id, 3": asking(id[2:5] for id in chance.choices(feed.ids, k=30)),
        "part of an id, 5": asking(id[2:7] for id in chance.choices(feed.ids, k=30)),
        "a tag": asking(f"tags:{word}" for word in chance.choices(words, k=20)),
        "tools": [replace(query, package_type="DotnetTool") for query in [Query(), *asking(words[:19])]],
    }


def completions_of(feed: MadeUpFeed) -> dict[str, list[Query]]:
    """What is asked while somebody types an id."""
    chance = random.Random(13)
    kinds = {
        f"complete {length}": asking(id[:length] for id in chance.choices(feed.ids, k=40))
        for length in (1, 2, 3, 4, 6, 9)
    }
    return kinds | {
        "complete nothing": [Query() for _ in range(10)],
        "complete from the middle": asking(id[3:7] for id in chance.choices(feed.ids, k=40)),
    }


def asking(texts: Sequence[str] | Iterator[str]) -> list[Query]:
    """Queries of a client that wants everything."""
    return [Query(parse_terms(text), prerelease=True, semver2=True) for text in texts]


def timed(name: str, ask: Callable[[Query], object], queries: Sequence[Query]) -> Kind:
    """Ask each once; the first is asked once more before, as nobody is the first on a running server."""
    ask(queries[0])
    return Kind(name, [seconds(ask, query) for query in queries])


def timed_lookups(index: Index, feed: MadeUpFeed) -> list[Kind]:
    """What restore asks."""
    identities = [Identity.parse(id, "1.0.0") for id in random.Random(17).sample(feed.ids, 300)]
    return [
        Kind("get one version", [seconds(index.get, identity) for identity in identities]),
        Kind("versions, whole", [seconds(index.versions, identity.id) for identity in identities]),
        Kind("version list", [seconds(index.version_list, identity.id) for identity in identities]),
        Kind("revision", [seconds(lambda _: index.revision(), identity) for identity in identities]),
    ]


def seconds(ask: Callable[[T], object], about: T) -> float:
    """How long it takes to ask."""
    began = time.perf_counter()
    ask(about)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
