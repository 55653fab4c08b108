"""The flat container: version lists, packages, and the files in them that clients show."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from flask import Blueprint
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from nugetlite.errors import BadVersion, NoSuchPackage, quoted
from nugetlite.package.identity import Identity, PackageId
from nugetlite.package.package import Embedded
from nugetlite.package.version import Version
from nugetlite.web.access import guard_reads
from nugetlite.web.current import feed
from nugetlite.web.document import Document, json_document, renewable
from nugetlite.web.nupkg import keep_one_version, send_nupkg
from nugetlite.web.refusals import warning

if TYPE_CHECKING:
    from nugetlite.feed import Feed

content = guard_reads(Blueprint("content", __name__, url_prefix="/v3/content"))

PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
ONE_VERSION = "/<id:package_id>/<version:version>"
SANDBOX = ("Content-Security-Policy", "sandbox")  #: whatever a file says it is, no browser runs what is in it


@content.get("/<id:package_id>/index.json")
def versions(package_id: PackageId) -> ResponseReturnValue:
    """All versions that can be restored, listed or not.

    A client that misses one asks for nothing else, so the list is where it hears what became of it.
    """
    return renewable(partial(_version_list, feed(), package_id))


@content.get(f"{ONE_VERSION}/<name>.nupkg")
def nupkg(package_id: PackageId, version: Version, name: str) -> ResponseReturnValue:
    """The package: exactly the bytes that were pushed, whole or one range of them."""
    return send_nupkg(_named(package_id, version, name))


@content.get(f"{ONE_VERSION}/<name>.nuspec")
def nuspec(package_id: PackageId, version: Version, name: str) -> ResponseReturnValue:
    """The manifest inside the package, byte by byte."""
    identity = Identity(package_id, version)
    if name.lower() != package_id.key:
        raise NotFound
    return Document(feed().read_manifest(identity), "application/xml", keep_one_version(), headers=(SANDBOX,))


@content.get(f"{ONE_VERSION}/readme")
def readme(package_id: PackageId, version: Version) -> ResponseReturnValue:
    """The readme as it was written: Markdown."""
    return _embedded(Identity(package_id, version), Embedded.README, "text/markdown; charset=utf-8")


@content.get(f"{ONE_VERSION}/icon")
def icon(package_id: PackageId, version: Version) -> ResponseReturnValue:
    """The icon, if it is a picture that cannot carry a script."""
    return _embedded(Identity(package_id, version), Embedded.ICON, "application/octet-stream")


@content.get(f"{ONE_VERSION}/license")
def license(package_id: PackageId, version: Version) -> ResponseReturnValue:
    """The licence file as text."""
    return _embedded(Identity(package_id, version), Embedded.LICENSE, "text/plain; charset=utf-8")


def _version_list(feed: Feed, id: PackageId) -> Document:
    versions, removals = feed.version_list(id)
    news = tuple(warning(str(removal)) for removal in removals)
    return json_document({"versions": versions}, subject=id.key, headers=news)


def _embedded(identity: Identity, which: Embedded, content_type: str) -> Document:
    """A file that came with a package."""
    found = feed().read_embedded(identity, which)
    harmless: tuple[tuple[str, str], ...] = (SANDBOX,)
    if which is Embedded.ICON:
        content_type = next(
            (kind for magic, kind in PICTURES.items() if found.startswith(magic)), content_type
        )
    if content_type == "application/octet-stream":
        harmless += (("Content-Disposition", "attachment"),)
    return Document(
        found, content_type, keep_one_version(), compressible=which is not Embedded.ICON, headers=harmless
    )


def _named(package_id: PackageId, version: Version, name: str) -> Identity:
    """The identity, if the file name says the same once more, in any spelling."""
    start = f"{package_id.key}."
    if name.lower().startswith(start) and _is(name[len(start) :], version):
        return Identity(package_id, version)
    raise NoSuchPackage(quoted(f"{name}.nupkg"))


def _is(text: str, version: Version) -> bool:
    try:
        return Version.parse(text) == version
    except BadVersion:
        return False
