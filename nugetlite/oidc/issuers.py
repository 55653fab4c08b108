"""The keys by which issuers sign: asked for over HTTPS, remembered for a while, never from anybody else.

Whoever calls has to know the issuer from somewhere better than a token that nobody has checked yet.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from ipaddress import ip_address
from threading import Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from nugetlite.client.errors import ClientError, Puzzling
from nugetlite.errors import IssuerUnavailable, NotUnderstood, Refused, quoted

if TYPE_CHECKING:
    from nugetlite.oidc.token import Jwk

HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}
PUBLIC = ("kty", "crv", "alg", "n", "e", "x", "y")  #: what of a key is needed, none of it secret
LONGEST = 500  #: characters of an issuer's URL

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """What an issuer told when it was asked last."""

    when: float
    keys: Mapping[str, Jwk] = field(default_factory=dict)  #: by their ids
    failed: bool = False  #: there was no answer, or none that makes sense


class Issuers:
    """The keys of issuers, as this process knows them. Used by many threads at once."""

    KEPT = 600.0  #: seconds for which keys count; a key that was withdrawn is believed no longer
    AGAIN = 60.0  #: seconds before an issuer is asked again because of a key that it did not name
    SULK = 5.0  #: seconds before it is asked again after a failure
    PATIENCE = 10.0  #: seconds that anybody waits for an answer

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._lock = Lock()
        self._told: dict[str, Told] = {}
        self._asking: dict[str, tuple[float, Future[Told]]] = {}  # since when; one at a time for each issuer

    def key(self, issuer: str, id: str) -> Jwk:
        """A key of an issuer. Raises ``Refused`` if it has none of that id, ``IssuerUnavailable``."""
        keys = self._keys(issuer, self.KEPT)
        if id not in keys:
            keys = self._keys(issuer, self.AGAIN)  # perhaps it has begun to sign with a new one
        if id not in keys:
            raise Refused(f"{issuer} has no key {quoted(id)}, so this token is not its own")
        return keys[id]

    def _keys(self, issuer: str, age: float) -> Mapping[str, Jwk]:
        """Its keys as it told them not longer ago than this."""
        with self._lock:
            told = self._told.get(issuer)
            if told and self._now() - told.when <= (self.SULK if told.failed else age):
                answer: Future[Told] = Future()
                answer.set_result(told)
                since = self._now()
            else:
                since, answer = self._asking.get(issuer) or self._begin(issuer)
        try:
            told = answer.result(max(0.0, since + self.PATIENCE - self._now()))
        except TimeoutError as error:  # its thread may wait on; nobody else does
            raise IssuerUnavailable(issuer) from error
        if told.failed:
            raise IssuerUnavailable(issuer)
        return told.keys

    def _begin(self, issuer: str) -> tuple[float, Future[Told]]:
        asking = self._asking[issuer] = self._now(), Future[Told]()
        Thread(target=self._ask, args=[issuer, asking[1]], daemon=True).start()
        return asking

    def _ask(self, issuer: str, answer: Future[Told]) -> None:
        try:
            told = Told(self._now(), read_keys(issuer))
        except ClientError as error:
            log.warning("%s could not be asked for its keys: %s", issuer, error)
            told = Told(self._now(), failed=True)
        except Exception:
            log.exception("%s could not be asked for its keys", issuer)
            told = Told(self._now(), failed=True)
        with self._lock:
            self._told[issuer] = told
            del self._asking[issuer]
        answer.set_result(told)


def read_keys(issuer: str) -> dict[str, Jwk]:
    """Ask an issuer for the keys by which it signs (OpenID Connect Discovery 1.0). Raises ``ClientError``."""
    from nugetlite.client.connection import Connection, Line  # a server that gets no tokens starts without it

    connection = Connection(Line(seconds=5, tries=1, redirects=0, most=512 * 1024))
    about = connection.ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration", HEADERS).document
    if about.text("issuer") != issuer:
        raise Puzzling(f"it says to be {quoted(about.text('issuer'))}")
    place = about.text("jwks_uri")
    if not _may_be_asked(place, plainly=issuer.startswith("http://")):
        raise Puzzling(f"its keys are said to be at {quoted(place)}, which is no https URL")
    found = connection.ask("GET", place, HEADERS).document.documents("keys")
    return {
        key.text("kid"): {name: key.text(name) for name in PUBLIC if key.text(name)}
        for key in found
        if key.text("use") in ("", "sig")
    }


def issuer_url(text: str) -> str:
    """The URL of an issuer, as it stands in its tokens. Raises ``NotUnderstood``."""
    url = text.strip()
    if len(url) > LONGEST or "?" in url or "#" in url or not _may_be_asked(url, plainly=True):
        raise NotUnderstood(
            f"{quoted(url)} is no issuer; give the https URL that stands as iss in its tokens "
            "(http only on this machine itself)"
        )
    return url


def _may_be_asked(url: str, *, plainly: bool) -> bool:
    """Whether it is an https URL; ``plainly`` also takes http on this machine itself."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 -- raises if it is none
    except ValueError:
        return False
    is_clean = url.isascii() and url.isprintable() and " " not in url and parts.username is None
    return is_clean and bool(parts.hostname) and (parts.scheme == "https" or (plainly and _is_here(parts)))


def _is_here(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    try:
        return parts.scheme == "http" and (host == "localhost" or ip_address(host).is_loopback)
    except ValueError:
        return False
