"""What a view needs of the server it runs in: the feed, the settings, the URLs as this client sees them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from flask import current_app, request
from werkzeug.sansio.utils import get_current_url

from nugetlite.errors import NotUnderstood
from nugetlite.web.links import Links

if TYPE_CHECKING:
    from nugetlite.access import Access
    from nugetlite.audit import Audit
    from nugetlite.config import Config
    from nugetlite.feed import Feed
    from nugetlite.management import Management
    from nugetlite.people import People
    from nugetlite.plugins import Plugins
    from nugetlite.repository import Repository
    from nugetlite.upkeep import Upkeep
    from nugetlite.web.guesses import Guesses

NAME = "nugetlite"  #: of our extension of the Flask application


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one server that the web needs; ``app.py`` builds them and hands them on."""

    config: Config
    plugins: Plugins
    access: Access
    audit: Audit
    people: People
    management: Management
    feed: Feed
    repository: Repository
    upkeep: Upkeep
    guesses: Guesses
    session_secret: bytes
    only_accounts_decide: bool  #: no plugin has a say in who asks, who may, and what they see


def parts() -> Parts:
    """The parts of the server that answers the current request."""
    return cast(Parts, current_app.extensions[NAME])


def feed() -> Feed:
    """Its feed."""
    return parts().feed


def repository() -> Repository:
    """The same and its archives, as Octopus's clients see them."""
    return parts().repository


def config() -> Config:
    """Its settings."""
    return parts().config


def parameters() -> dict[str, str]:
    """What the current request asks for in its URL.

    The names count in any letter case, as on nuget.org, and are told in lower case; the first of a name counts.
    """
    return {name.lower(): value for name, value in reversed(list(request.args.items(multi=True)))}


def links() -> Links:
    """URLs as the client of the current request sees them: ``base_url``, or the origin it used."""
    if base_url := config().base_url:
        return Links(base_url)
    if not (host := request.host):
        raise NotUnderstood("The Host header of this request names no host")
    return _links_at(request.scheme, host, request.root_path)


@lru_cache(maxsize=256)
def _links_at(scheme: str, host: str, root_path: str) -> Links:
    return Links(get_current_url(scheme, host, root_path).rstrip("/"))
