"""What everything that is decided about people has in common: who may, and how it becomes true and is written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from nugetlite.actor import Action, Actor
from nugetlite.errors import CredentialsWanted, NotThere, Refused, quoted
from nugetlite.people.known import check_fits, key_of
from nugetlite.people.values import Account, Kind, Scope

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nugetlite.access import Access
    from nugetlite.audit import Audit
    from nugetlite.database import Database
    from nugetlite.package.identity import PackageId
    from nugetlite.people import People


class Shown(Protocol):
    """Where owners and reserved ids are shown."""

    def touch(self, connection: Connection, *ids: PackageId) -> None:
        """Have what is shown of ids, and all lists, made anew."""


class Desk:
    """Where those who decide about people turn to."""

    def __init__(
        self,
        people: People,
        access: Access,
        database: Database,
        audit: Audit,
        shown: Shown,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.people = people
        self.shown = shown
        self.now = now
        self._access = access
        self._database = database
        self._audit = audit

    @contextmanager
    def change(self, actor: Actor, what: str, subject: str, **detail: str) -> Iterator[Connection]:
        """Change something; when the block ends it is true, and who did it stands in the record."""
        with self._database.begin(durable=True) as connection:
            yield connection
            self._audit.note(connection, actor, what, subject, **detail)

    def sees(self, actor: Actor, id: PackageId) -> bool:
        """Whether an actor sees an id."""
        return self._access.sight(actor).sees(id.key)

    def require_manager(self, actor: Actor, id: PackageId | None = None) -> None:
        """Return if an actor decides about the whole feed, or about an id; raises as ``Access.permit``."""
        self._access.permit(actor, Action.MANAGE, id)

    def manages(self, actor: Actor, id: PackageId | None = None) -> bool:
        """Whether they do."""
        try:
            self._access.permit(actor, Action.MANAGE, id)
        except (Refused, CredentialsWanted):
            return False
        return True

    def account(self, name: str) -> Account:
        """An account, whether it may act or not. Raises ``NotThere``."""
        if account := self.people.known().accounts.get(name.strip().lower()):
            return account
        raise NotThere(f"There is no account {quoted(name)}")

    def organization(self, name: str) -> Account:
        """An account that is an organization. Raises ``NotThere``."""
        account = self.account(name)
        if account.kind is not Kind.ORGANIZATION:
            raise NotThere(f"{account.name} is no organization")
        return account

    def behalf(self, owner: Account, name: str) -> str:
        """For whom a key of an account acts, by key: itself if no name is told, or an organization of its.

        Raises ``Refused`` if it does not belong to that.
        """
        if not name or name.lower() == owner.key:
            return owner.key
        group = self.organization(name)
        if group.key not in owner.organizations:
            raise Refused(f"{owner.name} is no member of {group.name}, and cannot act for it")
        return group.key

    def seen(self, actor: Actor, name: str) -> Account:
        """An account that an actor sees: their own, their organizations, any if they manage the feed.

        Raises ``NotThere``; who does not manage the feed is not told so of others, but refused in either case.
        """
        if name.strip().lower() not in self.people.acting(actor):
            self.require_manager(actor)
        return self.account(name)

    def decided(self, actor: Actor, name: str) -> Account:
        """An account that an actor decides for; raises as ``require_self`` and ``seen``."""
        if account := self.people.known().accounts.get(name.strip().lower()):
            self.require_self(actor, account)
        else:
            self.require_manager(actor)
        return self.account(name)

    def require_self(self, actor: Actor, account: Account, id: PackageId | None = None) -> None:
        """Return if an actor decides for an account, in what concerns an id: it is theirs, or they lead it, or they
        manage the feed.

        Through an API key nobody does, unless it was made for that: else a key that leaked could make others.
        """
        if not self.leads(actor, account):
            self.require_manager(actor, id)
        elif key := key_of(actor):
            if Scope.MANAGE not in key.scopes:
                raise Refused(
                    f"The API key {key.name} may not be used to manage; sign in with name and password, "
                    "or use a key with the action manage"
                )
            check_fits(key, id) if id else None

    def leads(self, actor: Actor, account: Account) -> bool:
        """Whether an account is an actor's own, or an organization that they lead; through a key, for whom that is."""
        own = actor.name.lower()
        return account.key in self.people.acting(actor) and (
            account.key == own or account.members.get(own, False)
        )
