"""What somebody does not see is not there for them: not in lists, not in totals."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nugetlite.index.archives import ArchiveIndex
from nugetlite.index.listing import Listing, Wanted
from nugetlite.index.values import Counts
from nugetlite.odata.parser import parse_filter, parse_orderby
from nugetlite.odata.selection import Selection
from nugetlite.odata.updates import Updates
from nugetlite.package.filename import FileName
from nugetlite.package.identity import PackageId
from nugetlite.package.patterns import Pattern
from nugetlite.package.query import Query, parse_terms
from nugetlite.package.sight import EVERYTHING, NOTHING, Sight
from nugetlite.package.stored import StoredArchive

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ARCHIVES = ("Acme.Web.1.0.zip", "Acme.Web.2.0.zip", "Contoso.Site.1.0.tar.gz", "Secret.Site.1.0.zip")
PATTERNS = ["*", "contoso.*", "secret.*", "acme.*", "*.json", "secret.json", "contoso.json", "con*.*", "x"]

tables = st.dictionaries(st.sampled_from(PATTERNS).map(Pattern), st.booleans(), min_size=1, max_size=3)
sights = st.lists(tables, max_size=2).map(lambda several: Sight.of(*several))

few = settings(max_examples=30, deadline=None)

QUERIES = st.builds(
    Query,
    st.sampled_from(
        ["", "json", "contoso", "sec", "packageid:Secret.Json", "tags:text", "id:web", "mean", "version:1.0"]
    ).map(parse_terms),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "", "DotnetTool"]),
    take=st.just(100),
)
SELECTIONS = st.builds(
    Selection,
    query=st.none() | st.sampled_from(["json", "text mean"]).map(lambda text: Query(parse_terms(text))),
    filter=st.none()
    | st.sampled_from(
        [
            "IsLatestVersion",
            "IsAbsoluteLatestVersion",
            "Id eq 'secret.json'",
            "substringof('e',Id)",
            "IsPrerelease",
        ]
    ).map(parse_filter),
    order=st.sampled_from(["", "Id", "Published desc", "DownloadCount desc", "Version desc"]).map(
        parse_orderby
    ),
    id=st.none() | st.sampled_from(["Secret.Json", "Contoso.Json"]).map(PackageId.parse),
    updates=st.none() | st.just(Updates.parse("Secret.Json|Contoso.Json|Acme.Json", "0.1|0.1|0.1")),
    semver2=st.booleans(),
    stable_only=st.booleans(),
    listed_only=st.booleans(),
    counted=st.just(True),
)


@pytest.fixture(scope="module")
def shelf(shared_shelf):
    for owner in ("Contoso", "Secret", "Acme"):
        shared_shelf.add(f"{owner}.Json", "1.0", "1.1", "2.0-beta", tags=("text",), description="Means JSON")
        shared_shelf.add(f"{owner}.Text", "1.0", description=f"As {owner} means it")
        shared_shelf.add(f"{owner}.Hidden", "1.0", listed=False)
        shared_shelf.add(f"{owner}.Tool", "1.0", types=("DotnetTool",))
        shared_shelf.remove(f"{owner}.Gone", "1.0")
        shared_shelf.download(f"{owner}.Json", "1.0", len(owner))
    archives = ArchiveIndex(shared_shelf.database)
    with shared_shelf.database.begin() as connection:
        for name in ARCHIVES:
            archives.add(connection, StoredArchive(FileName.parse(name), 9, "hash", NOON), "stamp")
    return shared_shelf


@few
@given(sights, QUERIES)
def test_search_is_the_whole_one_without_what_is_not_seen(shelf, sight, query):
    whole = [hit for hit in shelf.index.search(query).hits if sight.sees(hit.package.identity.id.key)]

    found = shelf.index.search(replace(query, sight=sight))

    assert (list(found.hits), found.total) == (whole, len(whole))
    assert [hit for skip in range(0, len(whole), 2) for hit in _page(shelf, query, sight, skip)] == whole


def _page(shelf, query, sight, skip):
    return shelf.index.search(replace(query, sight=sight, skip=skip, take=2)).hits


@few
@given(sights, QUERIES)
def test_so_is_autocomplete(shelf, sight, query):
    whole = tuple(id for id in shelf.index.complete(query).ids if sight.sees(id.lower()))

    found = shelf.index.complete(replace(query, sight=sight))

    assert (found.ids, found.total) == (whole, len(whole))


@few
@given(sights, SELECTIONS)
def test_so_is_what_v2_selects(shelf, sight, selection):
    whole = [
        each for each in shelf.index.select(selection).entries if sight.sees(each.package.identity.id.key)
    ]
    mine = replace(selection, sight=sight)

    found = shelf.index.select(mine)

    assert list(found.entries) == whole
    assert found.total == shelf.index.count_selected(mine) == len(whole)


@few
@given(
    sights,
    st.sampled_from(["", "secret.json", "acme.web"]),
    st.sampled_from(["", "e", "json"]),
    st.booleans(),
)
def test_so_is_the_list_of_packages_and_archives(shelf, sight, id, part, latest):
    listing, wanted = Listing(shelf.database), Wanted(id, part, latest, take=100)
    whole = tuple(item for item in listing.read(wanted).items if sight.sees(item.identity.id.key))

    found = listing.read(replace(wanted, sight=sight))

    assert (found.items, found.total) == (whole, len(whole))


@few
@given(sights)
def test_only_what_is_seen_counts(shelf, sight):
    owners = ("contoso", "secret", "acme")
    here = {"json": 3, "text": 1, "hidden": 1, "tool": 1}
    seen = [
        (name, count) for owner in owners for name, count in here.items() if sight.sees(f"{owner}.{name}")
    ]
    files = [FileName.parse(name) for name in ARCHIVES]

    assert shelf.index.counts(sight) == Counts(
        packages=len(seen),
        versions=sum(count for _, count in seen),
        unlisted=sum(name == "hidden" for name, _ in seen),
        removed=sum(sight.sees(f"{owner}.gone") for owner in owners),
    )
    assert ArchiveIndex(shelf.database).count(sight) == sum(
        sight.sees(each.identity.id.key) for each in files
    )


def test_who_sees_nothing_needs_no_database(shelf, monkeypatch):
    def no_statement(*_):
        raise AssertionError

    shelf.index.revision()
    monkeypatch.setattr("sqlalchemy.Connection.execute", no_statement)

    assert shelf.index.search(Query(sight=NOTHING)).total == 0
    assert shelf.index.complete(Query(sight=NOTHING)).total == 0
    assert shelf.index.select(Selection(counted=True, sight=NOTHING)).total == 0
    assert Listing(shelf.database).read(Wanted(sight=NOTHING)).total == 0


def test_what_is_remembered_of_one_is_not_told_to_another(shelf):
    for sight in (EVERYTHING, Sight.only([Pattern("secret.*")]), EVERYTHING):
        hidden = 0 if sight.is_everything else 2

        assert shelf.index.search(Query(parse_terms("json"), sight=sight)).total == 3 - hidden
