"""Push, delete and relist, on every URL that a NuGet client of any age makes of its source."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from nugetlite.actor import Action
from nugetlite.errors import NotUnderstood
from nugetlite.package.filename import NUPKG
from nugetlite.package.identity import Identity, PackageId
from nugetlite.package.package import Deletion
from nugetlite.package.version import Version
from nugetlite.web import body
from nugetlite.web.access import require
from nugetlite.web.current import config, feed, links, repository
from nugetlite.web.document import Done
from nugetlite.web.octopus.mode import mode_asked
from nugetlite.web.refusals import warning

PACKAGE_URLS = (
    "/v3/package",
    "/api/v2/package",
    "/api/v2",
    "/nuget",
    "/nuget/api/v2/package",
    "",
)
URLS_WITH_MODE = ("/nuget/packages", "/nuget/Packages")  #: as Octopus has it
SYMBOL_URLS = ("/v3/symbolpackage", "/api/v2/symbolpackage")
DELETIONS = {"unlist": Deletion.UNLIST, "softdelete": Deletion.SOFT, "harddelete": Deletion.HARD}

publish = Blueprint("publish", __name__)


def push() -> ResponseReturnValue:
    """Take a package from the body, whatever form the client has given it."""
    actor = require(Action.PUSH)
    pushed = feed().push(body.package_stream(request.environ, config().max_package_size), actor)
    return _created(links().nupkg(pushed.package.identity))


def push_with_mode() -> ResponseReturnValue:
    """The same where the URL may say what to do if the version is there, as Octopus has it: ``?replace=true``."""
    mode = mode_asked()
    if mode is None:
        return push()
    actor = require(Action.PUSH)
    upload = body.package_stream(request.environ, config().max_package_size)
    outcome = repository().push(NUPKG, upload, actor, mode)
    if outcome.ignored:
        return Done(HTTPStatus.OK)
    return _created(links().nupkg(outcome.item.identity))


def push_symbols() -> ResponseReturnValue:
    """Take a ``.snupkg``."""
    actor = require(Action.PUSH)
    identity = feed().push_symbols(body.package_stream(request.environ, config().max_package_size), actor)
    return _created(links().details(identity))


def delete(package_id: PackageId, version: Version) -> ResponseReturnValue:
    """What "delete" comes to is the delete policy's business; the client hears 204 either way."""
    actor = require(Action.DELETE, package_id)
    wish = _wish()
    done = feed().delete(Identity(package_id, version), actor, wish.deletion, wish.why, force=wish.force)
    warnings = [warning(done.warning)] if done.warning else []
    return Done(HTTPStatus.NO_CONTENT, (("X-NuGetLite-Deletion", str(done.deletion)), *warnings))


def relist(package_id: PackageId, version: Version) -> ResponseReturnValue:
    """Show a version again."""
    actor = require(Action.RELIST, package_id)
    feed().relist(Identity(package_id, version), actor)
    return Done(HTTPStatus.OK)


for url in (*PACKAGE_URLS, *URLS_WITH_MODE):
    view = push_with_mode if url in URLS_WITH_MODE else push
    publish.add_url_rule(f"{url}/", f"push {url}", view, methods=["PUT", "POST"])
    one = f"{url}/<id:package_id>/<version:version>"
    publish.add_url_rule(one, f"delete {url}", delete, methods=["DELETE"])
    publish.add_url_rule(one, f"relist {url}", relist, methods=["POST"])
for url in SYMBOL_URLS:
    publish.add_url_rule(f"{url}/", f"push symbols {url}", push_symbols, methods=["PUT", "POST"])


def _created(location: str) -> ResponseReturnValue:
    return Done(HTTPStatus.CREATED, (("Location", location),))


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the body of a delete asks for."""

    deletion: Deletion | None
    why: str
    force: bool


def _wish() -> _Wish:
    """The wish in a form or JSON body: ``type``, ``reason`` and ``force``."""
    form = body.small_form()
    told = (request.get_json(silent=True) if request.is_json else form) or {}
    if not hasattr(told, "get"):
        raise NotUnderstood(
            "The body of a delete is a form or a JSON object with `type`, `reason` and `force`"
        )
    type, why, force = (str(told.get(name) or "").strip() for name in ("type", "reason", "force"))
    if type and type.lower() not in DELETIONS:
        raise NotUnderstood(f"type is one of Unlist, SoftDelete, HardDelete; {type[:40]!r} is not")
    if force.lower() not in ("true", "false", ""):
        raise NotUnderstood(f"force is true or false; {force[:40]!r} is not")
    return _Wish(DELETIONS.get(type.lower()), why, force.lower() == "true")
