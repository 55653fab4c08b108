"""What a package says of itself, made fit to be shown to clients of every protocol.

URLs are URLs of the web, those of files in the package lead to our copy, and no range is one that clients
cannot read.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nugetlite.errors import BadVersionRange
from nugetlite.package.package import Embedded, Package
from nugetlite.package.range import VersionRange

if TYPE_CHECKING:
    from nugetlite.web.links import Links

UNLISTED = datetime(
    1900, 1, 1, tzinfo=UTC
)  #: by this time clients older than `listed` know an unlisted version
LONGEST_RANGE = 160  #: characters; what has more is none, for a version has at most 64

_HOST = re.compile(r"[\w-]+(\.[\w-]+)*\.?|\[[0-9a-f:.]+\]", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def published(package: Package) -> datetime:
    """When it was published, as clients want to be told."""
    return package.published if package.listed else UNLISTED


@lru_cache(maxsize=4096)
def readable_range(text: str) -> VersionRange:
    """A dependency's range. One that clients cannot read costs them all versions, so it becomes "any" instead."""
    try:
        return VersionRange.parse(text if len(text) <= LONGEST_RANGE else "")
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
    bare = _UNSEEN.sub("", url).strip()
    try:
        parts = urlsplit(bare)
        has_host = _HOST.fullmatch(parts.netloc.rpartition("@")[2].removesuffix(f":{parts.port}"))
    except ValueError:  # a port that is no number, a bracket that is not closed
        return ""
    return bare if has_host and parts.scheme in ("http", "https") else ""


def _inside(package: Package, which: Embedded, links: Links) -> str:
    return links.embedded(package.identity, which) if which in package.embedded else ""
