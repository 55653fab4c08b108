"""Owners of package ids over HTTP: asked, confirmed, handed over, let go."""

from __future__ import annotations

from nugetlite.actor import Action, Actor
from nugetlite.management import plain
from nugetlite.package.identity import PackageId
from nugetlite.people.values import Owner
from nugetlite.web import access
from nugetlite.web.current import parts
from nugetlite.web.manage import shapes


def list_owners(who: Actor, id: PackageId) -> shapes.Owners:
    """List the owners of a package id; whom it concerns sees who was asked to become one, too."""
    access.require(Action.READ, id)
    return {
        "owners": [plain.owner(each, account.name) for account, each in parts().management.owners.of(who, id)]
    }


def list_owned(who: Actor, name: str) -> shapes.Owners:
    """List what an account owns, and was asked to own."""
    return {"owners": list(map(_shown, parts().management.owners.owned(who, name)))}


def add_owner(who: Actor, id: PackageId, name: str) -> plain.Owner:
    """Ask somebody to be an owner; who manages the id makes them one at once."""
    return _shown(parts().management.owners.add(who, id, name))


def confirm_owner(who: Actor, id: PackageId, name: str) -> plain.Owner:
    """Agree to be an owner; who leads an organization does so for it."""
    return _shown(parts().management.owners.confirm(who, id, name))


def transfer(who: Actor, id: PackageId, told: shapes.Transfer) -> plain.Owner:
    """Hand an id over: when the other confirms, the giver is no owner any more."""
    return _shown(parts().management.owners.transfer(who, id, told.to, told.giver))


def remove_owner(who: Actor, id: PackageId, name: str) -> shapes.Owners:
    """Take an owner, or an invitation, away. Answers those who are left."""
    owners = parts().management.owners
    owners.remove(who, id, name)
    return {"owners": [plain.owner(each, account.name) for account, each in owners.of(who, id)]}


def _shown(owner: Owner) -> plain.Owner:
    return plain.owner(owner, parts().people.known().named([owner.account]))
