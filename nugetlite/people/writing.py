"""Changes to the tables of people, each within a transaction of ``Database.begin``; who may make them is not asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, func, select, update

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
from nugetlite.people.values import Account, ApiKey, Grants, Owner, Use
from nugetlite.statement import Statement, upsert

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nugetlite.package.identity import PackageId
    from nugetlite.package.patterns import Pattern

_BUMP = Statement(update(revision).values(number=revision.c.number + 1))
_OWNED = Statement(select(owners.c.account).where(owners.c.key == bindparam("key"), owners.c.confirmed))


def bump(connection: Connection) -> None:
    """Have every process read anew what it knows of people."""
    _BUMP.run(connection)


def write_account(connection: Connection, account: Account) -> None:
    """Make an account be as told here, its grants included."""
    row = {
        "key": account.key,
        "name": account.name,
        "kind": account.kind.value,
        "enabled": account.enabled,
        "password": account.password,
        "stamp": account.stamp,
        "created": account.created,
    }
    upsert(connection, accounts, [row])
    write_grants(connection, account.key, account.grants)


def write_grants(connection: Connection, account: str, granted: Grants) -> None:
    """Make these the grants of an account, or of everybody."""
    connection.execute(delete(grants).where(grants.c.account == account))
    rows = [
        {"account": account, "pattern": pattern.key, "role": role.value} for pattern, role in granted.items()
    ]
    upsert(connection, grants, rows)
    bump(connection)


def erase_account(connection: Connection, account: str) -> None:
    """Take an account away, with all that is its own. What it owned is ownerless then."""
    numbers = select(api_keys.c.number).where(api_keys.c.account == account)
    connection.execute(delete(key_uses).where(key_uses.c.number.in_(numbers)))
    for table, column in (
        (accounts, accounts.c.key),
        (grants, grants.c.account),
        (members, members.c.account),
        (members, members.c.organization),
        (api_keys, api_keys.c.account),
        (api_keys, api_keys.c.behalf),
        (trusts, trusts.c.account),
        (trusts, trusts.c.behalf),
        (owners, owners.c.account),
        (prefixes, prefixes.c.account),
    ):
        connection.execute(delete(table).where(column == account))
    bump(connection)


def write_member(connection: Connection, organization: str, account: str, *, leads: bool) -> None:
    """Make an account a member of an organization."""
    upsert(connection, members, [{"organization": organization, "account": account, "leads": leads}])
    bump(connection)


def erase_member(connection: Connection, organization: str, account: str) -> None:
    """End that; keys and trust policies of the account that act for the organization go, too."""
    belongs = members.c.organization == organization, members.c.account == account
    connection.execute(delete(members).where(*belongs))
    for table in (api_keys, trusts):
        connection.execute(delete(table).where(table.c.account == account, table.c.behalf == organization))
    bump(connection)


def write_key(connection: Connection, key: ApiKey, digest: bytes) -> None:
    """Make a key be as told here."""
    row = {
        "number": key.number,
        "account": key.account,
        "name": key.name,
        "digest": digest,
        "behalf": key.behalf,
        "patterns": " ".join(pattern.key for pattern in key.patterns),
        "scopes": " ".join(sorted(scope.value for scope in key.scopes)),
        "deletion": key.deletion.value if key.deletion else "",
        "created": key.created,
        "expires": key.expires,
        "revoked": key.revoked,
        "origin": key.origin,
    }
    upsert(connection, api_keys, [row])
    bump(connection)


def next_key_number(connection: Connection) -> int:
    """A number that no key has had."""
    numbers = func.max(api_keys.c.number), func.max(key_uses.c.number)
    return 1 + max(connection.execute(select(each)).scalar() or 0 for each in numbers)


def revoke_key(connection: Connection, number: int, when: datetime) -> None:
    """End a key."""
    connection.execute(update(api_keys).where(api_keys.c.number == number).values(revoked=when))
    bump(connection)


def forget_keys(connection: Connection, ended_before: datetime, given_out_before: datetime) -> None:
    """Forget keys that ended long ago, so that nobody has to be told why they do not work.

    Of those that were given out through trust policies there are many; they end in another time. The newest use is
    kept, so that no other key gets the number of one that was.
    """
    ended = func.coalesce(api_keys.c.revoked, api_keys.c.expires)
    given_out = (api_keys.c.origin != "") & (ended < given_out_before)
    connection.execute(delete(api_keys).where(given_out | (ended < ended_before)))
    newest = select(func.max(key_uses.c.number)).scalar_subquery()
    known = select(api_keys.c.number)
    connection.execute(delete(key_uses).where(key_uses.c.number.not_in(known), key_uses.c.number < newest))


def revoke_keys_of_trust(connection: Connection, trust: Trust, when: datetime) -> None:
    """End the keys that were given out through a trust policy, and still work."""
    given_out = api_keys.c.account == trust.account, api_keys.c.origin == trust.name
    working = api_keys.c.revoked.is_(None), api_keys.c.expires > when
    connection.execute(update(api_keys).where(*given_out, *working).values(revoked=when))
    bump(connection)


def write_uses(connection: Connection, uses: Mapping[int, Use]) -> None:
    """Remember when keys were used last. Nobody has to read anything anew for that."""
    rows = [
        {"number": number, "used": use.when, "address": use.address} for number, use in sorted(uses.items())
    ]
    upsert(connection, key_uses, rows)


def claim(connection: Connection, id: PackageId, account: str, when: datetime) -> bool:
    """Make an account the owner of an id that has none. Answers whether it had none."""
    if _OWNED.rows(connection, key=id.key):
        return False
    write_owner(connection, Owner(id.text, account, confirmed=True, since=when))
    return True


def write_owner(connection: Connection, owner: Owner) -> None:
    """Make an account an owner of an id, or ask it to become one."""
    row = {
        "key": owner.id.lower(),
        "account": owner.account,
        "id": owner.id,
        "confirmed": owner.confirmed,
        "replaces": owner.replaces,
        "since": owner.since,
    }
    upsert(connection, owners, [row])
    bump(connection)


def erase_owner(connection: Connection, id: PackageId, account: str) -> None:
    """Take an owner, or an invitation, away."""
    connection.execute(delete(owners).where(owners.c.key == id.key, owners.c.account == account))
    bump(connection)


def write_prefix(connection: Connection, pattern: Pattern, account: str) -> None:
    """Reserve ids for an account."""
    upsert(connection, prefixes, [{"pattern": pattern.key, "account": account}])
    bump(connection)


def erase_prefix(connection: Connection, pattern: Pattern, account: str) -> None:
    """Give them free again."""
    connection.execute(
        delete(prefixes).where(prefixes.c.pattern == pattern.key, prefixes.c.account == account)
    )
    bump(connection)


def write_trust(connection: Connection, trust: Trust) -> None:
    """Make a trust policy be as told here. Nobody remembers any, so nobody has to read anything anew."""
    row = {
        "number": trust.number,
        "account": trust.account,
        "name": trust.name,
        "behalf": trust.behalf,
        "issuer": trust.issuer,
        "audience": trust.audience,
        "claims": json.dumps(dict(trust.claims)),
        "binds": " ".join(trust.binds),
        "patterns": " ".join(pattern.key for pattern in trust.patterns),
        "scopes": " ".join(sorted(scope.value for scope in trust.scopes)),
        "deletion": trust.deletion.value if trust.deletion else "",
        "created": trust.created,
    }
    upsert(connection, trusts, [row])


def next_trust_number(connection: Connection) -> int:
    """A number that no trust policy has."""
    return 1 + (connection.execute(select(func.max(trusts.c.number))).scalar() or 0)


def erase_trust(connection: Connection, trust: Trust) -> None:
    """Take a trust policy away."""
    connection.execute(delete(trusts).where(trusts.c.number == trust.number))


def spend(connection: Connection, mark: bytes, expires: datetime, now: datetime) -> None:
    """Remember that an identity token was exchanged, until it ends; those that have ended are forgotten."""
    connection.execute(delete(spent_tokens).where(spent_tokens.c.expires < now))
    upsert(connection, spent_tokens, [{"mark": mark, "expires": expires}])
