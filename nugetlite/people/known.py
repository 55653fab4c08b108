"""What is known of people at one moment, and what follows from it. Nothing here asks the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from nugetlite.actor import Action, Actor
from nugetlite.errors import Refused
from nugetlite.package.patterns import ALL, ByPattern, Pattern
from nugetlite.package.sight import NOTHING, Sight
from nugetlite.people.values import Account, ApiKey, Grants, Owner, Role, Standing

if TYPE_CHECKING:
    from nugetlite.package.identity import PackageId

K = TypeVar("K")
V = TypeVar("V")

MOST_KEPT = 10_000  #: keys, ids and names of which one moment remembers something

PUBLISHING = frozenset({Action.CREATE, Action.PUSH, Action.REPLACE})  #: what owners have a say in


@dataclass(frozen=True)
class Known:
    """Accounts, grants and prefixes, as of one revision; and what was looked up since."""

    revision: int
    accounts: Mapping[str, Account]  #: by key
    everybody: Grants
    open_to_all: bool  #: whether all may be read without saying who one is
    let_in: Sight  #: what somebody without an account sees whom a plugin lets in
    prefixes: ByPattern[tuple[str, ...]]  #: for whom ids are reserved
    keys: dict[bytes, ApiKey | None] = field(default_factory=dict)  #: by digest
    owners: dict[str, tuple[Owner, ...]] = field(default_factory=dict)  #: by id
    standings: dict[str, Standing] = field(default_factory=dict)  #: by account; "" is nobody's
    sights: dict[tuple[str, ApiKey | None], Sight] = field(default_factory=dict)

    def account(self, name: str) -> Account | None:
        """An account that may act."""
        found = self.accounts.get(name.lower())
        return found if found and found.enabled else None

    def standing(self, account: Account | None) -> Standing:
        """What somebody may do by their own grants, those of their organizations, and what everybody may."""
        name = account.key if account else ""
        if (found := self.standings.get(name)) is None:
            found = Standing(*self._tables(account))
            keep(self.standings, name, found)
        return found

    def _tables(self, account: Account | None) -> list[Grants]:
        if account is None:
            return [self.everybody]
        groups = filter(None, map(self.account, sorted(account.organizations)))
        return [self.everybody, account.grants, *[group.grants for group in groups]]

    def sight(self, account: Account | None, key: ApiKey | None) -> Sight:
        """What somebody sees, if through a key, with that."""
        asked = (account.key if account else "", key)
        if (found := self.sights.get(asked)) is None:
            found = self._sight(account, key)
            keep(self.sights, asked, found)
        return found

    def _sight(self, account: Account | None, key: ApiKey | None) -> Sight:
        seen = seen_by(*self._tables(account))
        if key is None:
            return seen
        return seen & Sight.only(key.patterns) if Action.READ in key.actions else NOTHING

    def acting(self, account: Account, key: ApiKey | None) -> frozenset[str]:
        """For whom somebody acts: themselves and their organizations; through a key, for whom that was made."""
        if key and key.behalf != account.key:
            return frozenset({key.behalf})
        return frozenset({account.key, *filter(self.account, account.organizations)})

    def may(
        self,
        actor: Actor,
        account: Account,
        key: ApiKey | None,
        action: Action,
        id: PackageId | None,
        owners: Callable[[str], Iterable[Owner]],
    ) -> bool:
        """Whether an account may do this. Raises ``Refused``, which says why not.

        Which ids it reads is a question of what it sees, where what is hidden is told as not being there.
        """
        if action is Action.READ:
            id = None
        standing = self.standing(account)
        if not self._is_granted(standing, action, id):
            verb = Action.PUSH if action is Action.CREATE else action  # what is here is nothing to tell
            what = f" {id}" if id else ""
            raise Refused(
                f"{actor.name} may not {verb}{what} on this feed; ask an administrator for the right to"
            )
        _check_key(key, action, id)
        if id and action in PUBLISHING and standing.role(id.key) is not Role.ADMINISTRATOR:
            self._check_owner(self.acting(account, key), actor, action, id, owners)
        return True

    @staticmethod
    def _is_granted(standing: Standing, action: Action, id: PackageId | None) -> bool:
        if id is None and action is Action.PUSH:  # anything at all
            return any(standing.may(each, None) for each in (Action.PUSH, Action.CREATE))
        return standing.may(action, id.key if id else None)

    def _check_owner(
        self,
        acting: frozenset[str],
        actor: Actor,
        action: Action,
        id: PackageId,
        owners: Callable[[str], Iterable[Owner]],
    ) -> None:
        """Raise ``Refused`` unless the id belongs to them, or to nobody yet."""
        if reserved := self.prefixes.entry(id.key):
            pattern, reserved_for = reserved
            if acting.isdisjoint(reserved_for):
                raise Refused(
                    f"Ids like {pattern} are reserved for {self.named(reserved_for)}; "
                    f"{actor.name} may not push {id}"
                )
            return
        confirmed = [owner.account for owner in owners(id.key) if owner.confirmed]
        if confirmed and acting.isdisjoint(confirmed):
            raise Refused(
                f"{id} belongs to {self.named(confirmed)}; ask them to make {actor.name} an owner of it"
            )
        if not confirmed and action is not Action.CREATE:
            raise Refused(
                f"{id} has no owner; an administrator can make {actor.name} one (nugetlite owners add)"
            )

    def named(self, keys: Iterable[str]) -> str:
        """The names of accounts, for people."""
        return ", ".join(self.accounts[key].name if key in self.accounts else key for key in keys)


def key_of(actor: Actor) -> ApiKey | None:
    """The API key through which somebody acts, if through one."""
    return actor.credential if isinstance(actor.credential, ApiKey) else None


def granted_to_everybody(told: Grants, *, anonymous_read: bool) -> dict[Pattern, Role]:
    """What everybody may do: to read, if the feed is open, unless something else is told."""
    return {ALL: Role.READER if anonymous_read else Role.NONE, **told}


def seen_by(*tables: Grants) -> Sight:
    """What somebody sees who was granted all this."""
    return Sight.of(
        *[{pattern: role is not Role.NONE for pattern, role in table.items()} for table in tables]
    )


def check_valid(key: ApiKey, name: str, now: datetime) -> None:
    """Raise ``Refused`` if a key has ended."""
    if key.revoked:
        raise Refused(
            f"The API key {key.name} of {name} was revoked on {key.revoked:%Y-%m-%d}; use another one"
        )
    if key.has_expired(now):
        raise Refused(
            f"The API key {key.name} of {name} expired on {key.expires:%Y-%m-%d}; regenerate it, or use another one"
        )


def _check_key(key: ApiKey | None, action: Action, id: PackageId | None) -> None:
    """Raise ``Refused`` if this is not what the key was made for."""
    if key is None:
        return
    wanted = {Action.PUSH, Action.CREATE} if action is Action.PUSH and id is None else {action}
    if key.actions.isdisjoint(wanted):
        scopes = ", ".join(sorted(scope.value for scope in key.scopes))
        raise Refused(f"The API key {key.name} may not be used to {action}, only to {scopes}")
    check_fits(key, id) if id else None
    if action is Action.MANAGE and not id and not any(pattern.means_all for pattern in key.patterns):
        raise Refused(f"The API key {key.name} is for {_patterns(key)}, and not for the whole feed")


def check_fits(key: ApiKey, id: PackageId) -> None:
    """Raise ``Refused`` if a key was not made for an id."""
    if not key.fits(id.key):
        raise Refused(f"The API key {key.name} is for {_patterns(key)}, and not for {id}")


def _patterns(key: ApiKey) -> str:
    return ", ".join(pattern.key for pattern in key.patterns)


def keep(remembered: dict[K, V], key: K, value: V) -> None:
    """Remember something; what was remembered first makes room for it."""
    if len(remembered) >= MOST_KEPT:
        remembered.pop(next(iter(remembered)), None)
    remembered[key] = value
