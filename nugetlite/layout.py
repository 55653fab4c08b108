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
    .nugetlite/signatures/contoso.json/1.2.0/    its Octodiff signature, made when somebody asked for it
    .nugetlite/archives/acme.web/1.2.0/          one version in another format, for Octopus and its clients
        acme.web.1.2.0.tar.gz
        archive.json                                 its id, version and extension as they are spelt; size and hash
    .nugetlite/archives-unlisted/…, -deleted/…, -gone/…, -trash/…, -signatures/…     the same for archives
    .nugetlite/rejected/…/                       what somebody dropped and nobody could adopt, with the reason

The version folders in the root are a folder feed in NuGet's hierarchical layout, which clients read directly.
A path is made from checked values only, so nothing a client sends can point anywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass

from nugetlite.errors import BadPackageId, BadVersion
from nugetlite.package.filename import ArchiveIdentity, FileName
from nugetlite.package.identity import Identity

OWN = ".nugetlite"
UNLISTED = f"{OWN}/unlisted"
DELETED = f"{OWN}/deleted"
GONE = f"{OWN}/gone"
TRASH = f"{OWN}/trash"
SYMBOLS = f"{OWN}/symbols"
SIGNATURES = f"{OWN}/signatures"
REJECTED = f"{OWN}/rejected"
MARK = "mark.json"  #: the one file of an unlisted- or gone-mark
CARD = "archive.json"  #: what stands beside an archive


@dataclass(frozen=True, slots=True)
class Places:
    """Where the versions of one kind lie, by how they stand."""

    home: str
    unlisted: str
    deleted: str
    gone: str
    trash: str
    signatures: str
    beside: tuple[str, ...]  #: where that lies which goes when a version goes
    names: type[Identity]  #: how the names of versions are read


PACKAGES = Places("", UNLISTED, DELETED, GONE, TRASH, SIGNATURES, (UNLISTED, SYMBOLS, SIGNATURES), Identity)


def _archives() -> Places:
    home = f"{OWN}/archives"
    unlisted, deleted, gone, trash, signatures = (
        f"{home}-{name}" for name in ("unlisted", "deleted", "gone", "trash", "signatures")
    )
    return Places(home, unlisted, deleted, gone, trash, signatures, (unlisted, signatures), ArchiveIdentity)


ARCHIVES = _archives()


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


def archive_name(name: FileName) -> str:
    """``acme.web.1.2.0.tar.gz``."""
    return f"{name.identity.id.key}.{name.identity.version.key}{name.extension.lower()}"


def signature_name(hash: str) -> str:
    """``0beec7b5….octosig``, of the file with that hash (hexadecimal)."""
    return f"{hash}.octosig"


def identity_at(folder: str, under: str = "", names: type[Identity] = Identity) -> Identity | None:
    """Which version's folder this is; ``None`` if it is none, or not spelt as we, and NuGet, spell it."""
    inner = folder.removeprefix(f"{under}/") if under else folder
    match inner.split("/"):
        case [id, version]:
            try:
                identity = names.parse(id, version)
            except (BadPackageId, BadVersion):
                return None
            return identity if version_folder(identity, under) == folder else None
    return None
