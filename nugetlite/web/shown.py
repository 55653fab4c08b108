"""What a package says of itself, made fit to be shown to clients of every protocol.

URLs are URLs of the web, those of files in the package lead to our copy, and no range is one that clients
cannot read.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nugetlite.errors import BadVersionRange
from nugetlite.package.package import Embedded, Package
from nugetlite.package.range import VersionRange

if TYPE_CHECKING:
    from nugetlite.web.links import Links

SHORT = 4096  #: characters of free text
MOST_KEPT = 8192  #: versions that are kept rendered in one form, in one process
USUAL_URL = 256  #: characters; what is remembered must not become large
LONGEST_RANGE = 160  #: characters; what has more is none, for a version has at most 64

_HOST = re.compile(r"[\w-]+(\.[\w-]+)*\.?|\[[0-9a-f:.]+\]", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def is_short(package: Package) -> bool:
    """Whether it says so little that it can be kept rendered, with thousands of others, in little memory."""
    manifest = package.manifest
    text = len(manifest.description) + len(manifest.summary) + len(manifest.release_notes)
    return text + 50 * sum(len(group.dependencies) for group in manifest.dependency_groups) <= SHORT


def readable_range(text: str) -> VersionRange:
    """A dependency's range. One that clients cannot read costs them all versions, so it becomes "any" instead."""
    return _known_range(text) if len(text) <= LONGEST_RANGE else VersionRange()


@lru_cache(maxsize=4096)
def _known_range(text: str) -> VersionRange:
    try:
        return VersionRange.parse(text)
    except BadVersionRange:
        return VersionRange()


def icon_url(package: Package, links: Links) -> str:
    """Where its icon is, "" if it has none."""
    return _inside(package, Embedded.ICON, links) or web_url(package.manifest.icon_url)


def readme_url(package: Package, links: Links) -> str:
    """Where its readme is, "" if it has none."""
    return _inside(package, Embedded.README, links)


def project_url(package: Package) -> str:
    """Where its project is at home, "" if it does not say."""
    return web_url(package.manifest.project_url)


def license_url(package: Package, links: Links) -> str:
    """Where the licence can be read.

    Beside an expression or a file, packers fill the old ``licenseUrl`` with a placeholder that leads nowhere
    useful (``aka.ms/deprecateLicenseUrl``, ``licenses.nuget.org``). Ours leads to the file, or to our page.
    """
    license = package.manifest.license
    if not license:
        return web_url(package.manifest.license_url)
    if license.kind == "expression":
        return links.details(package.identity)
    return _inside(package, Embedded.LICENSE, links)


def web_url(url: str) -> str:
    """The URL if it is one of the web, "" if not: a client refuses all versions when an icon's URL is none."""
    return _known_url(url) if len(url) <= USUAL_URL else _checked_url(url)


def _checked_url(url: str) -> str:
    bare = _UNSEEN.sub("", url).strip()
    try:
        parts = urlsplit(bare)
        has_host = _HOST.fullmatch(parts.netloc.rpartition("@")[2].removesuffix(f":{parts.port}"))
    except ValueError:  # a port that is no number, a bracket that is not closed
        return ""
    return bare if has_host and parts.scheme in ("http", "https") else ""


_known_url = lru_cache(maxsize=4096)(_checked_url)  # all versions of a package mostly have the same


def _inside(package: Package, which: Embedded, links: Links) -> str:
    return links.embedded(package.identity, which) if which in package.embedded else ""
