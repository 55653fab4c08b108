"""What one can do with API keys: make them, make them anew, end them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from nugetlite.actor import Actor
from nugetlite.errors import InTheWay, NotThere, NotUnderstood, Refused, quoted
from nugetlite.management.desk import Desk
from nugetlite.package.package import Deletion
from nugetlite.package.patterns import ALL, Pattern
from nugetlite.people import reading, writing
from nugetlite.people.known import key_of
from nugetlite.people.secret import digest, new_key
from nugetlite.people.values import USUAL_SCOPES, Account, ApiKey, Kind, Scope, Use, key_name

if TYPE_CHECKING:
    from sqlalchemy import Connection

USUAL_LIFE = timedelta(days=365)  #: of a key, if not told otherwise, as on nuget.org
LONGEST_LIFE = timedelta(days=3650)
REMEMBERED = timedelta(days=400)  #: after its end, so that its user is told why it does not work
GIVEN_OUT = timedelta(days=1)  #: the same for one that was given out through a trust policy
MOST_PATTERNS = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a key is to be."""

    name: str
    patterns: tuple[Pattern, ...] = (ALL,)
    scopes: frozenset[Scope] = USUAL_SCOPES
    life: timedelta | None = USUAL_LIFE  #: ``None``: it does not expire
    deletion: Deletion | None = (
        None  #: what a delete through it comes to; ``None``: what the feed's policy says
    )
    behalf: str = ""  #: the organization for which it acts; "": the account itself
    origin: str = ""  #: the trust policy through which it is given out, if one


@dataclass(frozen=True, slots=True)
class Issued:
    """A key, for the one time that it is shown."""

    key: ApiKey
    text: str

    def __repr__(self) -> str:
        return f"Issued({self.key})"  # without the text: what is printed may be logged


class Keys:
    """The API keys of a feed. What a key may be used for is never more than its account may do."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def of(self, actor: Actor, account: str) -> list[tuple[ApiKey, Use | None]]:
        """The keys of an account, and when each was used last; those that ended lately, too."""
        owner = self._desk.decided(actor, account)
        return self._desk.people.keys(owner.key)

    def create(self, actor: Actor, account: str, wanted: Wanted) -> Issued:
        """Make a key. Raises ``InTheWay`` if the account has one of that name.

        Through another key nobody makes one that may do more than that, unless they manage the feed.
        """
        owner = self._desk.decided(actor, account)
        self._check_within(actor, wanted.patterns, wanted.scopes, wanted.deletion)
        with self._desk.change(
            actor,
            "create key",
            owner.name,
            key=wanted.name,
            patterns=" ".join(map(str, wanted.patterns)),
            actions=" ".join(sorted(wanted.scopes)),
        ) as connection:
            found = _named(reading.read_keys(connection, owner.key), wanted.name.strip())
            if found and not found.origin:
                raise InTheWay(
                    f"{owner.name} has a key {quoted(found.name)} already; regenerate or revoke that one"
                )
            return self.issue(connection, owner, wanted)

    def issue(self, connection: Connection, owner: Account, wanted: Wanted) -> Issued:
        """Make a key in a transaction of ``Desk.change``; whether somebody may was asked before."""
        check(owner, wanted.patterns, wanted.scopes)
        if wanted.life is not None and not timedelta(0) < wanted.life <= LONGEST_LIFE:
            raise NotUnderstood(f"A key lives for 1 to {LONGEST_LIFE.days} days, or does not expire at all")
        now, text = self._desk.now(), new_key()
        writing.forget_keys(connection, now - REMEMBERED, now - GIVEN_OUT)
        key = ApiKey(
            writing.next_key_number(connection),
            owner.key,
            key_name(wanted.name),
            self._desk.behalf(owner, wanted.behalf),
            wanted.patterns,
            wanted.scopes,
            wanted.deletion,
            now,
            now + wanted.life if wanted.life else None,
            origin=wanted.origin,
        )
        writing.write_key(connection, key, digest(text))
        return Issued(key, text)

    def regenerate(self, actor: Actor, account: str, name: str) -> Issued:
        """Put another key in the place of one, which stops working at once; it lives as long as that one was to."""
        owner = self._desk.decided(actor, account)
        now, text = self._desk.now(), new_key()
        with self._desk.change(actor, "regenerate key", owner.name, key=name.strip()) as connection:
            old = _found(owner, reading.read_keys(connection, owner.key), name)
            if old.origin:
                raise NotUnderstood(
                    f"The key {old.name} came through the trust policy {old.origin}; exchange another token for one"
                )
            self._check_within(actor, old.patterns, old.scopes, old.deletion)
            life = old.expires - old.created if old.expires else None
            key = replace(old, created=now, expires=now + life if life else None)
            writing.write_key(connection, key, digest(text))
        return Issued(key, text)

    def revoke(self, actor: Actor, account: str, name: str) -> ApiKey:
        """End a key, at once and for good. Who has just that key may always do so: it may have leaked."""
        name = name.strip()
        if actor.name.lower() == account.strip().lower() and actor.key == name:
            owner = self._desk.account(account)
        else:
            owner = self._desk.decided(actor, account)
        now = self._desk.now()
        with self._desk.change(actor, "revoke key", owner.name, key=name) as connection:
            key = _found(owner, reading.read_keys(connection, owner.key), name)
            writing.revoke_key(connection, key.number, now)
        return replace(key, revoked=now)

    def _check_within(
        self, actor: Actor, patterns: Iterable[Pattern], scopes: frozenset[Scope], deletion: Deletion | None
    ) -> None:
        through = key_of(actor)
        if through is None or self._desk.manages(actor):
            return
        is_within = (
            scopes <= through.scopes
            and all(any(wide.covers(each) for wide in through.patterns) for each in patterns)
            and through.deletion in (None, deletion)
        )
        if not is_within:
            raise Refused(f"The API key {through.name} cannot make one that may do more than itself")


def _named(keys: Sequence[ApiKey], name: str) -> ApiKey | None:
    """The newest of that name that has not been revoked; rather one that was made than one that was given out."""
    living = [key for key in keys if key.name == name and not key.revoked]
    return max(living, key=lambda key: (not key.origin, key.number), default=None)


def _found(owner: Account, keys: Sequence[ApiKey], name: str) -> ApiKey:
    if key := _named(keys, name.strip()):
        return key
    raise NotThere(f"{owner.name} has no key {quoted(name)}")


def check(owner: Account, patterns: Sequence[Pattern], scopes: Collection[Scope]) -> None:
    """Raise ``NotUnderstood`` unless an account can have a key for this."""
    if owner.kind is Kind.ORGANIZATION:
        raise NotUnderstood(f"{owner.name} is an organization; make the key for a member, on its behalf")
    if not scopes:
        raise NotUnderstood(f"Say what the key may be used for: {', '.join(Scope)}")
    if not 1 <= len(patterns) <= MOST_PATTERNS:
        raise NotUnderstood(f"A key is for 1 to {MOST_PATTERNS} patterns of package ids")


def parse_patterns(texts: Sequence[str]) -> tuple[Pattern, ...]:
    """Patterns as people write them, each once; all ids, if there are none. Raises ``NotUnderstood``."""
    return tuple(dict.fromkeys(map(Pattern.parse, _parts(texts)))) or (ALL,)


def parse_scopes(texts: Sequence[str]) -> frozenset[Scope]:
    """What a key may be used for, as people write it; the usual, if nothing is. Raises ``NotUnderstood``."""
    return frozenset(map(Scope.parse, _parts(texts))) or USUAL_SCOPES


def _parts(texts: Sequence[str]) -> list[str]:
    return [part for text in texts for part in text.replace(",", " ").split()]
