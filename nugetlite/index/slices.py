"""Who sees which versions, and by which of them a package is found. Pure: versions in, documents out.

There are four kinds of clients, and each sees its own slice of the feed:

    slice   prereleases   SemVer 2        bit
    0       no            no              1
    1       yes           no              2
    2       no            yes             4
    3       yes           yes             8

In each slice a package is found by its newest version there, its top. Tops are mostly one version, or several
that say the same of themselves; a ``Document`` is one such wording, with the tops that speak it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nugetlite.package.manifest import Manifest

SLICES = range(4)
BITS = len(SLICES)

Tops = tuple[int, int, int, int]  #: for each slice, the number of a version, or 0


@dataclass(frozen=True, slots=True)
class Version:
    """One listed version of a package, as far as it matters here."""

    number: int
    slices: int  #: the bits of those that see it
    wording: int  #: a fingerprint
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One wording of a package.

    When a client asks for a package type, its top is the newest version of that type. Where that is not the
    top of the slice, because the package became something else, it needs a document of its own: it answers
    this one type only, and no search without a type, so it has no bits.
    """

    wording: int
    bits: int  #: of the slices in which it answers a search for any type
    type: str  #: the only type that it answers, "" if it answers any
    types: tuple[str, ...]  #: all types that it answers
    tops: Tops


_SEEN_BY = (0b1111, 0b1010, 0b1100, 0b1000)  # a version, by the slice of a client that would see just it


def slice_of(prerelease: bool, semver2: bool) -> int:
    """The slice that a client sees."""
    return int(prerelease) + 2 * int(semver2)


def slices_that_see(manifest: Manifest) -> int:
    """The bits of the slices in which a version is, if it is listed."""
    return _SEEN_BY[slice_of(manifest.identity.version.is_prerelease, manifest.is_semver2)]


def documents_of(versions: Sequence[Version]) -> list[Document]:
    """The documents of a package. ``versions`` ascend, and may lack those that are no top of anything."""
    tops = [_newest(versions, each) for each in SLICES]
    found = [
        Document(
            top.wording, sum(1 << at for at, number in enumerate(numbers) if number), "", top.types, numbers
        )
        for top, numbers in _by_wording(tops)
    ]
    if len({version.types for version in versions}) > 1:
        for type in sorted({type for version in versions for type in version.types}):
            found += _documents_for(type, versions, tops)
    return found


def _documents_for(
    type: str, versions: Sequence[Version], tops: Sequence[Version | None]
) -> Iterator[Document]:
    """What a type still needs, where the top of a slice is not of that type."""
    of_type = [version for version in versions if type in version.types]
    missing = [
        None if top and type in top.types else _newest(of_type, slice)
        for slice, top in zip(SLICES, tops, strict=True)
    ]
    for top, numbers in _by_wording(missing):
        yield Document(top.wording, 0, type, (type,), numbers)


def _newest(versions: Sequence[Version], slice: int) -> Version | None:
    return next((version for version in reversed(versions) if version.slices >> slice & 1), None)


def _by_wording(tops: Sequence[Version | None]) -> Iterator[tuple[Version, Tops]]:
    """Each wording, by one of the versions that have it, and the tops that have it."""
    for wording, speaker in {top.wording: top for top in tops if top}.items():
        first, second, third, fourth = [top.number if top and top.wording == wording else 0 for top in tops]
        yield speaker, (first, second, third, fourth)
