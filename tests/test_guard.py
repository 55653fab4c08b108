"""What is said of those who need a version: as much as clients show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nugetlite.guard import LONGEST, Dependent, Guard, Need
from nugetlite.package.identity import Identity
from nugetlite.package.package import Deletion
from nugetlite.package.patterns import Pattern
from nugetlite.package.range import VersionRange
from nugetlite.package.sight import NOTHING, Sight
from nugetlite.package.version import Version

JSON = Identity.parse("Contoso.Json", "1.2.0")
NEXT = Version.parse("1.3.0")


def need(*names, stranded=(), identity=JSON, **more):
    """That some need a version; of those in ``stranded``, no other one will do."""
    return Need(
        identity,
        [
            Dependent(Identity.parse(*name.split()), VersionRange(), None if name in stranded else NEXT)
            for name in names
        ],
        **more,
    )


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["App 2.0"], "App 2.0.0 needs Contoso.Json 1.2.0"),
        (["App 2.0", "App 2.0"], "App 2.0.0 needs Contoso.Json 1.2.0"),  # by two ranges
        (["App 1.0", "App 2.0"], "App 2.0.0 and 1 other need Contoso.Json 1.2.0"),
        (["App 10.0", "App 9.0", "Web 1.0"], "App 10.0.0, Web 1.0.0 and 1 other need Contoso.Json 1.2.0"),
        (["App 2.0", "Web 1.0"], "App 2.0.0 and Web 1.0.0 need Contoso.Json 1.2.0"),
        (["A 1", "B 1", "C 1"], "A 1.0.0, B 1.0.0 and C 1.0.0 need Contoso.Json 1.2.0"),
        (
            ["E 1", "D 1", "C 1", "B 1", "A 1"],
            "A 1.0.0, B 1.0.0, C 1.0.0 and 2 others need Contoso.Json 1.2.0",
        ),
    ],
)
def test_a_sentence_names_the_newest_of_a_few_and_counts_the_others(names, sentence):
    assert str(need(*names)) == sentence


@pytest.mark.parametrize(
    ("stranded", "loss"),
    [
        ([], "; another version will do"),
        (["App 1.0", "App 2.0"], "; no other version here will do"),
        (["App 1.0"], "; for 1 of them no other version here will do"),
    ],
)
def test_it_says_what_becomes_of_them(stranded, loss):
    told = need("App 1.0", "App 2.0", stranded=stranded)

    assert told.warning.endswith(f"need Contoso.Json 1.2.0, which is gone now{loss}")
    assert told.refusal.endswith(
        f"need Contoso.Json 1.2.0{loss}; force=true (--force) deletes it all the same"
    )


def test_those_for_which_there_is_nothing_else_are_named_first():
    told = need("A 1", "B 1", "C 1", "D 2", "D 1", stranded=["D 1"])

    assert str(told) == "D 1.0.0, A 1.0.0, B 1.0.0 and 2 others need Contoso.Json 1.2.0"


def test_what_a_reader_may_not_see_is_counted_and_not_named():
    some = Sight.of({Pattern.parse("*"): True, Pattern.parse("Secret.*"): False})

    assert str(need("App 1", "Secret.X 1", sight=some)) == "App 1.0.0 and 1 other need Contoso.Json 1.2.0"
    assert str(need("Secret.X 1", sight=some)) == "1 version needs Contoso.Json 1.2.0"
    assert str(need("App 1", "Secret.X 1", sight=NOTHING)) == "2 versions need Contoso.Json 1.2.0"


lengths = st.sampled_from([1, 20, 60, 100])
names = st.builds("{} {}.0".format, lengths.map("a".__mul__), st.integers(0, 9))


@given(st.lists(names, min_size=1, max_size=6), lengths, st.integers(1, 40))
def test_a_sentence_fits_where_clients_look_and_ends_as_it_should(names, length, labels):
    identity = Identity.parse("j" * length, f"1.0.0-{'b' * labels}")
    told = need(*names, identity=identity, stranded=names[:1])

    for sentence in (told.warning, told.refusal):
        assert len(sentence) <= LONGEST
        assert f" {identity}" in sentence or " it" in sentence
    assert told.refusal.endswith("all the same")


@pytest.mark.parametrize(("guard", "minds"), [(Guard.WARN, True), (Guard.REFUSE, True), (Guard.OFF, False)])
def test_only_what_takes_a_version_away_is_minded(guard, minds):
    assert [guard.minds(each) for each in (Deletion.UNLIST, Deletion.SOFT, Deletion.HARD)] == [
        False,
        minds,
        minds,
    ]
