"""The vote on whether an actor may do something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nugetlite.errors import CredentialsWanted, ReadOnlyFeed, Refused

if TYPE_CHECKING:
    from nugetlite.actor import Action, Actor
    from nugetlite.config import Config
    from nugetlite.package.identity import PackageId
    from nugetlite.plugins import Plugins


class Access:
    """Asks the plugins whether an actor may do something."""

    def __init__(self, plugins: Plugins, config: Config) -> None:
        self._plugins = plugins
        self._config = config

    def permit(self, actor: Actor, action: Action, package_id: PackageId | None = None) -> None:
        """Return if ``actor`` may; ``None`` asks whether they may do it to any package at all.

        One refusal is enough, one permission is needed. Raises ``ReadOnlyFeed``, ``CredentialsWanted``
        (nobody said who they are, and saying so might help) or ``Refused``.
        """
        if action.writes and self._config.read_only:
            raise ReadOnlyFeed
        votes = self._plugins.gather(
            "nugetlite_authorize",
            bool,
            actor=actor,
            action=action,
            package_id=package_id,
            config=self._config,
        )
        if votes and all(votes):
            return
        if actor.is_anonymous:
            raise CredentialsWanted(
                f"To {action} here, say who you are: send an API key, or a user name and password"
            )
        what = f" {package_id}" if package_id else ""
        raise Refused(f"{actor.name} may not {action}{what} on this feed; ask its operator for the right to")
