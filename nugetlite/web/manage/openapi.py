"""The OpenAPI document of the API: made from its routes, and from the types of what they take and answer."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from functools import cache
from typing import Any

from msgspec.json import schema_components

from nugetlite.web.manage.routes import ROUTES, Route
from nugetlite.web.manage.shapes import Problem

Json = dict[str, Any]

VERSION = "1.0"
REFERENCE = "#/components/schemas/{name}"
ABOUT = """Who may do what on this feed: accounts, API keys, owners, reserved ids,
trusted build jobs.

Send an API key that may `manage`, or a user name and password. Times are in UTC. A refusal says in one sentence what is
wrong. A change is sent as `application/json`, at most 64 KiB, without members that are not described here.
"""
PARAMETERS = {
    "name": "The name of an account; letter case does not count.",
    "member": "The name of the account that is the member.",
    "key": "The name of a key.",
    "trust": "The name of a trust policy.",
    "id": "A package id.",
    "pattern": "A pattern of package ids, such as `Contoso.*`.",
}
SECURITY = {
    "password": {
        "type": "http",
        "scheme": "basic",
        "description": "Name and password, or any name and a key.",
    },
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key."},
    "key": {"type": "apiKey", "in": "header", "name": "X-NuGet-ApiKey"},
}


def document(url: str) -> Json:
    """The document of an API that is at this URL."""
    return {**_document(), "servers": [{"url": url}]}


@cache
def _document() -> Json:
    paths: dict[str, Json] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "nugetlite", "version": VERSION, "description": ABOUT},
        "security": [{name: []} for name in SECURITY],
        "paths": paths,
        "components": {"schemas": _schemas(), "securitySchemes": SECURITY},
    }


def _operation(route: Route) -> Json:
    about, _, more = inspect.cleandoc(route.view.__doc__ or "").partition("\n")
    told: Json = {
        "operationId": route.name,
        "tags": [route.view.__module__.rpartition(".")[2]],
        "summary": about,
        "description": more.strip() or about,
        "parameters": [
            *[_parameter(name, "path") for name in route.places],
            *[_parameter(name, "query") for name in route.options],
        ],
        "responses": {
            f"{route.status:d}": {"description": "It is so.", "content": _content(route.answers)},
            "default": {"description": "It was refused.", "content": _content(Problem)},
        },
    }
    if route.takes:
        told["requestBody"] = {"content": _content(route.takes)}
    return told


def _parameter(name: str, place: str) -> Json:
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "description": PARAMETERS[name],
        "schema": {"type": "string"},
    }


def _content(shape: type) -> Json:
    (schema,), _ = schema_components([shape], ref_template=REFERENCE)
    return {"application/json": {"schema": schema}}


def _schemas() -> Json:
    _, schemas = schema_components(list(_shapes(ROUTES)), ref_template=REFERENCE)
    return schemas


def _shapes(routes: Iterable[Route]) -> Iterable[type]:
    yield Problem
    for route in routes:
        yield route.answers
        if route.takes:
            yield route.takes
