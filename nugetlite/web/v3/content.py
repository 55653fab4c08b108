"""The flat container: version lists, packages, and the files in them that clients show."""

from __future__ import annotations

import re
from contextlib import ExitStack
from http import HTTPStatus

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound, PreconditionFailed
from werkzeug.http import http_date
from werkzeug.wsgi import FileWrapper, wrap_file

from nugetlite.errors import BadVersion, NoSuchPackage, quoted
from nugetlite.package.identity import Identity, PackageId
from nugetlite.package.package import Embedded, Package
from nugetlite.package.version import Version
from nugetlite.web.access import guard_reads
from nugetlite.web.current import config, feed
from nugetlite.web.document import IMMUTABLE, KEPT, REVALIDATE, Document, json_document
from nugetlite.web.download import BLOCK, Download
from nugetlite.web.refusals import WARNING, one_line

content = guard_reads(Blueprint("content", __name__, url_prefix="/v3/content"))

NUPKG = "application/octet-stream"
PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
ONE_VERSION = "/<id:package_id>/<version:version>"
ONE_RANGE = re.compile(r"bytes=(?:[0-9]{1,18}-(?:[0-9]{1,18})?|-([0-9]{1,18}))", re.IGNORECASE)
SANDBOX = ("Content-Security-Policy", "sandbox")  #: whatever a file says it is, no browser runs what is in it


@content.get("/<id:package_id>/index.json")
def versions(package_id: PackageId) -> ResponseReturnValue:
    """All versions that can be restored, listed or not.

    A client that misses one asks for nothing else, so the list is where it hears what became of it.
    """
    versions, removals = feed().version_list(package_id)
    news = tuple((WARNING, one_line(str(removal))) for removal in removals)
    return json_document({"versions": versions}, subject=package_id.key, headers=news)


@content.get(f"{ONE_VERSION}/<name>.nupkg")
def nupkg(package_id: PackageId, version: Version, name: str) -> ResponseReturnValue:
    """The package: exactly the bytes that were pushed, whole or one range of them."""
    package, stream = feed().open(_named(package_id, version, name))
    with ExitStack() as opened:
        opened.callback(stream.close)
        part = _wants_a_part(package.size)
        body = FileWrapper(stream, BLOCK) if part else wrap_file(request.environ, stream, BLOCK)
        response = Response(body, headers=_headers(package), direct_passthrough=True)
        response.content_length = package.size
        response.set_etag(_hash(package))
        response.make_conditional(request)
        if response.status_code == HTTPStatus.PRECONDITION_FAILED:
            raise PreconditionFailed
        if response.status_code == HTTPStatus.OK and part:
            response.make_conditional(request, accept_ranges=True, complete_length=package.size)
        opened.pop_all()  # whoever sends the response closes it
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
    return Document(feed().read_manifest(identity), "application/xml", _keep(), headers=(SANDBOX,))


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


def _wants_a_part(size: int) -> bool:
    """Whether one range is asked for. With several, or in units that nobody knows, the whole is sent (RFC 9110)."""
    asked = ONE_RANGE.fullmatch(request.headers.get("Range", "").strip())
    return request.method == "GET" and asked is not None and int(asked[1] or 0) < size


def _headers(package: Package) -> tuple[tuple[str, str], ...]:
    return (
        ("Content-Type", NUPKG),
        ("Accept-Ranges", "bytes"),
        ("Last-Modified", http_date(package.published)),
        ("Cache-Control", _keep()),
        ("X-Content-Type-Options", "nosniff"),
    )


def _download(package: Package) -> Download:
    """The same once more, for whoever asks for it whole."""
    here = feed()
    return Download(
        reopen=lambda: here.reopen(package),
        served=lambda: here.count_download(package),
        size=package.size,
        etag=f'"{_hash(package)}"',
        headers=_headers(package),
        subject=package.identity.id.key,
    )


def _hash(package: Package) -> str:
    """A package's validator: its hash, so equal on every server."""
    return package.sha512.rstrip("=").replace("/", "_").replace("+", "-")


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
    return Document(found, content_type, _keep(), compressible=which is not Embedded.ICON, headers=harmless)


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


def _keep() -> str:
    """How long one version's files may be kept: for ever, where nobody may replace them."""
    return f"public, {IMMUTABLE if config().overwrite == 'never' else REVALIDATE}"
