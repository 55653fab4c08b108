"""The pages for people: what this feed is, how to use it, what is on it, and one page for each package."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from nugetlite.errors import NoSuchPackage
from nugetlite.package.identity import Identity, PackageId
from nugetlite.package.package import Embedded, Package
from nugetlite.package.query import Query, parse_terms
from nugetlite.package.version import Version
from nugetlite.web.access import actor, guard_reads
from nugetlite.web.current import config, feed, links, parts
from nugetlite.web.v3.describe import web_url

portal = guard_reads(Blueprint("portal", __name__))

PER_PAGE = 20
README_SHOWN = 256 * 1024  #: characters


@portal.get("/")
def home() -> ResponseReturnValue:
    """How to point a client here, and the packages that answer ``q``."""
    words = request.args.get("q", "")[:200]
    skip = min(max(request.args.get("skip", 0, type=int), 0), 3000)
    query = Query(parse_terms(words), prerelease=True, semver2=True, skip=skip, take=PER_PAGE)
    hits = feed().search(query)
    return render_template(
        "home.html", words=words, hits=hits, skip=skip, per_page=PER_PAGE, links=links(), config=config()
    )


@portal.get("/packages/<id:package_id>")
def newest(package_id: PackageId) -> ResponseReturnValue:
    """The newest listed version of a package."""
    versions = feed().versions(package_id)
    listed = [package for package in versions if package.listed] or versions
    stable = [package for package in listed if not package.is_prerelease] or listed
    return _page(stable[-1], versions)


@portal.get("/packages/<id:package_id>/<version:version>")
def package(package_id: PackageId, version: Version) -> ResponseReturnValue:
    """One version: how to install it, what it says of itself, what it depends on."""
    found = feed().find(Identity(package_id, version))
    return _page(found, feed().versions(package_id))


def _page(package: Package, versions: Sequence[Package]) -> ResponseReturnValue:
    plugin_links = parts().plugins.gather_each(
        "nugetlite_portal_links", tuple, actor=actor(), package=package, config=config()
    )
    return render_template(
        "package.html",
        package=package,
        manifest=package.manifest,
        versions=list(reversed(versions)),
        readme=_readme(package),
        more_links=[(text, url) for text, url in plugin_links if web_url(url)],
        web_url=web_url,
        links=links(),
        Embedded=Embedded,
    )


def _readme(package: Package) -> str:
    try:
        return (
            feed().read_embedded(package.identity, Embedded.README).decode("utf-8", "replace")[:README_SHOWN]
        )
    except NoSuchPackage:
        return ""
