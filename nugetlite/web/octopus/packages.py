"""Push, list, get, download and delete: packages and archives alike."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http import HTTPStatus
from urllib.parse import urljoin

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.http import http_date

from nugetlite.actor import Action, Actor
from nugetlite.errors import BadUpload, NoSuchPackage, NotUnderstood, PackageExists, Refused
from nugetlite.feed import Deleted
from nugetlite.index.listing import Wanted
from nugetlite.package.identity import PackageId
from nugetlite.package.package import Package
from nugetlite.repository import Item, Mode, Outcome
from nugetlite.web import body
from nugetlite.web.access import require, sight
from nugetlite.web.current import config, feed, links, parameters, repository
from nugetlite.web.document import REVALIDATE
from nugetlite.web.download import send
from nugetlite.web.named import known_id
from nugetlite.web.octopus.asked import documents, is_true, names, stretch
from nugetlite.web.octopus.documents import FEED, PREFIX, file_name
from nugetlite.web.octopus.mode import mode_asked
from nugetlite.web.refusals import warning

NAMES_AT_ONCE = 1000  #: ids that one request may list


def push() -> ResponseReturnValue:
    """Take a file from a multipart body; its name says what it is."""
    actor = require(Action.PUSH)
    mode = mode_asked() or Mode.FAIL
    with _file() as upload:
        return _stored(repository().push(upload.filename, upload, actor, mode))


def delta_signature(id: str, version: str) -> ResponseReturnValue:
    """What the version that is about to be pushed can be compared with."""
    actor = require(Action.PUSH, PackageId.parse(id))
    base = repository().base_for(id, version, actor)
    return jsonify(
        {
            "Signature": base64.b64encode(base.signature).decode(),
            "BaseVersion": base.item.identity.version.original,
        }
    )


def push_delta(id: str, version: str) -> ResponseReturnValue:
    """Take only the difference from a version that is here."""
    actor = require(Action.PUSH, PackageId.parse(id))
    mode = mode_asked() or Mode.FAIL
    with _file() as upload:
        return _stored(repository().push_delta(id, version, upload.filename, upload, actor, mode))


def list_packages() -> ResponseReturnValue:
    """A page of what is listed: of one id, of ids with a word in them, or everything, newest first."""
    require(Action.READ)
    asked = parameters()
    id, part = asked.get("nugetpackageid", "").strip(), asked.get("filter", "").strip()
    if id and part:
        raise NotUnderstood("Ask by nuGetPackageId or by filter, not by both")
    if id:
        known_id(id)  # a client that names what it does not see, and did not say who it is, is asked to
    skip, take = stretch()
    latest, notes = is_true("latest"), is_true("includenotes")
    listed = repository().list(Wanted(id.lower(), part, latest, skip, take, sight()))
    here = documents()
    hashes = repository().known_sha1s(listed.items)
    told = [here.package(item, sha1, notes=notes) for item, sha1 in zip(listed.items, hashes, strict=True)]
    repeated = {
        "nuGetPackageId": id,
        "filter": part,
        "latest": "true" * latest,
        "includeNotes": "true" * notes,
    }
    again = {name: value for name, value in repeated.items() if value}
    return jsonify(here.package_page(told, listed.total, skip, take, again))


def package(name: str) -> ResponseReturnValue:
    """One version."""
    item = _find_to_read(name)
    return jsonify(documents().package(item, repository().sha1(item)))


def raw(name: str) -> ResponseReturnValue:
    """Its file: exactly the bytes that were pushed, whole or one range of them."""
    item = _find_to_read(name)
    hash = repository().sha1(item)
    headers = (
        ("Content-Type", "application/octet-stream"),
        ("Content-Disposition", f'attachment; filename="{file_name(item)}"'),
        ("Accept-Ranges", "bytes"),
        ("Last-Modified", http_date(item.published)),
        ("Cache-Control", f"private, {REVALIDATE}"),
    )
    response = send(repository().open(item), item.size, hash, headers)
    if isinstance(item, Package) and response.status_code == HTTPStatus.OK and request.method == "GET":
        feed().count_download(item)
    return response


def delete(name: str) -> ResponseReturnValue:
    """What "delete" comes to is the delete policy's business."""
    actor = require(Action.DELETE)
    return _deleted([repository().delete(_find(name, actor), actor)])


def delete_many() -> ResponseReturnValue:
    """The same for several; those that are not here are passed over."""
    actor = require(Action.DELETE)
    ids = names("ids")
    if not 0 < len(ids) <= NAMES_AT_ONCE:
        raise NotUnderstood(f"ids lists what to delete, at most {NAMES_AT_ONCE}, separated by commas")
    items = []
    for id in ids:
        with suppress(NoSuchPackage):
            items.append(_find(id, actor))
    return _deleted(repository().delete_each(items, actor))


def relist(id: str, version: str) -> ResponseReturnValue:
    """Show a version again. Octopus has no such thing, as it has only one way to delete."""
    actor = require(Action.RELIST, PackageId.parse(id))
    item = repository().relist(id, version, actor)
    return jsonify(documents().package(item, repository().sha1(item)))


def notes() -> ResponseReturnValue:
    """The release notes of several."""
    require(Action.READ)
    ids = names("packageids")
    if len(ids) > NAMES_AT_ONCE:
        raise NotUnderstood(f"packageIds lists at most {NAMES_AT_ONCE}, separated by commas")
    return jsonify(documents().notes([(id, _peek(id)) for id in ids]))


def builtin_feed(id: str) -> ResponseReturnValue:
    """The feed that they are all in."""
    require(Action.READ)
    if id != FEED:
        raise NoSuchPackage(f"The feed {id}")
    return jsonify(documents().feed())


def feed_stats() -> ResponseReturnValue:
    """How much is in it."""
    require(Action.READ)
    return jsonify({"TotalPackages": repository().count(sight()), "Links": {}})


@contextmanager
def _file() -> Iterator[body.Upload]:
    """The first part that has a file name. What is left of it when all is decided is taken, and thrown away.

    Octopus's clients read an answer only when they have sent everything, and versions that are here already are pushed
    again and again.
    """
    upload = body.package_stream(request.environ, config().max_package_size, named=True)
    if not upload.filename:
        raise BadUpload("There is no file in this upload; send it as multipart/form-data, with its name")
    try:
        yield upload
    except PackageExists:
        _take_the_rest(upload)
        raise
    _take_the_rest(upload)


def _take_the_rest(upload: body.Upload) -> None:
    while upload.read(body.READ):
        pass


def _stored(outcome: Outcome) -> ResponseReturnValue:
    """201 also for a replacement: Go's client takes 200 to mean that nothing was done."""
    here, item = documents(), outcome.item
    told = jsonify(here.package(item, repository().sha1(item)))
    if outcome.ignored:
        return told
    return told, HTTPStatus.CREATED, {"Location": urljoin(links().home, here.self_link(item))}


def _deleted(done: Sequence[Deleted]) -> ResponseReturnValue:
    deletions = ", ".join(dict.fromkeys(each.deletion for each in done))
    warnings = [warning(each.warning) for each in done if each.warning]
    return jsonify({}), HTTPStatus.OK, [("X-NuGetLite-Deletion", deletions), *warnings]


def _find_to_read(name: str) -> Item:
    item = _find(name, require(Action.READ))
    require(Action.READ, item.identity.id)
    return item


def _find(name: str, actor: Actor) -> Item:
    """By Octopus's id, or by id and version alone, as .NET's client asks; only what ``actor`` sees."""
    return repository().find(name[len(PREFIX) :] if name.lower().startswith(PREFIX) else name, actor)


def _peek(name: str) -> Item | None:
    try:
        return _find_to_read(name)
    except (NoSuchPackage, Refused):
        return None
