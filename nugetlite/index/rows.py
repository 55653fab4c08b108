"""Packages and removals as rows of the database, and back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from nugetlite.database import kept, moment
from nugetlite.index.slices import slices_that_see
from nugetlite.index.wording import DEPENDENCY, fingerprint, types_of
from nugetlite.package.identity import Identity
from nugetlite.package.manifest import Manifest
from nugetlite.package.package import Deletion, Embedded, Package, Removal

Row = dict[str, object]

USUAL = 16 * 1024  #: bytes of a manifest; what is remembered must not become large


def version_row(number: int, package_number: int, package: Package, stamp: str) -> Row:
    """A row of ``versions``."""
    manifest = package.manifest
    version = manifest.identity.version
    types = types_of(manifest)
    seen = slices_that_see(manifest)
    return {
        "package": package_number,
        "sort_key": version.sort_key,
        "number": number,
        "key": version.key,
        "full": version.full,
        "slices": seen if package.listed else 0,
        "seen": seen,
        "shown": package.announced,
        "wording": fingerprint(manifest),
        "types": "" if types == [DEPENDENCY] else " ".join(types),
        "stamp": stamp,
    }


def manifest_row(number: int, package: Package) -> Row:
    """A row of ``manifests``."""
    return {
        "number": number,
        "manifest": package.manifest.to_json(),
        "size": package.size,
        "sha512": package.sha512,
        "published": kept(package.published),
        "embedded": " ".join(sorted(package.embedded)),
    }


def package_of(row: Any, *, listed: bool) -> Package:
    """The package in a row of ``manifests``."""
    make = _known_package if len(row.manifest) <= USUAL else _package
    return make(row.manifest, row.size, row.sha512, row.published, listed, row.embedded)


def _package(manifest: bytes, size: int, sha512: str, published: int, listed: bool, embedded: str) -> Package:
    shown = frozenset(map(Embedded, embedded.split()))
    return Package(Manifest.from_json(manifest), size, sha512, moment(published), listed, shown)


_known_package = lru_cache(maxsize=8192)(_package)  # rows are read again and again, and hardly ever change


def removal_row(removal: Removal, revision: int) -> Row:
    """A row of ``removals``."""
    return {
        **key_of(removal.identity),
        "id": removal.identity.id.text,
        "version": removal.identity.version.full,
        "deletion": removal.deletion.value,
        "removed": removal.when,
        "actor": removal.by,
        "why": removal.why,
        "revision": revision,
    }


def removal_of(row: Any) -> Removal:
    """The removal in such a row."""
    return Removal(identity_of(row), Deletion(row.deletion), row.removed, row.actor, row.why)


def identity_of(row: Any) -> Identity:
    """The identity in a row that spells it out."""
    return Identity.parse(row.id, row.version)


def key_of(identity: Identity) -> Mapping[str, str]:
    """What identifies a version in tables that are kept by name."""
    return {"key": identity.id.key, "sort_key": identity.version.sort_key}
