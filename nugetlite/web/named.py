"""What a URL names, where whatever makes no sense as a name is simply not here (404)."""

from __future__ import annotations

from nugetlite.errors import BadPackageId, BadVersion, NoSuchPackage, quoted
from nugetlite.package.identity import Identity, PackageId


def named(id: str, version: str) -> Identity:
    """One version; raises ``NoSuchPackage``."""
    try:
        return Identity.parse(id, version)
    except (BadPackageId, BadVersion) as error:
        raise NoSuchPackage(quoted(f"{id} {version}")) from error


def named_id(id: str) -> PackageId:
    """One package; raises ``NoSuchPackage``."""
    try:
        return PackageId.parse(id)
    except BadPackageId as error:
        raise NoSuchPackage(quoted(id)) from error
