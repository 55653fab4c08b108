"""The vote on whether an actor may do something, and what they see."""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from nugetlite.actor import Action, Attempt
from nugetlite.errors import CredentialsWanted, NoSuchPackage, ReadOnlyFeed, Refused
from nugetlite.package.sight import EVERYTHING, Sight

if TYPE_CHECKING:
    from nugetlite.actor import Actor
    from nugetlite.config import Config
    from nugetlite.package.identity import PackageId
    from nugetlite.people import People
    from nugetlite.plugins import Plugins


class Access:
    """Asks the plugins whether an actor may do something."""

    def __init__(self, plugins: Plugins, people: People, config: Config) -> None:
        self._plugins = plugins
        self._people = people
        self._config = config

    def permit(self, actor: Actor, action: Action, package_id: PackageId | None = None) -> None:
        """Return if ``actor`` may; ``None`` asks whether they may do it to any package at all.

        One refusal is enough, one permission is needed. Raises ``ReadOnlyFeed``, ``CredentialsWanted``
        (nobody said who they are, and saying so might help) or ``Refused``; or ``NoSuchPackage`` about an id that
        they do not see, whether it is here or not.
        """
        if action.writes and self._config.read_only:
            raise ReadOnlyFeed
        if action is Action.READ and package_id:
            self.show(actor, package_id)  # first: a 403 fails a restore from several sources
        try:
            self._vote(actor, action, package_id)
        except Refused as refused:
            refused.attempt = Attempt(actor, action, package_id)
            raise

    def sight(self, actor: Actor) -> Sight:
        """The ids that an actor sees in lists: what every plugin that has an opinion lets them see."""
        seen = self._plugins.gather(
            "nugetlite_sight", Sight, actor=actor, people=self._people, config=self._config
        )
        return reduce(and_, seen, EVERYTHING)

    def show(self, actor: Actor, package_id: PackageId) -> None:
        """Return if an actor sees an id; raises ``CredentialsWanted`` or ``NoSuchPackage``, whether it is here or not.

        A client sends its credentials only when it is asked for them.
        """
        if not self.sight(actor).sees(package_id.key):
            raise _who_are_you(Action.READ) if actor.is_anonymous else NoSuchPackage(package_id)

    def _vote(self, actor: Actor, action: Action, package_id: PackageId | None) -> None:
        votes = self._plugins.gather(
            "nugetlite_authorize",
            bool,
            actor=actor,
            action=action,
            package_id=package_id,
            people=self._people,
            config=self._config,
        )
        if votes and all(votes):
            return
        if actor.is_anonymous:
            raise _who_are_you(action)
        what = f" {package_id}" if package_id else ""
        raise Refused(f"{actor.name} may not {action}{what} on this feed; ask its operator for the right to")


def _who_are_you(action: Action) -> CredentialsWanted:
    return CredentialsWanted(
        f"To {action} here, say who you are: send an API key, or a user name and password"
    )
