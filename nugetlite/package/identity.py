"""What a package is called, and which version of it is meant."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from nugetlite.errors import BadPackageId, quoted
from nugetlite.package.version import Version

ID_LIMIT = 100  #: characters
_ID = re.compile(r"[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*")
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))]
)


@dataclass(frozen=True, slots=True)
class PackageId:
    """The name of a package: ``Contoso.Json``. Letter case is kept for showing, ignored for comparing."""

    text: str = field(compare=False)  #: as it was written
    key: str = field(init=False)  #: lower-case: what it is compared, stored and looked up by

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", self.text.lower())

    @classmethod
    def parse(cls, text: str) -> PackageId:
        """Read an id; blank around it is trimmed. Raises ``BadPackageId``.

        The form is that of NuGet's own clients, narrowed to ASCII, and without names that a Windows file
        share takes for devices: the id becomes a folder there.
        """
        return _known(text) if len(text) <= ID_LIMIT else _read(text)

    def __str__(self) -> str:
        return self.text


def _read(text: str) -> PackageId:
    id = text.strip()
    if len(id) > ID_LIMIT or not _ID.fullmatch(id) or id.partition(".")[0].lower() in _DEVICES:
        raise BadPackageId(f"{quoted(id)} is not a package id: {_what_is_wrong(id)}")
    return PackageId(id)


_known = lru_cache(maxsize=4096)(_read)  # with each version, and with each request, an id is read again


def _what_is_wrong(id: str) -> str:
    if not id:
        return "it is empty"
    if len(id) > ID_LIMIT:
        return f"at most {ID_LIMIT} characters are allowed, and it has {len(id)}"
    if odd := re.search(r"[^A-Za-z0-9_.-]", id):
        return (
            f"{quoted(odd[0])} is not allowed in it, only ASCII letters, digits, _, and between them . and -"
        )
    if not _ID.fullmatch(id):
        return "each . and - must stand between letters, digits or _"
    return f"Windows keeps the name {quoted(id.partition('.')[0])} for a device"


@dataclass(frozen=True, slots=True)
class Identity:
    """One version of one package: ``Contoso.Json 1.2.0``."""

    id: PackageId
    version: Version

    @classmethod
    def parse(cls, id: str, version: str) -> Identity:
        """Read both parts. Raises ``BadPackageId`` or ``BadVersion``."""
        return cls(PackageId.parse(id), Version.parse(version))

    def __str__(self) -> str:
        return f"{self.id} {self.version}"
