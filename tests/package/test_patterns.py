"""Patterns of package ids, the tables in which the most specific one decides, and what somebody sees by them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nugetlite.errors import NotUnderstood
from nugetlite.package.patterns import ByPattern, Pattern
from nugetlite.package.sight import EVERYTHING, NOTHING, Sight

patterns = st.text("ab.*", min_size=1, max_size=6).map(Pattern)
tables = st.dictionaries(patterns, st.booleans(), max_size=4)
ids = st.from_regex(r"[ab](\.?[ab]){0,6}", fullmatch=True)


class TestPatterns:
    @pytest.mark.parametrize("text", ["", " ", "Contoso Json", "Contoso?", "%", "a/b", "é", "*" * 201, "a\0"])
    def test_are_read_or_refused(self, text):
        with pytest.raises(NotUnderstood, match="no pattern of package ids"):
            Pattern.parse(text)

    @given(patterns, patterns, ids)
    def test_cover_others_only_if_all_that_those_mean_is_meant(self, wide, narrow, id):
        if wide.covers(narrow) and narrow.fits(id):
            assert wide.fits(id)

    @pytest.mark.parametrize(
        ("wide", "narrow", "covers"),
        [
            ("*", "*", True),
            ("Contoso.*", "contoso.ci.*", True),
            ("Contoso.*", "Contoso.Json", True),
            ("Contoso.*", "Contoso*", False),
            ("Contoso.*", "*.Ci", False),
            ("*.Ci", "Contoso.*.Ci", True),
            ("Contoso.Json", "Contoso.*", False),
        ],
    )
    def test_cover_what_is_narrower(self, wide, narrow, covers):
        assert Pattern.parse(wide).covers(Pattern.parse(narrow)) is covers

    @pytest.mark.parametrize(
        ("pattern", "id", "fits"),
        [
            ("Contoso.*", "contoso.json", True),
            ("Contoso.*", "contoso", False),
            ("*.Internal", "a.b.internal", True),
            ("*", "x", True),
            ("a*b*c", "abc", True),
            ("a.c", "abc", False),
        ],
    )
    def test_star_is_any_text_and_nothing_else_is_special(self, pattern, id, fits):
        assert Pattern.parse(pattern).fits(id) is fits

    @given(st.dictionaries(patterns, st.integers(), max_size=5), ids)
    def test_the_most_specific_that_fits_decides(self, table, id):
        fitting = [pattern for pattern in table if pattern.fits(id)]

        decided = ByPattern(table).of(id)

        assert decided == (table[min(fitting, key=lambda each: each.specificity)] if fitting else None)


class TestSight:
    @given(st.lists(tables, max_size=3), ids)
    def test_shows_what_any_table_shows(self, several, id):
        shown = any(ByPattern(table).of(id) or False for table in several)

        assert Sight.of(*several).sees(id) is shown

    @given(st.lists(tables, max_size=2), st.lists(tables, max_size=2), ids)
    def test_of_two_is_what_both_see(self, ones, others, id):
        one, other = Sight.of(*ones), Sight.of(*others)

        assert (one & other).sees(id) is (one.sees(id) and other.sees(id))

    @given(st.lists(tables, max_size=3), ids)
    def test_that_knows_of_no_limit_sees_all_and_of_nothing_none(self, several, id):
        sight = Sight.of(*several)

        assert not sight.is_everything or sight.sees(id)
        assert not sight.is_nothing or not sight.sees(id)

    def test_has_two_ends(self):
        assert Sight.of({Pattern("**"): True}) == EVERYTHING
        assert Sight.of({Pattern("a"): False}) == Sight.of() == NOTHING
        assert EVERYTHING & NOTHING == NOTHING
