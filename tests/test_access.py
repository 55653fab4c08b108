"""The vote: one refusal is enough, one permission is needed."""

from types import SimpleNamespace

import pytest

from nugetlite import (
    ADMINISTRATOR,
    ANONYMOUS,
    OPERATOR,
    Action,
    Actor,
    Config,
    PackageId,
    Pattern,
    Refused,
    Sight,
    hookimpl,
)
from nugetlite.access import Access
from nugetlite.builtin import access as builtin
from nugetlite.database import open_database
from nugetlite.errors import CredentialsWanted, NoSuchPackage, PluginFailed, ReadOnlyFeed
from nugetlite.package.sight import EVERYTHING
from nugetlite.people import People
from nugetlite.plugins import load

JSON = PackageId.parse("Contoso.Json")
ALICE = Actor("alice")
WRITES = [action for action in Action if action.writes]


def voter(opinion):
    """A plugin that always votes so."""
    return SimpleNamespace(nugetlite_authorize=hookimpl(lambda: opinion))


def access(*plugins, **settings):
    """Access to a feed with these plugins, and no others."""
    config = Config(**settings)
    people = People(open_database("sqlite://"), anonymous_read=config.anonymous_read)
    return Access(load(config, [], plugins), people, config)


class TestTheVote:
    @pytest.mark.parametrize(
        ("votes", "outcome"),
        [
            ([], "refused"),
            ([None], "refused"),
            ([True], "permitted"),
            ([False], "refused"),
            ([None, True, None], "permitted"),
            ([True, True], "permitted"),
            ([True, False], "refused"),
            ([False, True], "refused"),
            ([True, None, False], "refused"),
        ],
    )
    def test_needs_one_permission_and_no_refusal(self, votes, outcome):
        room = access(*map(voter, votes))

        if outcome == "permitted":
            room.permit(ALICE, Action.PUSH, JSON)
        else:
            with pytest.raises(Refused, match=r"alice may not push Contoso\.Json on this feed"):
                room.permit(ALICE, Action.PUSH, JSON)

    def test_knows_who_wants_what_of_which_package(self):
        asked = []

        @hookimpl
        def vote(actor, action, package_id, config):
            asked.append((actor, action, package_id, config.packages))
            return True

        room = access(SimpleNamespace(nugetlite_authorize=vote), packages="memory://")

        room.permit(ALICE, Action.READ)
        room.permit(ALICE, Action.DELETE, JSON)

        assert asked == [
            (ALICE, Action.READ, None, "memory://"),
            (ALICE, Action.DELETE, JSON, "memory://"),
        ]

    def test_a_refusal_can_say_why(self):
        @hookimpl
        def vote():
            raise Refused("Vendor.* packages come from the mirror")

        with pytest.raises(Refused, match="come from the mirror"):
            access(SimpleNamespace(nugetlite_authorize=vote), voter(True)).permit(ALICE, Action.PUSH, JSON)

    def test_a_vote_is_yes_or_no(self):
        with pytest.raises(PluginFailed):
            access(voter("of course")).permit(ALICE, Action.PUSH, JSON)

    @pytest.mark.parametrize("plugins", [[], [voter(False)]])
    def test_who_said_nothing_of_themselves_is_asked_to(self, plugins):
        with pytest.raises(CredentialsWanted, match="say who you are"):
            access(*plugins).permit(ANONYMOUS, Action.READ)

    @pytest.mark.parametrize("action", WRITES)
    def test_nobody_writes_to_a_read_only_feed(self, action):
        room = access(voter(True), read_only=True)

        for actor in (ANONYMOUS, ALICE, ADMINISTRATOR):
            with pytest.raises(ReadOnlyFeed):
                room.permit(actor, action, JSON)
        room.permit(ANONYMOUS, Action.READ, JSON)


class TestTheSimpleCase:
    """What nugetlite's own plugin votes."""

    @pytest.mark.parametrize("action", Action)
    @pytest.mark.parametrize("actor", [ADMINISTRATOR, OPERATOR])
    def test_an_administrator_may_do_anything(self, actor, action):
        access(builtin, api_key="key", anonymous_read=False).permit(actor, action, JSON)

    def test_everybody_reads(self):
        access(builtin).permit(ANONYMOUS, Action.READ)
        access(builtin).permit(ALICE, Action.READ, JSON)

    def test_a_private_feed_is_read_by_those_who_may(self):
        room = access(builtin, anonymous_read=False)

        with pytest.raises(CredentialsWanted):
            room.permit(ANONYMOUS, Action.READ)
        with pytest.raises(Refused, match="alice may not read"):
            room.permit(ALICE, Action.READ)

    @pytest.mark.parametrize("action", WRITES)
    def test_nobody_else_writes(self, action):
        room = access(builtin, api_key="key")

        with pytest.raises(CredentialsWanted):
            room.permit(ANONYMOUS, action)
        with pytest.raises(Refused):
            room.permit(ALICE, action, JSON)

    @pytest.mark.parametrize("action", WRITES)
    def test_without_a_key_nobody_writes_and_the_operator_is_told_what_to_do(self, action):
        with pytest.raises(Refused, match="NUGETLITE_API_KEY"):
            access(builtin).permit(ANONYMOUS, action)

    def test_a_plugin_may_let_others_write(self):
        room = access(builtin, voter(True))

        room.permit(ALICE, Action.PUSH, JSON)
        with pytest.raises(Refused, match="NUGETLITE_API_KEY"):
            room.permit(ANONYMOUS, Action.PUSH, JSON)

    def test_a_plugin_may_keep_the_administrator_out(self):
        with pytest.raises(Refused, match=r"administrator may not erase Contoso\.Json"):
            access(builtin, voter(False), api_key="key").permit(ADMINISTRATOR, Action.ERASE, JSON)


class TestWhatIsSeen:
    HIDES_JSON = SimpleNamespace(
        nugetlite_sight=hookimpl(
            lambda: Sight.of({Pattern.parse("*"): True, Pattern.parse("Contoso.Json"): False})
        )
    )

    @pytest.mark.parametrize("opinion", [True, False, None])
    def test_what_is_hidden_is_not_here_whatever_the_vote(self, opinion):
        room = access(self.HIDES_JSON, voter(opinion))

        with pytest.raises(NoSuchPackage):
            room.permit(ALICE, Action.READ, JSON)
        with pytest.raises(CredentialsWanted):
            room.permit(ANONYMOUS, Action.READ, JSON)

    def test_the_rest_is_read_and_writing_is_another_right(self):
        room = access(self.HIDES_JSON, voter(True))

        room.permit(ALICE, Action.READ)
        room.permit(ALICE, Action.READ, PackageId.parse("Contoso.Text"))
        room.permit(ALICE, Action.PUSH, JSON)

    def test_what_several_see_all_must_see(self):
        fewer = SimpleNamespace(nugetlite_sight=hookimpl(lambda: Sight.only([Pattern.parse("Contoso.*")])))

        sight = access(self.HIDES_JSON, fewer, voter(None)).sight(ALICE)

        assert [sight.sees(key) for key in ("contoso.text", "contoso.json", "acme")] == [True, False, False]
        assert access(voter(True)).sight(ALICE) == EVERYTHING
