"""Atom or JSON, as the client of the current request wants it."""

from __future__ import annotations

from typing import Protocol

from flask import request

from nugetlite.odata.entity import Entry, Property, Value
from nugetlite.web.current import parameters
from nugetlite.web.document import Document, prefers_json
from nugetlite.web.links import V2Links
from nugetlite.web.refusals import Told
from nugetlite.web.v2 import atom, verbose
from nugetlite.web.v2.entity import Page

OF_V2 = ("DataServiceVersion", "2.0;")
BY_ACCEPT = ("Vary", "Accept")


class Form(Protocol):
    """What can be told, and in which way. Each answers a body and its content type."""

    def feed(self, page: Page) -> Told:
        """One page of a feed."""

    def entry(self, entry: Entry, here: V2Links, select: tuple[Property, ...]) -> Told:
        """One version."""

    def value(self, property: Property, value: Value) -> Told:
        """One property of a version."""

    def service(self, here: V2Links) -> Told:
        """What there is."""

    def refusal(self, sentence: str) -> Told:
        """A sentence that says no."""


def form() -> Form:
    """The form that ``$format`` names, or else ``Accept``; Atom where neither does."""
    named = parameters().get("$format", "")
    wants_json = "json" in named.lower() if named else prefers_json(request.headers.get("Accept", ""))
    return verbose if wants_json else atom


def in_its_form(sentence: str) -> Told:
    """A refusal."""
    return form().refusal(sentence)


def document(told: Told, subject: str = "", headers: tuple[tuple[str, str], ...] = ()) -> Document:
    """A document of V2."""
    body, content_type = told
    return Document(body, content_type, subject=subject, headers=(OF_V2, BY_ACCEPT, *headers))
