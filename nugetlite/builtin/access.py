"""The simple case of access: one administrator key in the settings; everybody reads, or only who has it."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from hashlib import sha256

from werkzeug.wrappers import Request

from nugetlite import ADMINISTRATOR, Action, Actor, Config, Refused, hookimpl

GUEST_KEY = "API-GUEST"  #: what Octopus's clients send for a guest
GUEST = Actor("guest")
HEADERS = ("X-NuGet-ApiKey", "X-Octopus-ApiKey")  #: where clients put a key; never the URL, which is logged
NO_KEY_YET = "This feed has no API key yet, so nobody can change it; its operator sets NUGETLITE_API_KEY"
UNKNOWN_KEY = "The API key is not one that this feed knows; check it for typing errors"


@hookimpl(trylast=True)
def nugetlite_identify(request: Request, config: Config) -> Actor | None:
    """Whoever has the key of the setting ``api_key`` is the administrator; another key is refused, unless a guest's."""
    keys = list(keys_in(request))
    if not keys:
        return None
    if set(keys) == {GUEST_KEY} and config.anonymous_read:
        return GUEST
    if config.api_key and all(_same(key, config.api_key) for key in keys):
        return ADMINISTRATOR
    raise Refused(UNKNOWN_KEY if config.api_key else NO_KEY_YET)


@hookimpl
def nugetlite_authorize(actor: Actor, action: Action, config: Config) -> bool | None:
    """The administrator may do anything; everybody may read, unless ``anonymous_read`` is off."""
    if "administrator" in actor.roles:
        return True
    if not action.writes:
        return True if config.anonymous_read else None
    if actor.is_anonymous and not config.api_key:
        raise Refused(NO_KEY_YET)
    return None


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
