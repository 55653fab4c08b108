"""What clients ask before they push: the root, the only space, who they are."""

from __future__ import annotations

import re
from dataclasses import replace

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from nugetlite.actor import ANONYMOUS, Action
from nugetlite.errors import CredentialsWanted, NoSuchPackage, NotUnderstood, Refused, quoted
from nugetlite.web import access
from nugetlite.web.current import config, parameters, parts, repository
from nugetlite.web.octopus import session
from nugetlite.web.octopus.asked import documents, stretch
from nugetlite.web.octopus.documents import SPACE, SPACE_NAME, user_id

KEY = re.compile(r"\s*API-", re.IGNORECASE)  #: how keys begin
FORM_LIMIT = 64 * 1024  #: bytes of a sign-in


def root() -> ResponseReturnValue:
    """Where everything is. Everybody may know."""
    return jsonify(documents().root(repository().id))


def space_home() -> ResponseReturnValue:
    """The same for the space."""
    access.require(Action.READ)
    return jsonify(documents().space_home())


def spaces() -> ResponseReturnValue:
    """A page with the only space, if it is one of those that are asked for."""
    access.require(Action.READ)
    asked = parameters()
    skip, take = stretch()
    name, part = asked.get("name", ""), asked.get("partialname", "")
    ids = [id.strip().lower() for id in asked.get("ids", "").split(",") if id.strip()]
    is_wanted = (
        name.lower() in ("", SPACE_NAME.lower())
        and part.lower() in SPACE_NAME.lower()
        and (not ids or SPACE.lower() in ids)
    )
    found = [documents().space()] if is_wanted else []
    return jsonify(documents().space_page(found[skip : skip + take], skip, take, {}))


def all_spaces() -> ResponseReturnValue:
    """Not a page, but a list."""
    access.require(Action.READ)
    return jsonify([documents().space()])


def space(id: str) -> ResponseReturnValue:
    """The only space."""
    access.require(Action.READ)
    if id.lower() != SPACE.lower():
        raise NoSuchPackage(f"The space {quoted(id)}")
    return jsonify(documents().space())


def me() -> ResponseReturnValue:
    """Whoever asks."""
    who = access.actor()
    if who.is_anonymous:
        raise CredentialsWanted("Nobody is signed in; send an API key as X-Octopus-ApiKey")
    return jsonify(documents().user(who, signed_in=session.session_of(request) is not None))


def user(id: str) -> ResponseReturnValue:
    """Whoever asks; nobody is told of others."""
    if id.lower() != user_id(access.actor()).lower():
        raise NoSuchPackage(f"The user {quoted(id)}")
    return me()


def spaces_of_user(id: str) -> ResponseReturnValue:
    """Everybody's are the same."""
    return all_spaces()


def sign_in() -> ResponseReturnValue:
    """Begin a session, for whoever has a user name and password that would do as basic credentials."""
    request.max_content_length = FORM_LIMIT
    told = request.get_json(silent=True, force=True)
    if not isinstance(told, dict):
        raise NotUnderstood("A sign-in is a JSON object with Username and Password")
    name, password = (str(told.get(key) or "") for key in ("Username", "Password"))
    try:
        who = access.identify_by_password(name, password)
    except Refused as refused:
        _tell_of_failure(name)
        raise CredentialsWanted(f"The user name or the password is not right: {refused}") from refused
    if who.is_anonymous:
        _tell_of_failure(name)
        raise CredentialsWanted("The user name or the password is not right")
    if who.key:  # a session would outlive it, and know nothing of what it is for
        parts().audit.refuse(who, "sign-in", who.name, "An API key begins no session")
        raise CredentialsWanted(
            "Sign in with a name and password; an API key goes into the header X-Octopus-ApiKey"
        )
    parts().audit.tell(who, "sign-in", who.name)
    response: Response = jsonify(documents().user(who, signed_in=True))
    session.begin(response, who)
    return response


def sign_out() -> ResponseReturnValue:
    """End it."""
    if not access.has_credentials() and not (who := access.actor()).is_anonymous:
        parts().audit.tell(who, "sign-out", who.name)
    response = jsonify({})
    session.end(response)
    return response


def _tell_of_failure(name: str) -> None:
    """Record that somebody tried to sign in under a name; a key in its place is none of the record's business."""
    nobody = replace(ANONYMOUS, address=request.remote_addr or "")
    tried = "a key" if KEY.match(name) or name == config().api_key else name
    parts().audit.refuse(nobody, "sign-in", tried, "The user name or the password is not right")
