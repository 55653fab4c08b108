"""How a refusal is told: the sentence in the reason phrase, in ``X-NuGet-Warning`` and in the body.

NuGet's clients print the reason phrase of a failed push and every ``X-NuGet-Warning``; they never read the
body (NuGet.Client ``HttpSource``, seen with dotnet 3.1 and nuget.exe 3.4). People with curl read the body.
"""

from __future__ import annotations

import logging
import re
from http import HTTPStatus

import orjson
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from nugetlite.errors import CredentialsWanted, FeedError, NoSuchPackage, PackageRemoved

log = logging.getLogger(__name__)

REASON_LIMIT = 200  #: characters of a reason phrase
WARNING = "X-NuGet-Warning"


def one_line(text: str) -> str:
    """``text`` as a reason phrase or header can carry it: one line of printable ASCII, not too long."""
    line = re.sub(r"[^\x20-\x7e]+", "?", re.sub(r"\s+", " ", text)).strip()
    return line if len(line) <= REASON_LIMIT else f"{line[: REASON_LIMIT - 3]}..."


def refusal(status: HTTPStatus, sentence: str) -> Response:
    """The answer that says no."""
    response = Response(orjson.dumps({"error": sentence}), content_type="application/json")
    response.status = f"{status:d} {one_line(sentence)}"
    response.headers["Cache-Control"] = "no-store"
    return response


def tell_refusals(app: Flask) -> None:
    """Answer every error of ``app``'s views so."""
    app.register_error_handler(FeedError, _refuse)
    app.register_error_handler(HTTPException, _refuse_http)
    app.register_error_handler(Exception, _fail)


def _refuse(error: FeedError) -> Response:
    response = refusal(error.status, str(error))
    if not _is_plain_miss(error):
        response.headers[WARNING] = one_line(str(error))
    if isinstance(error, CredentialsWanted):
        response.headers["WWW-Authenticate"] = 'Basic realm="nugetlite", charset="UTF-8"'
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _is_plain_miss(error: FeedError) -> bool:
    """A restore asks every source for every package; what one of them never had is no news to anybody."""
    never_here = isinstance(error, NoSuchPackage) and not isinstance(error, PackageRemoved)
    return never_here and request.method in ("GET", "HEAD")


def _refuse_http(error: HTTPException) -> Response:
    """What Flask and Werkzeug refuse by themselves: no such URL, no such method."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    sentences = {
        HTTPStatus.NOT_FOUND: "There is nothing at this URL; the feed's sources end in /v3/index.json or /nuget",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{one_line(request.method)} is not something one can do at this URL",
    }
    response = refusal(status, sentences.get(status, status.description or status.phrase))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After", "Content-Range"):
            response.headers[name] = value
    return response


def _fail(error: Exception) -> Response:
    log.exception("%s %s failed", request.method, request.path)
    return refusal(
        HTTPStatus.INTERNAL_SERVER_ERROR, "The feed failed to answer; its operator finds the cause in its log"
    )
