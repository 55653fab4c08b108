"""A client of the JSON API that holds every answer against what the OpenAPI document says of it."""

import re
from dataclasses import dataclass, field

import pytest
from flask import Flask
from jsonschema import Draft202012Validator

from nugetlite.people.values import Scope

PREFIX = "/api/nugetlite"
WITHOUT_BODY = ("GET", "DELETE")


def strict(schema):
    """A schema that allows no members beside those that it names."""
    if isinstance(schema, dict):
        more = {"additionalProperties": False} if "properties" in schema else {}
        return {name: strict(value) for name, value in schema.items()} | more
    return list(map(strict, schema)) if isinstance(schema, list) else schema


@dataclass
class Api:
    """``api("GET", "/me")`` answers the JSON of a 200; ``who`` is an API key, or a name and password."""

    app: Flask
    who: object = None
    headers: dict = field(default_factory=dict)

    def __call__(self, method, path, told=None, *, status=200, headers=None):
        answer = self.ask(method, path, told, headers=headers)
        assert answer.status_code == status, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        self.check(method, path.partition("?")[0], answer)
        return answer.json

    def ask(self, method, path, told=None, *, headers=None, **options):
        """Ask without looking at the answer."""
        if method not in WITHOUT_BODY and "data" not in options:
            options["json"] = {} if told is None else told
        sent = {**self.headers, **(headers or {})}
        if isinstance(self.who, str):
            sent["X-NuGet-ApiKey"] = self.who
        elif self.who:
            options["auth"] = self.who
        return self.app.test_client().open(PREFIX + path, method=method, headers=sent, **options)

    @property
    def document(self):
        """What the API says of itself."""
        return self.app.test_client().get(f"{PREFIX}/openapi.json").json

    @property
    def _strict_document(self):
        known = self.app.extensions
        if "openapi" not in known:
            known["openapi"] = strict(self.document)
        return known["openapi"]

    def check(self, method, path, answer):
        """Hold an answer against what is said of it."""
        document = self._strict_document
        (described,) = [
            methods[method.lower()]
            for template, methods in document["paths"].items()
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and method.lower() in methods
        ]
        responses = described["responses"]
        said = responses.get(str(answer.status_code), responses["default"])
        schema = said["content"]["application/json"]["schema"]
        whole = {**schema, "components": document["components"]}
        Draft202012Validator(whole).validate(answer.json)
        if answer.status_code < 400:
            assert str(answer.status_code) in responses


@pytest.fixture
def api(town):
    """The API of the feed ``town``, for somebody."""
    return lambda who=None, **headers: Api(town.app, who, headers)


@pytest.fixture
def person(town, api):
    """Make an account, and answer the API for it, by a key that may do all that the account may."""

    def person(name, *grants):
        town.account(name, *grants)
        return api(town.key(name, "all", scopes=list(Scope)))

    return person


@pytest.fixture
def root(person):
    """The API for an administrator."""
    return person("root", "administrator")
