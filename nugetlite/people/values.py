"""Accounts, what they are granted, their keys: values that know their own truths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from nugetlite.actor import Action
from nugetlite.errors import NotUnderstood, quoted
from nugetlite.package.package import Deletion
from nugetlite.package.patterns import ALL, ByPattern, Pattern

EVERYBODY = "everybody"  #: a group that everyone belongs to, also who does not say who they are
RESERVED = frozenset({EVERYBODY, "administrator", "anonymous", "guest", "operator"})  #: names of no account
NAME_LIMIT = 64  #: characters
SOON = timedelta(days=10)  #: before a key expires, its user is told
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._@-]*[A-Za-z0-9_])?")
_KEY_NAME = re.compile(r"[A-Za-z0-9](?:[ -~]*[!-.0-~])?")  # stands in URLs, so it is not ".." and no folder
_E = TypeVar("_E", bound=StrEnum)


class Kind(StrEnum):
    """Who an account stands for."""

    PERSON = "person"
    SERVICE = "service"  #: has keys only, and no password
    ORGANIZATION = "organization"  #: acts through its members


class Role(StrEnum):
    """What somebody may do with the packages of a pattern; each later one may also do what those before it may."""

    NONE = "none"
    READER = "reader"
    PUBLISHER = "publisher"
    ADMINISTRATOR = "administrator"

    @property
    def rank(self) -> int:
        """How much it allows."""
        return list(Role).index(self)

    @property
    def actions(self) -> frozenset[Action]:
        """What it allows."""
        return _ACTIONS_OF_ROLES[self]

    @classmethod
    def parse(cls, text: str) -> Role:
        """Read one. Raises ``NotUnderstood``."""
        return _one_of(cls, text, "role")


class Scope(StrEnum):
    """What an API key may be used for."""

    READ = "read"
    CREATE = "create"  #: push packages whose ids are new
    PUSH = "push"  #: push new versions of packages that are here
    REPLACE = "replace"
    DELETE = "delete"  #: unlist, soft-delete and relist
    ERASE = "erase"  #: delete for good, also what others need
    MANAGE = "manage"

    @property
    def actions(self) -> frozenset[Action]:
        """What it allows."""
        return _ACTIONS_OF_SCOPES[self]

    @classmethod
    def parse(cls, text: str) -> Scope:
        """Read one. Raises ``NotUnderstood``."""
        return _one_of(cls, text, "action of a key")


_PUBLISHING = frozenset({Action.READ, Action.CREATE, Action.PUSH})
_ACTIONS_OF_ROLES = {
    Role.NONE: frozenset[Action](),
    Role.READER: frozenset({Action.READ}),
    Role.PUBLISHER: _PUBLISHING,
    Role.ADMINISTRATOR: frozenset(Action),
}
_ACTIONS_OF_SCOPES = {
    Scope.READ: frozenset({Action.READ}),
    Scope.CREATE: frozenset({Action.CREATE}),
    Scope.PUSH: frozenset({Action.PUSH}),
    Scope.REPLACE: frozenset({Action.REPLACE}),
    Scope.DELETE: frozenset({Action.DELETE, Action.RELIST}),
    Scope.ERASE: frozenset({Action.DELETE, Action.ERASE, Action.FORCE}),
    Scope.MANAGE: frozenset({Action.MANAGE}),
}
USUAL_SCOPES = frozenset({Scope.READ, Scope.CREATE, Scope.PUSH})  #: of a key, if not told otherwise

Grants = Mapping[Pattern, Role]


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can own packages and be granted things."""

    name: str
    kind: Kind
    grants: Grants  #: its own; those of its organizations count, too
    created: datetime
    enabled: bool = True
    password: str = field(default="", repr=False)  #: hashed; "" where there is none
    stamp: int = 0  #: another one whenever sessions that were begun before are to end
    organizations: frozenset[str] = frozenset()  #: those that it belongs to, by key
    members: Mapping[str, bool] = field(default_factory=dict)  #: of an organization, by key: who leads it

    @property
    def key(self) -> str:
        """What it is looked up by: letter case does not count."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key of an account, as it is known here: without itself."""

    number: int
    account: str  #: whose it is, by key
    name: str
    behalf: str  #: for whom it acts, by key: the account itself, or an organization of its
    patterns: tuple[Pattern, ...]
    scopes: frozenset[Scope]
    deletion: Deletion | None  #: what a delete through it comes to; ``None``: what the feed's policy says
    created: datetime
    expires: datetime | None
    revoked: datetime | None = None
    origin: str = ""  #: the trust policy through which it was given out, if one

    @property
    def actions(self) -> frozenset[Action]:
        """What it may be used for."""
        return frozenset().union(*[scope.actions for scope in self.scopes])

    def fits(self, id_key: str) -> bool:
        """Whether it may be used for a package id."""
        return any(pattern.fits(id_key) for pattern in self.patterns)

    def has_expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.expires is not None and self.expires <= now

    @property
    def changes(self) -> datetime | None:
        """When there is something new to say about it: that it ends soon, or has ended."""
        is_long = self.expires and self.expires - self.created >= 2 * SOON
        return self.expires - SOON if self.expires and is_long else self.expires

    def expires_soon(self, now: datetime) -> bool:
        """Whether its user should be told; a key that never lived long has no need to say so."""
        if self.expires is None or self.expires - self.created < 2 * SOON:
            return False
        return now < self.expires <= now + SOON


@dataclass(frozen=True, slots=True)
class Use:
    """When a key was used last, and from where."""

    when: datetime
    address: str


@dataclass(frozen=True, slots=True)
class Owner:
    """An owner of a package id, or somebody who was asked to become one."""

    id: str  #: as it was spelt
    account: str  #: by key
    confirmed: bool
    since: datetime
    replaces: str = ""  #: whose place it takes when it confirms, by key


class Standing:
    """What somebody may do, by all that was granted to them."""

    def __init__(self, *grants: Grants) -> None:
        self._tables = [ByPattern(table) for table in grants]
        self._anywhere = frozenset[Action]().union(
            *[role.actions for table in grants for role in table.values()]
        )

    def role(self, id_key: str) -> Role:
        """The highest role that any of the tables gives for an id; in each the most specific pattern decides."""
        roles = [table.of(id_key) or Role.NONE for table in self._tables]
        return max(roles, key=lambda role: role.rank, default=Role.NONE)

    @property
    def manages_feed(self) -> bool:
        """Whether it allows everything, wherever no more specific pattern says otherwise."""
        entries = [entry for table in self._tables for entry in table.entries]
        return any(pattern.means_all and role is Role.ADMINISTRATOR for pattern, role in entries)

    def may(self, action: Action, id_key: str | None) -> bool:
        """Whether it allows this, to an id, or to any at all; ``MANAGE`` without an id is about the whole feed."""
        if id_key is None and action is Action.MANAGE:
            return self.manages_feed
        return action in (self._anywhere if id_key is None else self.role(id_key).actions)


def account_name(text: str) -> str:
    """A name for a new account. Raises ``NotUnderstood``."""
    name = text.strip()
    if len(name) > NAME_LIMIT or not _NAME.fullmatch(name):
        raise NotUnderstood(
            f"{quoted(name)} is no name for an account: 1 to {NAME_LIMIT} letters, digits, and between them . _ @ -"
        )
    if name.lower() in RESERVED:
        raise NotUnderstood(f"The name {name} is kept for the feed itself; choose another one")
    return name


def key_name(text: str) -> str:
    """A name for an API key. Raises ``NotUnderstood``."""
    name = text.strip()
    if len(name) > NAME_LIMIT or not _KEY_NAME.fullmatch(name):
        raise NotUnderstood(
            f"The name of a key is 1 to {NAME_LIMIT} printable ASCII characters: first a letter or digit, "
            "and at the end no slash"
        )
    return name


def parse_grants(texts: Iterable[str]) -> dict[Pattern, Role]:
    """Grants as people write them: ``reader`` (for all packages) or ``Contoso.*=publisher``, also with commas.

    Raises ``NotUnderstood``.
    """
    parts = [part for text in texts for part in text.split(",") if part.strip()]
    return dict(map(_grant, parts))


def _grant(text: str) -> tuple[Pattern, Role]:
    pattern, equals, role = text.partition("=")
    return (Pattern.parse(pattern), Role.parse(role)) if equals else (ALL, Role.parse(text))


def _one_of(kind: type[_E], text: str, what: str) -> _E:
    try:
        return kind(text.strip().lower())
    except ValueError as error:
        raise NotUnderstood(f"{quoted(text)} is no {what}; it is one of {', '.join(kind)}") from error
