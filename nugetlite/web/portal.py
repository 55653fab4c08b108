"""The pages for people: what this feed is, how to use it, what is on it, and one page for each package.

They hold no script, and every URL in them that leads to this feed is relative, so they work behind any proxy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from nugetlite.errors import NoSuchPackage
from nugetlite.package.package import Embedded, Package
from nugetlite.package.query import Query, parse_terms
from nugetlite.web.access import actor, guard_reads, sight
from nugetlite.web.current import config, feed, links, parts
from nugetlite.web.links import Links
from nugetlite.web.named import named, named_id
from nugetlite.web.shown import web_url

portal = guard_reads(Blueprint("portal", __name__))

PER_PAGE = 20
MOST_SKIPPED = 3000
LONGEST_SEARCH = 200  #: characters
MOST_DEPENDENTS = 30
README_SHOWN = 256 * 1024  #: characters
MAIL = re.compile(r"mailto:[^\s\x00-\x1f\x7f-\x9f]+", re.IGNORECASE)


@portal.get("/")
def home() -> ResponseReturnValue:
    """How to point a client here, and the packages that answer ``q``."""
    words = request.args.get("q", "").strip()[:LONGEST_SEARCH]
    skip = min(max(request.args.get("skip", 0, type=int), 0), MOST_SKIPPED)
    query = Query(parse_terms(words), prerelease=True, semver2=True, skip=skip, take=PER_PAGE, sight=sight())
    return _html(
        "home.html", words=words, found=feed().search(query), skip=skip, per_page=PER_PAGE, links=links()
    )


@portal.get("/packages/<id>")
def newest(id: str) -> ResponseReturnValue:
    """The version of a package that most want: the newest listed one, a stable one if there is any."""
    found = feed().newest(named_id(id))
    return _page(found, feed().versions(found.identity.id))


@portal.get("/packages/<id>/<version>")
def package(id: str, version: str) -> ResponseReturnValue:
    """One version: how to install it, what it says of itself, what it depends on, what needs it."""
    found = feed().find(named(id, version))
    return _page(found, feed().versions(found.identity.id))


@portal.errorhandler(NoSuchPackage)
def missing(error: NoSuchPackage) -> ResponseReturnValue:
    """What is not here; or what became of it."""
    return _html("missing.html", sentence=str(error)), error.status


def _page(package: Package, versions: Sequence[Package]) -> ResponseReturnValue:
    more = parts().plugins.gather_each(
        "nugetlite_portal_links", tuple, actor=actor(), package=package, config=config()
    )
    return _html(
        "package.html",
        package=package,
        owners=feed().owners([package.identity.id])[package.identity.id.key],
        install=_how_to_install(package),
        more_links=[(text, link) for text, url in more if (link := safe_link(url))],
        project_link=safe_link(package.manifest.project_url),
        readme=_readme(package),
        dependents=feed().dependents(package.identity, sight()),
        most_dependents=MOST_DEPENDENTS,
        versions=list(reversed(versions)),
    )


def _html(template: str, **told: object) -> str:
    return render_template(template, here=Links.from_page(request.path), Embedded=Embedded, **told)


def safe_link(url: str) -> str:
    """The URL if a browser may be led to it, else ""."""
    return web_url(url) or (url.strip() if MAIL.fullmatch(url.strip()) else "")


def _how_to_install(package: Package) -> str:
    id, version = package.identity.id, package.identity.version.normalized
    types = {type.name.lower() for type in package.manifest.package_types}
    if "dotnettool" in types:
        return f"dotnet tool install {id} --version {version}"
    if "template" in types:
        return f"dotnet new install {id}::{version}"
    return f"dotnet add package {id} --version {version}"


def _readme(package: Package) -> str:
    """The readme as text: Markdown reads well as it is, and text cannot carry a script."""
    if Embedded.README not in package.embedded:
        return ""
    try:
        readme = feed().read_embedded(package.identity, Embedded.README)
    except NoSuchPackage:  # it was deleted since
        return ""
    return readme.decode("utf-8-sig", "replace")[:README_SHOWN]
