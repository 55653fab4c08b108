"""Stands in front of the application and answers again what it has answered before, as long as that holds.

It knows nothing of packages. An answer leaves itself in the WSGI environment; it is kept by origin, URL and those who
may see it, and given out while the feed's revision stands. When that has moved on, an answer about one subject lives
on if the subject's own revision has not; else, if it knows how, it is made again without asking the application, which
has found the way to it and the right to see it before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from nugetlite.errors import FeedError
from nugetlite.web.document import JSON, KEPT, prefers_json

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

ROOM = 64 * 1024 * 1024  #: bytes kept in one process
AROUND = 2048  #: bytes that it takes to keep anything, whatever it is
LONGEST_URL = 2048  #: characters; nobody asks for longer ones again
ASK = frozenset(
    f"HTTP_{name}"
    for name in (*("COOKIE", "RANGE", "IF_RANGE", "IF_MATCH", "IF_MODIFIED_SINCE", "IF_UNMODIFIED_SINCE"),)
)  #: headers whose requests are for the application


log = logging.getLogger(__name__)


class Keepable(Protocol):
    """An answer that may be given again."""

    subject: str

    def renewed(self) -> Keepable | None:
        """What has become of it since something about its subject has changed; ``None`` if that takes a request."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]: ...

    def __len__(self) -> int:
        """Bytes it takes to keep it."""


class Watched(Protocol):
    """Those for whom answers are kept apart."""

    def of(self, environ: WSGIEnvironment) -> int | None:
        """A number for whoever sends a request; ``None`` if only the application can tell who that is."""

    def remember(self, environ: WSGIEnvironment) -> int | None:
        """The same, once the application has answered."""


@dataclass(slots=True)
class Kept:
    """An answer, and the revision at which it was last known to hold."""

    answer: Keepable
    revision: int
    size: int  #: bytes that it takes


class Front:
    """A WSGI application around another one."""

    def __init__(
        self,
        application: WSGIApplication,
        revision: Callable[[], int],
        revision_of: Callable[[str], int],
        viewers: Watched,
        room: int = ROOM,
    ) -> None:
        self._application = application
        self._revision = revision
        self._revision_of = revision_of
        self._viewers = viewers
        self._room = room  # that is left
        self._largest = room // 16
        self._kept: dict[Any, Kept] = {}
        self._lock = Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer from what is kept, or ask the application."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or any(map(environ.__contains__, ASK)):
            return self._application(environ, start_response)
        key = _key(environ)
        try:
            viewer = self._viewers.of(environ)
            revision = self._revision()
            standing = self._standing((viewer, *key), revision)
            if standing is not None:
                return standing(environ, start_response)
        except Exception:  # the application will meet it too, and knows how to tell it
            return self._application(environ, start_response)
        answer = self._application(environ, start_response)
        if (worth_keeping := environ.pop(KEPT, None)) and (
            viewer := self._viewers.remember(environ)
        ) is not None:
            self._keep((viewer, *key), worth_keeping, revision)
        return answer

    def _standing(self, key: Any, revision: int) -> Keepable | None:
        """What is kept, or what has become of it; ``None`` if only the application can tell."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if self._holds(kept, revision):
            return kept.answer
        renewed = self._renewed(kept)
        if renewed is None:
            with self._lock:
                self._drop(key)
        else:
            self._keep(key, renewed, revision)
        return renewed

    def _renewed(self, kept: Kept) -> Keepable | None:
        """What has become of an answer, if it can tell."""
        try:
            return kept.answer.renewed()
        except FeedError:  # mostly that there is nothing any more; the application says so in full
            return None
        except Exception:  # a mistake of ours, from which no client is to suffer
            log.exception("an answer could not be made again; the application is asked for it")
            return None

    def _holds(self, kept: Kept, revision: int) -> bool:
        if kept.revision == revision:
            return True
        subject = kept.answer.subject
        if (
            subject and 0 < self._revision_of(subject) <= kept.revision
        ):  # 0: there is no such subject any more
            kept.revision = revision
            return True
        return False

    def _keep(self, key: Any, answer: Keepable, revision: int) -> None:
        """Keep an answer that was made when ``revision`` already stood; the oldest make room for it."""
        url = sum(map(len, key[1:]))
        size = len(answer) + url + AROUND
        if size > self._largest or url > LONGEST_URL:
            return
        with self._lock:
            self._drop(key)
            while self._kept and self._room < size:
                self._drop(next(iter(self._kept)))
            self._kept[key] = Kept(answer, revision, size)
            self._room -= size

    def _drop(self, key: Any) -> None:
        if gone := self._kept.pop(key, None):
            self._room += gone.size


def _key(environ: WSGIEnvironment) -> tuple[str, ...]:
    """Where the client thinks it is, what it asks for, and in which form: two origins never share an answer."""
    return (
        environ["wsgi.url_scheme"],
        environ.get("HTTP_HOST", ""),
        environ.get("SCRIPT_NAME", ""),
        environ.get("PATH_INFO", ""),
        environ.get("QUERY_STRING", ""),
        JSON if prefers_json(environ.get("HTTP_ACCEPT", "")) else "",
    )
