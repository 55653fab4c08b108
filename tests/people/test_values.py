"""What holds for all keys, passwords, roles and grants."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nugetlite import Action, Pattern
from nugetlite.errors import NotUnderstood
from nugetlite.people import secret
from nugetlite.people.secret import (
    ALPHABET,
    Recognition,
    digest,
    hash_password,
    is_key,
    is_mistyped,
    is_password,
    new_key,
)
from nugetlite.people.values import (
    SOON,
    ApiKey,
    Role,
    Scope,
    Standing,
    account_name,
    key_name,
    parse_grants,
)

NOW = datetime(2026, 11, 25, tzinfo=UTC)
keys = st.builds(new_key)
ids = st.from_regex(r"[ab](\.?[ab]){0,6}", fullmatch=True)
tables = st.dictionaries(
    st.text("ab.*", min_size=1, max_size=6).map(Pattern), st.sampled_from(Role), max_size=4
)


class TestKeys:
    @given(keys)
    def test_have_the_form_that_octopus_clients_take_and_are_not_mistyped(self, key):
        assert key.startswith("API-")
        assert len(key) == 36
        assert is_key(key)
        assert not is_mistyped(key)

    @given(keys, st.integers(4, 35), st.sampled_from(ALPHABET))
    def test_with_one_other_character_are_mistyped(self, key, at, other):
        wrong = key[:at] + other + key[at + 1 :]

        assert is_mistyped(wrong) is (wrong != key)

    @given(keys, st.integers(4, 34))
    def test_with_two_neighbours_swapped_are_mistyped(self, key, at):
        wrong = key[:at] + key[at + 1] + key[at] + key[at + 2 :]

        assert is_mistyped(wrong) is (wrong != key)

    @given(st.text())
    def test_are_not_what_people_type_otherwise(self, text):
        assert not is_mistyped(text)
        assert len(digest(text)) == 32

    def test_are_never_the_same(self):
        assert len({new_key() for _ in range(1000)}) == 1000


IN_EARNEST = secret.HASHED_BY  # before the tests make it cheap


class TestPasswords:
    def test_cost_who_guesses_them_time_and_memory(self, monkeypatch):
        monkeypatch.setattr(secret, "HASHED_BY", IN_EARNEST)

        assert hash_password("correct horse").startswith("scrypt:32768:8:1$")

    def test_are_right_or_wrong(self):
        stored = hash_password("correct horse")

        assert is_password(stored, "correct horse")
        assert not is_password(stored, "correct horsf")
        assert not is_password("", "")
        assert "correct" not in stored

    @pytest.mark.parametrize("password", ["", "short", "x" * 257, "API-7QK2M0ZP4V8N1S6T3W5X9Y2A4CA1B2C3"])
    def test_that_are_too_short_too_long_or_keys_are_refused(self, password):
        with pytest.raises(NotUnderstood):
            hash_password(password)

    @given(st.text(), st.text())
    def test_are_known_again_without_being_kept(self, name, password):
        one, other = Recognition(), Recognition()

        assert one.mark(name, password) == one.mark(name, password)
        assert one.mark(name, password) != other.mark(name, password)
        assert one.mark(name, password) != one.mark(name + "\0", password)


class TestStanding:
    @given(
        st.lists(tables, max_size=3),
        ids,
        st.sampled_from([each for each in Action if each is not Action.MANAGE]),
    )
    def test_allows_somewhere_what_it_allows_for_some_id(self, several, id, action):
        standing = Standing(*several)

        assert not standing.may(action, id) or standing.may(action, None)

    @given(st.lists(tables, max_size=3), tables, ids)
    def test_never_gets_less_by_another_table(self, several, more, id):
        assert Standing(*several, more).role(id).rank >= Standing(*several).role(id).rank

    def test_manages_the_feed_only_where_it_manages_all_ids(self):
        assert Standing({Pattern("*"): Role.ADMINISTRATOR}).may(Action.MANAGE, None)
        assert not Standing({Pattern("contoso.*"): Role.ADMINISTRATOR}).may(Action.MANAGE, None)
        assert Standing({Pattern("contoso.*"): Role.ADMINISTRATOR}).may(Action.MANAGE, "contoso.json")

    def test_every_role_may_what_the_one_before_it_may(self):
        roles = list(Role)
        for lower, higher in itertools.pairwise(roles):
            assert lower.actions < higher.actions

    def test_every_action_is_in_some_scope(self):
        assert frozenset().union(*[scope.actions for scope in Scope]) == frozenset(Action)


class TestAKeyInTime:
    @given(st.integers(1, 4000), st.integers(-10, 4010))
    def test_is_told_to_end_soon_before_it_has_ended_and_not_long_before(self, life, age):
        born, now = NOW, NOW + timedelta(days=age)
        key = ApiKey(1, "a", "k", "a", (), frozenset(), None, born, born + timedelta(days=life))

        assert not (key.has_expired(now) and key.expires_soon(now))
        assert key.has_expired(now) is (age >= life)
        if key.expires_soon(now):
            assert key.expires - now <= SOON
        assert (now < key.changes) is not (key.has_expired(now) or key.expires_soon(now))

    def test_may_live_for_ever(self):
        key = ApiKey(1, "a", "k", "a", (), frozenset(), None, NOW, None)

        assert not key.has_expired(NOW + timedelta(days=10**6))
        assert key.changes is None


class TestWhatPeopleWrite:
    def test_grants(self):
        assert parse_grants(["reader", "Contoso.*=publisher, Secret.*=none"]) == {
            Pattern("*"): Role.READER,
            Pattern("contoso.*"): Role.PUBLISHER,
            Pattern("secret.*"): Role.NONE,
        }

    @pytest.mark.parametrize("text", ["king", "Contoso.*=king", "=reader", "Con toso=reader", "a=b=reader"])
    def test_grants_that_make_no_sense(self, text):
        with pytest.raises(NotUnderstood):
            parse_grants([text])

    @pytest.mark.parametrize(
        "name", ["", "-a", "a b", "a/b", "Everybody", "administrator", "x" * 65, "é", "a\nb"]
    )
    def test_names_that_no_account_can_have(self, name):
        with pytest.raises(NotUnderstood):
            account_name(name)

    @pytest.mark.parametrize("name", ["", " ", "é", "a\nb", "x" * 65])
    def test_names_that_no_key_can_have(self, name):
        with pytest.raises(NotUnderstood):
            key_name(name)
