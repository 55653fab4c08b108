"""Which delete policy goes for which package."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nugetlite import Config, ConfigError, Deletion, PackageId, hookimpl
from nugetlite.builtin import deletion as builtin
from nugetlite.deletion import Policies, load
from nugetlite.errors import PluginFailed
from nugetlite.plugins import load as load_plugins


def policies(table, *plugins):
    """The policies of a server with this ``delete_policy`` and these plugins beside our own."""
    config = Config(delete_policy={"*": table} if isinstance(table, str) else table)
    return load(load_plugins(config, [builtin], plugins), config)


def decide(policies, id, requested=None):
    """What a wish to delete a package of this id comes to."""
    return policies.of(PackageId.parse(id))(SimpleNamespace(requested=requested))


class TestOurOwnPolicies:
    @pytest.mark.parametrize("name", ["unlist", "soft", "hard"])
    def test_do_what_they_are_called(self, name):
        assert decide(policies(name), "Contoso.Json") is Deletion(name)

    @pytest.mark.parametrize("name", ["unlist", "soft", "hard"])
    @pytest.mark.parametrize("requested", Deletion)
    def test_do_what_the_request_wants_instead(self, name, requested):
        assert decide(policies(name), "Contoso.Json", requested) is requested


class TestPoliciesByPattern:
    TABLE = {  # noqa: RUF012 -- nobody writes to it
        "*": "unlist",
        "Contoso.*": "soft",
        "Contoso.Ci.*": "hard",
        "*.Internal": "hard",
        "Contoso.Ci.Keep": "unlist",
    }

    @pytest.mark.parametrize(
        ("id", "deletion"),
        [
            ("Fabrikam", "unlist"),
            ("Contoso.Json", "soft"),
            ("contoso.json", "soft"),
            ("Contoso", "unlist"),
            ("ContosoXJson", "unlist"),
            ("Contoso.Ci.Build", "hard"),
            ("CONTOSO.CI.KEEP", "unlist"),
            ("Contoso.Ci.Keep.Not", "hard"),
            ("Fabrikam.Internal", "hard"),
            ("Contoso.Ci.Internal", "hard"),
        ],
    )
    def test_the_most_specific_wins(self, id, deletion):
        assert decide(policies(self.TABLE), id) is Deletion(deletion)

    @pytest.mark.parametrize("names", [("soft", "hard"), ("hard", "soft")])
    def test_of_equally_specific_ones_the_first_wins(self, names):
        table = dict(zip(("Contoso.*", "*.Ci.Int"), names, strict=True))

        assert decide(policies(table), "Contoso.Ci.Int") is Deletion(names[0])

    @pytest.mark.parametrize("table", [{"Contoso.*": "hard"}, {"Contoso.*": "hard", "**.Ci": "soft"}])
    def test_who_speaks_of_some_ids_leaves_the_others_unlisted(self, table):
        assert decide(policies(table), "Fabrikam") is Deletion.UNLIST

    def test_a_pattern_for_all_counts_however_it_is_written(self):
        assert decide(policies({"**": "hard"}), "Fabrikam") is Deletion.HARD

    letters = st.text("ab.*", min_size=1, max_size=6)

    @given(st.sets(letters, max_size=5), st.from_regex(r"[abAB](\.?[abAB]){0,6}", fullmatch=True))
    def test_the_winner_fits_and_nothing_that_fits_is_more_specific(self, patterns, id):
        table = {pattern: pattern for pattern in {*patterns, "*"}}

        winner = Policies(table).of(PackageId.parse(id))

        assert fits(winner, id.lower())
        for rival in table:
            if fits(rival, id.lower()):
                assert rank(winner) >= rank(rival)


def fits(pattern, id):
    """Whether ``*`` in a pattern can stand for something that makes it the id; the slow and obvious way."""
    if not pattern:
        return not id
    if pattern[0] == "*":
        return any(fits(pattern[1:], id[start:]) for start in range(len(id) + 1))
    return bool(id) and pattern[0].lower() == id[0] and fits(pattern[1:], id[1:])


def rank(pattern):
    """How specific a pattern is: an id in full before any pattern, then by the letters it fixes."""
    return "*" not in pattern, sum(letter != "*" for letter in pattern)


class TestPoliciesOfPlugins:
    def test_are_asked_by_name_once_at_start(self):
        asked = []

        @hookimpl
        def answer(name):
            asked.append(name)
            return (lambda request: Deletion.SOFT) if name == "our-own" else None

        found = policies(
            {"A.*": "our-own", "B.*": "our-own", "C": "hard"}, SimpleNamespace(nugetlite_delete_policy=answer)
        )

        assert sorted(asked) == ["hard", "our-own", "unlist"]
        assert decide(found, "A.Json") is decide(found, "B.Json") is Deletion.SOFT
        assert decide(found, "C") is Deletion.HARD

    def test_come_before_ours_of_the_same_name(self):
        own = SimpleNamespace(nugetlite_delete_policy=hookimpl(lambda: lambda request: Deletion.SOFT))

        assert decide(policies("hard", own), "Contoso.Json") is Deletion.SOFT

    def test_that_fail_are_named(self):
        own = SimpleNamespace(nugetlite_delete_policy=hookimpl(lambda: lambda request: request.no_such_fact))

        with pytest.raises(PluginFailed, match="SimpleNamespace"):
            decide(policies("own", own), "Contoso.Json")

    def test_that_nobody_knows_stop_the_start(self):
        with pytest.raises(
            ConfigError, match=r"^delete_policy: no plugin knows 'Hard'; expected hard, soft,"
        ):
            policies("Hard")
