"""How a refusal is told: the sentence in the reason phrase, in ``X-NuGet-Warning`` and in the body.

NuGet's clients print the reason phrase of a failed push and every ``X-NuGet-Warning``; they never read the
body (NuGet.Client ``HttpSource``, seen with dotnet 3.1 and nuget.exe 3.4). People with curl read the body.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from http import HTTPStatus

import orjson
from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException

from nugetlite.actor import Action
from nugetlite.errors import CredentialsWanted, FeedError, NoSuchPackage, PackageRemoved, Refused
from nugetlite.web.current import parts
from nugetlite.web.document import JSON

log = logging.getLogger(__name__)

REASON_LIMIT = 200  #: characters of a reason phrase
WARNING = "X-NuGet-Warning"

Told = tuple[bytes, str]  #: a body and its content type
Words = Callable[[str], Told]  #: how a protocol puts a sentence


def one_line(text: str) -> str:
    """``text`` as a reason phrase or header can carry it: one line of printable ASCII, not too long."""
    line = re.sub(r"[^\x20-\x7e]+", "?", re.sub(r"\s+", " ", text)).strip()
    return line if len(line) <= REASON_LIMIT else f"{line[: REASON_LIMIT - 3]}..."


def warning(sentence: str) -> tuple[str, str]:
    """The header by which a client prints a sentence, whatever the answer."""
    return WARNING, one_line(sentence)


def in_json(sentence: str) -> Told:
    """The sentence in a JSON object: for V3, and wherever no protocol has a form of its own."""
    told = orjson.dumps({"error": sentence})
    return told.replace(b"<", b"\\u003c"), JSON  # the same to whoever reads JSON, and a tag to nobody


def refusal(status: HTTPStatus, sentence: str, words: Words = in_json) -> Response:
    """The answer that says no."""
    body, content_type = words(sentence)
    response = Response(body, content_type=content_type)
    response.status = f"{status:d} {one_line(sentence)}"
    response.headers["Cache-Control"] = "no-store"
    return response


def tell_refusals(rooms: Flask | Blueprint, words: Words = in_json) -> None:
    """Answer every error of the views of an application, or a blueprint, so: ``words`` are its protocol's."""
    rooms.register_error_handler(FeedError, lambda error: _refuse(error, words))
    rooms.register_error_handler(HTTPException, lambda error: _refuse_http(error, words))
    rooms.register_error_handler(Exception, lambda error: _fail(error, words))


def _refuse(error: FeedError, words: Words) -> Response:
    _record(error)
    response = refusal(error.status, str(error), words)
    if not _is_plain_miss(error):
        response.headers[WARNING] = one_line(str(error))
    if isinstance(error, CredentialsWanted):
        response.headers["WWW-Authenticate"] = 'Basic realm="nugetlite", charset="UTF-8"'
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _record(error: FeedError) -> None:
    """Have it on record if somebody who is known was not allowed to change something."""
    attempt = error.attempt if isinstance(error, Refused) else None
    if attempt and attempt.action is not Action.READ and not attempt.actor.is_anonymous:
        id = str(attempt.package_id or "")
        parts().audit.refuse(attempt.actor, attempt.action, id, str(error))


def _is_plain_miss(error: FeedError) -> bool:
    """A restore asks every source for every package; what one of them never had is no news to anybody."""
    never_here = isinstance(error, NoSuchPackage) and not isinstance(error, PackageRemoved)
    return never_here and request.method in ("GET", "HEAD")


def _refuse_http(error: HTTPException, words: Words) -> Response:
    """What Flask and Werkzeug refuse by themselves: no such URL, no such method."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    sentences = {
        HTTPStatus.NOT_FOUND: "There is nothing at this URL; the feed's sources end in /v3/index.json or /nuget",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{one_line(request.method)} is not something one can do at this URL",
    }
    response = refusal(status, sentences.get(status, status.description or status.phrase), words)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After", "Content-Range"):
            response.headers[name] = value
    return response


def _fail(error: Exception, words: Words) -> Response:
    log.exception("%s failed", one_line(f"{request.method} {request.path}"))
    return refusal(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "The feed failed to answer; its operator finds the cause in its log",
        words,
    )
