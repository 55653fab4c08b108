"""What V2 clients ask for, and what they get, spelt as they spell it."""

import time
from datetime import timedelta

import pytest

from nugetlite.errors import BadQuery, BadVersionRange, TooMuchAsked
from nugetlite.index import SELECT_LIMIT
from nugetlite.odata.parser import parse_filter, parse_orderby
from nugetlite.odata.selection import Cursor, Selection
from nugetlite.odata.updates import Updates
from nugetlite.package.identity import Identity, PackageId
from nugetlite.package.manifest import DependencyGroup
from nugetlite.package.query import Query, parse_terms


def filled(shelf):
    """A small feed: two kinds of git, a module, a tool with prereleases, something unlisted, something of SemVer 2."""
    shelf.add("git", "1.0.0", "2.9.0", title="Git", description="Version control", tags=("vcs", "dvcs"))
    shelf.add("git.install", "2.9.0", "3.0.0", description="Installs git", tags=("vcs",))
    shelf.add("PowerGet", "1.0", "1.2", "2.0", tags=("PSModule", "PSCommand_Get"))
    shelf.add("Tool", "1.0.0", "2.0.0-Beta1", "2.0.0-beta2", title="A t tool", tags=("t",))
    shelf.add("Hidden", "1.0.0", listed=False)
    shelf.add("Modern", "1.0.0", "2.0.0-rc.1", "2.0.0+build.5")
    for id, times in (("git", 10), ("git.install", 50), ("PowerGet", 20)):
        shelf.download(id, "2.0.0" if id == "PowerGet" else "2.9.0", times)
    return shelf


@pytest.fixture
def full(shelf):
    """A feed to change."""
    return filled(shelf)


@pytest.fixture(scope="module")
def known(shared_shelf):
    """A feed to look at."""
    return filled(shared_shelf)


def selection(*, filter="", order="", words=None, id=None, updates=None, **more):
    """As the web makes one of a query string."""
    return Selection(
        filter=parse_filter(filter) if filter else None,
        order=parse_orderby(order),
        query=None if words is None else Query(parse_terms(words)),
        listed_only=words is not None or updates is not None,
        id=PackageId.parse(id) if id else None,
        updates=updates,
        **more,
    )


def selected(shelf, **asked):
    """What is on the page, as texts."""
    page = shelf.index.select(selection(**asked))
    return [str(entry.package.identity) for entry in page.entries]


FALLBACK = (
    "((((Id ne null) and substringof('t',tolower(Id))) or ((Description ne null) and "
    "substringof('t',tolower(Description)))) or ((Tags ne null) and substringof(' t ',tolower(Tags)))) "
    "and IsLatestVersion"
)
ALL_STABLE = ["git 1.0.0", "git 2.9.0", "git.install 2.9.0", "git.install 3.0.0"]
GET = ["PowerGet 1.0.0", "PowerGet 1.2.0", "PowerGet 2.0.0"]
LATEST = ["git 2.9.0", "git.install 3.0.0", "Modern 1.0.0", "PowerGet 2.0.0", "Tool 1.0.0"]

QUERIES = {
    "nuget.exe 3 and Visual Studio, list": (
        {
            "words": "git",
            "filter": "IsLatestVersion",
            "order": "Id",
            "stable_only": True,
            "top": 30,
            "semver2": True,
        },
        ["git 2.9.0", "git.install 3.0.0"],
    ),
    "nuget.exe 3, list without words": (
        {"words": "", "filter": "IsLatestVersion", "order": "Id", "stable_only": True, "top": 30},
        LATEST,
    ),
    "nuget.exe 3, -Prerelease": (
        {"words": "tool", "filter": "IsAbsoluteLatestVersion", "order": "Id", "semver2": True},
        ["Tool 2.0.0-beta2"],
    ),
    "nuget.exe 3, -AllVersions": (
        {"words": "git", "order": "Id", "stable_only": True},
        ALL_STABLE,
    ),
    "nuget.exe 3, -AllVersions -Prerelease": (
        {"words": "tool"},
        ["Tool 1.0.0", "Tool 2.0.0-Beta1", "Tool 2.0.0-beta2"],
    ),
    "nuget.exe 3, restore": (
        {"id": "modern", "semver2": True},
        ["Modern 1.0.0", "Modern 2.0.0-rc.1", "Modern 2.0.0+build.5"],
    ),
    "nuget.exe 3, a feed without Search": (
        {"filter": FALLBACK, "order": "Id", "top": 30, "semver2": True},
        ["git 2.9.0", "git.install 3.0.0", "PowerGet 2.0.0", "Tool 1.0.0"],
    ),
    "nuget.exe 2.8, install": (
        {"id": "Git", "filter": "IsLatestVersion", "order": "Version desc", "top": 1},
        ["git 2.9.0"],
    ),
    "nuget.exe 2.8, list": (
        {
            "filter": "(substringof('t',tolower(Id)) or ((Title ne null) and substringof('t',tolower(Title)))) "
            "and (IsLatestVersion or IsAbsoluteLatestVersion)",
            "top": 20,
        },
        ["git 2.9.0", "git.install 3.0.0", "PowerGet 2.0.0", "Tool 1.0.0", "Tool 2.0.0-beta2"],
    ),
    "Visual Studio 2012, most downloads": (
        {
            "words": "",
            "filter": "IsLatestVersion",
            "order": "DownloadCount desc,Id",
            "stable_only": True,
            "top": 3,
        },
        ["git.install 3.0.0", "PowerGet 2.0.0", "git 2.9.0"],
    ),
    "Visual Studio 2012, by name": (
        {"words": "git", "filter": "IsLatestVersion", "order": "concat(Title,Id),Id", "stable_only": True},
        ["git.install 3.0.0", "git 2.9.0"],
    ),
    "choco install": (
        {"filter": "(tolower(Id) eq 'git') and IsLatestVersion", "semver2": True},
        ["git 2.9.0"],
    ),
    "choco, one version": (
        {"filter": "(tolower(Id) eq 'git') and version eq '1.0'"},
        ["git 1.0.0"],
    ),
    "choco, all versions, newest first": (
        {"filter": "(tolower(Id) eq 'powerget')", "order": "Id,Version desc"},
        [*reversed(GET)],
    ),
    "choco, by title": (
        {"words": "", "filter": "IsLatestVersion", "order": "Title,Id", "stable_only": True, "top": 4},
        ["git.install 3.0.0", "Modern 1.0.0", "PowerGet 2.0.0", "Tool 1.0.0"],
    ),
    "PowerShellGet, one module": ({"id": "powerget", "top": 40}, GET),
    "PowerShellGet, modules": (
        {"words": "tag:PSModule", "filter": "IsLatestVersion", "stable_only": True, "top": 40},
        ["PowerGet 2.0.0"],
    ),
    "PSResourceGet, one module": (
        {
            "id": "PowerGet",
            "filter": "Id eq 'powerget' and IsLatestVersion eq true and substringof('PSModule', Tags) eq true",
            "counted": True,
        },
        ["PowerGet 2.0.0"],
    ),
    "PSResourceGet, a pattern": (
        {
            "words": "",
            "filter": "IsAbsoluteLatestVersion and startswith(Id, 'Pow') and endswith(Id, 'Get')",
            "order": "Id desc",
            "counted": True,
        },
        ["PowerGet 2.0.0"],
    ),
    "PSResourceGet, a range": (
        {
            "id": "PowerGet",
            "filter": "NormalizedVersion ge '1.0.0' and NormalizedVersion lt '2.0.0'",
            "order": "NormalizedVersion desc",
        },
        ["PowerGet 1.2.0", "PowerGet 1.0.0"],
    ),
    "PSResourceGet, a command": (
        {"words": "tag:PSCommand_Get", "filter": "IsLatestVersion"},
        ["PowerGet 2.0.0"],
    ),
    "PSResourceGet, no prereleases": ({"id": "Tool", "filter": "IsPrerelease eq false"}, ["Tool 1.0.0"]),
    "Paket, versions": (
        {"id": "git", "order": "Published desc", "semver2": True},
        ["git 1.0.0", "git 2.9.0"],
    ),
    "Paket, by id": ({"filter": "Id eq 'GIT'", "semver2": True}, ["git 1.0.0", "git 2.9.0"]),
    "Paket, one version": (
        {"filter": "(tolower(Id) eq 'git') and (NormalizedVersion eq '1.0.0')"},
        ["git 1.0.0"],
    ),
    "Paket, one version as it was written": (
        {"filter": "(tolower(Id) eq 'powerget') and (Version eq '1.0')"},
        ["PowerGet 1.0.0"],
    ),
    "TeamCity, several": (
        {"filter": "(tolower(Id) eq 'git') or (tolower(Id) eq 'hidden')", "order": "Id", "top": 30},
        ["git 1.0.0", "git 2.9.0", "Hidden 1.0.0"],
    ),
    "newer than a prerelease": (
        {"filter": "Id eq 'Tool' and (Version gt '2.0.0-BETA1')"},
        ["Tool 2.0.0-beta2"],
    ),
    "Octopus": ({"words": "modern"}, ["Modern 1.0.0"]),
}


@pytest.mark.parametrize("client", QUERIES)
def test_each_client_gets_what_it_asks_for(known, client):
    asked, answer = QUERIES[client]

    assert selected(known, **asked) == answer
    assert known.index.count_selected(selection(**asked)) >= len(answer)


def test_an_exact_id_is_no_beginning_of_another(known):
    assert selected(known, filter="(tolower(Id) eq 'git') and IsLatestVersion") == ["git 2.9.0"]


def test_unlisted_versions_are_there_but_out_of_search_and_never_the_latest(known):
    assert selected(known, id="Hidden") == ["Hidden 1.0.0"]
    assert selected(known, words="hidden") == []
    [entry] = known.index.select(selection(id="Hidden")).entries
    assert not entry.is_latest
    assert not entry.is_absolute_latest
    assert selected(known, filter="Published lt datetime'1901-01-01'") == ["Hidden 1.0.0"]


def test_what_a_client_cannot_read_is_not_there_for_it(known):
    assert selected(known, id="Modern") == ["Modern 1.0.0"]
    [entry] = known.index.select(selection(id="Modern")).entries
    assert entry.is_latest
    latest = known.index.entry(Identity.parse("modern", "1.0"), semver2=True)
    assert not latest.is_latest
    newest = known.index.entry(Identity.parse("modern", "2.0.0"), semver2=True)
    assert (newest.is_latest, newest.is_absolute_latest) == (True, True)
    assert known.index.count_selected(selection(filter="startswith(Id,'Modern')")) == 1
    assert known.index.count_selected(selection(filter="startswith(Id,'Modern')", semver2=True)) == 3


def test_an_entry_tells_its_downloads(known):
    entry = known.index.entry(Identity.parse("Git", "2.9"), semver2=False)

    assert (entry.downloads, entry.version_downloads) == (10, 10)
    assert known.index.entry(Identity.parse("git", "7.0"), semver2=False) is None
    assert [each.version_downloads for each in known.index.select(selection(id="git")).entries] == [0, 10]


def test_pages_go_on_where_they_ended_whatever_is_pushed_meanwhile(full):
    first = full.index.select(selection(filter="IsLatestVersion", top=2))
    full.add("aaa", "1.0.0")
    full.add("Later", "1.0.0")
    second = full.index.select(selection(filter="IsLatestVersion", after=Cursor.parse(str(first.next))))

    shown = [entry.package.identity.id.key for page in (first, second) for entry in page.entries]
    assert shown == ["git", "git.install", "later", "modern", "powerget", "tool"]
    assert second.next is None


def test_pages_of_one_package(shelf):
    shelf.add("Contoso", *[f"1.{minor}.0" for minor in range(25)])
    found, asked = [], selection(id="contoso", top=10)
    while True:
        page = shelf.index.select(asked)
        found += [entry.package.identity.version.numbers[1] for entry in page.entries]
        if page.next is None:
            break
        asked = selection(id="contoso", top=10, after=page.next)
    assert found == [*range(25)]
    assert selected(shelf, id="contoso", top=2, skip=24) == ["Contoso 1.24.0"]


@pytest.mark.parametrize(
    "token",
    [
        *("", "x", "é", "e30", "bnVsbA", "'Contoso','1.0.0'", "A" * 10_000),
        *("W10", "WzFd", "WzEsMl0", "W3t9LCJhIiwiYiJd"),  # [] [1] [1,2] [{},"a","b"]
        *("WyJhIiwiYlx1MDAwMCJd", "WyJcdWQ4MDAiLCJiIl0"),  # ["a","b\\u0000"] ["\\ud800","b"]
    ],
)
def test_a_broken_token_is_refused(token):
    with pytest.raises(BadQuery, match="start again at the first page"):
        Cursor.parse(token)


@pytest.mark.parametrize(
    ("asked", "after"),
    [
        ({"id": "git"}, Cursor((), "tool", "")),
        ({"id": "git"}, Cursor((5,), "git", "")),
        ({"order": "Id"}, Cursor((), "git", "")),
        ({"order": "Id"}, Cursor((5,), "git", "")),
        ({"order": "DownloadCount desc"}, Cursor(("x",), "git", "")),
        ({}, Cursor(("x", 1), "git", "")),
    ],
)
def test_a_token_of_another_order_is_refused(known, asked, after):
    with pytest.raises(BadQuery, match="belongs to another"):
        known.index.select(selection(**asked, after=after))


@pytest.mark.parametrize("skip", [0, 2**31, 2**63, 10**30])
def test_any_number_of_rows_can_be_skipped(known, skip):
    assert bool(selected(known, skip=skip)) is (skip == 0)
    assert bool(selected(known, id="git", skip=skip)) is (skip == 0)


@pytest.mark.parametrize("top", [0, 1, 100, 2**70])
def test_a_page_has_an_end(known, top):
    page = known.index.select(selection(top=top))

    assert len(page.entries) == min(top, 12)
    assert (page.next is None) is (top != 1)


def test_a_page_has_at_most_a_hundred(shelf):
    shelf.add("Contoso", *[f"1.0.{patch}" for patch in range(150)])

    page = shelf.index.select(selection(top=1000, counted=True))
    assert (len(page.entries), page.total) == (100, 150)
    assert selected(shelf, after=page.next, top=1000)[-1] == "Contoso 1.0.149"


@pytest.mark.parametrize(
    "hostile",
    [
        "%",
        "_",
        "*",
        '"',
        "''",
        "'' OR 1=1 --",
        "a%",
        "\\",
        '" OR names : git',
        "git*",
        "(",
        "NEAR(git)",
        "ﬁ",
        "￿",
    ],
)
def test_wildcards_and_quotes_are_letters_like_others(full, hostile):
    full.add("Odd", description=f"has {hostile.replace(chr(39) * 2, chr(39))} in it")

    assert selected(full, filter=f"substringof('{hostile}', Description)") == ["Odd 1.0.0"]
    assert selected(full, filter=f"Id eq '{hostile}'") == []
    assert selected(full, filter=f"startswith(Id,'{hostile}') or endswith(Title,'{hostile}')") == []
    assert isinstance(selected(full, words=hostile), list)


def test_letters_beyond_ascii_are_taken_as_they_are(full):
    full.add("Odd", title="Éclair ßa İ")

    for text, is_found in {"Éclair": True, "éclair": False, "ÉCLAIR": True, "ßA": True, "i": True}.items():
        assert (
            selected(full, filter=f"Id eq 'Odd' and substringof('{text}',Title)") == ["Odd 1.0.0"]
        ) is is_found


def test_a_total_is_remembered_until_something_changes(full):
    asked = selection(filter="IsLatestVersion", counted=True, top=1)
    assert full.index.select(asked).total == 5
    full.add("Another")
    assert full.index.select(asked).total == 6
    popular = selection(filter="DownloadCount gt 15", counted=True)
    assert full.index.select(popular).total == 5
    full.download("Another", times=100)
    assert full.index.select(popular).total == 6


def test_a_filter_that_takes_too_long_is_given_up_with_a_sentence(full, monkeypatch):
    monkeypatch.setattr("nugetlite.index.SELECT_LIMIT", -1.0)
    monkeypatch.setattr("nugetlite.sqlite.STEPS_BETWEEN", 1)

    full.add("Odd", description="a" * 1000)
    long = f"replace(Description,'a','{'a' * 3000}')"

    with pytest.raises(TooMuchAsked, match="narrow the"):
        full.index.select(selection(filter=f"substringof('x',{long})"))
    monkeypatch.undo()
    assert selected(full, filter="substringof('Installs',Description)") != []  # by the same connection


def test_texts_that_grow_without_end_are_given_up(full):
    full.add("Odd", description="a" * 1000)
    grown = "Description"
    for _ in range(4):
        grown = f"replace({grown},'a','{'a' * 3000}')"
    began = time.process_time()

    with pytest.raises(TooMuchAsked):
        selected(full, filter=f"length({grown}) gt 5")
    assert time.process_time() - began < SELECT_LIMIT


# Updates


def updates(shelf, ids, versions, constraints="", frameworks="", *, semver2=False, filter="", **more):
    asked = Updates.parse(ids, versions, constraints, frameworks, **more)
    return selected(shelf, updates=asked, semver2=semver2, filter=filter)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (("git|PowerGet", "1.0.0|1.0"), ["git 2.9.0", "PowerGet 2.0.0"]),
        (("GIT", "1"), ["git 2.9.0"]),
        (("git", "2.9.0"), []),
        (("git", "9.0.0"), []),
        (("PowerGet", "1.0", "[1.0,2.0)"), ["PowerGet 1.2.0"]),
        (("PowerGet", "1.0", "[1.2]"), ["PowerGet 1.2.0"]),
        (("PowerGet", "1.0", "(,1.2)"), []),
        (("git|PowerGet", "1.0.0|1.0", "|(1.0,1.2]"), ["git 2.9.0", "PowerGet 1.2.0"]),
        (("git|PowerGet", "1.0.0"), []),
        (("git", "1.0.0", "|"), []),
        (("", ""), []),
        (("git|not an id|Tool", "1.0.0|1.0.0|no version"), ["git 2.9.0"]),
        (("Unknown", "1.0.0"), []),
        (("PowerGet|PowerGet", "1.2|1.0"), ["PowerGet 2.0.0"]),
        (("Hidden", "0.1"), []),
    ],
)
def test_updates(known, asked, answer):
    assert updates(known, *asked) == answer


def test_updates_of_all_kinds(known):
    assert updates(known, "Tool", "1.0.0") == []
    assert updates(known, "Tool", "1.0.0", prerelease=True) == ["Tool 2.0.0-beta2"]
    assert updates(known, "Tool", "0.1", prerelease=True, all_versions=True) == [
        "Tool 1.0.0",
        "Tool 2.0.0-Beta1",
        "Tool 2.0.0-beta2",
    ]
    assert updates(known, "Modern", "1.0.0") == []
    assert updates(known, "Modern", "1.0.0", semver2=True) == ["Modern 2.0.0+build.5"]
    assert updates(known, "Modern", "2.0.0-rc.1 x", semver2=True) == [
        "Modern 2.0.0+build.5"
    ]  # + came as a blank
    assert updates(known, "git|Tool", "1.0|0.1", filter="IsLatestVersion and substringof('vcs',Tags)") == [
        "git 2.9.0"
    ]


def test_an_update_runs_where_the_client_runs(shelf):
    shelf.add("Contoso", "1.0.0")
    shelf.add("Contoso", "2.0.0", dependency_groups=(DependencyGroup("net40"), DependencyGroup("sl5")))
    shelf.add("Contoso", "3.0.0", dependency_groups=(DependencyGroup("net8.0"),))

    assert updates(shelf, "Contoso", "1.0.0") == ["Contoso 3.0.0"]
    assert updates(shelf, "Contoso", "1.0.0", frameworks="net45") == ["Contoso 2.0.0"]
    assert updates(shelf, "Contoso", "1.0.0", frameworks="win8|net8.0") == ["Contoso 3.0.0"]
    assert updates(shelf, "Contoso", "1.0.0", frameworks="net35|net20") == []
    assert updates(shelf, "Contoso", "1.0.0", frameworks="unsupported") == ["Contoso 3.0.0"]


def test_a_constraint_that_makes_no_sense_is_refused():
    with pytest.raises(BadVersionRange):
        Updates.parse("git", "1.0.0", "[2.0,1.0]")


def test_too_many_at_a_time_are_refused(shelf):
    with pytest.raises(BadQuery, match="at most 1000 at a time"):
        Updates.parse("|".join(["a"] * 1001), "|".join(["1.0"] * 1001))


def test_the_newest_arrivals_come_first(shelf):
    for day, id in enumerate(["c", "a", "b"]):
        package = shelf.add(id, "1.0.0", "2.0.0")
        shelf.replace(package, published=shelf.noon + timedelta(days=day))
    shelf.add("d", listed=False)

    for order in ("Published desc", "LastUpdated desc", "Created desc"):
        assert selected(shelf, filter="IsLatestVersion", order=order) == ["b 2.0.0", "a 2.0.0", "c 2.0.0"]
    assert selected(shelf, order="Published,Id desc")[0] == "d 1.0.0"
