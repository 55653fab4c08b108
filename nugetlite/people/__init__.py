"""People: accounts, keys, owners and reserved ids, as they are known at this moment.

What was read is remembered until any process has changed it: so a key is checked without a look at the database, and
one that was revoked stops working at the next request, at every worker.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING

from nugetlite.actor import Action, Actor
from nugetlite.errors import FeedError, Refused
from nugetlite.later import Later
from nugetlite.package.patterns import ByPattern
from nugetlite.package.sight import NOTHING, Sight
from nugetlite.people import reading, writing
from nugetlite.people.known import Known, check_valid, granted_to_everybody, keep, key_of, seen_by
from nugetlite.people.schema import SCHEMA
from nugetlite.people.secret import Recognition, digest, is_key, is_mistyped, is_password
from nugetlite.people.values import EVERYBODY, ApiKey, Kind, Owner, Standing, Use
from nugetlite.remembered import Remembered

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nugetlite.database import Database
    from nugetlite.package.identity import PackageId
    from nugetlite.people.trust import Trust

EVERY = 20.0  #: seconds between the first use of a key that was not written down and its being written

log = logging.getLogger(__name__)


class People:
    """The people of one feed. Used by many threads and processes at once."""

    def __init__(
        self,
        database: Database,
        *,
        anonymous_read: bool,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Raises ``ConfigError`` if a newer nugetlite made the tables."""
        database.install(SCHEMA)
        self._database = database
        self._anonymous_read = anonymous_read
        self._now = now
        self._revision = Remembered(database, reading.read_revision)
        self._last = Known(0, {}, {}, False, NOTHING, ByPattern({}))
        self._recognition = Recognition()
        self._passwords: dict[bytes, str] = {}  # which stored one a name and password were right for
        self._lock = Lock()
        self._uses: dict[int, Use] = {}
        self._later = Later(self.write_uses)

    # Who it is

    def by_key(self, text: str, address: str = "") -> Actor:
        """Whoever has this API key. Raises ``Refused`` if nobody has, or it has ended."""
        key = self._key(text)
        known = self.known()
        account = key and known.account(key.account)
        if not key or not account or not known.account(key.behalf):
            raise Refused("The API key is not one that this feed knows; check it for typing errors")
        now = self._now()
        check_valid(key, account.name, now)
        self._note_use(key, Use(now, address))
        notice = ""
        if key.expires_soon(now):
            notice = f"The API key {key.name} of {account.name} expires on {key.expires:%Y-%m-%d}; regenerate it before"
        return Actor(account.name, key=key.name, deletion=key.deletion, notice=notice, credential=key)

    @staticmethod
    def is_key(text: str) -> bool:
        """Whether a text has the form of our keys, and so is no password."""
        return is_key(text)

    def by_password(self, name: str, password: str) -> Actor:
        """Whoever has this name and password. Raises ``Refused`` if nobody has.

        The first time it takes as long as a password hash takes, also where there is no such name.
        """
        account, mark = self.known().account(name), self._recognition.mark(name.lower(), password)
        stored = account.password if account else ""
        if self._passwords.get(mark) != stored or not stored:
            if not is_password(stored, password):
                raise Refused("The user name or the password is not right")
            keep(self._passwords, mark, stored)
        return Actor(account.name if account else name)

    def actor(self, name: str) -> Actor | None:
        """An account by its name, for whoever knows in another way who is asking; ``None`` if it may not act."""
        account = self.known().account(name)
        return Actor(account.name) if account and account.kind is not Kind.ORGANIZATION else None

    def stamp(self, name: str) -> int:
        """Another number as soon as sessions of an account have to end; 0 if there is no such account."""
        account = self.known().account(name)
        return account.stamp if account else 0

    # What they may

    def may(self, actor: Actor, action: Action, id: PackageId | None = None) -> bool | None:
        """Whether an actor may do something; ``None`` about who has no account. Raises ``Refused``, which says why."""
        known = self.known()
        if account := known.account(actor.name):
            return known.may(actor, account, key_of(actor), action, id, self._owners_of)
        asked = id.key if id and action is not Action.READ else None  # which ids are read, ``sight`` says
        return True if known.standing(None).may(action, asked) else None

    def sight(self, actor: Actor) -> Sight:
        """Which ids an actor sees."""
        known = self.known()
        account = known.account(actor.name)
        if not account and not actor.is_anonymous:
            return known.let_in
        return known.sight(account, key_of(actor))

    def standing(self, actor: Actor) -> Standing:
        """What an actor was granted, by whatever they came."""
        known = self.known()
        return known.standing(known.account(actor.name))

    def acting(self, actor: Actor) -> frozenset[str]:
        """For which accounts an actor acts, by key; none for who has no account."""
        known = self.known()
        account = known.account(actor.name)
        return known.acting(account, key_of(actor)) if account else frozenset()

    @property
    def open_to_all(self) -> bool:
        """Whether everybody may read everything, without saying who they are."""
        return self.known().open_to_all

    def holds_for(self, actor: Actor) -> tuple[datetime | None, Callable[[str], None]]:
        """Until when an actor can be known again without being identified anew, and whom to tell of each use.

        ``None`` is: as long as the revision stands.
        """
        if (key := key_of(actor)) is None:
            return None, lambda address: None
        return key.changes, lambda address: self._note_use(key, Use(self._now(), address))

    # What is known

    def revision(self) -> int:
        """Another number as soon as any process has changed anything here."""
        return self._revision.now()

    def known(self) -> Known:
        """Accounts, grants and prefixes as they are now."""
        revision = self._revision.now()
        if (known := self._last).revision != revision:
            with self._database.connect() as connection:
                known = self._read(connection)
            self._last = known
        return known

    @property
    def are_there(self) -> bool:
        """Whether there is any account."""
        return bool(self.known().accounts)

    def owners(self, ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """The names of the owners of each of these ids, which are in lower case."""
        found, known = self._owners(ids), self.known()
        return {
            id: tuple([known.named([owner.account]) for owner in found[id] if owner.confirmed]) for id in ids
        }

    def is_reserved(self, id: PackageId) -> bool:
        """Whether an id is reserved for somebody."""
        return self.known().prefixes.of(id.key) is not None

    def keys(self, account: str) -> list[tuple[ApiKey, Use | None]]:
        """All keys of an account, and when each was used last."""
        self.write_uses()
        with self._database.connect() as connection:
            found = reading.read_keys(connection, account.lower())
            uses = reading.read_uses(connection, [key.number for key in found])
        return [(key, uses.get(key.number)) for key in found]

    def owners_of(self, id: PackageId) -> tuple[Owner, ...]:
        """The owners of an id, and who was asked to become one."""
        return tuple(self._owners_of(id.key))

    def owned(self, account: str) -> list[Owner]:
        """What an account owns, or was asked to."""
        with self._database.connect() as connection:
            return reading.read_owned(connection, account.lower())

    def trusts(self, account: str) -> list[Trust]:
        """The trust policies of an account, the oldest first."""
        with self._database.connect() as connection:
            return reading.read_trusts(connection, account.lower())

    def issuers(self) -> set[str]:
        """Who signs the identity tokens of any trust policy's jobs."""
        with self._database.connect() as connection:
            return reading.read_issuers(connection)

    # What a push changes

    def claim(self, connection: Connection, actor: Actor, id: PackageId) -> str:
        """Make an actor who has an account the owner of an id that has none; answers the new owner's key, or ""."""
        known = self.known()
        account = known.account(actor.name)
        if not account:
            return ""
        key = key_of(actor)
        owner = key.behalf if key else account.key
        if owner not in known.accounts:
            return ""
        return owner if writing.claim(connection, id, owner, self._now()) else ""

    def write_uses(self) -> None:
        """Write down when keys were used last; if that fails now, it is tried with the next ones."""
        with self._lock:
            uses, self._uses = self._uses, {}
        if not uses:
            return
        try:
            with self._database.begin() as connection:
                writing.write_uses(connection, uses)
        except FeedError as error:
            log.warning("the last uses of keys were not written down yet: %s", error)
            with self._lock:
                self._uses = uses | self._uses

    # The steps

    def _read(self, connection: Connection) -> Known:
        granted = reading.read_grants(connection)
        told = granted.get(EVERYBODY, {})
        everybody = granted_to_everybody(told, anonymous_read=self._anonymous_read)
        return Known(
            reading.read_revision(connection),
            reading.read_accounts(connection, granted),
            everybody,
            self._anonymous_read and seen_by(everybody).is_everything,
            seen_by(granted_to_everybody(told, anonymous_read=True)),
            ByPattern(reading.read_prefixes(connection)),
        )

    def _key(self, text: str) -> ApiKey | None:
        known, hashed = self.known(), digest(text)
        if hashed in known.keys:
            return known.keys[hashed]
        if is_mistyped(text):
            raise Refused("The API key is mistyped, or was cut; copy it again as a whole")
        with self._database.glance() as connection:
            key = reading.read_key(connection, hashed)
        keep(known.keys, hashed, key)
        return key

    def _owners_of(self, id: str) -> Iterable[Owner]:
        return self._owners([id])[id]

    def _owners(self, ids: Sequence[str]) -> Mapping[str, tuple[Owner, ...]]:
        known = self.known()
        found = {id: owners for id in ids if (owners := known.owners.get(id)) is not None}
        if missing := [id for id in ids if id not in found]:
            with self._database.connect() as connection:
                read = reading.read_owners(connection, missing)
            for id, owners in read.items():
                keep(known.owners, id, owners)
            found |= read
        return found

    def _note_use(self, key: ApiKey, use: Use) -> None:
        self._uses[key.number] = use
        self._later.want(EVERY)
