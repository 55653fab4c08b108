"""Who sends the current request, and whether they may: asked before any body is read."""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flask import Blueprint, Response, g, request
from werkzeug.wrappers import Request

from nugetlite.actor import ANONYMOUS, Action, Actor
from nugetlite.errors import CredentialsWanted, NoSuchPackage, Refused
from nugetlite.package.sight import EVERYTHING, Sight
from nugetlite.web.current import config, parameters, parts
from nugetlite.web.refusals import one_line

if TYPE_CHECKING:
    from nugetlite.package.identity import PackageId

log = logging.getLogger(__name__)

KEY_IN_URL = "apikey"  #: a parameter by which Octopus's older examples send a key
CREDENTIALS = ("Authorization", "X-NuGet-ApiKey", "X-Octopus-ApiKey")  #: headers that say who asks
IN_ENVIRONMENT = tuple(f"HTTP_{name.upper().replace('-', '_')}" for name in CREDENTIALS)


def actor() -> Actor:
    """Who sends the current request; raises ``Refused`` for wrong credentials, ``TooManyTries`` for many of them."""
    if "actor" not in g:
        g.actor = _identify(request)
    return g.actor  # type: ignore[no-any-return]  # Flask's g has no types


def require(action: Action, package_id: PackageId | None = None) -> Actor:
    """Whoever sends the current request, if they may do this; raises as ``Access.permit`` does."""
    if action is not Action.READ:
        stay_on_this_site()
    parts().access.permit(ANONYMOUS, action) if action.writes and config().read_only else None
    who = actor()
    try:
        parts().access.permit(who, action, package_id)
    except CredentialsWanted:
        if KEY_IN_URL in parameters():
            raise CredentialsWanted(
                "The key in the URL was not read, because URLs are written to logs; "
                "send it as the header X-NuGet-ApiKey or X-Octopus-ApiKey"
            ) from None
        raise
    return who


def sight() -> Sight:
    """The package ids that whoever sends the current request sees in lists."""
    return EVERYTHING if is_for_everybody() else parts().access.sight(actor())


def stay_on_this_site() -> None:
    """Raise ``Refused`` if a page of another site has a browser ask this.

    Browsers add passwords, cookies, and what a proxy makes of them, of their own accord; no client of NuGet's says
    where it comes from (Fetch Metadata, W3C; ``Origin``, RFC 6454).
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site not in (None, "none", "same-origin") or (
        not site and origin and origin.rpartition("://")[2] != request.host
    ):
        raise Refused(
            "A page of another site may not change this feed; use a NuGet client, or a page of the feed"
        )


def require_sight(package_id: PackageId | None = None) -> None:
    """Return if whoever sends the current request may read a package, or anything; raises as ``require``."""
    if not is_for_everybody():
        require(Action.READ, package_id)


def sees(package_id: PackageId) -> bool:
    """The same as an answer, for where an unknown id is no mistake; raises ``CredentialsWanted``."""
    try:
        require_sight(package_id)
    except NoSuchPackage:
        return False
    return True


def guard_reads(blueprint: Blueprint) -> Blueprint:
    """Make every view of ``blueprint`` ask first whether the client may read."""

    @blueprint.before_request
    def may_read() -> None:
        require_sight((request.view_args or {}).get("package_id"))

    blueprint.after_request(_tell_caches_for_whom)
    return blueprint


def is_for_everybody() -> bool:
    """Whether what the current request reads is the same for whoever asks."""
    if (known := g.get("is_for_everybody")) is None:
        here = parts()
        known = g.is_for_everybody = (
            here.only_accounts_decide
            and here.people.open_to_all
            and not any(map(request.environ.__contains__, IN_ENVIRONMENT))
        )
    return bool(known)


@dataclass(frozen=True, slots=True)
class Viewer:
    """For whom an answer was made. It is the same for all who see the same and whose caches are told the same."""

    actor: Actor
    sight: Sight
    is_everybody: bool  #: else what they get is theirs alone, and no cache's to give to another
    varies_by: tuple[str, ...]  #: headers by which others may see something else


def viewer() -> Viewer | None:
    """For whom the current request is answered; ``None`` if nobody knows who else would be answered the same."""
    if notice():
        return None
    if is_for_everybody():
        return Viewer(ANONYMOUS, EVERYTHING, is_everybody=True, varies_by=())
    if parts().only_accounts_decide and "actor" in g and not request.cookies:
        return Viewer(g.actor, sight(), is_everybody=False, varies_by=what_decides())
    return None


def _tell_caches_for_whom(response: Response) -> Response:
    """What a client got because of who it is, no cache gives to another one."""
    keep = response.headers.get("Cache-Control", "no-cache")
    if not is_for_everybody() and "no-store" not in keep:
        response.headers["Cache-Control"] = private(keep)
    response.vary.update(what_decides())
    return response


def what_decides() -> tuple[str, ...]:
    """The headers of a request by which it may see something else than others; none where everybody sees all."""
    return () if parts().only_accounts_decide and parts().people.open_to_all else CREDENTIALS


def private(keep: str) -> str:
    """A ``Cache-Control`` for one client alone."""
    return f"private, {keep.removeprefix('public, ')}"


def notice() -> str:
    """What the client is to hear beside the answer to the current request, "" mostly."""
    return g.actor.notice if "actor" in g else ""


def has_credentials() -> bool:
    """Whether the current request says by itself who sends it; what is left empty says nothing."""
    return any(request.headers.get(name, "").strip() for name in CREDENTIALS)


def know(who: Actor) -> None:
    """Take the current request to be sent by somebody who proved it in another way."""
    g.actor = replace(who, address=request.remote_addr or "")


def identify_by_password(name: str, password: str) -> Actor:
    """Whoever has these credentials, as if they came with the current request; raises as ``actor``."""
    told = b64encode(f"{name}:{password}".encode(errors="surrogatepass")).decode()
    environ = {**request.environ, "HTTP_AUTHORIZATION": f"Basic {told}"}
    return _identify(Request(environ, populate_request=False))


@contextmanager
def counting_guesses() -> Iterator[None]:
    """Take every ``Refused`` of the block for a wrong guess; raises ``TooManyTries`` after many from one address."""
    guesses, address = parts().guesses, request.remote_addr or ""
    guesses.check(address)
    try:
        yield
    except Refused as refused:
        log.warning("%s, %s: %s", address, one_line(f"{request.method} {request.path}"), refused)
        guesses.count(address)
        raise


def _identify(asked: Request) -> Actor:
    with counting_guesses():
        found = parts().plugins.first(
            "nugetlite_identify", Actor, request=asked, people=parts().people, config=config()
        )
    return replace(found or ANONYMOUS, address=request.remote_addr or "")
