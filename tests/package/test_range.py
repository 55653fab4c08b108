"""Version ranges: how packages say which versions of another will do."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nugetlite.errors import BadVersionRange
from nugetlite.package.range import FloatingRange, VersionRange
from nugetlite.package.version import Version

VERSIONS = st.builds(
    "{}.{}.{}{}".format,
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(0, 1),
    st.sampled_from(["", "", "-alpha", "-Beta", "-beta.2", "-beta.10", "-0", "+build"]),
).map(Version.parse)


@pytest.mark.parametrize(
    ("text", "normalized", "short"),
    [
        ("", "(, )", ""),
        (" ", "(, )", ""),
        ("(,)", "(, )", ""),
        ("( , )", "(, )", ""),
        ("[,]", "(, )", ""),
        ("1.0", "[1.0.0, )", "1.0.0"),
        (" 1.0.0.0 ", "[1.0.0, )", "1.0.0"),
        ("1.0-Beta+build", "[1.0.0-Beta, )", "1.0.0-Beta"),
        ("[1.0,)", "[1.0.0, )", "1.0.0"),
        ("[1.0,]", "[1.0.0, )", "1.0.0"),
        ("(1.0,)", "(1.0.0, )", "(1.0.0, )"),
        ("[1.0]", "[1.0.0, 1.0.0]", "[1.0.0]"),
        ("[1.0, 1.0.0]", "[1.0.0, 1.0.0]", "[1.0.0]"),
        ("(,1.0]", "(, 1.0.0]", "(, 1.0.0]"),
        ("[,1.0)", "(, 1.0.0)", "(, 1.0.0)"),
        ("[1.0,2.0)", "[1.0.0, 2.0.0)", "[1.0.0, 2.0.0)"),
        ("( 1.0 ,\t2.0 ]", "(1.0.0, 2.0.0]", "(1.0.0, 2.0.0]"),
        ("[4.3.0-beta, 4.3.0]", "[4.3.0-beta, 4.3.0]", "[4.3.0-beta, 4.3.0]"),
    ],
)
def test_every_spelling_has_one_normalized_and_one_short_text(text, normalized, short):
    wanted = VersionRange.parse(text)

    assert str(wanted) == normalized
    assert wanted.short == short


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("", "1.0.0"),
        ("1.1.0", "1.2.0"),  # 1.1.0 is not here
        ("1.0.0-alpha", "1.0.0-beta"),
        ("[1.0.0, 2.0.0-rc)", "1.0.0"),
        ("(1.0.0, 2.0.0)", "1.2.0"),
        ("(1.2.0, 2.0.0)", None),  # but for a prerelease, that nobody asked for
        ("(1.2.0, 2.0.0-rc)", "2.0.0-beta"),
        ("[1.1.0]", None),
        ("3.0.0", None),
    ],
)
def test_a_restore_takes_the_lowest_version_and_no_prerelease_unasked(text, taken):
    here = [Version.parse(each) for each in ("2.0.0-beta", "1.2.0", "1.0.0", "1.0.0-beta")]

    assert VersionRange.parse(text).lowest(here) == (Version.parse(taken) if taken else None)


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("*", "[0.0.0, )"),
        ("*-*", "[0.0.0-0, )"),
        ("1.*", "[1.0.0, )"),
        ("1.2.*-beta*", "[1.2.0-beta, )"),
        ("1.0.0-*", "[1.0.0-0, )"),
        ("[1.*,2.0)", "[1.0.0, 2.0.0)"),
        ("(1.2.*, )", "(1.2.0, )"),
    ],
)
def test_a_floating_bound_counts_as_its_lowest_version(text, normalized):
    assert str(VersionRange.parse(text)) == normalized


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("(1.0)", "a single version stands between [ and ]"),
        ("[1.0)", "a single version stands between [ and ]"),
        ("(1.0]", "a single version stands between [ and ]"),
        ("[1.0", "it must end in ] or )"),
        ("[", "it must end in ] or )"),
        ("[1.0,2.0,3.0]", "it has more than two bounds"),
        ("[,,]", "it has more than two bounds"),
        ("[2.0,1.0]", "its lower bound is above its upper bound"),
        ("[1.0,1.0-beta]", "its lower bound is above its upper bound"),
        ("[1.0,1.0)", "no version lies in it"),
        ("(1.0,1.0.0]", "no version lies in it"),
        ("(1.0,1.0)", "no version lies in it"),
        ("[]", '"" is not a NuGet version: it is empty'),
        ("latest", '"latest" is not a NuGet version: "latest" is not a number'),
        ("1.0]", '"1.0]" is not a NuGet version: one version is wanted here, not a range of them'),
        ("[1.0, x)", '"x" is not a NuGet version: "x" is not a number'),
        ("[[1.0, 2.0)", '"[1.0" is not a NuGet version: one version is wanted here, not a range of them'),
        ("[1.0, 2.*)", '"2.*" is not a NuGet version: one version is wanted here, not a range of them'),
        ("1.*.2", "it floats if a * takes the place of its last number, or ends its labels, or both"),
    ],
)
def test_what_is_no_range_is_refused_with_the_reason(text, why):
    with pytest.raises(BadVersionRange) as refusal:
        VersionRange.parse(text)

    assert str(refusal.value).endswith(f" is not a version range: {why}")


def test_a_refusal_shows_only_a_printable_beginning_of_the_text():
    with pytest.raises(BadVersionRange) as refusal:
        VersionRange.parse("[é\n" + "1," * 1_000_000 + "]")

    assert str(refusal.value).isascii()
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize(
    ("wanted", "inside", "outside"),
    [
        ("", ["0.0.0-0", "1.0.0", "99.0.0+x"], []),
        ("1.0", ["1.0.0", "1.0.0+x", "2.0.0-beta", "3.0.0"], ["0.9.0", "1.0.0-beta"]),
        ("[1.0]", ["1.0.0", "1.0.0.0", "1.0.0+x"], ["1.0.0.1", "1.0.0-beta"]),
        ("(1.0,)", ["1.0.0.1", "1.0.1-beta"], ["1.0.0", "1.0.0+x"]),
        ("(,1.0]", ["0.0.0", "1.0.0-beta", "1.0.0"], ["1.0.0.1"]),
        ("(,1.0)", ["0.0.0", "1.0.0-beta"], ["1.0.0"]),
        ("[1.0,2.0)", ["1.0.0", "1.9.9", "2.0.0-beta"], ["1.0.0-beta", "2.0.0"]),
        ("[1.0-BETA,1.0)", ["1.0.0-beta", "1.0.0-rc"], ["1.0.0-alpha", "1.0.0"]),
    ],
)
def test_a_range_contains_what_lies_between_its_bounds(wanted, inside, outside):
    within = VersionRange.parse(wanted).contains

    assert [text for text in inside if not within(Version.parse(text))] == []
    assert [text for text in outside if within(Version.parse(text))] == []


@pytest.mark.parametrize(
    ("text", "semver2"),
    [
        ("", False),
        ("[1.0, 2.0-beta)", False),
        ("1.0.0-beta.1", True),
        ("[1.0, 2.0.0-beta.1)", True),
        ("1.0.0+build", True),
    ],
)
def test_a_range_is_semver2_when_a_bound_is(text, semver2):
    assert VersionRange.parse(text).is_semver2 is semver2


def test_spellings_of_one_range_are_equal():
    assert VersionRange.parse("[1.0,)") == VersionRange.parse("1.0.0+x")
    assert len({VersionRange.parse("(,)"), VersionRange.parse(""), VersionRange()}) == 1
    assert VersionRange.parse("[1.0]") != VersionRange.parse("1.0")


@st.composite
def ranges(draw: st.DrawFn) -> VersionRange:
    bound = st.one_of(st.just(""), VERSIONS.map(str))
    text = draw(st.sampled_from("[(")) + draw(bound) + "," + draw(bound) + draw(st.sampled_from("])"))
    with suppress(BadVersionRange):
        return VersionRange.parse(text)
    return VersionRange.parse(draw(VERSIONS).full)  # its bounds had crossed


@given(ranges())
def test_what_a_range_shows_is_read_as_the_same_range(wanted):
    assert VersionRange.parse(str(wanted)) == wanted
    assert VersionRange.parse(wanted.short) == wanted
    assert str(VersionRange.parse(str(wanted))) == str(wanted)
    assert "(,)" not in (str(wanted), wanted.short)


@given(ranges(), st.lists(VERSIONS, min_size=1, max_size=5))
def test_a_range_contains_what_a_sorted_list_has_between_the_bounds(wanted, versions):
    ladder = sorted({*versions, *(bound for bound in (wanted.minimum, wanted.maximum) if bound)})
    start = ladder.index(wanted.minimum) + (not wanted.includes_minimum) if wanted.minimum else 0
    stop = ladder.index(wanted.maximum) + wanted.includes_maximum if wanted.maximum else len(ladder)

    assert [*filter(wanted.contains, ladder)] == ladder[start:stop]


@given(st.text(alphabet="[](),.*- 01a", max_size=14))
def test_any_text_is_a_range_or_is_refused(text):
    with suppress(BadVersionRange):
        wanted = VersionRange.parse(text)
        assert VersionRange.parse(str(wanted)) == wanted


ON_THE_FEED = [
    "0.9.0", "1.0.0-alpha", "1.0.0", "1.1.0", "1.2.0-beta.2", "1.2.0-beta.11", "1.2.0-rc", "1.2.0.7",
    "1.10.0", "2.0.0-Alpha.1", "2.0.0-beta.1", "2.0.0-beta1", "3.0.0-a-1",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("*", "1.10.0"),
        ("1.*", "1.10.0"),
        ("1.0.*", "1.0.0"),
        ("1.2.*", "1.2.0.7"),
        ("1.2.0.*", "1.2.0.7"),
        ("2.*", None),
        ("*-*", "3.0.0-a-1"),
        ("*-beta*", "2.0.0-beta1"),
        ("2.*-*", "2.0.0-beta1"),
        ("2.*-ALPHA*", "2.0.0-Alpha.1"),
        ("1.*-*", "1.10.0"),
        ("1.2.0-*", "1.2.0-rc"),
        ("1.2-beta.*", "1.2.0-beta.11"),
        ("1.2.0-beta.2*", "1.2.0-beta.2"),
        ("1.0.0-alpha*", "1.0.0"),
        ("3-a-*", "3.0.0-a-1"),
        ("4.*-*", None),
    ],
)
def test_a_floating_range_means_the_newest_version_that_it_contains(text, meant):
    best = FloatingRange.parse(text).best(map(Version.parse, ON_THE_FEED))

    assert best == (Version.parse(meant) if meant else None)


@pytest.mark.parametrize(
    ("text", "shown", "minimum"),
    [
        ("*", "*", "0.0.0"),
        (" 01.* ", "1.*", "1.0.0"),
        ("1.2.3.*", "1.2.3.*", "1.2.3"),
        ("*-*", "*-*", "0.0.0-0"),
        ("1.*-Beta*", "1.*-beta*", "1.0.0-beta"),
        ("1.2-rc.*", "1.2.0-rc.*", "1.2.0-rc.0"),
        ("1.2.3.4-*", "1.2.3.4-*", "1.2.3.4-0"),
    ],
)
def test_a_floating_range_shows_itself_and_its_lowest_version(text, shown, minimum):
    floating = FloatingRange.parse(text)

    assert str(floating) == shown
    assert floating.minimum.normalized.lower() == minimum
    assert FloatingRange.parse(shown) == FloatingRange.parse(shown.upper())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.0",
        "**",
        "1.*.2",
        "*.1",
        "1*",
        "1.2.3.4.*",
        "1.0.0-*a",
        "1.0.0-a*b*",
        "1.0.0-a..*",
        "1.0.0-00*",
        "1.0+*",
        "2147483648.*",
        "[1.*]",
    ],
)
def test_what_does_not_float_is_refused(text):
    with pytest.raises(BadVersionRange, match="is not a version range"):
        FloatingRange.parse(text)


@given(
    st.sampled_from(
        ["*", "1.*", "1.1.*", "1.0.0.*", "*-*", "1.*-*", "1.1.*-beta*", "1.1.0-beta.*", "1.1.0-*"]
    ),
    st.lists(VERSIONS, max_size=6),
)
def test_the_best_is_contained_and_no_newer_one_is(text, versions):
    floating = FloatingRange.parse(text)
    best = floating.best(versions)

    assert (best is None) == (not any(map(floating.contains, versions)))
    if best:
        assert floating.contains(best)
        assert best >= floating.minimum
        assert not any(floating.contains(version) for version in versions if version > best)
