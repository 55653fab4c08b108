"""Knows again who may see what, by the credentials in a request, so that what is kept can be given to them, too.

The application identifies everybody first. What it found holds until anything about people has changed, or a key ends;
credentials themselves are not kept. Those who see the same share what is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING

from nugetlite.errors import TooManyTries
from nugetlite.people.known import keep
from nugetlite.people.secret import Recognition
from nugetlite.web.access import IN_ENVIRONMENT, Viewer

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIEnvironment

    from nugetlite.people import People
    from nugetlite.web.guesses import Guesses

SINCE = "nugetlite.people"  #: where in the WSGI environment it says as of which revision somebody will be identified
FOR = "nugetlite.viewer"  #: where the application says for whom it answered: a ``Viewer``


@dataclass(frozen=True, slots=True)
class _Known:
    """Somebody who was identified."""

    number: int  #: the same for all who see the same, and are told the same of caches
    revision: int  #: of people, as of which this holds
    until: datetime | None  #: when their key ends
    used: Callable[[str], None]  #: hears of each use, with the address


class Viewers:
    """Those who read. Used by many threads at once."""

    def __init__(self, people: People, guesses: Guesses) -> None:
        self._people = people
        self._guesses = guesses
        self._recognition = Recognition()
        self._lock = Lock()
        self._numbers: dict[tuple[object, ...], int] = {}
        self._known: dict[bytes, _Known] = {}

    def of(self, environ: WSGIEnvironment) -> int | None:
        """The number under which is kept what the sender of a request sees; ``None`` if the application has to tell."""
        revision = environ[SINCE] = self._people.revision()
        viewer = self._known.get(self._mark(environ))
        if viewer is None or viewer.revision != revision:
            return None
        if viewer.until and viewer.until <= datetime.now(UTC):
            return None
        address = environ.get("REMOTE_ADDR", "")
        try:
            self._guesses.check(address)  # else who has to wait could go on trying
        except TooManyTries:
            return None
        viewer.used(address)
        return viewer.number

    def remember(self, environ: WSGIEnvironment) -> int | None:
        """The same for a request that the application has answered; ``None`` if it did not say for whom.

        Nor is it known if anything about people has changed meanwhile: who was let in by the old rights, and then has
        the sight of the new ones, saw what others with that sight may not see.
        """
        viewer = environ.pop(FOR, None)
        if not isinstance(viewer, Viewer) or self._people.revision() != environ[SINCE]:
            return None
        number = self._number(viewer)
        until, used = self._people.holds_for(viewer.actor)
        keep(self._known, self._mark(environ), _Known(number, environ[SINCE], until, used))
        return number

    def _number(self, viewer: Viewer) -> int:
        with self._lock:
            alike = viewer.sight, viewer.is_everybody, viewer.varies_by
            return self._numbers.setdefault(alike, len(self._numbers))

    def _mark(self, environ: WSGIEnvironment) -> bytes:
        told = [environ.get(name, "") for name in IN_ENVIRONMENT]
        return self._recognition.mark(*told) if any(told) else b""
