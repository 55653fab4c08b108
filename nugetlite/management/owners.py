"""What one can do about whose a package id is: ask somebody to be an owner, confirm, hand over, let go, recover."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nugetlite.actor import Actor
from nugetlite.errors import InTheWay, NotThere, Refused
from nugetlite.management.desk import Desk
from nugetlite.package.identity import PackageId
from nugetlite.people import writing
from nugetlite.people.values import Account, Owner

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Owners:
    """The owners of package ids."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def of(self, actor: Actor, id: PackageId) -> list[tuple[Account, Owner]]:
        """The owners of an id that is seen; whom it concerns sees those who were asked to become one, too."""
        there = self._desk.people.owners_of(id) if self._desk.sees(actor, id) else ()
        acting = self._desk.people.acting(actor)
        is_concerned = self._desk.manages(actor, id) or any(owner.account in acting for owner in there)
        return [
            (self._desk.account(owner.account), owner) for owner in there if owner.confirmed or is_concerned
        ]

    def owned(self, actor: Actor, account: str) -> list[Owner]:
        """What an account owns, and was asked to own."""
        return self._desk.people.owned(self._desk.seen(actor, account).key)

    def add(self, actor: Actor, id: PackageId, account: str) -> Owner:
        """Make somebody an owner.

        Owners ask, and whom they ask confirms, unless those are themselves; who manages the id decides, which is also
        how an id without owners is recovered.
        """
        return self._ask(actor, id, account, replaces="")

    def transfer(self, actor: Actor, id: PackageId, account: str, giver: str = "") -> Owner:
        """Hand an id over: when the other confirms, the giver (the actor, if not told) is no owner any more."""
        giving = self._desk.account(giver) if giver else self._own(actor, id)
        if giving.key not in self._confirmed(id):
            raise NotThere(f"{giving.name} is no owner of {id}")
        return self._ask(actor, id, account, replaces=giving.key)

    def confirm(self, actor: Actor, id: PackageId, account: str = "") -> Owner:
        """Agree to be an owner; who leads an organization does so for it."""
        asked = self._asked(actor, id, account)
        owner = replace(asked, confirmed=True, since=self._desk.now(), replaces="")
        who = self._desk.account(asked.account)
        with self._desk.change(actor, "confirm owner", str(id), owner=who.name) as connection:
            if asked not in self._desk.people.owners_of(id):
                raise NotThere(f"Nobody asks {who.name} to be an owner of {id} any more")
            self._make(connection, id, owner, asked.replaces)
        return owner

    def remove(self, actor: Actor, id: PackageId, account: str) -> None:
        """Take an owner, or an invitation, away. Only who manages the id takes away the last owner."""
        there = {owner.account: owner for owner in self._desk.people.owners_of(id)}
        who = self._desk.account(account)
        if who.key not in there:
            raise NotThere(f"{who.name} is no owner of {id}")
        manages = self._desk.manages(actor, id)
        if not manages:
            self._desk.require_self(actor, who if self._desk.leads(actor, who) else self._own(actor, id), id)
        with self._desk.change(actor, "remove owner", str(id), owner=who.name) as connection:
            if not manages and self._confirmed(id) == {who.key}:
                raise InTheWay(
                    f"{who.name} is the last owner of {id}; hand it over instead, or ask an administrator"
                )
            writing.erase_owner(connection, id, who.key)
            self._desk.shown.touch(connection, id)

    def _ask(self, actor: Actor, id: PackageId, account: str, *, replaces: str) -> Owner:
        who = self._desk.account(account)
        manages = self._desk.manages(actor, id)
        if not manages:
            self._desk.require_self(actor, self._own(actor, id), id)
        confirmed = manages or self._desk.leads(actor, who)
        owner = Owner(id.text, who.key, confirmed, self._desk.now(), "" if confirmed else replaces)
        what = "add owner" if confirmed else "invite owner"
        with self._desk.change(actor, what, str(id), owner=who.name, replaces=replaces) as connection:
            if not manages:
                self._own(actor, id)  # may have been taken away from them meanwhile
            if self._desk.account(account).key in self._confirmed(id):
                raise InTheWay(f"{who.name} is an owner of {id} already")
            self._make(connection, id, owner, replaces if confirmed else "")
        return owner

    def _make(self, connection: Connection, id: PackageId, owner: Owner, replaces: str) -> None:
        writing.write_owner(connection, owner)
        if replaces:
            writing.erase_owner(connection, id, replaces)
        self._desk.shown.touch(connection, id)

    def _confirmed(self, id: PackageId) -> set[str]:
        return {owner.account for owner in self._desk.people.owners_of(id) if owner.confirmed}

    def _own(self, actor: Actor, id: PackageId) -> Account:
        """The account through which an actor owns an id. Raises ``Refused``."""
        accounts = [self._desk.account(key) for key in sorted(self._confirmed(id))]
        for account in accounts:
            if self._desk.leads(actor, account):
                return account
        raise Refused(f"{actor.name} is no owner of {id}; ask its owners, or an administrator")

    def _asked(self, actor: Actor, id: PackageId, account: str) -> Owner:
        """The invitation that an actor can confirm. Raises ``NotThere``."""
        for owner in self._desk.people.owners_of(id):
            who = self._desk.account(owner.account)
            is_meant = not account or who.key == account.lower()
            if is_meant and not owner.confirmed and self._desk.leads(actor, who):
                self._desk.require_self(actor, who, id)
                return owner
        raise NotThere(f"Nobody asked {account or actor.name} to be an owner of {id}")
