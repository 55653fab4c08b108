"""Where things lie on the share. The only room that makes paths.

    contoso.json/1.2.0/                          one version: there as a whole, or not there
        contoso.json.1.2.0.nupkg
        contoso.json.1.2.0.nupkg.sha512              base64, no newline: NuGet's own folder reader compares it
        contoso.json.nuspec
    .nugetlite/unlisted/contoso.json/1.2.0/      there while the version is hidden from search
    .nugetlite/deleted/contoso.json/1.2.0/       the version itself, while it is soft-deleted
    .nugetlite/gone/contoso.json/1.2.0/          who removed it, when and why; there while it is removed
    .nugetlite/trash/contoso.json/1.2.0/         a hard-deleted version on its way out
    .nugetlite/symbols/contoso.json/1.2.0/       its .snupkg
    .nugetlite/rejected/…/                       what somebody dropped and nobody could adopt, with the reason

The version folders in the root are a folder feed in NuGet's hierarchical layout, which clients read directly.
A path is made from checked values only, so nothing a client sends can point anywhere else.
"""

from __future__ import annotations

from nugetlite.errors import BadPackageId, BadVersion
from nugetlite.package.identity import Identity, PackageId
from nugetlite.package.version import Version

OWN = ".nugetlite"
UNLISTED = f"{OWN}/unlisted"
DELETED = f"{OWN}/deleted"
GONE = f"{OWN}/gone"
TRASH = f"{OWN}/trash"
SYMBOLS = f"{OWN}/symbols"
REJECTED = f"{OWN}/rejected"
MARK = "mark.json"  #: the one file of an unlisted- or gone-mark


def version_folder(identity: Identity, under: str = "") -> str:
    """``contoso.json/1.2.0``, in the root or below ``under``."""
    folder = f"{identity.id.key}/{identity.version.key}"
    return f"{under}/{folder}" if under else folder


def nupkg_name(identity: Identity) -> str:
    """``contoso.json.1.2.0.nupkg``."""
    return f"{identity.id.key}.{identity.version.key}.nupkg"


def sha512_name(identity: Identity) -> str:
    """``contoso.json.1.2.0.nupkg.sha512``."""
    return f"{nupkg_name(identity)}.sha512"


def nuspec_name(identity: Identity) -> str:
    """``contoso.json.nuspec``."""
    return f"{identity.id.key}.nuspec"


def snupkg_name(identity: Identity) -> str:
    """``contoso.json.1.2.0.snupkg``."""
    return f"{identity.id.key}.{identity.version.key}.snupkg"


def identity_at(folder: str, under: str = "") -> Identity | None:
    """Which version's folder this is; ``None`` if it is none, or not spelt as we, and NuGet, spell it."""
    inner = folder.removeprefix(f"{under}/") if under else folder
    match inner.split("/"):
        case [id, version]:
            try:
                identity = Identity(PackageId.parse(id), Version.parse(version))
            except (BadPackageId, BadVersion):
                return None
            return identity if version_folder(identity, under) == folder else None
    return None
