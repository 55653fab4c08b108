"""Octopus's URLs: in any letter case, with or without a slash at the end, with or without the space.

Flask tells them apart from ours; the rest of the way is found here, so that nothing is redirected, and whatever goes
wrong below ``/api`` is told in Octopus's words. ``/api/v2`` is NuGet's, and ``/api/nugetlite`` our own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import orjson
from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.routing import BaseConverter, Map, Rule

from nugetlite.errors import NoSuchPackage, quoted
from nugetlite.web.access import has_credentials, know
from nugetlite.web.document import JSON
from nugetlite.web.octopus import packages, people
from nugetlite.web.octopus.documents import SPACE, SPACE_NAME
from nugetlite.web.octopus.session import session_of
from nugetlite.web.publish import push_with_mode
from nugetlite.web.refusals import Told, tell_refusals

View = Callable[..., ResponseReturnValue]

octopus = Blueprint("octopus", __name__)

#: what lies below ``/api`` or below ``/api/Spaces-1``
VIEWS: dict[tuple[str, str], View] = {
    ("GET", "/spaces"): people.spaces,
    ("GET", "/spaces/all"): people.all_spaces,
    ("GET", "/spaces/<id>"): people.space,
    ("GET", "/users/me"): people.me,
    ("GET", "/users/<id>"): people.user,
    ("GET", "/users/<id>/spaces"): people.spaces_of_user,
    ("POST", "/users/login"): people.sign_in,
    ("POST", "/users/logout"): people.sign_out,
    ("POST", "/packages/raw"): packages.push,
    ("GET", "/packages"): packages.list_packages,
    ("DELETE", "/packages/bulk"): packages.delete_many,
    ("GET", "/packages/notes"): packages.notes,
    ("GET", "/packages/<name>"): packages.package,
    ("DELETE", "/packages/<name>"): packages.delete,
    ("GET", "/packages/<name>/raw"): packages.raw,
    ("GET", "/packages/<id>/<version>/delta-signature"): packages.delta_signature,
    ("POST", "/packages/<id>/<version>/delta"): packages.push_delta,
    ("POST", "/packages/<id>/<version>/relist"): packages.relist,
    ("GET", "/feeds/stats"): packages.feed_stats,
    ("GET", "/feeds/<id>"): packages.builtin_feed,
}


class SpaceConverter(BaseConverter):
    """The name of a space."""

    regex = rf"spaces-[^/]+|{SPACE_NAME.lower()}"


URLS = Map(
    [
        Rule("/api", endpoint=people.root, methods=["GET"]),
        Rule("/api/<space:space>", endpoint=people.space_home, methods=["GET"]),
        Rule("/<space:space>/nuget/packages", endpoint=push_with_mode, methods=["PUT", "POST"]),
        *[
            Rule(f"{start}{url}", endpoint=view, methods=[method])
            for (method, url), view in VIEWS.items()
            for start in ("/api", "/api/<space:space>")
        ],
    ],
    converters={"space": SpaceConverter},
    strict_slashes=False,
    merge_slashes=False,
)


class OctopusConverter(BaseConverter):
    """A path that is one of Octopus's; what is below ``/api/v2`` and ``/api/nugetlite`` is not."""

    regex = r"(?i:api(?:/(?!(?:v2|nugetlite)(?:/|\Z)).*)?|spaces-[^/]+/nuget/packages/?)"
    part_isolating = False


@octopus.after_request
def keep_nothing(response: Response) -> Response:
    """All of it may change at any time, and is for whoever asked."""
    response.headers.setdefault("Cache-Control", "no-store")
    return response


@octopus.route(
    "/<octopus:path>",
    methods=["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"],
    provide_automatic_options=False,
)
def answer(path: str) -> ResponseReturnValue:
    """Find who answers, and have them do it."""
    found: tuple[View, Mapping[str, str]] = URLS.bind("").match(
        f"/{path.lower()}".removesuffix("/"), _method()
    )
    view, arguments = found
    space = arguments.get("space", SPACE)
    if space not in (SPACE.lower(), SPACE_NAME.lower(), SPACE):
        raise NoSuchPackage(f"The space {quoted(space)}")
    if view is not people.sign_in:
        _use_session()
    return view(**{name: value for name, value in arguments.items() if name != "space"})


def _use_session() -> None:
    """Whoever signed in need not bring a key."""
    if not has_credentials() and (session := session_of(request)):
        know(session.actor)


def _method() -> str:
    """What is wanted. .NET's client sends everything but GET as POST, with the method in a header."""
    override = request.headers.get("X-HTTP-Method-Override", "").strip().upper()
    return override if request.method == "POST" and override else request.method


def in_octopus_words(sentence: str) -> Told:
    """The sentence as Octopus's clients read it; one that showed ``Errors`` as well would print it twice."""
    told = {
        "ErrorMessage": sentence,
        "Errors": [],
        "HelpText": "",
        "HelpLink": "",
        "ParsedHelpLinks": [],
        "FullException": "",
    }
    return orjson.dumps(told), JSON


tell_refusals(octopus, in_octopus_words)
