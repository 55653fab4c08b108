"""How text becomes words: those that a package can be found by, and those that somebody looks for.

Contoso.JsonSchema   contoso, jsonschema, json, schema     the words of an id, humps included
                     c, co, j, js, s, sc                   what they begin with, for who has typed no more yet
                     contoso.jsonschema, ontoso.jsonsch…   its tails: what an id holds, some tail begins with
C# 100%              c, #, 100, %                          a sign is a word by itself
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nugetlite.package.manifest import Manifest

TEXT_LIMIT = 64 * 1024  #: characters of one field that are looked at
SHORTEST_PART = 3  #: characters of an id that somebody must give to find them anywhere in it
DEPENDENCY = "dependency"  #: the type of a package that names none

_UNSEEN = r"\x00-\x1f\x7f-\x9f\ud800-\udfff"  # control characters, and halves of characters
_IDEOGRAPHS = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # written without blanks between words
_ASCII_WORD = re.compile(r"[a-z0-9]+|[!-/:-@\[-`{-~]")
_WORD = re.compile(rf"[{_IDEOGRAPHS}]|[^\W_{_IDEOGRAPHS}]+|[^\w\s{_UNSEEN}]|_")
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_NAME_PART = re.compile(r"[A-Za-z0-9]+")


class Wording(NamedTuple):
    """The words by which one version of a package is found, column by column, separated by blanks."""

    tails: str
    names: str
    title: str
    tags: str
    authors: str
    owners: str
    summary: str
    description: str
    types: str

    @classmethod
    def of(cls, manifest: Manifest, types: Iterable[str]) -> Wording:
        """The words of a manifest, as a package of these types."""
        id = manifest.identity.id
        return cls(
            tails=" ".join(_tails(id.key)),
            names=" ".join(_name_words(id.text)),
            title=" ".join(_title_words(manifest.title or id.text)),
            tags=" ".join(_tag_words(manifest.tags)),
            authors=_spaced(manifest.authors),
            owners=_spaced(manifest.owners),
            summary=_spaced(manifest.summary),
            description=_spaced(manifest.description),
            types=" ".join(types),
        )


def fingerprint(manifest: Manifest) -> int:
    """A number of 64 bits that is the same for manifests whose wording is."""
    told = "\0".join(
        [
            manifest.identity.id.text,
            manifest.title,
            manifest.authors,
            manifest.owners,
            manifest.summary,
            manifest.description,
            *manifest.tags,
            *types_of(manifest),
        ]
    )
    hash = blake2b(told.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(hash, "big", signed=True)


def types_of(manifest: Manifest) -> list[str]:
    """What a package is for, as words; compared ignoring case."""
    return sorted({type_word(type.name) for type in manifest.package_types} - {""}) or [DEPENDENCY]


def type_word(name: str) -> str:
    """A package type as one word."""
    return "".join(words(name))


def words(text: str) -> list[str]:
    """The words and signs of a text, in order; letter case and accents do not count."""
    folded = fold(text[:TEXT_LIMIT])
    return (_ASCII_WORD if folded.isascii() else _WORD).findall(folded)


def fold(text: str) -> str:
    """A text as it is compared."""
    if text.isascii():
        return text.lower()
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return unicodedata.normalize("NFKC", bare.casefold())


def humps(text: str) -> list[str]:
    """The parts of the words that are written together: ``json`` and ``schema`` of ``JsonSchema``."""
    found = []
    for part in _NAME_PART.findall(text):
        inner = _HUMP.findall(part)
        if len(inner) > 1:
            found += [hump.lower() for hump in inner]
    return found


def _tails(id: str) -> Iterator[str]:
    return (id[at:] for at in range(len(id) - SHORTEST_PART + 1) if id[at] not in ".-_")


def _name_words(id: str) -> Iterable[str]:
    whole = [*words(id), *humps(id)]
    beginnings = [word[:length] for word in whole for length in range(1, SHORTEST_PART) if word.isalnum()]
    return dict.fromkeys(whole + beginnings)


def _title_words(title: str) -> Iterable[str]:
    return dict.fromkeys([*words(title), *humps(title[:TEXT_LIMIT])])


def _tag_words(tags: Iterable[str]) -> Iterable[str]:
    split = [words(tag) for tag in tags]
    return dict.fromkeys([*["".join(parts) for parts in split], *[word for parts in split for word in parts]])


def _spaced(text: str) -> str:
    return " ".join(words(text))
