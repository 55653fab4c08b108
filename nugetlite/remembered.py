"""Something that was read from the database, and is read again only after somebody committed something."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nugetlite.database import Database

T = TypeVar("T")


class Remembered(Generic[T]):
    """What ``read`` answers, as new as the newest commit of any process. Used by many threads at once."""

    def __init__(self, database: Database, read: Callable[[Connection], T]) -> None:
        self._database = database
        self._read = read
        self._seen: tuple[object, T] | None = None

    def now(self) -> T:
        """The newest; mostly without asking the database."""
        change = self._database.change()  # first: what is read next is as new, or newer
        if (seen := self._seen) and seen[0] == change:
            return seen[1]
        with self._database.glance() as connection:
            value = self._read(connection)
        self._seen = change, value
        return value
