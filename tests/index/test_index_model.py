"""The index against a plain dictionary: whatever is done to both, they answer the same."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from nugetlite.database import open_database
from nugetlite.index import Index
from nugetlite.index.values import Counts
from nugetlite.package.identity import Identity, PackageId
from nugetlite.package.manifest import Dependency, DependencyGroup, Manifest, PackageType
from nugetlite.package.package import Deletion, Package, Removal
from nugetlite.package.query import Query, parse_terms
from nugetlite.package.range import VersionRange

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
IDS = ["Contoso.Json", "contoso.JSON", "Contoso.Xml", "Json", "JsonNet", "Fabrikam"]
VERSIONS = ["1.0.0", "1.0", "1.10.0", "1.9.0", "2.0.0-beta", "2.0.0-BETA.1", "2.0.0+build", "3.0.0-rc.1"]
TEXTS = ["json", "reads xml", "a fabrikam tool", ""]
TYPES = ["", "DotnetTool"]
QUERIES = ["", "json", "contoso", "js", "xml", "contoso json", "son", "tool", "tags:json", "fabrikam tool"]

ids, versions, texts = st.sampled_from(IDS), st.sampled_from(VERSIONS), st.sampled_from(TEXTS)
RANGES = [
    "(, )",
    "[1.0.0, )",
    "[1.0.0, 2.0.0)",
    "(1.0.0, )",
    "[1.9.0, 1.9.0]",
    "[2.0.0-beta, )",
    "[1.0.0, odd)",
]
groups = st.lists(
    st.builds(
        DependencyGroup,
        framework=st.sampled_from(["", "net8.0"]),
        dependencies=st.lists(
            st.builds(
                Dependency,
                id=st.sampled_from([*IDS, "Odd Id", "x" * 200]),
                range=st.sampled_from([*RANGES, "odd" * 100]),
            ),
            max_size=2,
        ).map(tuple),
    ),
    max_size=2,
).map(tuple)
identities = st.builds(Identity.parse, ids, versions)
manifests = st.builds(
    Manifest,
    identity=identities,
    description=texts,
    tags=st.sampled_from([(), ("json",), ("xml", "net")]),
    semver2_dependencies=st.booleans(),
    package_types=st.sampled_from([(), (PackageType("DotnetTool"),)]),
    dependency_groups=groups,
)
packages = st.builds(
    Package,
    manifest=manifests,
    size=st.integers(0, 2**40),
    sha512=st.text("abc", max_size=3),
    published=st.just(NOON),
    listed=st.booleans(),
)


class IndexMachine(RuleBasedStateMachine):
    def __init__(self, url):
        super().__init__()
        self.database = open_database(url)
        self.index = Index(self.database)
        self.packages = {}  # identity: package
        self.removals = {}  # identity: removal
        self.downloads = {}  # identity: times
        self.revision = self.index.revision()

    def teardown(self):
        with self.database.begin() as connection:
            if connection.dialect.name == "sqlite":  # which compares the full text with what it was made from
                connection.exec_driver_sql("INSERT INTO words(words) VALUES('integrity-check')")
            numbers = [
                f"SELECT {number} FROM {table}"
                for number, table in [("number", "documents"), ("rowid", "words")]
            ]
            assert (
                len(set(connection.exec_driver_sql(" UNION ".join(numbers))))
                == len(connection.exec_driver_sql(" UNION ALL ".join(numbers)).all()) / 2
            )
        self.database.close()

    @rule(arrivals=st.lists(packages, min_size=1, max_size=5))
    def add(self, arrivals):
        with self.database.begin() as connection:
            self.index.add(connection, [(package, f"stamp {package.sha512}") for package in arrivals])
        for package in arrivals:
            self.packages[package.identity] = package
            self.removals.pop(package.identity, None)
        self.expect_change(True)

    @rule(identity=identities, listed=st.booleans())
    def restate(self, identity, listed):
        package = self.packages.get(identity)
        changes = package is not None and package.listed != listed
        with self.database.begin() as connection:
            assert self.index.restate(connection, identity, listed) == changes
        if changes:
            self.packages[identity] = replace(package, listed=listed)
        self.expect_change(changes)

    @rule(identity=identities, deletion=st.sampled_from([Deletion.SOFT, Deletion.HARD]), why=texts)
    def remove(self, identity, deletion, why):
        removal = Removal(identity, deletion, NOON, "ann", why)
        with self.database.begin() as connection:
            self.index.remove(connection, removal)
        self.packages.pop(identity, None)
        self.removals[identity] = removal
        self.expect_change(True)

    @rule(gone=st.lists(identities, max_size=3))
    def forget(self, gone):
        with self.database.begin() as connection:
            self.index.forget(connection, gone)
        there = self.packages.keys() & set(gone)
        for identity in there:
            del self.packages[identity]
        self.expect_change(bool(there))

    @precondition(lambda self: self.removals)
    @rule(data=st.data())
    def drop_removal(self, data):
        identity = data.draw(st.sampled_from(sorted(self.removals, key=str)))
        with self.database.begin() as connection:
            self.index.drop_removal(connection, identity)
        del self.removals[identity]
        self.expect_change(True)

    @rule(counts=st.dictionaries(identities, st.integers(1, 5), max_size=3))
    def download(self, counts):
        with self.database.begin() as connection:
            self.index.count_downloads(connection, counts)
        for identity, times in counts.items():
            self.downloads[identity] = self.downloads.get(identity, 0) + times
        self.expect_change(False)

    def expect_change(self, changed):
        before, self.revision = self.revision, self.index.revision()
        assert (self.revision > before) if changed else (self.revision == before)

    @invariant()
    def versions_agree(self):
        for id in {PackageId.parse(id) for id in IDS}:
            expected = self.versions_of(id)
            assert list(self.index.versions(id)) == expected
            assert self.index.version_list(id)[0] == [each.identity.version.key for each in expected]
            assert (self.index.revision_of(id.key) > 0) == bool(expected)
        assert {known.identity: (known.listed, known.stamp) for known in self.index.known()} == {
            identity: (package.listed, f"stamp {package.sha512}")
            for identity, package in self.packages.items()
        }

    @invariant()
    def removals_agree(self):
        assert set(self.index.known_removals()) == set(self.removals)
        for identity, removal in self.removals.items():
            assert self.index.removal(identity) == removal

    @invariant()
    def counts_agree(self):
        unlisted = sum(not package.listed for package in self.packages.values())
        ids = {identity.id for identity in self.packages}
        assert self.index.counts() == Counts(
            len(ids), len(self.packages), unlisted=unlisted, removed=len(self.removals)
        )

    @rule()
    def dependents_agree(self):
        for identity in [*self.packages, Identity.parse("Contoso.Json", "9.9.9")]:
            expected = {
                (who, text): instead
                for who, package in self.packages.items()
                for text in self.ranges_of(package, identity.id)
                if who != identity and self.taken(text, identity.id) == identity.version
                for instead in [self.taken(text, identity.id, without=identity.version)]
            }
            answer = self.index.dependents(identity)
            assert {(each.identity, str(each.range)): each.instead for each in answer} == expected
            assert len(answer) == len(expected)

    @rule(
        text=st.sampled_from(QUERIES),
        prerelease=st.booleans(),
        semver2=st.booleans(),
        type=st.sampled_from(TYPES),
    )
    def searches_agree(self, text, prerelease, semver2, type):
        query = Query(parse_terms(text), prerelease, semver2, type)
        expected = self.expected_hits(text, query)
        answer = self.index.search(query)
        assert [(hit.package, hit.versions, hit.downloads) for hit in answer.hits] == expected
        assert answer.total == len(expected)

    @rule(
        text=st.sampled_from(["", "json", "contoso", "js"]),
        prerelease=st.booleans(),
        type=st.sampled_from(TYPES),
    )
    def completions_agree(self, text, prerelease, type):
        query = Query(parse_terms(text), prerelease, True, type)
        expected = self.expected_ids(text, query)
        answer = self.index.complete(query)
        assert list(answer.ids) == expected
        assert answer.total == len(expected)

    # What should be the answers, worked out from nothing but the packages

    def versions_of(self, id):
        found = [package for identity, package in self.packages.items() if identity.id == id]
        return sorted(found, key=lambda package: package.identity.version)

    def ranges_of(self, package, id):
        """The readable ranges of versions of ``id`` that a package asks for."""
        stated = {
            each.range
            for group in package.manifest.dependency_groups
            for each in group.dependencies
            if each.id.lower() == id.key
        }
        return stated & {text for text in RANGES if "odd" not in text}

    def taken(self, text, id, without=None):
        """The version that a restore takes: of all that will do the lowest; a prerelease if the range names one."""
        will_do = [
            each.identity.version
            for each in self.versions_of(id)
            if each.identity.version != without
            and VersionRange.parse(text).contains(each.identity.version)
            and ("-" in text or not each.is_prerelease)
        ]
        return will_do[0] if will_do else None

    def visible(self, id, query):
        return [
            package
            for package in self.versions_of(id)
            if package.listed
            and (query.prerelease or not package.is_prerelease)
            and (query.semver2 or not package.manifest.is_semver2)
            and (not query.package_type or package.manifest.package_types)
        ]

    def downloads_of(self, id):
        return sum(times for identity, times in self.downloads.items() if identity.id == id)

    def expected_hits(self, text, query):
        ranked = []
        for id in {PackageId.parse(id) for id in IDS}:
            if (visible := self.visible(id, query)) and (
                tier := tier_of(visible[-1].manifest, text)
            ) is not None:
                told = tuple(
                    (each.identity.version.full, self.downloads.get(each.identity, 0)) for each in visible
                )
                downloads = self.downloads_of(id)
                ranked.append((tier, -downloads, id.key, (visible[-1], told, downloads)))
        return [hit for *_, hit in sorted(ranked, key=lambda each: each[:3])]

    def expected_ids(self, text, query):
        ranked = []
        for id in {PackageId.parse(id) for id in IDS}:
            if self.visible(id, query) and any(word.startswith(text) for word in name_words(id.text)):
                tier = 0 if id.key == text else 1 if id.key.startswith(text) else 2
                shown = self.versions_of(id)[-1].identity.id.text
                ranked.append((tier, -self.downloads_of(id), id.key, shown))
        return [shown for *_, shown in sorted(ranked)]


def tier_of(manifest, text):
    """0 for the very id, 1 for its beginning, 2 for a match by id, title or tags, 3 for another; ``None`` for none."""
    key, typed = manifest.identity.id.key, text.replace(" ", ".")
    if text.startswith("tags:"):
        return 2 if text.removeprefix("tags:") in manifest.tags else None
    if not text:
        return 2
    named = {*name_words(manifest.identity.id.text), *manifest.tags}
    if not answers(key, named | set(manifest.description.split()), text):
        return None
    if key.startswith(typed):
        return 0 if key == typed else 1
    return 2 if answers(key, named, text) else 3


def answers(key, words, text):
    *whole, last = text.split()
    return all(word in words or word in key for word in whole) and (
        last in words
        or any(word.startswith(last) for word in key.split("."))
        or (len(last) > 2 and (last in key or any(word.startswith(last) for word in words)))
    )


def name_words(id):
    """The words of one of our ids."""
    return [*id.lower().split("."), *(["json", "net"] if id == "JsonNet" else [])]


def test_whatever_is_done_the_answers_are_those_of_a_dictionary(new_url, kind):
    examples = 15 if kind == "sqlite" else 6  # whose tables take a while to be made
    run_state_machine_as_test(
        lambda: IndexMachine(new_url()),
        settings=settings(max_examples=examples, stateful_step_count=25, deadline=None),
    )
