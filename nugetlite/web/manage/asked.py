"""What a request to manage people brings: who asks, and what they say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

import msgspec
from flask import request

from nugetlite.errors import CredentialsWanted, NotUnderstood, WrongKind, quoted
from nugetlite.web import access
from nugetlite.web.body import FORM_LIMIT, body_of
from nugetlite.web.document import JSON

if TYPE_CHECKING:
    from nugetlite.actor import Actor

B = TypeVar("B")


def asker() -> Actor:
    """Who asks. Raises ``CredentialsWanted`` if nobody says so."""
    who = access.actor()
    if who.is_anonymous:
        raise CredentialsWanted(
            "To manage this feed, say who you are: send an API key, or a user name and password"
        )
    return who


def told(shape: type[B]) -> B:
    """What the body says. Raises ``WrongKind``, ``TooLarge`` or ``NotUnderstood``, which names what is wrong.

    An empty body is an empty object; it has to call itself JSON all the same, which no form of another site can.
    """
    if request.mimetype != JSON:
        raise WrongKind(f"Send this as {JSON}")
    sent = body_of(request.environ, FORM_LIMIT).read() or b"{}"
    try:
        found = msgspec.json.decode(sent, type=shape)
        json.loads(sent, object_pairs_hook=_each_once)  # what fits a shape is not nested deeply
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise NotUnderstood(f"The body cannot be taken: {error}") from error
    return found


def _each_once(members: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in members:
        if name in found:
            raise ValueError(f"{quoted(name)} is there twice")
        found[name] = value
    return found
