"""NuGet versions: one to four numbers, SemVer 2 labels and metadata, one normal form, one order."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from nugetlite.errors import BadVersion, quoted

VERSION_LIMIT = 64  #: characters, as on nuget.org
NUMBER_LIMIT = 2**31 - 1  #: NuGet's clients keep a number in 32 bits, with a sign

_NUMBER = r"0*([0-9]{1,10})"
_LABEL = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_WORD = r"[0-9A-Za-z-]+"
_VERSION = re.compile(
    rf"{_NUMBER}(?: *\. *{_NUMBER})?(?: *\. *{_NUMBER})?(?: *\. *{_NUMBER})? *"
    rf"(?:-({_LABEL}(?:\.{_LABEL})*))?"
    rf"(?:\+({_WORD}(?:\.{_WORD})*))?"
)
_SURELY_FITS = 9  #: so few characters hold no number that is too large, and no normal form that is too long


@dataclass(frozen=True, slots=True, order=True, repr=False)
class Version:
    """One version, made by ``Version.parse``. As in NuGet, comparing it ignores metadata and letter case.

    So ``1``, ``1.0.0.0`` and ``1.0.0+build`` are equal, and ``1.0.0-beta.2 < 1.0.0-beta.10 < 1.0.0``.
    """

    numbers: tuple[int, int, int, int] = field(compare=False)
    labels: tuple[str, ...] = field(compare=False)  #: what stands between "-" and "+", split at its dots
    metadata: str = field(compare=False)  #: what stands after "+", "" for none
    original: str = field(compare=False)  #: as it was written, without blanks
    normalized: str = field(init=False, compare=False)  #: 1.2.0-Beta: what NuGet shows, without metadata
    key: str = field(init=False, compare=False)  #: 1.2.0-beta: what it is stored and looked up by
    sort_key: str = field(init=False)  #: ASCII text whose order, byte by byte, is version order

    def __post_init__(self) -> None:
        normalized = _normal_form(self.numbers, self.labels)
        derive = object.__setattr__
        derive(self, "normalized", normalized)
        derive(self, "key", normalized.lower())
        derive(self, "sort_key", _sort_key(self.numbers, self.labels))

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read a version as NuGet's clients do, blanks around its numbers included. Raises ``BadVersion``."""
        return _known(text) if len(text) <= VERSION_LIMIT else _read(text)

    def _fits(self) -> bool:
        return max(self.numbers) <= NUMBER_LIMIT and len(self.full) <= VERSION_LIMIT

    @property
    def full(self) -> str:
        """The normal form with its metadata: ``1.2.0-Beta+build.5``."""
        return f"{self.normalized}+{self.metadata}" if self.metadata else self.normalized

    @property
    def is_prerelease(self) -> bool:
        """Whether it has labels."""
        return bool(self.labels)

    @property
    def is_semver2(self) -> bool:
        """Whether only clients that know SemVer 2 can read it: several labels, or metadata."""
        return len(self.labels) > 1 or bool(self.metadata)

    def __str__(self) -> str:
        return self.full

    def __repr__(self) -> str:
        return f"Version({self.full!r})"


def _read(text: str) -> Version:
    original = text.strip()
    match = _VERSION.fullmatch(original) if len(original) <= VERSION_LIMIT else None
    if not match:
        raise _bad(original)
    major, minor, patch, revision, labels, metadata = match.groups("")
    version = Version(
        (int(major), int(minor or 0), int(patch or 0), int(revision or 0)),
        tuple(labels.split(".")) if labels else (),
        metadata,
        original.replace(" ", ""),
    )
    if len(original) > _SURELY_FITS and not version._fits():
        raise _bad(original)
    return version


_known = lru_cache(maxsize=4096)(_read)  # the packages of a feed share most of their versions


def _normal_form(numbers: tuple[int, int, int, int], labels: tuple[str, ...]) -> str:
    major, minor, patch, revision = numbers
    release = f"{major}.{minor}.{patch}.{revision}" if revision else f"{major}.{minor}.{patch}"
    return f"{release}-{'.'.join(labels)}" if labels else release


# A sort key is the four numbers, and then "~" for a release, or each label of a prerelease after its mark:
#
#     1.10.3            1a1030~
#     1.10.3-beta.2     1a1030*beta#2
#
# A number of several digits goes after a letter that tells how many, so 9 < a10 < b100. Both marks come
# before any character of a label, so beta < beta.x < beta-x, and "#" comes before "*": numbers before words.


def _sort_key(numbers: tuple[int, int, int, int], labels: tuple[str, ...]) -> str:
    release = "".join([_SORTED[n] if n < len(_SORTED) else _sort_number(n) for n in numbers])
    if not labels:
        return f"{release}~"
    return f"{release}{''.join(map(_sort_label, labels))}{_tie_break(labels)}"


def _sort_number(number: int) -> str:
    digits = str(number)
    return digits if number < 10 else f"{' abcdefghi'[len(digits) - 1]}{digits}"


_SORTED = tuple(map(_sort_number, range(1000)))  # the usual numbers, once: a scan makes keys by the thousand


def _sort_label(label: str) -> str:
    number = _label_number(label)
    if number is None:
        return f"*{label.lower()}"
    if number < 0:
        return f"#/{number + NUMBER_LIMIT + 1:010d}"
    return f"#{_sort_number(number)}"


def _label_number(label: str) -> int | None:
    """The number that NuGet's clients compare a label by, or ``None`` if they compare it as a word.

    They try to read it as a signed 32-bit number (``int.TryParse`` in NuGet.Versioning's VersionComparer),
    so a time stamp such as 20240131235959 is a word to them, and -1, which 1.0.0--1 ends in, is a number.
    """
    if not label.removeprefix("-").isdigit():
        return None
    number = int(label)
    return number if -NUMBER_LIMIT - 1 <= number <= NUMBER_LIMIT else None


def _tie_break(labels: tuple[str, ...]) -> str:
    """Keeps apart one number in two spellings, such as 1.0.0--5 and 1.0.0--05: two names, two versions."""
    return f"!{'.'.join(labels).lower()}" if any(label.startswith("-0") for label in labels) else ""


def _bad(text: str) -> BadVersion:
    return BadVersion(f"{quoted(text)} is not a NuGet version: {_what_is_wrong(text)}")


def _what_is_wrong(text: str) -> str:
    if not text:
        return "it is empty"
    if len(text) > VERSION_LIMIT:
        return f"at most {VERSION_LIMIT} characters are allowed, and it has {len(text)}"
    if any(mark in text for mark in "[](),*"):
        return "one version is wanted here, not a range of them"
    rest, plus, metadata = text.partition("+")
    release, minus, labels = rest.partition("-")
    return (
        _wrong_in_numbers(release.split("."))
        or (_wrong_in_labels(labels.split("."), "label") if minus else "")
        or (_wrong_in_labels(metadata.split("."), "part of the metadata") if plus else "")
        or f"in its normal form it has more than {VERSION_LIMIT} characters"
    )


def _wrong_in_numbers(parts: list[str]) -> str:
    if len(parts) > 4:
        return "at most four numeric parts are allowed"
    for part in parts:
        number = part.strip(" ")
        if not number:
            return "a number is missing"
        if not (number.isascii() and number.isdigit()):
            return f"{quoted(number)} is not a number"
        if int(number) > NUMBER_LIMIT:
            return f"{number} is more than {NUMBER_LIMIT}"
    return ""


def _wrong_in_labels(parts: list[str], what: str) -> str:
    for part in parts:
        if not part:
            return f"a {what} is missing"
        if odd := re.search(r"[^0-9A-Za-z-]", part):
            return f"{quoted(odd[0])} is not allowed in a {what}, only ASCII letters, digits and -"
        if what == "label" and part.isdigit() and part != "0" and part[0] == "0":
            return f"the label {part} may not start with 0"
    return ""
