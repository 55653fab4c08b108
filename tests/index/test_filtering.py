"""Filters as SQL against the same filters in plain Python, over the same packages.

Every expression is made twice: as the text that a client would send, and as a function over what is known of a
version. The function is written from what OData says, and shares nothing with the code that makes SQL.
"""

import random
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil, floor
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql

from nugetlite.database import open_database
from nugetlite.errors import BadQuery
from nugetlite.index import Index
from nugetlite.index.filtering import condition
from nugetlite.index.ways import ThroughVersions
from nugetlite.odata.entity import Property
from nugetlite.odata.parser import parse_filter, parse_orderby
from nugetlite.odata.selection import Cursor, Selection
from nugetlite.package.identity import Identity
from nugetlite.package.manifest import Manifest, PackageType
from nugetlite.package.package import Package
from nugetlite.package.version import Version

# The packages

IDS = ["A", "a.b", "AB", "Contoso.Json", "contoso_xml", "x1", "Z.Z-z"]
VERSIONS = ["1.0", "1.0.0.1", "2.0.0-Beta", "2.0.0-beta.2", "2.0.0+Build", "10.0", "10.0-rc", "0.9-a"]
TEXTS = [
    "",
    "a",
    "A b",
    "100%",
    "it's",
    "a_b*",
    '"ab"',
    "éÉ ß",
    " x ",
    "\tb\n",
    "-1",
    "ÀÀ",
    "aaa",
    "null",
    "Z" * 300,
]
TAGS = [(), ("a",), ("A", "json"), ("100%", "it's", "é")]


def packages(chance):
    """Some versions of some packages, none twice."""
    wanted = {Identity.parse(id, version) for id in IDS for version in VERSIONS if chance.random() < 0.5}
    for identity in sorted(wanted, key=str):
        manifest = Manifest(
            identity,
            title=chance.choice(TEXTS),
            authors=chance.choice(TEXTS),
            description=chance.choice(TEXTS),
            summary=chance.choice(TEXTS),
            language=chance.choice(["", "en", "de-DE"]),
            min_client_version=chance.choice(["", "2.8"]),
            tags=chance.choice(TAGS),
            semver2_dependencies=chance.random() < 0.1,
            require_license_acceptance=chance.random() < 0.3,
            development_dependency=chance.random() < 0.3,
            package_types=chance.choice([(), (), (PackageType("DotnetTool"),)]),
        )
        when = datetime(2019, 12, 31, 23, 59, 59, tzinfo=UTC) + timedelta(minutes=chance.randrange(10**6))
        listed = chance.random() < 0.7
        yield Package(manifest, chance.randrange(1, 2**33), f"{chance.getrandbits(64):x}=", when, listed)


class Feed:
    """An index, and what it holds as a client without and one with SemVer 2 should see it."""

    def __init__(self, seed, url):
        chance = random.Random(seed)
        self.index = Index(database := open_database(url))
        held = list(packages(chance))
        downloads = {package.identity: chance.choice([0, 1, 5, 7]) for package in held}
        with database.begin() as connection:
            self.index.add(connection, [(package, "stamp") for package in held])
            self.index.count_downloads(connection, downloads)
        self.seen = {semver2: facts(held, downloads, semver2) for semver2 in (False, True)}

    def identities(self, **selection):
        """What is selected, page by page, in order."""
        found, after = [], None
        while after is not None or not found:
            page = self.index.select(Selection(**selection, after=after))
            found += [str(entry.package.identity) for entry in page.entries]
            if page.next is None:
                break
            after = Cursor.parse(str(page.next))
        return found


def facts(held, downloads, semver2):
    """What is known of each version, by the names of properties, and a bit more."""
    visible = [package for package in held if semver2 or not package.manifest.is_semver2]
    listed = [package for package in visible if package.listed]
    newest, newest_stable = {}, {}
    for package in sorted(listed, key=lambda each: each.identity.version):
        newest[package.identity.id] = package
        if not package.is_prerelease:
            newest_stable[package.identity.id] = package
    told = []
    for package in sorted(visible, key=lambda each: (each.identity.id.key, each.identity.version)):
        manifest, id, version = package.manifest, package.identity.id, package.identity.version
        told.append(
            {
                "": str(package.identity),
                "#": version,
                "Id": id.text,
                "Version": version.full if version.is_semver2 else version.original,
                "NormalizedVersion": version.normalized,
                "Title": manifest.title or None,
                "Authors": manifest.authors or None,
                "Description": manifest.description or None,
                "Summary": manifest.summary or None,
                "Language": manifest.language or None,
                "Copyright": None,
                "MinClientVersion": manifest.min_client_version or None,
                "Tags": f" {' '.join(manifest.tags)} " if manifest.tags else None,
                "PackageHash": package.sha512,
                "PackageSize": package.size,
                "DownloadCount": sum(times for each, times in downloads.items() if each.id == id),
                "VersionDownloadCount": downloads[package.identity],
                "IsLatestVersion": newest_stable.get(id) is package,
                "IsAbsoluteLatestVersion": newest.get(id) is package,
                "IsPrerelease": package.is_prerelease,
                "Listed": package.listed,
                "RequireLicenseAcceptance": manifest.require_license_acceptance,
                "DevelopmentDependency": manifest.development_dependency,
                "Created": package.published,
                "Published": package.published if package.listed else datetime(1900, 1, 1, tzinfo=UTC),
                "LastEdited": None,
            }
        )
    return told


@pytest.fixture(scope="module")
def feeds(new_url):
    return [Feed(seed, new_url()) for seed in range(4)]


# Expressions, each as a text and as a function


class Said(NamedTuple):
    text: str
    of: object  #: what it comes to, given the facts of a version; None is null


def fold(text):
    return "".join(each.lower() if each in string.ascii_uppercase else each for each in text)


def applied(pattern, function, *parts):
    """An operation on parts; null if one of them is."""

    def of(facts):
        values = [part.of(facts) for part in parts]
        return None if None in values else function(*values)

    return Said(pattern.format(*[part.text for part in parts]), of)


def property_(name):
    return Said(name, lambda facts: fold(facts[name]) if isinstance(facts[name], str) else facts[name])


def text_literal(value):
    quoted = value.replace("'", "''")
    return Said(f"'{quoted}'", lambda _: fold(value))


def time_literal(value):
    return Said(f"datetime'{value:%Y-%m-%dT%H:%M:%S}'", lambda _: value)


def part(text, start, length=None):
    start = max(start, 0)
    return text[start:] if length is None else text[start : start + max(length, 0)]


def divided(left, right):
    if not right:
        return None
    if isinstance(left, int) and isinstance(right, int):
        whole = abs(left) // abs(right)
        return whole if (left < 0) == (right < 0) else -whole
    return left / right


def rest(left, right):
    return left - right * divided(left, right) if right else None


def rounded(number):
    return floor(abs(number) + 0.5) * (-1 if number < 0 else 1)


text_properties = st.sampled_from(
    [
        *("Id", "Version", "NormalizedVersion", "Title", "Authors", "Description", "Summary", "Language"),
        *("Tags", "MinClientVersion", "Copyright", "PackageHash"),
    ]
).map(property_)
text_literals = st.sampled_from([*TEXTS, "B", "json", "ß", "1.0", ".", "contoso", "é"]).map(text_literal)
number_literals = st.one_of(
    st.integers(-9, 9).map(lambda value: Said(str(value), lambda _: value)),
    st.just(Said("5000000000L", lambda _: 5_000_000_000)),
)
plain_numbers = st.one_of(
    number_literals,
    st.sampled_from(["PackageSize", "DownloadCount", "VersionDownloadCount"]).map(property_),
)
fractions = st.sampled_from(["0.5", "2.5m", "-1.25", "3.0d"]).map(
    lambda text: Said(text, lambda _: float(text.rstrip("md")))
)
times = st.one_of(
    st.sampled_from(["Created", "Published", "LastEdited"]).map(property_),
    st.datetimes(datetime(1899, 1, 1), datetime(2022, 1, 1)).map(
        lambda moment: time_literal(moment.replace(microsecond=0, tzinfo=UTC))
    ),
)


def making(pattern, function, *parts):
    return st.builds(lambda *told: applied(pattern, function, *told), *parts)


def by_name(strategy):
    """The same, shown shortly."""

    @st.composite
    def said(draw):
        return draw(strategy)

    return said()


def longer(texts):
    return st.one_of(
        making("tolower({0})", lambda text: text, texts),
        making("toupper({0})", lambda text: text, texts),
        making("trim({0})", lambda text: text.strip(" \t\n\r\f\v"), texts),
        making("concat({0},{1})", lambda left, right: left + right, texts, texts),
        making(
            "replace({0},{1},{2})",
            lambda text, old, new: text.replace(old, new) if old else text,
            texts,
            texts,
            text_literals,
        ),
        making("substring({0},{1})", part, texts, number_literals),
        making("substring({0},{1},{2})", part, texts, number_literals, number_literals),
    )


some_texts = st.recursive(st.one_of(text_properties, text_literals), longer, max_leaves=4)
texts = by_name(some_texts)
some_whole_numbers = st.recursive(
    st.one_of(
        plain_numbers,
        making("length({0})", len, texts),
        making("indexof({0},{1})", lambda text, wanted: text.find(wanted), texts, texts),
        *[
            making(f"{unit}({{0}})", lambda moment, unit=unit: getattr(moment, unit), times)
            for unit in ("year", "month", "day", "hour", "minute", "second")
        ],
    ),
    lambda numbers: st.one_of(
        making("({0} add {1})", lambda left, right: left + right, numbers, numbers),
        making("({0} sub {1})", lambda left, right: left - right, numbers, numbers),
        making("({0} mul {1})", lambda left, right: left * right, numbers, number_literals),
        making("({0} div {1})", divided, numbers, numbers),
        making("({0} mod {1})", rest, numbers, numbers),
        making("-({0})", lambda number: -number, numbers),
    ),
    max_leaves=3,
)
whole_numbers = by_name(some_whole_numbers)
some_numbers = st.one_of(
    whole_numbers,
    fractions,
    making("({0} div {1})", divided, whole_numbers, fractions),
    *[
        making(f"{name}({{0}})", function, making("({0} div {1})", divided, whole_numbers, fractions))
        for name, function in (("round", rounded), ("floor", floor), ("ceiling", ceil))
    ],
)
numbers = by_name(some_numbers)
flags = st.sampled_from(
    [
        *("IsLatestVersion", "IsAbsoluteLatestVersion", "IsPrerelease", "Listed"),
        *("RequireLicenseAcceptance", "DevelopmentDependency"),
    ]
).map(property_)
some_calls = st.one_of(
    making("substringof({0},{1})", lambda wanted, text: wanted in text, texts, texts),
    making("startswith({0},{1})", lambda text, start: text.startswith(start), texts, texts),
    making("endswith({0},{1})", lambda text, end: text.endswith(end), texts, texts),
)
calls = by_name(some_calls)
NULL = st.just(Said("null", lambda _: None))
ORDERS = {
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
}
EQUALITIES = {"eq": lambda left, right: left == right, "ne": lambda left, right: left != right}


def compared(left, relation, right):
    """True or false: null equals null only, and has no place in any order."""

    def of(facts):
        one, other = left.of(facts), right.of(facts)
        if relation in EQUALITIES:
            return EQUALITIES[relation](one, other)
        return one is not None and other is not None and ORDERS[relation](one, other)

    return Said(f"({left.text} {relation} {right.text})", of)


def compared_as_versions(name, relation, text, turned):
    """As versions, however they are spelt; what is none equals none."""
    mirrored = {"gt": "lt", "lt": "gt", "ge": "le", "le": "ge"}
    version = None if text == "newest" else Version.parse(text)
    meaning = {**ORDERS, **EQUALITIES}[relation]
    spelt = [f"'{text}'", mirrored.get(relation, relation), name] if turned else [name, relation, f"'{text}'"]
    return Said(f"({' '.join(spelt)})", lambda facts: meaning(facts["#"], version))


relations = st.sampled_from([*ORDERS, *EQUALITIES])
some_comparisons = st.one_of(
    st.builds(compared, texts, relations, texts).filter(
        lambda said: "Version" not in said.text  # of texts that are no version
    ),
    st.builds(compared, numbers, relations, numbers),
    st.builds(compared, times, relations, times),
    st.builds(compared, flags | calls, st.sampled_from([*EQUALITIES]), flags | calls),
    st.builds(compared, flags | calls, st.sampled_from([*EQUALITIES]), st.just(Said("true", lambda _: True))),
    st.builds(compared, texts | numbers | times, st.sampled_from([*EQUALITIES]), NULL),
    st.builds(
        compared_as_versions,
        st.sampled_from(["Version", "NormalizedVersion"]),
        relations,
        st.sampled_from(["1", "2.0.0-BETA", "2.0.0", "10.0.0-rc.1", "1.0.0.1"]),
        st.booleans(),
    ),
    st.builds(
        compared_as_versions,
        st.sampled_from(["Version", "NormalizedVersion"]),
        st.sampled_from([*EQUALITIES]),
        st.just("newest"),
        st.booleans(),
    ),
)
comparisons = by_name(some_comparisons)


def all_true(values):
    return False if False in values else None if None in values else True


def any_true(values):
    return True if True in values else None if None in values else False


def joined(word, meaning):
    return lambda *parts: Said(
        f"({f' {word} '.join(part.text for part in parts)})",
        lambda facts: meaning([part.of(facts) for part in parts]),
    )


filters = st.recursive(
    st.one_of(flags, calls, comparisons, st.just(Said("true", lambda _: True))),
    lambda inner: st.one_of(
        st.builds(joined("and", all_true), inner, inner),
        st.builds(joined("and", all_true), flags, inner),
        st.builds(joined("or", any_true), inner, inner, inner),
        making("not ({0})", lambda truth: not truth, inner),
    ),
    max_leaves=5,
)


@settings(max_examples=120, deadline=None)
@given(said=filters, semver2=st.booleans(), feed=st.integers(0, 3))
def test_a_filter_lets_through_what_it_says(feeds, said, semver2, feed):
    expected = [facts[""] for facts in feeds[feed].seen[semver2] if said.of(facts)]
    selection = {"filter": parse_filter(said.text), "semver2": semver2}

    assert feeds[feed].identities(**selection) == expected
    assert feeds[feed].index.count_selected(Selection(**selection)) == len(expected)


ORDERINGS = {
    "Id": lambda facts: facts["Id"].lower(),
    "Version": lambda facts: facts["#"],
    "NormalizedVersion": lambda facts: facts["#"],
    "Title": lambda facts: fold(facts["Title"] or "")[:200],
    "concat(Title,Id)": lambda facts: fold(facts["Title"] + facts["Id"])[:200] if facts["Title"] else "",
    "DownloadCount": lambda facts: facts["DownloadCount"],
    "VersionDownloadCount": lambda facts: facts["VersionDownloadCount"],
    "DownloadCount div 2.0": lambda facts: facts["DownloadCount"] / 2,
    "PackageSize": lambda facts: facts["PackageSize"],
    "Published": lambda facts: facts["Published"],
    "Created": lambda facts: facts["Created"],
    "IsLatestVersion": lambda facts: facts["IsLatestVersion"],
    "substringof('a',Title)": lambda facts: "a" in fold(facts["Title"] or ""),
    "LastEdited": lambda _: 0,
    "length(Summary)": lambda facts: len(facts["Summary"] or ""),
}


@settings(max_examples=60, deadline=None)
@given(
    orders=st.lists(st.tuples(st.sampled_from([*ORDERINGS]), st.booleans()), max_size=3),
    said=st.sampled_from(
        [None, "IsLatestVersion", "IsAbsoluteLatestVersion", "IsLatestVersion or IsAbsoluteLatestVersion"]
    ),
    listed_only=st.booleans(),
    stable_only=st.booleans(),
    top=st.integers(1, 7),
    skip=st.integers(0, 3),
    semver2=st.booleans(),
    feed=st.integers(0, 3),
)
def test_pages_follow_each_other_in_order(
    feeds, orders, said, listed_only, stable_only, top, skip, semver2, feed
):
    rows = feeds[feed].seen[semver2]
    if said:
        rows = [facts for facts in rows if any(facts[name] for name in said.split(" or "))]
    rows = [
        facts
        for facts in rows
        if (facts["Listed"] or not listed_only) and not (facts["IsPrerelease"] and stable_only)
    ]
    for by, descending in reversed(orders):
        rows = sorted(rows, key=ORDERINGS[by], reverse=descending)
        if descending:  # and yet equal ones stay as they were
            rows = [row for key in dict.fromkeys(map(ORDERINGS[by], rows)) for row in _of(rows, by, key)]
    order = parse_orderby(",".join(f"{by} desc" if descending else by for by, descending in orders))
    wanted = Selection(
        filter=parse_filter(said) if said else None,
        order=order,
        listed_only=listed_only,
        stable_only=stable_only,
        semver2=semver2,
        top=top,
        counted=True,
    )

    page = feeds[feed].index.select(replace(wanted, skip=skip))
    found = [str(entry.package.identity) for entry in page.entries]
    assert page.total == len(rows)
    while page.next:
        page = feeds[feed].index.select(replace(wanted, after=Cursor.parse(str(page.next))))
        assert 1 <= len(page.entries) <= top
        found += [str(entry.package.identity) for entry in page.entries]
    assert found == [facts[""] for facts in rows[skip:]]


def _of(rows, by, key):
    """Those rows, as they came before they were turned round."""
    return [row for row in rows if ORDERINGS[by](row) == key]


def test_what_is_selected_says_of_itself_what_filters_look_for(feeds):
    for feed in feeds:
        for semver2, rows in feed.seen.items():
            after, entries = None, []
            while True:
                page = feed.index.select(Selection(semver2=semver2, after=after))
                entries += page.entries
                if (after := page.next) is None:
                    break
            assert [
                {name: Property.named(name).of(entry) for name in facts if name not in ("", "#")}
                for entry, facts in zip(entries, rows, strict=True)
            ] == [{name: value for name, value in facts.items() if name not in ("", "#")} for facts in rows]


@pytest.mark.parametrize(
    "said",
    [
        "(2 add 3) mul 4 eq 20",
        "20 sub (3 sub 2) eq 19",
        "-7 div 2 eq -3",
        "-7 mod 2 eq -1",
        "5000000000L mul 5000000000L mul 5000000000L gt 5000000000L",  # more than 64 bits
        "round(-2.5) eq -3.0",
        "'z' lt 'é'",  # by their bytes, in whatever order a dictionary has them
    ],
)
def test_whoever_counts_counts_right(feeds, said):
    assert feeds[0].identities(filter=parse_filter(said)) == feeds[0].identities()


SAID_OTHERWISE = (
    "substringof('a',Title) and startswith(Title,'a') and endswith(Tags,'a') and trim(replace(Title,'a','b')) eq 'c' "
    "and indexof(Id,'a') ge 0 and substring(Id,1,2) ne 'x' and year(Published) gt 2000 and DownloadCount div 2 gt 1 "
    "and DownloadCount mod 2 eq 1 and RequireLicenseAcceptance and floor(PackageSize div 2.5) eq 2 and IsLatestVersion"
)


def test_postgresql_is_told_in_its_own_words():
    """No server is asked here; what only SQLite understands must not be in the statement."""
    told = condition(parse_filter(SAID_OTHERWISE), ThroughVersions(semver2=True)).compile(
        dialect=postgresql.dialect()
    )

    assert not any(word in str(told) for word in ("instr(", "json_extract", "json_each", "strftime", " IS 1"))
    assert all(
        word in str(told) for word in ("strpos(", 'COLLATE "C"', "::json", "extract(year FROM", "nullif(")
    )
    assert "'a'" not in str(told)  # values are bound


def deepest(pattern, inner):
    """As much of itself within itself as the grammar allows."""
    found = inner
    while True:
        try:
            parse_orderby(further := pattern.format(found))
        except BadQuery:
            return found
        found = further


@pytest.mark.parametrize(
    ("pattern", "inner", "value"),
    [
        ("replace({},'a','b')", "Title", "x"),
        ("substring({},1,2)", "Title", "x"),
        ("concat(Title,{})", "Id", "x"),
        ("floor({} add 1)", "DownloadCount", 5),
        ("({} div 2)", "DownloadCount", 5),
        ("indexof(Title,substring(Id,{}))", "1", 5),
        ("(endswith(concat(Title,Id),Title) eq {})", "Listed", 1),
        ("not (Listed and {})", "Listed", 1),
        ("(Listed or (Listed and {}))", "IsLatestVersion", 1),
        ("(Listed or {})", "IsLatestVersion", 1),
    ],
)
def test_what_the_grammar_allows_the_database_can_read(feeds, pattern, inner, value):
    """SQLite's parser gives up a hundred levels down, and Python's stack is not all ours."""
    expression = deepest(pattern, inner)
    wanted = Selection(order=parse_orderby(",".join([expression] * 2)), after=Cursor((value,) * 2, "a", "b"))

    def under(frames, selection):
        return under(frames - 1, selection) if frames else feeds[0].index.select(selection)

    for filter in (
        f"({expression}) eq null",
        "IsLatestVersion",
        "IsLatestVersion or IsAbsoluteLatestVersion",
    ):
        try:
            selection = replace(wanted, filter=parse_filter(filter))
        except BadQuery:  # a comparison more is one too many
            selection = wanted
        assert under(150, selection) is not None
