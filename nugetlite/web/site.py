"""The Flask application: which rooms of the web there are, and what holds for all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, cast

from flask import Blueprint, Flask, Response, request
from werkzeug.routing import BaseConverter, Rule, ValidationError

from nugetlite.errors import FeedError
from nugetlite.package.identity import PackageId
from nugetlite.package.version import Version
from nugetlite.web.access import notice, private, viewer
from nugetlite.web.current import NAME, Parts
from nugetlite.web.document import KEPT, NOSNIFF, Document, Done
from nugetlite.web.links import Hive
from nugetlite.web.manage.blueprint import manage
from nugetlite.web.octopus.urls import OctopusConverter, octopus
from nugetlite.web.ops import ops
from nugetlite.web.portal import portal
from nugetlite.web.publish import publish
from nugetlite.web.refusals import tell_refusals, warning
from nugetlite.web.tokens import tokens
from nugetlite.web.v2.router import v2
from nugetlite.web.v3.catalog import catalog
from nugetlite.web.v3.content import content
from nugetlite.web.v3.registration import registration
from nugetlite.web.v3.search import search
from nugetlite.web.v3.service_index import service_index
from nugetlite.web.v3.symbols import symbols
from nugetlite.web.viewers import FOR

BLUEPRINTS = (
    service_index,
    content,
    registration,
    search,
    catalog,
    symbols,
    tokens,
    v2,
    publish,
    octopus,
    manage,
    portal,
    ops,
)

CONTENT_SECURITY = "; ".join(  # of HTML pages: nothing runs, and nothing comes from elsewhere but pictures
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self' https:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


class LateRule(Rule):
    """A rule that gets ready to make URLs when it is asked for the first one.

    Here ``links`` makes all of them, and getting ready takes half of the time in which an application is made. Only a
    plugin's pages may ask.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compile = super()._compile_builder

        @cache
        def builder() -> Callable[..., tuple[str, str]]:
            return compile(append_unknown)

        return lambda rule, **values: builder()(rule, **values)


class Site(Flask):
    """A Flask application whose views may return documents, and what became of a write."""

    url_rule_class = LateRule

    def finalize_request(self, rv: Any, from_error_handler: bool = False) -> Response:
        """As Flask does it; but what is complete, and the same for all who see the same, goes out as it is.

        To make a response of it, and look at that from all sides, takes longer than the rest of a small answer.
        """
        if notice() or not isinstance(rv, Done | Document):
            return super().finalize_request(rv, from_error_handler)
        if isinstance(rv, Document):
            if not (seer := viewer()):
                return super().finalize_request(rv, from_error_handler)
            if not seer.is_everybody:
                rv = replace(rv, cache_control=private(rv.cache_control), varies_by=seer.varies_by)
            request.environ.update({KEPT: rv, FOR: seer})
        return cast(Response, rv)  # all that Flask wants of it is that it can be called

    def make_response(self, rv: Any) -> Response:
        """As Flask does it, from documents as well."""
        if not isinstance(rv, Document):
            return super().make_response(rv)
        status, headers, body = rv.answer(request.environ)
        return Response(body, status, headers)


def build(parts: Parts) -> Flask:
    """The application that serves these parts."""
    app = Site(__name__)
    app.extensions[NAME] = parts
    app.url_map.strict_slashes = False  # a redirected PUT is lost: both spellings of every URL are served
    app.url_map.merge_slashes = False
    app.url_map.converters.update(
        id=IdConverter, version=VersionConverter, hive=HiveConverter, octopus=OctopusConverter
    )
    tell_refusals(app)
    app.after_request(protect)
    for blueprint in (
        *BLUEPRINTS,
        *parts.plugins.gather("nugetlite_blueprints", Blueprint, config=parts.config),
    ):
        app.register_blueprint(blueprint)
    return app


def protect(response: Response) -> Response:
    """What browsers are told about every answer, and what somebody is to hear beside it."""
    headers = response.headers
    headers.setdefault(*NOSNIFF)
    if response.mimetype == "text/html":
        headers.setdefault("Content-Security-Policy", CONTENT_SECURITY)
        headers.setdefault("Referrer-Policy", "same-origin")
    if said := notice():
        headers.add(*warning(said))
    return response


class IdConverter(BaseConverter):
    """A package id in a URL; what is none is no URL of ours (404)."""

    regex = r"[A-Za-z0-9_.\s-]+"  # else, what is none would still be "not with this method" (405)

    def to_python(self, value: str) -> PackageId:
        """Read it."""
        try:
            return PackageId.parse(value)
        except FeedError as error:
            raise ValidationError(str(error)) from error

    def to_url(self, value: PackageId) -> str:
        """Write it."""
        return str(value)


class VersionConverter(BaseConverter):
    """A version in a URL, in any spelling."""

    regex = r"\s*[0-9][^/]*"

    def to_python(self, value: str) -> Version:
        """Read it."""
        try:
            return Version.parse(value)
        except FeedError as error:
            raise ValidationError(str(error)) from error

    def to_url(self, value: Version) -> str:
        """Write it."""
        return value.normalized


class HiveConverter(BaseConverter):
    """One of the registration trees."""

    def to_python(self, value: str) -> Hive:
        """Read it."""
        try:
            return Hive(value)
        except ValueError as error:
            raise ValidationError(str(error)) from error
