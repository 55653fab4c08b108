"""What a URL names, where whatever makes no sense as a name is simply not here (404), and so is what is not to be seen.

Whoever gets a name here has asked for the right to read it.
"""

from __future__ import annotations

from nugetlite.errors import BadPackageId, BadVersion, NoSuchPackage, quoted
from nugetlite.package.identity import Identity, PackageId
from nugetlite.web.access import require_sight, sees


def named(id: str, version: str) -> Identity:
    """One version; raises ``NoSuchPackage``, and as ``access.require``."""
    try:
        identity = Identity.parse(id, version)
    except (BadPackageId, BadVersion) as error:
        raise NoSuchPackage(quoted(f"{id} {version}")) from error
    require_sight(identity.id)
    return identity


def named_id(id: str) -> PackageId:
    """One package; raises ``NoSuchPackage``, and as ``access.require``."""
    try:
        package_id = PackageId.parse(id)
    except BadPackageId as error:
        raise NoSuchPackage(quoted(id)) from error
    require_sight(package_id)
    return package_id


def known_id(id: str) -> PackageId | None:
    """One package, where of an unknown one there is only nothing to tell; ``None`` for what is none, or not seen."""
    try:
        package_id = PackageId.parse(id)
    except BadPackageId:
        return None
    return package_id if sees(package_id) else None
