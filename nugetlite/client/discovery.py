"""What a URL leads to: an Octopus server, a V3 source, a V2 source."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from nugetlite.client.connection import Answer, Connection, Headers, shown
from nugetlite.client.document import Document
from nugetlite.client.errors import BadOption, Puzzling
from nugetlite.client.octopus.server import OctopusServer
from nugetlite.client.octopus.session import Session, base_of, is_root
from nugetlite.client.publishing import NuGetSource
from nugetlite.client.remote import Credentials, Remote
from nugetlite.client.v2 import V2Source
from nugetlite.client.v3 import V3Source

log = logging.getLogger(__name__)

V2_ENTITY = b"V2FeedPackage"  #: what the entities of a V2 feed are called in its metadata
LOCKED = (401, 403)  #: something is there, and wants to know who asks


def open_source(url: str, connection: Connection, credentials: Credentials) -> Remote:
    """The NuGet source at a URL: V3 if it ends in ``.json``, else V2, as NuGet's own clients tell them apart."""
    _check(url, "--source")
    is_index = urlsplit(url).path.lower().endswith(".json")
    if is_index:
        return V3Source(url, connection, credentials).open()
    return V2Source(url, connection, credentials)


def find_out(
    url: str, connection: Connection, credentials: Credentials, space: str = "", *, nuget_first: bool = False
) -> Remote:
    """Ask what is at a URL. A server may be several things; Octopus's API goes first unless ``nuget_first``.

    Raises ``Unreachable`` if nobody is there, ``Puzzling`` if it is nothing that we know.
    """
    _check(url, "--server")
    if urlsplit(url).path.lower().endswith(".json"):
        found: Remote | None = open_source(url, connection, credentials)
    else:
        guess = Guess(url, connection, credentials, space)
        found = guess.nuget() or guess.octopus() if nuget_first else guess.octopus() or guess.nuget()
    if not found:
        raise Puzzling(
            f"There is neither an Octopus API nor a NuGet source at {shown(url)}, as far as it tells"
        )
    log.info("Found %s", found.description)
    return found


@dataclass(frozen=True, slots=True)
class Guess:
    """A URL that may be that of anything. Each question is answered with what is there, or nothing."""

    url: str
    connection: Connection
    credentials: Credentials
    space: str

    def octopus(self) -> Remote | None:
        """Is it an Octopus server?"""
        base = base_of(self.url)
        answer = self._ask(f"{base}/api", {})
        if not _is(answer, is_root):
            return None
        return OctopusServer(Session(base, answer.document, self.connection, self.credentials, self.space))

    def nuget(self) -> Remote | None:
        """Is it a NuGet source, or does it have one where sources are? Raises ``Answered`` if that is locked."""
        root = self.url.rstrip("/")
        for url in (f"{root}/index.json", f"{root}/v3/index.json"):
            v3 = V3Source(url, self.connection, self.credentials)
            if _is(answer := self._ask_source(v3, url), lambda document: "resources" in document):
                return v3.enter(answer.document)
        for url in (root, f"{root}/api/v2", f"{root}/nuget"):
            v2 = V2Source(url, self.connection, self.credentials)
            if V2_ENTITY in (answer := self._ask_source(v2, f"{url}/$metadata")).body and answer.ok:
                return v2
        return None

    def _ask_source(self, source: NuGetSource, url: str) -> Answer:
        answer = self._ask(url, source.reading(url))
        if answer.code in LOCKED:
            raise answer.refusal()
        return answer

    def _ask(self, url: str, headers: Headers) -> Answer:
        return self.connection.ask("GET", url, headers, allow=range(300, 500))


def _is(answer: Answer, test: Callable[[Document], bool]) -> bool:
    try:
        return answer.ok and test(answer.document)
    except Puzzling:
        return False


def _check(url: str, option: str) -> None:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        sound = False
    if not sound:
        raise BadOption(f"{option} is the URL of a server, http://… or https://…, and {shown(url)} is none")
    if parts.username is not None:
        raise BadOption(
            f"Leave who you are out of the URL of {shown(url)}: say --user=NAME and --pass=PASSWORD"
        )
