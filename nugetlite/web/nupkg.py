"""A package on its way to a client: exactly the bytes that were pushed, whole or one range of them.

Every protocol has URLs of its own for it; what is answered there is the same.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.http import http_date

from nugetlite.package.identity import Identity
from nugetlite.package.package import Package
from nugetlite.web.access import Viewer, private, viewer
from nugetlite.web.current import config, feed
from nugetlite.web.document import IMMUTABLE, KEPT, NOSNIFF, REVALIDATE
from nugetlite.web.download import Download, send
from nugetlite.web.viewers import FOR

NUPKG = "application/octet-stream"


def send_nupkg(identity: Identity, *, lasting: bool = True) -> ResponseReturnValue:
    """Answer the current request with a package; ``lasting``: its URL will never mean another version."""
    package, stream = feed().open(identity)
    keep = keep_one_version() if lasting else REVALIDATE
    response = send(stream, package.size, _hash(package), _headers(package, keep))
    if response.status_code == HTTPStatus.OK and request.method == "GET":
        feed().count_download(package)
    if seer := viewer():
        request.environ.update({KEPT: _download(package, keep, seer), FOR: seer})
    return response


def keep_one_version() -> str:
    """How long one version's files may be kept: for ever, where nobody may replace them."""
    return f"public, {IMMUTABLE if config().overwrite == 'never' else REVALIDATE}"


def _headers(package: Package, keep: str) -> tuple[tuple[str, str], ...]:
    return (
        ("Content-Type", NUPKG),
        ("Accept-Ranges", "bytes"),
        ("Last-Modified", http_date(package.published)),
        ("Cache-Control", keep),
        NOSNIFF,
    )


def _download(package: Package, keep: str, seer: Viewer) -> Download:
    """The same once more, for whoever sees the same and asks for it whole."""
    here = feed()
    headers = _headers(package, keep if seer.is_everybody else private(keep))
    if seer.varies_by:
        headers += (("Vary", ", ".join(seer.varies_by)),)
    return Download(
        reopen=lambda: here.reopen(package),
        served=lambda: here.count_download(package),
        size=package.size,
        etag=f'"{_hash(package)}"',
        headers=headers,
        subject=package.identity.id.key,
    )


def _hash(package: Package) -> str:
    """A package's validator: its hash, so equal on every server."""
    return package.sha512.rstrip("=").replace("/", "_").replace("+", "-")
