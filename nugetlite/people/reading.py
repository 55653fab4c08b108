"""Rows of the tables of people as values."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from nugetlite.package.package import Deletion
from nugetlite.package.patterns import Pattern
from nugetlite.people.schema import (
    accounts,
    api_keys,
    grants,
    key_uses,
    members,
    owners,
    prefixes,
    revision,
    spent_tokens,
    trusts,
)
from nugetlite.people.trust import Trust
from nugetlite.people.values import Account, ApiKey, Grants, Kind, Owner, Role, Scope, Use
from nugetlite.statement import WHICH, Statement, batches

if TYPE_CHECKING:
    from sqlalchemy import Connection

_REVISION = Statement(select(revision.c.number))
_BY_DIGEST = Statement(select(api_keys).where(api_keys.c.digest == bindparam("digest")))
_OF_ACCOUNT = (
    select(api_keys)
    .where(api_keys.c.account == bindparam("account"))
    .order_by(api_keys.c.name, api_keys.c.number)
)
_USES = select(key_uses).where(key_uses.c.number.in_(WHICH))
_OWNERS = Statement(select(owners).where(owners.c.key.in_(WHICH)).order_by(owners.c.since, owners.c.account))
_TRUSTS = (
    select(trusts)
    .where(trusts.c.account == bindparam("account"))
    .order_by(trusts.c.number)  # the oldest first
)
_OWNED = select(owners).where(owners.c.account == bindparam("account")).order_by(owners.c.key)


def read_revision(connection: Connection) -> int:
    """The number of the last change."""
    number: int = _REVISION.value(connection)
    return number


def read_grants(connection: Connection) -> dict[str, Grants]:
    """What was granted, by account."""
    found: dict[str, dict[Pattern, Role]] = defaultdict(dict)
    for row in connection.execute(select(grants)):
        found[row.account][Pattern(row.pattern)] = Role(row.role)
    return dict(found)


def read_accounts(connection: Connection, granted: dict[str, Grants]) -> dict[str, Account]:
    """Every account, by key, with its organizations and members."""
    organizations: dict[str, set[str]] = defaultdict(set)
    belonging: dict[str, dict[str, bool]] = defaultdict(dict)
    for row in connection.execute(select(members)):
        organizations[row.account].add(row.organization)
        belonging[row.organization][row.account] = row.leads
    return {
        row.key: Account(
            row.name,
            Kind(row.kind),
            granted.get(row.key, {}),
            row.created,
            row.enabled,
            row.password,
            row.stamp,
            frozenset(organizations[row.key]),
            belonging[row.key],
        )
        for row in connection.execute(select(accounts))
    }


def read_prefixes(connection: Connection) -> dict[Pattern, tuple[str, ...]]:
    """Reserved patterns of ids, and for whom."""
    found: dict[Pattern, tuple[str, ...]] = {}
    for row in connection.execute(select(prefixes).order_by(prefixes.c.pattern, prefixes.c.account)):
        pattern = Pattern(row.pattern)
        found[pattern] = (*found.get(pattern, ()), row.account)
    return found


def read_key(connection: Connection, digest: bytes) -> ApiKey | None:
    """The key with this digest."""
    row = _BY_DIGEST.row(connection, digest=digest)
    return key_of(row) if row else None


def read_keys(connection: Connection, account: str) -> list[ApiKey]:
    """All keys of an account, by name; those that were revoked, too."""
    return [key_of(row) for row in connection.execute(_OF_ACCOUNT, {"account": account})]


def read_uses(connection: Connection, numbers: Iterable[int]) -> dict[int, Use]:
    """When keys were used last; nothing for one that never was."""
    return {
        row.number: Use(row.used, row.address)
        for batch in batches(numbers)
        for row in connection.execute(_USES, {"which": batch})
    }


def read_owners(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[Owner, ...]]:
    """The owners of ids in lower case, and who was asked to become one, the oldest first."""
    found: dict[str, tuple[Owner, ...]] = dict.fromkeys(ids, ())
    for batch in batches(ids):
        for row in _OWNERS.rows(connection, which=batch):
            found[row.key] = (*found[row.key], owner_of(row))
    return found


def read_owned(connection: Connection, account: str) -> list[Owner]:
    """What an account owns, or was asked to."""
    return [owner_of(row) for row in connection.execute(_OWNED, {"account": account})]


def read_trusts(connection: Connection, account: str) -> list[Trust]:
    """The trust policies of an account, the oldest first."""
    return [trust_of(row) for row in connection.execute(_TRUSTS, {"account": account})]


def read_issuers(connection: Connection) -> set[str]:
    """Every issuer that some policy names."""
    return set(connection.execute(select(trusts.c.issuer).distinct()).scalars())


def is_spent(connection: Connection, mark: bytes) -> bool:
    """Whether an identity token was exchanged already."""
    return connection.execute(select(spent_tokens).where(spent_tokens.c.mark == mark)).first() is not None


def key_of(row: Any) -> ApiKey:
    """A row as a key."""
    return ApiKey(
        row.number,
        row.account,
        row.name,
        row.behalf,
        tuple(map(Pattern, row.patterns.split())),
        frozenset(map(Scope, row.scopes.split())),
        Deletion(row.deletion) if row.deletion else None,
        row.created,
        row.expires,
        row.revoked,
        row.origin,
    )


def trust_of(row: Any) -> Trust:
    """A row as a trust policy."""
    return Trust(
        row.number,
        row.account,
        row.name,
        row.behalf,
        row.issuer,
        row.audience,
        json.loads(row.claims),
        tuple(row.binds.split()),
        tuple(map(Pattern, row.patterns.split())),
        frozenset(map(Scope, row.scopes.split())),
        Deletion(row.deletion) if row.deletion else None,
        row.created,
    )


def owner_of(row: Any) -> Owner:
    """A row as an owner."""
    return Owner(row.id, row.account, bool(row.confirmed), row.since, row.replaces)
