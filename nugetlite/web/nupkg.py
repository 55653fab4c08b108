"""A package on its way to a client: exactly the bytes that were pushed, whole or one range of them.

Every protocol has URLs of its own for it; what is answered there is the same.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from http import HTTPStatus

from flask import Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import PreconditionFailed
from werkzeug.http import http_date
from werkzeug.wsgi import FileWrapper, wrap_file

from nugetlite.package.identity import Identity
from nugetlite.package.package import Package
from nugetlite.web.current import config, feed
from nugetlite.web.document import IMMUTABLE, KEPT, REVALIDATE
from nugetlite.web.download import BLOCK, Download

NUPKG = "application/octet-stream"
ONE_RANGE = re.compile(r"bytes=(?:[0-9]{1,18}-(?:[0-9]{1,18})?|-([0-9]{1,18}))", re.IGNORECASE)


def send_nupkg(identity: Identity, *, lasting: bool = True) -> ResponseReturnValue:
    """Answer the current request with a package; ``lasting``: its URL will never mean another version."""
    package, stream = feed().open(identity)
    headers = _headers(package, keep_one_version() if lasting else REVALIDATE)
    with ExitStack() as opened:
        opened.callback(stream.close)
        part = _wants_a_part(package.size)
        body = FileWrapper(stream, BLOCK) if part else wrap_file(request.environ, stream, BLOCK)
        response = Response(body, headers=headers, direct_passthrough=True)
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
    request.environ[KEPT] = _download(package, headers)
    return response


def keep_one_version() -> str:
    """How long one version's files may be kept: for ever, where nobody may replace them."""
    return f"public, {IMMUTABLE if config().overwrite == 'never' else REVALIDATE}"


def _wants_a_part(size: int) -> bool:
    """Whether one range is asked for. With several, or in units that nobody knows, the whole is sent (RFC 9110)."""
    asked = ONE_RANGE.fullmatch(request.headers.get("Range", "").strip())
    return request.method == "GET" and asked is not None and int(asked[1] or 0) < size


def _headers(package: Package, keep: str) -> tuple[tuple[str, str], ...]:
    return (
        ("Content-Type", NUPKG),
        ("Accept-Ranges", "bytes"),
        ("Last-Modified", http_date(package.published)),
        ("Cache-Control", keep),
        ("X-Content-Type-Options", "nosniff"),
    )


def _download(package: Package, headers: tuple[tuple[str, str], ...]) -> Download:
    """The same once more, for whoever asks for it whole."""
    here = feed()
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
