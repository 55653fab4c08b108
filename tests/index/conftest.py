"""What tests of the index need: one in a database of its own, of each kind, and packages without their bytes."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from nugetlite.database import open_database
from nugetlite.index import Index
from nugetlite.package.identity import Identity
from nugetlite.package.manifest import Manifest, PackageType
from nugetlite.package.package import Deletion, Package, Removal
from nugetlite.package.query import Query, parse_terms

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Shelf:
    """An index, as a test speaks of it: by id and version, each change committed at once."""

    noon = NOON  #: when everything is published, and removed

    def __init__(self, url):
        self.database = open_database(url)
        self.index = Index(self.database)

    def add(self, id, *versions, listed=True, types=(), dependency="", **texts):
        """Make versions be there that say the same of themselves; the last one is answered."""
        packages = [
            Package(
                Manifest(
                    Identity.parse(id, version),
                    package_types=tuple(PackageType(name) for name in types),
                    semver2_dependencies=bool(dependency),
                    **texts,
                ),
                size=1000,
                sha512=f"hash of {id} {version}",
                published=NOON,
                listed=listed,
            )
            for version in versions or ("1.0.0",)
        ]
        with self.database.begin() as connection:
            self.index.add(connection, [(package, f"stamp of {package.identity}") for package in packages])
        return packages[-1]

    def replace(self, package, **changes):
        """Make a version be there otherwise."""
        with self.database.begin() as connection:
            self.index.add(connection, [(replace(package, **changes), "another stamp")])

    def restate(self, id, version, *, listed):
        with self.database.begin() as connection:
            return self.index.restate(connection, Identity.parse(id, version), listed)

    def remove(self, id, version, deletion=Deletion.HARD, why=""):
        with self.database.begin() as connection:
            self.index.remove(connection, Removal(Identity.parse(id, version), deletion, NOON, "ann", why))

    def forget(self, id, *versions):
        with self.database.begin() as connection:
            self.index.forget(connection, [Identity.parse(id, version) for version in versions])

    def drop_removal(self, id, version):
        with self.database.begin() as connection:
            self.index.drop_removal(connection, Identity.parse(id, version))

    def download(self, id, version="1.0.0", times=1):
        with self.database.begin() as connection:
            self.index.count_downloads(connection, {Identity.parse(id, version): times})

    def search(self, text="", *, prerelease=True, semver2=True, **more):
        return self.index.search(Query(parse_terms(text), prerelease, semver2, **more))

    def found(self, text="", **more):
        """What a search finds, best first: ids, or ids and versions where ``text`` alone does not tell."""
        return [hit.package.identity.id.text for hit in self.search(text, **more).hits]

    def completed(self, text="", *, prerelease=True, semver2=True, **more):
        return list(self.index.complete(Query(parse_terms(text), prerelease, semver2, **more)).ids)


@pytest.fixture
def url(new_url):
    return new_url()


@pytest.fixture
def shelf(url):
    return Shelf(url)


@pytest.fixture(scope="module")
def shared_shelf(new_url):
    """One for all the tests of a file; it is filled once, and then only looked at."""
    return Shelf(new_url())
