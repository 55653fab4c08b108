"""Who does what: actors and actions, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from nugetlite.package.package import Deletion

if TYPE_CHECKING:
    from nugetlite.package.identity import PackageId


class Action(StrEnum):
    """What somebody wants to do with a package, or with the feed."""

    READ = "read"
    CREATE = "create"  #: push a package whose id is new here
    PUSH = "push"  #: push a new version of an id that is here; asked of no id: push anything
    REPLACE = "replace"
    DELETE = "delete"  #: unlist or soft-delete: it can be undone
    ERASE = "erase"  #: hard-delete
    RELIST = "relist"
    FORCE = "force"  #: delete what others need
    MANAGE = "manage"  #: decide about accounts, and other people's keys and packages

    @property
    def writes(self) -> bool:
        """Whether it changes the packages of the feed."""
        return self not in (Action.READ, Action.MANAGE)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking. The name stands in marks and history; the roles are for whoever authorizes."""

    name: str
    roles: frozenset[str] = frozenset()
    key: str = ""  #: the name of the API key that was used, if one of an account's
    deletion: Deletion | None = (
        None  #: what a delete comes to at most, and what it asks for if it does not say
    )
    credential: object = field(default=None, compare=False, repr=False)  #: what who identified it knows it by
    address: str = field(default="", compare=False)  #: where the request came from
    notice: str = field(
        default="", compare=False
    )  #: a sentence that the client is to hear, whatever the answer

    def __str__(self) -> str:
        """As marks and the record show it: with the key, if there was one."""
        return f"{self.name} (key {self.key})" if self.key else self.name

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody said who they are."""
        return self == ANONYMOUS


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody wanted to do, and was not allowed to."""

    actor: Actor
    action: Action
    package_id: PackageId | None = None


ANONYMOUS = Actor("anonymous")
ADMINISTRATOR = Actor("administrator", frozenset({"administrator"}))
OPERATOR = Actor("operator", frozenset({"administrator"}))  #: whoever works at the share or the command line
