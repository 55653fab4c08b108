"""Access as settings and accounts have it: who has a key or password, what they were granted, what they see."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request

from nugetlite import ADMINISTRATOR, Action, Actor, Config, PackageId, Refused, Sight, hookimpl

if TYPE_CHECKING:
    from nugetlite import People

GUEST_KEY = "API-GUEST"  #: what Octopus's clients send for a guest
GUEST = Actor("guest")
HEADERS = ("X-NuGet-ApiKey", "X-Octopus-ApiKey")  #: where clients put a key; never the URL, which is logged
NO_KEY_YET = (
    "This feed has no API key yet, so nobody can change it; its operator sets NUGETLITE_API_KEY, "
    "or makes an account (nugetlite users create --admin)"
)


@hookimpl(trylast=True)
def nugetlite_identify(request: Request, people: People, config: Config) -> Actor | None:
    """Whoever has the key of the setting ``api_key``, an account's key, or its name and password; or nobody."""
    keys = list(keys_in(request))
    if not keys:
        return None
    if set(keys) == {GUEST_KEY} and config.anonymous_read:
        return GUEST
    if config.api_key and all(_same(key, config.api_key) for key in keys):
        return ADMINISTRATOR
    if not config.api_key and not people.are_there:
        raise Refused(NO_KEY_YET)
    if len(set(keys)) > 1:
        raise Refused("This request carries several keys; send one")
    given = request.authorization
    if given and given.type == "basic" and given.username and not people.is_key(keys[0]):
        return people.by_password(given.username, keys[0])
    return people.by_key(keys[0], request.remote_addr or "")


@hookimpl
def nugetlite_authorize(
    actor: Actor, action: Action, package_id: PackageId | None, people: People, config: Config
) -> bool | None:
    """The administrator may do anything, an account what it was granted; others may read, if the feed is open."""
    if "administrator" in actor.roles:
        return True
    if actor.is_anonymous and action.writes and not config.api_key and not people.are_there:
        raise Refused(NO_KEY_YET)
    if actor.is_anonymous and not config.anonymous_read:
        return None
    return people.may(actor, action, package_id)


@hookimpl
def nugetlite_sight(actor: Actor, people: People) -> Sight | None:
    """The administrator sees everything, an account what it may read, others what everybody may."""
    return None if "administrator" in actor.roles else people.sight(actor)


def keys_in(request: Request) -> Iterator[str]:
    """Every key of a request: in a header of its own, as bearer, or as the password of basic credentials.

    An empty one is none: after a 401, NuGet 5.4 without credentials sends an empty user name and password.
    """
    credentials = request.authorization
    sent = [request.headers.get(header, "").strip() for header in HEADERS]
    if credentials and credentials.type == "basic":
        sent.append(credentials.password or "")
    elif credentials and credentials.type == "bearer":
        sent.append(credentials.token or "")
    yield from filter(None, sent)


def _same(key: str, known: str) -> bool:
    return hmac.compare_digest(_digest(key), _digest(known))


def _digest(key: str) -> bytes:
    return sha256(key.encode(errors="surrogatepass")).digest()
