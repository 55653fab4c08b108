"""What one can do about reserved ids: keep a pattern of them for some accounts, and give it free again."""

from __future__ import annotations

from collections.abc import Mapping

from nugetlite.actor import Actor
from nugetlite.errors import NotThere, NotUnderstood
from nugetlite.management.desk import Desk
from nugetlite.package.patterns import Pattern
from nugetlite.people import writing


class Prefixes:
    """The reserved ids of a feed: only those for whom a pattern is reserved push what fits it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def reserved(self, actor: Actor) -> Mapping[Pattern, tuple[str, ...]]:
        """The patterns, and the names of the accounts for whom each is reserved.

        Who does not manage the feed sees those that are reserved for them: a pattern may tell of hidden packages.
        """
        known = self._desk.people.known()
        sees_all, own = self._desk.manages(actor), self._desk.people.acting(actor)
        return {
            pattern: tuple([known.named([key]) for key in keys])
            for pattern, keys in known.prefixes.entries
            if sees_all or not own.isdisjoint(keys)
        }

    def reserve(self, actor: Actor, pattern: Pattern, account: str) -> None:
        """Reserve a pattern for an account, beside those for whom it is reserved already."""
        self._desk.require_manager(actor)
        if pattern.means_all:
            raise NotUnderstood("All ids cannot be reserved; give a pattern such as Contoso.*")
        who = self._desk.account(account)
        with self._desk.change(actor, "reserve prefix", str(pattern), owner=who.name) as connection:
            writing.write_prefix(connection, pattern, who.key)
            self._desk.shown.touch(connection)

    def release(self, actor: Actor, pattern: Pattern, account: str) -> None:
        """End that."""
        self._desk.require_manager(actor)
        who = self._desk.account(account)
        if who.key not in dict(self._desk.people.known().prefixes.entries).get(pattern, ()):
            raise NotThere(f"{pattern} is not reserved for {who.name}")
        with self._desk.change(actor, "release prefix", str(pattern), owner=who.name) as connection:
            writing.erase_prefix(connection, pattern, who.key)
            self._desk.shown.touch(connection)
