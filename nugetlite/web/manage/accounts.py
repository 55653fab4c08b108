"""Accounts over HTTP: who asks, who there is, what they were granted."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET

from nugetlite.actor import Action, Actor
from nugetlite.errors import FeedError, NotUnderstood
from nugetlite.management import plain
from nugetlite.management.accounts import usual_grants
from nugetlite.package.identity import PackageId
from nugetlite.package.patterns import Pattern
from nugetlite.people.known import key_of
from nugetlite.people.values import EVERYBODY, Role
from nugetlite.web.access import counting_guesses
from nugetlite.web.current import parts
from nugetlite.web.manage import shapes


def me(who: Actor, id: str = "") -> shapes.Me:
    """Tell who asks, and what they may do, to the package `id` if one is told."""
    account, key = parts().people.known().account(who.name), key_of(who)
    about = PackageId.parse(id) if id else None
    return {
        "name": who.name,
        "account": plain.account(account) if account else None,
        "key": plain.key(key) if key else None,
        "manages": _may(who, Action.MANAGE, None),
        "actions": [action for action in Action if _may(who, action, about)],
    }


def list_accounts(who: Actor) -> shapes.Accounts:
    """List the accounts that one sees: all, or oneself and one's organizations."""
    return {"accounts": [plain.account(each) for each in parts().management.accounts.seen(who)]}


def create_account(who: Actor, told: shapes.AccountWanted) -> plain.Account:
    """Make an account."""
    grants = usual_grants(told.kind) if told.grants is None else _grants(told.grants)
    made = parts().management.accounts.create(who, told.name, told.kind, grants, told.password)
    return plain.account(made)


def get_account(who: Actor, name: str) -> plain.Account:
    """Tell of one account."""
    return plain.account(parts().management.accounts.get(who, name))


def change_account(who: Actor, name: str, told: shapes.AccountChange) -> plain.Account:
    """Grant an account something else, let it act, or keep it from acting."""
    accounts = parts().management.accounts
    if name.lower() == EVERYBODY:
        raise NotUnderstood("What everybody may do is at another URL: everybody/grants")
    if told.grants is not UNSET:
        accounts.grant(who, name, _grants(told.grants))
    if told.enabled is not UNSET:
        accounts.enable(who, name, enabled=told.enabled)
    return plain.account(accounts.get(who, name))


def delete_account(who: Actor, name: str) -> shapes.Left:
    """Take an account away for good, with its keys and grants."""
    return {"ownerless": parts().management.accounts.delete(who, name)}


def set_password(who: Actor, name: str, told: shapes.PasswordChange) -> plain.Account:
    """Give somebody another password, which ends their sessions."""
    accounts = parts().management.accounts
    with counting_guesses():  # the old password can be guessed here as well
        accounts.set_password(who, name, told.password, told.old)
    return plain.account(accounts.get(who, name))


def add_member(who: Actor, name: str, member: str, told: shapes.Membership) -> plain.Account:
    """Make somebody a member of an organization, or change whether they lead it."""
    return plain.account(parts().management.accounts.add_member(who, name, member, leads=told.leads))


def remove_member(who: Actor, name: str, member: str) -> plain.Account:
    """End a membership, and the keys by which the member acts for the organization."""
    return plain.account(parts().management.accounts.remove_member(who, name, member))


def get_everybodys_grants(who: Actor) -> shapes.Granted:
    """Tell what everybody may do, also who does not say who they are."""
    return _everybodys(parts().management.accounts.everybody(who))


def set_everybodys_grants(who: Actor, told: shapes.GrantsWanted) -> shapes.Granted:
    """Say what everybody may do: `reader` or `none`."""
    parts().management.accounts.grant(who, EVERYBODY, _grants(told.grants))
    return _everybodys(parts().management.accounts.everybody(who))


def _everybodys(grants: Mapping[Pattern, Role]) -> shapes.Granted:
    return {"name": EVERYBODY, "grants": plain.grants(grants)}


def _grants(told: Mapping[str, Role]) -> dict[Pattern, Role]:
    return {Pattern.parse(pattern): role for pattern, role in told.items()}


def _may(who: Actor, action: Action, id: PackageId | None) -> bool:
    try:
        parts().access.permit(who, action, id)
    except FeedError:
        return False
    return True
