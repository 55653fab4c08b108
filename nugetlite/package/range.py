"""Which versions of a package will do: ``[1.0.0, 2.0.0)``, and the floating ``1.*`` of project files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from nugetlite.errors import BadVersion, BadVersionRange, quoted
from nugetlite.package.version import Version

_BRACKETED = re.compile(r"([\[(])([^,]*)(?:(,)([^,]*))?([])])")
_FLOATING = re.compile(
    r"((?:[0-9]+\.){0,3}\*|[0-9]+(?:\.[0-9]+){0,3})"  # 1.2.* or 1.2.3
    r"(?:-([0-9A-Za-z.-]*)\*)?"  # -beta.*
)


@dataclass(frozen=True, slots=True)
class VersionRange:
    """All versions between two bounds, made by ``VersionRange.parse``; ``VersionRange()`` is any version."""

    minimum: Version | None = None  #: ``None``: no lower bound
    maximum: Version | None = None  #: ``None``: no upper bound
    includes_minimum: bool = False
    includes_maximum: bool = False

    @classmethod
    def parse(cls, text: str) -> VersionRange:
        """Read a range as a ``.nuspec`` writes it: ``1.0`` (or newer), ``[1.0]``, ``(1.0,2.0]``, "" (any).

        A lower bound that floats, such as ``1.*``, counts as its lowest version: only projects may float.
        Raises ``BadVersionRange``.
        """
        wanted = text.strip()
        try:
            return _read(wanted)
        except BadVersion as error:
            raise _bad(wanted, str(error)) from error

    def contains(self, version: Version) -> bool:
        """Whether ``version`` lies between the bounds. As in NuGet, 2.0.0-beta lies in [1.0.0, 2.0.0)."""
        return self._minimum_allows(version) and self._maximum_allows(version)

    def lowest(self, versions: Iterable[Version]) -> Version | None:
        """The one of ``versions`` that a restore takes for a dependency, or ``None`` for none.

        A prerelease is taken only if a bound is one, too (``VersionRange.IsBetter`` in NuGet.Versioning).
        """
        takes_prereleases = any(bound.is_prerelease for bound in (self.minimum, self.maximum) if bound)
        allowed = (each for each in versions if takes_prereleases or not each.is_prerelease)
        return min(filter(self.contains, allowed), default=None)

    def _minimum_allows(self, version: Version) -> bool:
        if self.minimum is None:
            return True
        return version >= self.minimum if self.includes_minimum else version > self.minimum

    def _maximum_allows(self, version: Version) -> bool:
        if self.maximum is None:
            return True
        return version <= self.maximum if self.includes_maximum else version < self.maximum

    @property
    def is_semver2(self) -> bool:
        """Whether only clients that know SemVer 2 can read one of its bounds."""
        return any(bound.is_semver2 for bound in (self.minimum, self.maximum) if bound)

    @property
    def short(self) -> str:
        """The text for V2 feeds, as NuGet 2 reads it: ``1.0.0`` (or newer), ``[1.0.0]``, "" (any)."""
        if not self.minimum and not self.maximum:
            return ""
        if self.minimum and self.includes_minimum and not self.maximum:
            return self.minimum.normalized
        if self.minimum and self.minimum == self.maximum:
            return f"[{self.minimum.normalized}]"
        return str(self)

    def __str__(self) -> str:
        """NuGet's normalized text. The blank stays where bounds are missing: no client reads ``(,)``."""
        minimum = self.minimum.normalized if self.minimum else ""
        maximum = self.maximum.normalized if self.maximum else ""
        opening = "[" if self.includes_minimum else "("
        closing = "]" if self.includes_maximum else ")"
        return f"{opening}{minimum}, {maximum}{closing}"


def _read(text: str) -> VersionRange:
    if not text:
        return VersionRange()
    if text[0] not in "[(":
        return VersionRange(_minimum(text), includes_minimum=True)
    brackets = _BRACKETED.fullmatch(text)
    if not brackets:
        raise _bad(text, "it has more than two bounds" if text[-1] in ")]" else "it must end in ] or )")
    opening, minimum, comma, maximum, closing = brackets.groups("")
    if not comma:
        return _exactly(minimum, text)
    return _between(opening, minimum, maximum, closing, text)


def _exactly(bound: str, text: str) -> VersionRange:
    if text[0] != "[" or text[-1] != "]":
        raise _bad(text, "a single version stands between [ and ]")
    version = Version.parse(bound)
    return VersionRange(version, version, includes_minimum=True, includes_maximum=True)


def _between(opening: str, lower: str, upper: str, closing: str, text: str) -> VersionRange:
    minimum = _minimum(lower.strip()) if lower.strip() else None
    maximum = Version.parse(upper) if upper.strip() else None
    includes_minimum = opening == "[" and minimum is not None
    includes_maximum = closing == "]" and maximum is not None
    if minimum and maximum:
        if minimum > maximum:
            raise _bad(text, "its lower bound is above its upper bound")
        if minimum == maximum and not (includes_minimum and includes_maximum):
            raise _bad(text, "no version lies in it")
    return VersionRange(minimum, maximum, includes_minimum, includes_maximum)


def _minimum(bound: str) -> Version:
    return FloatingRange.parse(bound).minimum if "*" in bound else Version.parse(bound)


def _bad(text: str, why: str) -> BadVersionRange:
    return BadVersionRange(f"{quoted(text)} is not a version range: {why}")


@dataclass(frozen=True, slots=True)
class FloatingRange:
    """A range that means its newest version, as project files write it; made by ``FloatingRange.parse``.

    ``1.*`` is the newest stable 1.x, ``1.*-*`` the newest 1.x, ``1.2.3-beta*`` the newest 1.2.3 whose labels
    start so, or 1.2.3 itself.
    """

    minimum: Version  #: the lowest version that it can mean
    pinned: int  #: how many of the four numbers do not float
    label_prefix: (
        str | None
    )  #: what the labels of a prerelease must start with, lower-case; ``None``: stable only

    @classmethod
    def parse(cls, text: str) -> FloatingRange:
        """Read ``*``, ``1.*``, ``1.2.3-*``, ``*-*``, ``1.*-beta.*`` and so on. Raises ``BadVersionRange``."""
        wanted = text.strip()
        match = _FLOATING.fullmatch(wanted)
        if not match or "*" not in wanted:
            raise _bad(
                wanted, "it floats if a * takes the place of its last number, or ends its labels, or both"
            )
        release: str = match[1]
        prefix: str | None = match[2]
        try:
            minimum = Version.parse(release.replace("*", "0") + _lowest_labels(prefix))
        except BadVersion as error:
            raise _bad(wanted, str(error)) from error
        pinned = release.count(".") if "*" in release else len(minimum.numbers)
        return cls(minimum, pinned, prefix if prefix is None else prefix.lower())

    def contains(self, version: Version) -> bool:
        """Whether it can mean ``version``."""
        return (
            version.numbers[: self.pinned] == self.minimum.numbers[: self.pinned]
            and (not version.is_prerelease or self._takes_labels_of(version))
            and version >= self.minimum
        )

    def _takes_labels_of(self, version: Version) -> bool:
        labels = ".".join(version.labels).lower()
        return self.label_prefix is not None and labels.startswith(self.label_prefix)

    def best(self, versions: Iterable[Version]) -> Version | None:
        """The one of ``versions`` that it means: the newest that it contains, or ``None`` for none."""
        return max(filter(self.contains, versions), default=None)

    def __str__(self) -> str:
        numbers = [*map(str, self.minimum.numbers[: self.pinned])]
        release = ".".join([*numbers, "*"]) if self.pinned < 4 else self.minimum.normalized.partition("-")[0]
        return release if self.label_prefix is None else f"{release}-{self.label_prefix}*"


def _lowest_labels(prefix: str | None) -> str:
    """The labels that sort first of those that start with ``prefix``, and the minus before them."""
    if prefix is None:
        return ""
    return f"-{prefix}0" if prefix == "" or prefix.endswith(".") else f"-{prefix}"
