"""The routes of the API, as Flask has them. Nothing that is answered here may be kept by anybody."""

from __future__ import annotations

from functools import partial

import orjson
from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from nugetlite.actor import Action, Attempt
from nugetlite.errors import Refused
from nugetlite.web.access import stay_on_this_site
from nugetlite.web.current import links, parameters
from nugetlite.web.document import JSON
from nugetlite.web.manage.asked import asker, told
from nugetlite.web.manage.openapi import document
from nugetlite.web.manage.routes import ASKER, BODY, ROUTES, SAFE, Route

PREFIX = "/api/nugetlite"

manage = Blueprint("manage", __name__, url_prefix=PREFIX)


@manage.after_request
def keep_nothing(response: Response) -> Response:
    """All of it may change at any time, is for whoever asked, and may be secret."""
    response.headers["Cache-Control"] = "no-store"
    return response


@manage.get("/openapi.json", provide_automatic_options=False)
def describe() -> ResponseReturnValue:
    """The description of all the rest. Everybody may have it."""
    return Response(orjson.dumps(document(f"{links().root}{PREFIX}")), content_type=JSON)


def answer(route: Route, **arguments: object) -> ResponseReturnValue:
    """Let a route be answered, if whoever asks says who they are, and does so of their own will.

    What they may not do is an attempt to manage, whatever it is that stands against it, and goes on record as one.
    """
    if request.method not in SAFE:
        stay_on_this_site()
    arguments[ASKER] = asker()
    if route.takes:
        sent: object = told(route.takes)
        if BODY in route.parameters:
            arguments[BODY] = sent
    asked = parameters()
    arguments |= {name: asked[name] for name in route.options if name in asked}
    try:
        found = route.view(**arguments)
    except Refused as refused:
        refused.attempt = refused.attempt or Attempt(asker(), Action.MANAGE)
        raise
    return Response(orjson.dumps(found), route.status, content_type=JSON)


for each in ROUTES:
    manage.add_url_rule(
        each.url, each.name, partial(answer, each), methods=[each.method], provide_automatic_options=False
    )
