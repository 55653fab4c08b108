"""What a claim has to be, and what it is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nugetlite.oidc.claims import fits, says

FEW_LETTERS = st.text("ab*", max_size=12)


@given(FEW_LETTERS, st.text("ab\n", max_size=12))
def test_a_pattern_means_what_the_regular_expression_does(pattern, text):
    meant = re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)

    assert fits(pattern, text) == (meant.fullmatch(text) is not None)


def test_many_stars_take_no_longer():
    assert not fits("*a" * 5000 + "b", "a" * 20_000)


@pytest.mark.parametrize(
    ("name", "wanted", "claim", "is_so"),
    [
        ("ref", "refs/heads/main", "refs/heads/main", True),
        ("ref", "refs/heads/main", "refs/heads/main2", False),
        ("ref", "refs/tags/v*", "refs/tags/v1.2.0", True),
        ("ref", "refs/heads/main", "refs/heads/Main", False),
        ("repository", "Contoso/Json", "contoso/json", True),
        ("job_workflow_ref", "C/j/.github/workflows/a.yml@*", "c/J/.github/workflows/A.yml@x", True),
        ("job_workflow_ref", "c/j/a.yml@refs/heads/main", "c/j/a.yml@refs/heads/MAIN", False),
        ("ref_protected", "true", "true", True),
        ("ref_protected", "true", True, True),
        ("project_id", "22", 22, True),
        ("groups", "red", ["blue", "red"], True),
        ("groups", "red", ["blue", ["red"]], False),
        ("groups", "red", {"red": "red"}, False),
        ("ref", "", None, False),
        ("ref", "*", None, False),
        ("ref", "1.5", 1.5, False),
    ],
)
def test_a_claim_is_as_wanted_or_not(name, wanted, claim, is_so):
    assert says({name: claim}, name, wanted) is is_so
