"""What one can do with accounts: make them, grant them something, let them in, end them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from nugetlite.actor import Actor
from nugetlite.errors import InTheWay, NotThere, NotUnderstood, Refused
from nugetlite.management.desk import Desk
from nugetlite.package.identity import PackageId
from nugetlite.package.patterns import ALL, Pattern
from nugetlite.people import writing
from nugetlite.people.secret import hash_password, is_password
from nugetlite.people.values import EVERYBODY, Account, Kind, Role, account_name

OPEN_TO_ALL = frozenset({Role.NONE, Role.READER})  #: what can be granted to everybody


class Accounts:
    """The accounts of a feed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def create(
        self, actor: Actor, name: str, kind: Kind, grants: Mapping[Pattern, Role], password: str = ""
    ) -> Account:
        """Make an account. Only a person has a password. Whoever makes an organization leads it.

        Raises ``InTheWay`` if there is one of that name, ``NotUnderstood`` for what cannot be its name or password.
        """
        self._desk.require_manager(actor)
        name = account_name(name)
        if password and kind is not Kind.PERSON:
            raise NotUnderstood(f"A {kind} has no password; make it an API key instead")
        stored = hash_password(password) if password else ""
        now = self._desk.now()
        account = Account(name, kind, dict(grants), now, True, stored, _stamp(now.timestamp()))
        with self._desk.change(actor, "create account", name, kind=kind, grants=_told(grants)) as connection:
            if account.key in self._desk.people.known().accounts:
                raise InTheWay(f"There is an account {name} already")
            writing.write_account(connection, account)
            if kind is Kind.ORGANIZATION and (maker := self._desk.people.known().account(actor.name)):
                writing.write_member(connection, account.key, maker.key, leads=True)
        return self._desk.account(name)

    def seen(self, actor: Actor) -> list[Account]:
        """All accounts, by name; who does not manage the feed sees themselves and their organizations."""
        known = self._desk.people.known().accounts
        own = self._desk.people.acting(actor)
        seen = known if self._desk.manages(actor) else {key: known[key] for key in own if key in known}
        return sorted(seen.values(), key=lambda account: account.key)

    def get(self, actor: Actor, name: str) -> Account:
        """One of those; raises as ``Desk.seen``."""
        return self._desk.seen(actor, name)

    def grant(self, actor: Actor, name: str, grants: Mapping[Pattern, Role]) -> Mapping[Pattern, Role]:
        """Make these the grants of an account, or of everybody, in place of earlier ones."""
        self._desk.require_manager(actor)
        if name.lower() == EVERYBODY:
            if not OPEN_TO_ALL.issuperset(grants.values()):
                raise NotUnderstood(
                    "Everybody can be granted none and reader only; give accounts to those who push"
                )
            key = shown = EVERYBODY
        else:
            account = self._desk.account(name)
            key, shown = account.key, account.name
        with self._desk.change(actor, "grant", shown, grants=_told(grants)) as connection:
            writing.write_grants(connection, key, grants)
        return grants

    def everybody(self, actor: Actor) -> Mapping[Pattern, Role]:
        """What everybody was granted."""
        self._desk.require_manager(actor)
        return self._desk.people.known().everybody

    def set_password(self, actor: Actor, name: str, password: str, old: str | None = None) -> None:
        """Give somebody another password, which ends their sessions. Who does so for themselves tells the ``old``."""
        asked = self._desk.decided(actor, name)
        manages = self._desk.manages(actor)
        if asked.kind is not Kind.PERSON:
            raise NotUnderstood(f"A {asked.kind} has no password; make it an API key instead")
        if not manages and not is_password(asked.password, old or ""):
            raise Refused("The old password is not right")
        stored = hash_password(password)
        with self._desk.change(actor, "set password", asked.name) as connection:
            account = self._desk.account(name)  # as it is by now: hashing takes its time
            if not manages and account.password != asked.password:
                raise Refused("The old password is not right any more")
            writing.write_account(connection, replace(account, password=stored, stamp=_stamp(account.stamp)))

    def enable(self, actor: Actor, name: str, *, enabled: bool) -> Account:
        """Let an account act, or keep it from acting: its password, sessions and keys do not count meanwhile."""
        self._desk.require_manager(actor)
        shown = self._desk.account(name).name
        with self._desk.change(
            actor, "enable account" if enabled else "disable account", shown
        ) as connection:
            account = self._desk.account(name)
            writing.write_account(connection, replace(account, enabled=enabled, stamp=_stamp(account.stamp)))
        return self._desk.account(name)

    def delete(self, actor: Actor, name: str) -> list[str]:
        """Take an account away, with its keys and grants. Answers the ids that have no owner afterwards."""
        self._desk.require_manager(actor)
        account = self._desk.account(name)
        people = self._desk.people
        with self._desk.change(actor, "delete account", account.name) as connection:
            owned = [owner.id for owner in people.owned(account.key) if owner.confirmed]
            writing.erase_account(connection, account.key)
            self._desk.shown.touch(connection, *map(PackageId, owned))
        left = people.owners([id.lower() for id in owned])
        return [id for id in owned if not left[id.lower()]]

    # Members of organizations

    def add_member(self, actor: Actor, organization: str, name: str, *, leads: bool) -> Account:
        """Make somebody a member, or change whether they lead it."""
        group = self._desk.organization(organization)
        self._desk.require_self(actor, group)
        account = self._desk.account(name)
        if account.kind is Kind.ORGANIZATION:
            raise NotUnderstood(
                "An organization has people and services as members, and no other organizations"
            )
        with self._desk.change(
            actor, "add member", group.name, member=account.name, leads=str(leads).lower()
        ) as connection:
            members = [
                self._desk.account(each).key for each in (organization, name)
            ]  # if they are still there
            writing.write_member(connection, *members, leads=leads)
        return self._desk.account(organization)

    def remove_member(self, actor: Actor, organization: str, name: str) -> Account:
        """End somebody's membership, and the keys by which they act for the organization; one can leave, too."""
        group, account = self._desk.organization(organization), self._desk.account(name)
        self._desk.require_self(actor, account if self._desk.leads(actor, account) else group)
        with self._desk.change(actor, "remove member", group.name, member=account.name) as connection:
            if account.key not in self._desk.account(organization).members:
                raise NotThere(f"{account.name} is no member of {group.name}")
            writing.erase_member(connection, group.key, account.key)
        return self._desk.account(organization)


def usual_grants(kind: Kind) -> dict[Pattern, Role]:
    """What an account may do if nothing else is said. An organization gives its members only what it is told to."""
    return {} if kind is Kind.ORGANIZATION else {ALL: Role.READER}


def _told(grants: Mapping[Pattern, Role]) -> str:
    return ",".join(f"{pattern}={role}" for pattern, role in grants.items())


def _stamp(before: float) -> int:
    return int(before) + 1
