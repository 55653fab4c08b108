"""Who does what: actors and actions, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
