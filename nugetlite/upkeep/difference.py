"""What is other on the share than the index says. Pure: two pictures in, their difference out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nugetlite import layout

if TYPE_CHECKING:
    from nugetlite.storage import Entry

MANY = 10
LARGE_PART = 0.2  #: of all versions; more than both missing at once looks like a share that is half away


@dataclass(slots=True)
class Look:
    """What one walk over the share saw."""

    unread: list[Entry] = field(default_factory=list)  #: version folders that are new, or not as they were
    strays: list[Entry] = field(default_factory=list)  #: folders with packages that lie where they should not
    seen: set[str] = field(default_factory=set)  #: version folders
    unreadable: list[str] = field(default_factory=list)  #: who knows what is in them, and below them


def look(entries: Iterable[Entry], known: Mapping[str, str]) -> Look:
    """Sort the folders of a share by what there is to do. ``known`` maps version folders to stamps."""
    found = Look()
    for entry in entries:
        if not entry.readable:
            found.unreadable.append(entry.folder)
        elif _is_version(entry):
            found.seen.add(entry.folder)
            if (stamp := known.get(entry.folder)) is None or stamp != entry.stamp:
                found.unread.append(entry)
        elif any(name.lower().endswith(".nupkg") for name in entry.names):
            found.strays.append(entry)
    return found


def vanished(known: Collection[str], found: Look) -> set[str]:
    """The version folders that were there and are surely not there any more."""
    missing = set(known) - found.seen
    if not found.unreadable:
        return missing
    unsure = tuple(f"{folder}/" if folder else "" for folder in found.unreadable)
    return {folder for folder in missing if not f"{folder}/".startswith(unsure)}


def is_suspicious(missing: int, known: int) -> bool:
    """Whether so much is gone at once that a fault is more likely than a clean-up."""
    return missing > MANY and missing > LARGE_PART * known


def _is_version(entry: Entry) -> bool:
    identity = layout.identity_at(entry.folder)
    return identity is not None and layout.nupkg_name(identity) in entry.names
