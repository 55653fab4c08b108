"""What is decided about people, as plain values, for the command line and for JSON. Nothing in it is secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from nugetlite.management.keys import Issued

if TYPE_CHECKING:
    from nugetlite.package.patterns import Pattern
    from nugetlite.people.values import Account, ApiKey, Grants, Owner, Use

Plain = dict[str, object]


def account(told: Account) -> Plain:
    """An account: who it is and what it was granted."""
    return {
        "name": told.name,
        "kind": told.kind.value,
        "enabled": told.enabled,
        "hasPassword": bool(told.password),
        "grants": grants(told.grants),
        "organizations": sorted(told.organizations),
        "members": [{"name": name, "leads": leads} for name, leads in sorted(told.members.items())],
        "created": moment(told.created),
    }


def grants(told: Grants) -> Plain:
    """Roles by pattern."""
    return {pattern.key: role.value for pattern, role in told.items()}


def key(told: ApiKey, use: Use | None = None) -> Plain:
    """A key, without itself."""
    return {
        "name": told.name,
        "account": told.account,
        "behalf": told.behalf,
        "patterns": [pattern.key for pattern in told.patterns],
        "actions": sorted(scope.value for scope in told.scopes),
        "deletion": told.deletion.value if told.deletion else None,
        "created": moment(told.created),
        "expires": moment(told.expires),
        "revoked": moment(told.revoked),
        "lastUsed": moment(use.when) if use else None,
        "lastUsedFrom": use.address if use else None,
    }


def issued(told: Issued) -> Plain:
    """A key, for the one time that it is shown."""
    return {**key(told.key), "key": told.text}


def owner(told: Owner, name: str) -> Plain:
    """An owner of an id, or somebody who was asked to become one."""
    return {"id": told.id, "owner": name, "confirmed": told.confirmed, "since": moment(told.since)}


def prefixes(told: Mapping[Pattern, Iterable[str]]) -> list[Plain]:
    """Reserved patterns, and for whom."""
    return [{"pattern": pattern.key, "owners": list(names)} for pattern, names in told.items()]


def moment(told: datetime | None) -> str | None:
    """A point in time, in UTC."""
    return told.isoformat(timespec="seconds").replace("+00:00", "Z") if told else None
