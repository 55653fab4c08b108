"""What a URL leads to: an Octopus server, a V3 source, a V2 source."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from nugetlite.client.connection import Answer, Connection, shown
from nugetlite.client.errors import BadOption, Puzzling
from nugetlite.client.octopus import OctopusServer, base_of, is_root
from nugetlite.client.remote import Credentials, Remote
from nugetlite.client.v2 import V2Source
from nugetlite.client.v3 import V3Source

log = logging.getLogger(__name__)

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
        return _told(open_source(url, connection, credentials))
    octopus = (lambda: _octopus(url, connection, credentials, space),)
    nuget = (lambda: _v3(url, connection, credentials), lambda: _v2(url, connection, credentials))
    finders: tuple[Callable[[], Remote | None], ...] = (
        (*nuget, *octopus) if nuget_first and not space else (*octopus, *nuget)
    )
    for find in finders:
        if found := find():
            return _told(found)
    raise Puzzling(
        f"There is neither an Octopus API nor a NuGet source at {shown(url)}, as far as it tells us"
    )


def _told(found: Remote) -> Remote:
    log.info("Found %s", found.description)
    return found


def _octopus(url: str, connection: Connection, credentials: Credentials, space: str) -> Remote | None:
    answer = connection.ask("GET", f"{base_of(url)}/api", allow=range(300, 500))
    return OctopusServer(url, connection, credentials, space) if _is(answer, _is_octopus) else None


def _v3(url: str, connection: Connection, credentials: Credentials) -> Remote | None:
    for index in (f"{url.rstrip('/')}/index.json", f"{url.rstrip('/')}/v3/index.json"):
        source = V3Source(index, connection, credentials)
        answer = connection.ask("GET", index, source.reading(index), allow=range(300, 500))
        if answer.code in LOCKED:
            raise answer.refusal()
        if _is(answer, _is_service_index):
            return source.enter(answer.document)
    return None


def _v2(url: str, connection: Connection, credentials: Credentials) -> Remote | None:
    for root in _v2_roots(url.rstrip("/")):
        source = V2Source(root, connection, credentials)
        answer = connection.ask("GET", f"{root}/$metadata", source.reading(root), allow=range(300, 500))
        if answer.code in LOCKED:
            raise answer.refusal()
        if answer.ok and b"V2FeedPackage" in answer.body:
            return source
    return None


def _v2_roots(url: str) -> Iterator[str]:
    yield url
    yield f"{url}/api/v2"
    yield f"{url}/nuget"


def _is(answer: Answer, test: Callable[[Answer], bool]) -> bool:
    try:
        return answer.ok and test(answer)
    except Puzzling:
        return False


def _is_octopus(answer: Answer) -> bool:
    return is_root(answer.document)


def _is_service_index(answer: Answer) -> bool:
    return "resources" in answer.document


def _check(url: str, option: str) -> None:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        sound = False
    if not sound:
        raise BadOption(f"{option} is the URL of a server, http://… or https://…, and {shown(url)} is none")
