"""Whether what was made for one target framework runs on another, as far as a feed has to know.

Clients decide for themselves what they install. A feed only leaves out what surely does not fit, so whatever is not
known here is taken to fit. The rules are those of NuGet's documents about .NET Standard and target frameworks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nugetlite.package.manifest import Manifest

Numbers = tuple[int, ...]

_NAME = re.compile(r"([a-z]+)([0-9.]*)(?:-(.+))?")
_LEGACY, _MODERN, _STANDARD = "net", "netcoreapp", "netstandard"
_APART = frozenset(
    [_LEGACY, _MODERN, _STANDARD, "sl", "wp", "wpa", "win", "uap", "monoandroid", "xamarinios"]
)

# From which version on a framework has which .NET Standard in it, newest first
_STANDARD_IN: dict[str, list[tuple[Numbers, Numbers]]] = {
    _LEGACY: [((4, 6, 1), (2, 0)), ((4, 6), (1, 3)), ((4, 5, 1), (1, 2)), ((4, 5), (1, 1))],
    _MODERN: [((3, 0), (2, 1)), ((2, 0), (2, 0)), ((1, 0), (1, 6))],
}


def fits(manifest: Manifest, targets: Iterable[str]) -> bool:
    """Whether a package may be for one of these frameworks: it names none, or one that runs there."""
    made_for = {group.framework for group in manifest.dependency_groups}
    wanted = list(targets)
    return not made_for or not wanted or any(runs_on(each, target) for each in made_for for target in wanted)


def runs_on(made_for: str, target: str) -> bool:
    """Whether what was made for one framework may run on another; both are short names."""
    if made_for.startswith("portable-"):
        return any(runs_on(part, target) for part in made_for.removeprefix("portable-").split("+"))
    made, there = _parts(made_for), _parts(target)
    if made is None or there is None:
        return True
    (family, version, platform), (other, limit, its_platform) = made, there
    if (
        platform
        and family == _MODERN
        and platform.rstrip("0123456789.") != its_platform.rstrip("0123456789.")
    ):
        return False
    if family == other:
        return version <= limit or not limit
    if family == _STANDARD and other in _STANDARD_IN:
        return not limit or version <= next((has for since, has in _STANDARD_IN[other] if limit >= since), ())
    return family == _STANDARD or not {family, other} <= _APART


def _parts(name: str) -> tuple[str, Numbers, str] | None:
    """Family, version and what stands after the minus; ``None`` for what is not known."""
    match = _NAME.fullmatch(name)
    if not match:
        return None
    family, digits, rest = match.groups("")
    numbers = digits.strip(".").split(".") if "." in digits else list(digits)
    version = tuple([int(number) for number in numbers if number])
    if family == _LEGACY and version >= (5,):
        family = _MODERN  # .NET Core lost its last name with version 5
    return family, version, rest
