"""The flat container: version lists, packages, and the files in them that clients show."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound
from werkzeug.http import http_date
from werkzeug.wsgi import wrap_file

from nugetlite.errors import NoSuchPackage
from nugetlite.package.identity import Identity, PackageId
from nugetlite.package.package import Embedded, Package
from nugetlite.package.version import Version
from nugetlite.web.access import guard_reads
from nugetlite.web.current import config, feed
from nugetlite.web.document import IMMUTABLE, KEPT, REVALIDATE, Document, json_document
from nugetlite.web.download import Download
from nugetlite.web.refusals import WARNING, one_line

content = guard_reads(Blueprint("content", __name__, url_prefix="/v3/content"))

NUPKG = "application/octet-stream"
PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
ONE_VERSION = "/<id:package_id>/<version:version>"


@content.get("/<id:package_id>/index.json")
def versions(package_id: PackageId) -> ResponseReturnValue:
    """All versions that can be restored, listed or not.

    A client that misses one asks for nothing else, so the list is where it hears what became of it.
    """
    found = {"versions": feed().version_keys(package_id)}
    news = tuple((WARNING, one_line(str(removal))) for removal in feed().recent_removals(package_id))
    return json_document(found, subject=package_id.key, headers=news)


@content.get(f"{ONE_VERSION}/<name>.nupkg")
def nupkg(package_id: PackageId, version: Version, name: str) -> ResponseReturnValue:
    """The package: exactly the bytes that were pushed, whole or in ranges."""
    package, stream = feed().open(_named(package_id, version, name))
    response = Response(wrap_file(request.environ, stream), content_type=NUPKG, direct_passthrough=True)
    response.content_length = package.size
    response.set_etag(_hash(package))
    response.last_modified = package.published
    response.headers["Cache-Control"] = _keep()
    one_range = "," not in request.headers.get("Range", "")  # several: the whole is simpler for everybody
    response.make_conditional(request, accept_ranges=one_range, complete_length=package.size)
    if response.status_code == HTTPStatus.OK and request.method == "GET":
        feed().count_download(package)
    request.environ[KEPT] = _download(package)
    return response


@content.get(f"{ONE_VERSION}/<name>.nuspec")
def nuspec(package_id: PackageId, version: Version, name: str) -> ResponseReturnValue:
    """The manifest inside the package, byte by byte."""
    identity = Identity(package_id, version)
    if name.lower() != package_id.key:
        raise NotFound
    return Document(feed().read_manifest(identity), "application/xml", _keep())


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


def _download(package: Package) -> Download:
    """The same once more, for whoever asks for it whole."""
    here = feed()
    return Download(
        reopen=lambda: here.reopen(package),
        served=lambda: here.count_download(package),
        size=package.size,
        etag=f'"{_hash(package)}"',
        headers=(
            ("Content-Type", NUPKG),
            ("Last-Modified", http_date(package.published)),
            ("Cache-Control", _keep()),
            ("X-Content-Type-Options", "nosniff"),
        ),
        subject=package.identity.id.key,
    )


def _hash(package: Package) -> str:
    """A package's validator: its hash, so equal on every server."""
    return package.sha512.rstrip("=").replace("/", "_").replace("+", "-")


def _embedded(identity: Identity, which: Embedded, content_type: str) -> Document:
    """A file that came with a package: whatever it says it is, no browser may run it."""
    found = feed().read_embedded(identity, which)
    harmless: tuple[tuple[str, str], ...] = (("Content-Security-Policy", "sandbox"),)
    if which is Embedded.ICON:
        content_type = next(
            (kind for magic, kind in PICTURES.items() if found.startswith(magic)), content_type
        )
    if content_type == "application/octet-stream":
        harmless += (("Content-Disposition", "attachment"),)
    return Document(found, content_type, _keep(), compressible=which is not Embedded.ICON, headers=harmless)


def _named(package_id: PackageId, version: Version, name: str) -> Identity:
    """The identity, if the file name says the same once more, in any spelling."""
    identity = Identity(package_id, version)
    spellings = {f"{package_id.key}.{version.key}", f"{package_id}.{version.original}".lower()}
    if name.lower() not in spellings:
        raise NoSuchPackage(f"{name}.nupkg"[:120])
    return identity


def _keep() -> str:
    """How long one version's files may be kept: for ever, where nobody may replace them."""
    lasting = IMMUTABLE if config().overwrite == "never" else REVALIDATE
    return f"{'public' if config().anonymous_read else 'private'}, {lasting}"
