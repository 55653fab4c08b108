"""Who does what: actors, actions, and the vote on whether this one may do that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from nugetlite.errors import CredentialsWanted, ReadOnlyFeed, Refused

if TYPE_CHECKING:
    from nugetlite.config import Config
    from nugetlite.package.identity import PackageId
    from nugetlite.plugins import Plugins


class Action(StrEnum):
    """What somebody wants to do with a package."""

    READ = "read"
    PUSH = "push"
    REPLACE = "replace"
    DELETE = "delete"  #: unlist or soft-delete: it can be undone
    ERASE = "erase"  #: hard-delete
    RELIST = "relist"

    @property
    def writes(self) -> bool:
        """Whether it changes the feed."""
        return self is not Action.READ


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking. The name stands in marks and history; the roles are for whoever authorizes."""

    name: str
    roles: frozenset[str] = frozenset()

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody said who they are."""
        return self == ANONYMOUS


ANONYMOUS = Actor("anonymous")
ADMINISTRATOR = Actor("administrator", frozenset({"administrator"}))
OPERATOR = Actor("operator", frozenset({"administrator"}))  #: whoever works at the share or the command line


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
