"""The V2 feed under each of its roots: which room answers which resource.

Flask's routing knows no names in any letter case, and no parentheses, so it hands over the whole path. What
clients push, delete and relist under the same roots are rules of their own, and come first.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import MethodNotAllowed, NotFound

from nugetlite.web.access import guard_reads
from nugetlite.web.body import small_form
from nugetlite.web.current import links, parameters
from nugetlite.web.links import V2Links
from nugetlite.web.refusals import tell_refusals
from nugetlite.web.v2 import feeds, gallery, service
from nugetlite.web.v2.address import Address
from nugetlite.web.v2.asked import Options
from nugetlite.web.v2.form import OF_V2, in_its_form

ROOTS = ("/nuget", "/api/v2")

Room = Callable[[Address, Options, V2Links], ResponseReturnValue]

ROOMS: dict[str, Room] = {
    "": service.service,
    "$metadata": service.tell_metadata,
    "$batch": service.batch,
    "packages": feeds.packages,
    "findpackagesbyid": feeds.find_packages_by_id,
    "search": feeds.search,
    "getupdates": feeds.get_updates,
    "package": gallery.package,
    "package-ids": gallery.package_ids,
    "package-versions": gallery.package_versions,
}
POSTED = ("getupdates", "$batch")  #: also asked by POST, when there is much to tell

v2 = guard_reads(Blueprint("v2", __name__))
tell_refusals(v2, in_its_form)


def answer(root: str, path: str = "") -> ResponseReturnValue:
    """Find the room, and let it answer."""
    address = Address.parse(path)
    room = ROOMS.get(address.name)
    if not room:
        raise NotFound
    if request.method == "POST" and address.name not in POSTED:
        raise MethodNotAllowed(["GET", "HEAD"])
    options = Options({**parameters(), **_posted()})
    options.check()
    return room(address, options, V2Links(links(), root))


for root in ROOTS:
    told = {"root": root}
    v2.add_url_rule(f"{root}/", f"the feed {root}", answer, defaults=told)
    v2.add_url_rule(f"{root}/<path:path>", f"in {root}", answer, defaults=told, methods=["GET", "POST"])


@v2.after_request
def tell_version(response: Response) -> Response:
    """Say which OData this is, refusals included."""
    response.headers.setdefault(*OF_V2)
    return response


def _posted() -> dict[str, str]:
    return {name.lower(): value for name, value in small_form().items()} if request.method == "POST" else {}
