"""Versions as NuGet's clients read, show and order them."""

from contextlib import suppress
from itertools import pairwise, zip_longest
from sqlite3 import connect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nugetlite.errors import BadVersion
from nugetlite.package.version import Version

NUMBERS = st.one_of(st.integers(0, 12), st.integers(0, 2**31 - 1)).map(str)
LABELS = st.one_of(
    st.integers(0, 12).map(str),
    st.sampled_from(
        ["alpha", "Beta", "BETA", "beta", "rc", "rc1", "rc-1", "a", "a-", "-", "--", "-a", "0a", "1a"]
    ),
    st.sampled_from(["2147483647", "2147483648", "20240131235959", "-0", "-00", "-1", "-01", "-10", "-0a"]),
    st.from_regex(r"\A[A-Za-z-][0-9A-Za-z-]{0,5}\Z"),
)
METADATA = st.from_regex(r"\A[0-9A-Za-z-]{1,5}(\.[0-9A-Za-z-]{1,5})?\Z")


ASCENDING = [
    "0.0.0-0",
    "0.0.0",
    "0.9.9.9",
    "1.0.0--2147483648",
    "1.0.0--10",
    "1.0.0--1",
    "1.0.0-0",
    "1.0.0-2",
    "1.0.0-2.0",
    "1.0.0-10",
    "1.0.0-2147483647",
    "1.0.0--",
    "1.0.0--a",
    "1.0.0-0a",
    "1.0.0-10000000000",
    "1.0.0-2147483648",
    "1.0.0-9999999999",
    "1.0.0-alpha",
    "1.0.0-Alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-alpha-1",
    "1.0.0-alpha1",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.0.1-a",
    "1.0.0.1",
    "1.0.9",
    "1.0.10",
    "1.0.999",
    "1.0.1000",
    "1.9.0",
    "1.10.0",
    "2.0.0-pre",
    "2.0.0",
    "10.0.0",
    "2147483647.0.0",
]


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Spellings of versions: one to four numbers, leading zeros, up to three labels, perhaps metadata."""
    numbers = draw(st.lists(st.one_of(NUMBERS, NUMBERS.map("0{}".format)), min_size=1, max_size=4))
    labels = draw(st.lists(LABELS, max_size=3))
    metadata = draw(st.one_of(st.just(""), METADATA))
    text = ".".join(numbers)
    text += f"-{'.'.join(labels)}" if labels else ""
    return text + (f"+{metadata}" if metadata else "")


VERSIONS = texts().filter(lambda text: len(text) <= 56).map(Version.parse)


def compared_by_nuget(left: Version, right: Version) -> int:
    """How NuGet.Versioning's VersionComparer compares two versions: negative, 0, positive."""
    if left.numbers != right.numbers:
        return -1 if left.numbers < right.numbers else 1
    if not left.labels or not right.labels:
        return bool(right.labels) - bool(left.labels)
    for a, b in zip_longest(left.labels, right.labels):
        if a is None or b is None:
            return -1 if a is None else 1
        if outcome := labels_compared_by_nuget(a.upper(), b.upper()):
            return outcome
    return 0


def labels_compared_by_nuget(a: str, b: str) -> int:
    number, other = int32(a), int32(b)
    if number is not None and other is not None:
        return (number > other) - (number < other)
    if number is not None or other is not None:
        return -1 if number is not None else 1
    return (a > b) - (a < b)


def int32(label: str) -> int | None:
    try:
        number = int(label)
    except ValueError:
        return None
    return number if -(2**31) <= number < 2**31 else None


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("1", "1.0.0"),
        ("1.0", "1.0.0"),
        ("1.0.0", "1.0.0"),
        ("1.0.0.0", "1.0.0"),
        ("1.00.0.1", "1.0.0.1"),
        ("0.0.0", "0.0.0"),
        ("007.08", "7.8.0"),
        ("00000000000000000001.0", "1.0.0"),
        ("2147483647.2147483647.2147483647.2147483647", "2147483647.2147483647.2147483647.2147483647"),
        ("  1.2.3\n", "1.2.3"),
        ("1 . 2. 3 .4 -beta", "1.2.3.4-beta"),
        ("1.0-Beta", "1.0.0-Beta"),
        ("1.0.0+build.007", "1.0.0"),
        ("1.0.0-rc.1+sha.5f3c", "1.0.0-rc.1"),
        ("1.0.0--", "1.0.0--"),
        ("1.0.0-x-y-z.-", "1.0.0-x-y-z.-"),
        ("1.0.0-0a.0", "1.0.0-0a.0"),
        ("6.0.0-preview.7.21377.19", "6.0.0-preview.7.21377.19"),
        ("4.0.0-beta-20140514", "4.0.0-beta-20140514"),
        ("2.0.50727", "2.0.50727"),
        ("1.0.0-" + "a" * 58, "1.0.0-" + "a" * 58),
    ],
)
def test_every_spelling_that_clients_take_has_one_normal_form(text, normalized):
    assert Version.parse(text).normalized == normalized


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        (" \t", "it is empty"),
        ("1.0.0.0.0", "at most four numeric parts are allowed"),
        ("v1", '"v1" is not a number'),
        ("latest", '"latest" is not a number'),
        ("1..0", "a number is missing"),
        ("1.", "a number is missing"),
        (".1", "a number is missing"),
        ("-1.0", "a number is missing"),
        ("+1", "a number is missing"),
        ("1_0", '"1_0" is not a number'),
        ("1.0x1", '"0x1" is not a number'),
        ("1 0", '"1 0" is not a number'),
        ("1.\n0", r'"\n0" is not a number'),
        ("١.0", r'"\u0661" is not a number'),
        ("1.²", r'"\xb2" is not a number'),
        ("2147483648.0", "2147483648 is more than 2147483647"),
        ("1.99999999999999999999", "99999999999999999999 is more than 2147483647"),
        ("1.0.0-", "a label is missing"),
        ("1.0.0-a..b", "a label is missing"),
        ("1.0.0-.a", "a label is missing"),
        ("1.0.0-+a", "a label is missing"),
        ("1.0.0-a.", "a label is missing"),
        ("1.0.0-01", "the label 01 may not start with 0"),
        ("1.0.0-00", "the label 00 may not start with 0"),
        ("1.0.0-beta_1", '"_" is not allowed in a label, only ASCII letters, digits and -'),
        ("1.0.0-bêta", r'"\xea" is not allowed in a label, only ASCII letters, digits and -'),
        ("1.0.0-a b", '" " is not allowed in a label, only ASCII letters, digits and -'),
        ("1.0.0+", "a part of the metadata is missing"),
        ("1.0.0+a+b", '"+" is not allowed in a part of the metadata, only ASCII letters, digits and -'),
        ("[1.0]", "one version is wanted here, not a range of them"),
        ("1.*", "one version is wanted here, not a range of them"),
        ("1.0,2.0", "one version is wanted here, not a range of them"),
        ("1.0.0-" + "a" * 59, "at most 64 characters are allowed, and it has 65"),
        ("0" * 64 + "1", "at most 64 characters are allowed, and it has 65"),
        ("1-" + "a" * 60, "in its normal form it has more than 64 characters"),
        ("1+" + "a" * 60, "in its normal form it has more than 64 characters"),
    ],
)
def test_what_is_no_version_is_refused_with_the_reason(text, why):
    with pytest.raises(BadVersion) as refusal:
        Version.parse(text)

    assert str(refusal.value).endswith(f" is not a NuGet version: {why}")


def test_a_refusal_shows_only_a_printable_beginning_of_the_text():
    with pytest.raises(BadVersion) as refusal:
        Version.parse("\r\nX\0" * 1_000_000)

    sentence = str(refusal.value)
    assert sentence.startswith(r'"X\x00\r\nX')
    assert sentence.isascii()
    assert sentence.isprintable()
    assert len(sentence) < 250


@pytest.mark.parametrize(
    "spellings",
    [
        ["1", "1.0", "1.0.0", "1.0.0.0", "1.00.0", "1.0.0+a", "1.0+b.c"],
        ["1.0.0-Beta", "1.0-beta", "1-BETA", "1.0.0.0-beta+exp"],
    ],
)
def test_spellings_of_one_version_are_equal(spellings):
    first, *others = map(Version.parse, spellings)

    for other in others:
        assert other == first
        assert hash(other) == hash(first)
        assert other.key == first.key
        assert other.sort_key == first.sort_key
        assert first <= other <= first
        assert not first < other
    assert len({first, *others}) == 1


def test_versions_are_ordered_as_in_nuget():
    versions = [*map(Version.parse, ASCENDING)]

    assert sorted(map(Version.parse, sorted(ASCENDING))) == versions
    assert all(left < right and right > left and left != right for left, right in pairwise(versions))


def test_a_database_orders_versions_by_their_sort_keys():
    database = connect(":memory:")
    database.execute("CREATE TABLE versions (name TEXT, sort_key TEXT)")
    rows = [(name, Version.parse(name).sort_key) for name in sorted(ASCENDING)]
    database.executemany("INSERT INTO versions VALUES (?, ?)", rows)

    by_key = database.execute("SELECT name FROM versions ORDER BY sort_key")

    assert [name for (name,) in by_key] == ASCENDING
    database.close()


def test_a_version_knows_its_parts():
    version = Version.parse(" 1 . 02-Beta.3+Build.7 ")

    assert version.numbers == (1, 2, 0, 0)
    assert version.labels == ("Beta", "3")
    assert version.metadata == "Build.7"
    assert version.original == "1.02-Beta.3+Build.7"
    assert version.normalized == "1.2.0-Beta.3"
    assert version.full == str(version) == "1.2.0-Beta.3+Build.7"
    assert version.key == "1.2.0-beta.3"
    assert repr(version) == "Version('1.2.0-Beta.3+Build.7')"


@pytest.mark.parametrize(
    ("text", "prerelease", "semver2"),
    [
        ("1.0.0", False, False),
        ("1.0.0.5", False, False),
        ("1.0.0-beta", True, False),
        ("1.0.0-beta-1-2", True, False),
        ("1.0.0-beta.1", True, True),
        ("1.0.0+build", False, True),
    ],
)
def test_old_clients_are_spared_what_they_cannot_read(text, prerelease, semver2):
    assert Version.parse(text).is_prerelease is prerelease
    assert Version.parse(text).is_semver2 is semver2


def test_one_number_in_two_spellings_is_two_versions():
    """A client that compares takes 1.0.0--1 and 1.0.0--01 for equal, but asks for them by different names."""
    one, other = Version.parse("1.0.0--1"), Version.parse("1.0.0--01")

    assert one != other
    assert one < other
    assert other < Version.parse("1.0.0--1.0")


def test_a_version_does_not_compare_with_text():
    assert Version.parse("1.0") != "1.0.0"
    with pytest.raises(TypeError):
        _ = Version.parse("1.0") < "2.0"


def test_sort_keys_are_short():
    assert Version.parse("1.2.3").sort_key == "1230~"
    assert len(Version.parse("6.0.0-preview.7.21377.19").sort_key) <= 25


@given(VERSIONS, VERSIONS)
def test_the_order_is_that_of_nuget(left, right):
    nugets = compared_by_nuget(left, right)

    assert (left < right) >= (nugets < 0)
    assert (left > right) >= (nugets > 0)
    assert (left == right) <= (nugets == 0)


@given(VERSIONS, VERSIONS, VERSIONS)
def test_the_order_is_total(a, b, c):
    assert (a < b) + (a == b) + (a > b) == 1
    assert (a <= b) == (a < b or a == b)
    assert (a >= b) == (b <= a)
    first, second, third = sorted([a, b, c])
    assert first <= second <= third
    assert first <= third


@given(VERSIONS, VERSIONS)
def test_equal_versions_are_equal_in_every_way(left, right):
    assert (left == right) == (left.key == right.key) == (left.sort_key == right.sort_key)
    if left == right:
        assert hash(left) == hash(right)


@given(st.lists(VERSIONS, max_size=8))
def test_sort_keys_order_as_bytes_as_versions_do(versions):
    by_bytes = sorted(versions, key=lambda version: version.sort_key.encode("ascii"))

    assert by_bytes == sorted(versions)
    assert all(version.sort_key.isprintable() for version in versions)


@given(VERSIONS)
def test_what_a_version_shows_is_read_as_the_same_version(version):
    for shown in (str(version), version.normalized, version.key, version.original, f" {version.full}\n"):
        assert Version.parse(shown) == version
    again = Version.parse(str(version))
    assert (again.labels, again.metadata, again.full) == (version.labels, version.metadata, version.full)
    assert Version.parse(version.normalized).normalized == version.normalized


@given(st.one_of(st.text(max_size=70), st.text(alphabet="0129.-+ab*[ ", max_size=20)))
def test_any_text_is_a_version_or_is_refused(text):
    with suppress(BadVersion):
        assert Version.parse(str(Version.parse(text))) == Version.parse(text)
