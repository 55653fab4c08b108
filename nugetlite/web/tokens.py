"""Trusted publishing: a build job's identity token is exchanged for a key that lives for an hour.

The shape is nuget.org's, so that its action ``NuGet/login`` works with ``token-service-url`` and ``audience`` set
(NuGet/login ``src/index.ts``, NuGetGallery ``TokenApiController``): POST with ``Authorization: Bearer TOKEN`` and
``{"username": "…", "tokenType": "ApiKey"}``, answered by ``{"tokenType", "expires", "apiKey"}`` or ``{"error"}``.
The header is no API key here, so nobody is asked who that would be.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from nugetlite.actor import ANONYMOUS
from nugetlite.errors import CredentialsWanted, NotUnderstood, Refused
from nugetlite.web.body import FORM_LIMIT
from nugetlite.web.current import parts

API_KEY = "ApiKey"  #: the only kind of token that can be had

tokens = Blueprint("tokens", __name__)


@tokens.post("/api/v2/token/")
def exchange() -> ResponseReturnValue:
    """Give a key to a job of an account, if one of its trust policies is for it."""
    name, token = _account(), _token()
    guesses, address = parts().guesses, request.remote_addr or ""
    guesses.check(address)
    try:
        issued = parts().management.trusts.exchange(name, token, address)
    except Refused as refused:
        guesses.count(address)
        _tell_of_failure(name, str(refused))
        raise
    expires = issued.key.expires.isoformat() if issued.key.expires else None
    response = jsonify(tokenType=API_KEY, expires=expires, apiKey=issued.text)
    response.headers["Cache-Control"] = "no-store"
    return response


@tokens.after_request
def ask_for_a_token(response: Response) -> Response:
    """No name and password would do here."""
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _tell_of_failure(name: str, why: str) -> None:
    """Record it, as a failed sign-in is; what is no name of an account may be a secret in the wrong place."""
    nobody = replace(ANONYMOUS, address=request.remote_addr or "")
    if parts().people.actor(name.strip()):
        parts().audit.refuse(nobody, "exchange token", name.strip(), why)
    else:
        parts().audit.refuse(nobody, "exchange token", "", "There is no such account, or it may not act")


def _token() -> str:
    given = request.authorization
    if not given or given.type != "bearer" or not given.token:
        raise CredentialsWanted("Send the job's identity token as Authorization: Bearer TOKEN")
    return given.token


def _account() -> str:
    request.max_content_length = FORM_LIMIT
    told = request.get_json(silent=True, force=True)
    name = told.get("username") if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(name, str) or not name.strip():
        raise NotUnderstood("An exchange is a JSON object with username, the account whose key is wanted")
    if told.get("tokenType", API_KEY) != API_KEY:
        raise NotUnderstood(f"tokenType is {API_KEY}; nothing else can be had here")
    return name
