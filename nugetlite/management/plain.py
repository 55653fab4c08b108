"""What is decided about people, as plain values, for the command line and for JSON. Nothing in it is secret.

Their types are the shapes that the JSON API describes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypedDict, overload

from msgspec import Meta

from nugetlite.management.keys import Issued
from nugetlite.package.package import Deletion
from nugetlite.people.values import Kind, Role, Scope

if TYPE_CHECKING:
    from nugetlite.package.patterns import Pattern
    from nugetlite.people import trust as trusts
    from nugetlite.people import values

Moment = Annotated[
    str, Meta(description="A point in time, in UTC.", extra_json_schema={"format": "date-time"})
]
Grants = Annotated[dict[str, Role], Meta(description="Roles, by pattern of package ids.")]


class Member(TypedDict):
    """A member of an organization. Who leads it chooses members, and decides for the organization."""

    name: str
    leads: bool


class Account(TypedDict):
    """An account: who it is and what it was granted."""

    name: str
    kind: Kind
    enabled: bool
    hasPassword: bool
    grants: Grants
    organizations: list[str]
    members: list[Member]
    created: Moment


class Key(TypedDict):
    """An API key, without itself."""

    name: str
    account: str
    behalf: str
    patterns: list[str]
    actions: list[Scope]
    deletion: Deletion | None
    created: Moment
    expires: Moment | None
    revoked: Moment | None
    trust: str | None
    lastUsed: Moment | None
    lastUsedFrom: str | None


class NewKey(Key):
    """An API key, for the one time that it is shown."""

    key: str


class Trust(TypedDict):
    """A trust policy: which build jobs of an issuer are given keys for an hour."""

    name: str
    account: str
    behalf: str
    issuer: str
    audience: str
    claims: dict[str, str]
    binds: list[str]
    patterns: list[str]
    actions: list[Scope]
    deletion: Deletion | None
    created: Moment


class Owner(TypedDict):
    """An owner of a package id, or somebody who was asked to become one."""

    id: str
    owner: str
    confirmed: bool
    since: Moment


class Prefix(TypedDict):
    """A pattern of ids that is reserved, and for whom."""

    pattern: str
    owners: list[str]


def account(told: values.Account) -> Account:
    """An account."""
    return {
        "name": told.name,
        "kind": told.kind,
        "enabled": told.enabled,
        "hasPassword": bool(told.password),
        "grants": grants(told.grants),
        "organizations": sorted(told.organizations),
        "members": [{"name": name, "leads": leads} for name, leads in sorted(told.members.items())],
        "created": moment(told.created),
    }


def grants(told: values.Grants) -> dict[str, Role]:
    """Roles by pattern."""
    return {pattern.key: role for pattern, role in told.items()}


def key(told: values.ApiKey, use: values.Use | None = None) -> Key:
    """A key, without itself."""
    return {
        "name": told.name,
        "account": told.account,
        "behalf": told.behalf,
        "patterns": [pattern.key for pattern in told.patterns],
        "actions": sorted(told.scopes),
        "deletion": told.deletion,
        "created": moment(told.created),
        "expires": moment(told.expires),
        "revoked": moment(told.revoked),
        "trust": told.origin or None,
        "lastUsed": moment(use.when) if use else None,
        "lastUsedFrom": use.address if use else None,
    }


def issued(told: Issued) -> NewKey:
    """A key, for the one time that it is shown."""
    return {**key(told.key), "key": told.text}


def trust(told: trusts.Trust) -> Trust:
    """A trust policy."""
    return {
        "name": told.name,
        "account": told.account,
        "behalf": told.behalf,
        "issuer": told.issuer,
        "audience": told.audience,
        "claims": dict(told.claims),
        "binds": list(told.binds),
        "patterns": [pattern.key for pattern in told.patterns],
        "actions": sorted(told.scopes),
        "deletion": told.deletion,
        "created": moment(told.created),
    }


def owner(told: values.Owner, name: str) -> Owner:
    """An owner of an id, or somebody who was asked to become one."""
    return {"id": told.id, "owner": name, "confirmed": told.confirmed, "since": moment(told.since)}


def prefixes(told: Mapping[Pattern, Iterable[str]]) -> list[Prefix]:
    """Reserved patterns, and for whom."""
    return [{"pattern": pattern.key, "owners": list(names)} for pattern, names in told.items()]


@overload
def moment(told: datetime) -> str: ...
@overload
def moment(told: None) -> None: ...
@overload
def moment(told: datetime | None) -> str | None: ...
def moment(told: datetime | None) -> str | None:
    """A point in time, in UTC."""
    return told.isoformat(timespec="seconds").replace("+00:00", "Z") if told else None
