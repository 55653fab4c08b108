"""What ``GetUpdates`` asks: somebody has these versions; which newer ones would do?"""

from __future__ import annotations

from dataclasses import dataclass

from nugetlite.errors import BadPackageId, BadQuery, BadVersion
from nugetlite.package.framework import short_framework
from nugetlite.package.identity import Identity
from nugetlite.package.range import VersionRange
from nugetlite.package.version import Version

INSTALLED_LIMIT = 1000  #: packages in one question; nuget.exe asks for ten at a time


@dataclass(frozen=True, slots=True)
class Installed:
    """A version that somebody has, and which newer ones may take its place."""

    identity: Identity
    allowed: VersionRange

    def is_updated_by(self, version: Version) -> bool:
        """Whether a version of the same package would do."""
        return version > self.identity.version and self.allowed.contains(version)


@dataclass(frozen=True, slots=True)
class Updates:
    """The listed versions that would do as updates."""

    installed: tuple[Installed, ...] = ()
    prerelease: bool = False
    all_versions: bool = False  #: not just the newest one of each package
    frameworks: tuple[str, ...] = ()  #: short names of those to run on; none means any

    @classmethod
    def parse(
        cls,
        ids: str,
        versions: str,
        constraints: str = "",
        frameworks: str = "",
        *,
        prerelease: bool = False,
        all_versions: bool = False,
    ) -> Updates:
        """Read the lists that a client sends, their items separated by ``|``.

        Lists that do not agree in length ask for nothing, as on nuget.org; so does an item that names no package
        and version. Raises ``BadVersionRange`` for a constraint that makes no sense: without it, too much would
        do; and ``BadQuery`` for a list that is too long.
        """
        wanted = ids.split("|") if ids else []
        have = [_unspoilt(version) for version in versions.split("|")] if versions else []
        allowed = constraints.split("|") if constraints else [""] * len(wanted)
        if len(wanted) > INSTALLED_LIMIT:
            raise BadQuery(
                f"GetUpdates names {len(wanted)} packages; ask for at most {INSTALLED_LIMIT} at a time"
            )
        installed: list[Installed] = []
        if len(wanted) == len(have) == len(allowed):
            for id, version, constraint in zip(wanted, have, allowed, strict=True):
                within = VersionRange.parse(_unspoilt(constraint))
                try:
                    installed.append(Installed(Identity.parse(id, version), within))
                except (BadPackageId, BadVersion):
                    continue
        run_on = [short_framework(_unspoilt(name)) for name in frameworks.split("|") if name.strip()]
        return cls(tuple(installed), prerelease, all_versions, tuple(filter(None, run_on)))


def _unspoilt(text: str) -> str:
    """The text with the ``+`` that a query string turned into blanks: ``1.0.0 build``, ``portable-net45 win8``."""
    return text.strip() if "," in text else text.strip().replace(" ", "+")
