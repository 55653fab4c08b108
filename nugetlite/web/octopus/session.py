"""Sign-in with user and password: a signed cookie that says who it is, and a second one against forged requests.

The server keeps nothing of a session. It ends after some hours, when the administrator's key changes, and when an
account gets another password or may not act any more. What changes something must bring the second cookie's value in a
header, too, which no other site can make a browser do.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_urlsafe
from typing import TYPE_CHECKING

from flask import Response, request
from itsdangerous import BadData, URLSafeTimedSerializer

from nugetlite.actor import Actor
from nugetlite.errors import Refused
from nugetlite.web.current import parts, repository

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

HOURS = 12
CSRF_HEADER = "X-Octopus-Csrf-Token"
SAFE = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who signed in."""

    actor: Actor
    csrf: str


def begin(response: Response, actor: Actor) -> None:
    """Give the client a session. .NET's wants exactly one cookie whose name begins with ``Octopus-Csrf-Token``."""
    csrf = token_urlsafe(24)
    stamp = parts().people.stamp(actor.name)
    signed = _serializer().dumps([actor.name, sorted(actor.roles), stamp, csrf])
    identification, token = _names()
    secure = request.is_secure
    response.set_cookie(identification, _text(signed), path="/", httponly=True, secure=secure, samesite="Lax")
    response.set_cookie(token, csrf, path="/", secure=secure, samesite="Lax")


def end(response: Response) -> None:
    """Take it back."""
    for name in _names():
        response.delete_cookie(name, path="/")


def session_of(request: Request) -> Session | None:
    """The session that a request is part of; none also if it has ended, or its cookie is forged.

    Raises ``Refused`` if the request would change something and does not prove where it comes from.
    """
    cookie = request.cookies.get(_names()[0], "")
    if not cookie:
        return None
    try:
        name, roles, stamp, csrf = _serializer().loads(cookie, max_age=HOURS * 3600)
    except (BadData, ValueError):  # also one of an earlier nugetlite, which told less
        return None
    if stamp != parts().people.stamp(name):
        return None
    session = Session(Actor(name, frozenset(roles)), csrf)
    if request.method not in SAFE and not _is_proven(request, session):
        raise Refused(
            f"A signed-in client sends the value of its Csrf cookie as {CSRF_HEADER} with every change; sign in again"
        )
    return session


def _is_proven(request: Request, session: Session) -> bool:
    return hmac.compare_digest(request.headers.get(CSRF_HEADER, "").encode(), session.csrf.encode())


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        parts().session_secret, salt="octopus session", signer_kwargs={"digest_method": sha256}
    )


def _names() -> tuple[str, str]:
    """Of both cookies."""
    id = repository().id
    return f"OctopusIdentificationToken_{id}", f"Octopus-Csrf-Token_{id}"


def _text(signed: str | bytes) -> str:
    return signed if isinstance(signed, str) else signed.decode()
