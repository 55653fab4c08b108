"""The entity of the V2 feed: one version of a package, property by property, typed.

What a property says is told here once, for rendering and for filtering alike. A property that needs the web to
be told (a link) has no value here, and cannot be filtered or ordered by.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nugetlite.package.package import Package

Value = str | int | bool | datetime | None


class Edm(StrEnum):
    """The types of OData V2 that a filter can speak of, as ``m:type`` spells them."""

    STRING = "Edm.String"
    BOOLEAN = "Edm.Boolean"
    INT32 = "Edm.Int32"
    INT64 = "Edm.Int64"
    SINGLE = "Edm.Single"
    DOUBLE = "Edm.Double"
    DECIMAL = "Edm.Decimal"
    DATETIME = "Edm.DateTime"
    DATETIMEOFFSET = "Edm.DateTimeOffset"
    TIME = "Edm.Time"
    GUID = "Edm.Guid"
    BINARY = "Edm.Binary"
    NULL = "null"  #: of the literal only


@dataclass(frozen=True, slots=True)
class Entry:
    """One version as a V2 client sees it."""

    package: Package
    is_latest: bool  #: whether it is the newest listed stable version of those that the client may see
    is_absolute_latest: bool  #: whether it is the newest listed one of those
    downloads: int  #: of all versions of the package
    version_downloads: int
    owners: str = ""  #: the accounts that it belongs to, "" if it belongs to none


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a property."""

    type: Edm = Edm.STRING
    nullable: bool = False
    value: Callable[[Entry], Value] | None = None  #: ``None`` if only the web can tell


def _text(read: Callable[[Package], str]) -> About:
    """A text that a manifest may lack."""
    return About(nullable=True, value=lambda entry: read(entry.package) or None)


def _always(read: Callable[[Package], str]) -> About:
    return About(value=lambda entry: read(entry.package))


def _flag(read: Callable[[Entry], bool]) -> About:
    return About(Edm.BOOLEAN, value=read)


def _number(type: Edm, read: Callable[[Entry], int]) -> About:
    return About(type, value=read)


def _time(read: Callable[[Package], datetime]) -> About:
    return About(Edm.DATETIME, value=lambda entry: read(entry.package))


def version_text(package: Package) -> str:
    """How ``Version`` spells it: as its author did, as long as old clients can read that; else normalized."""
    version = package.identity.version
    return version.full if version.is_semver2 else version.original


def tags_text(package: Package) -> str:
    """The tags with a blank on either side of each, so that ``substringof(' json ', Tags)`` finds a whole one."""
    return f" {' '.join(package.manifest.tags)} " if package.manifest.tags else ""


class Property(Enum):
    """A property of the entity; the value is its name on the wire, the order that of a feed's ``m:properties``."""

    ID = "Id"
    VERSION = "Version"
    NORMALIZED_VERSION = "NormalizedVersion"
    TITLE = "Title"
    AUTHORS = "Authors"
    OWNERS = "Owners"
    COPYRIGHT = "Copyright"
    LANGUAGE = "Language"
    DESCRIPTION = "Description"
    SUMMARY = "Summary"
    RELEASE_NOTES = "ReleaseNotes"
    TAGS = "Tags"
    DEPENDENCIES = "Dependencies"
    ICON_URL = "IconUrl"
    LICENSE_URL = "LicenseUrl"
    PROJECT_URL = "ProjectUrl"
    GALLERY_DETAILS_URL = "GalleryDetailsUrl"
    REPORT_ABUSE_URL = "ReportAbuseUrl"
    LICENSE_NAMES = "LicenseNames"
    LICENSE_REPORT_URL = "LicenseReportUrl"
    MIN_CLIENT_VERSION = "MinClientVersion"
    PACKAGE_HASH = "PackageHash"
    PACKAGE_HASH_ALGORITHM = "PackageHashAlgorithm"
    PACKAGE_SIZE = "PackageSize"
    IS_LATEST_VERSION = "IsLatestVersion"
    IS_ABSOLUTE_LATEST_VERSION = "IsAbsoluteLatestVersion"
    IS_PRERELEASE = "IsPrerelease"
    REQUIRE_LICENSE_ACCEPTANCE = "RequireLicenseAcceptance"
    DEVELOPMENT_DEPENDENCY = "DevelopmentDependency"
    LISTED = "Listed"
    DOWNLOAD_COUNT = "DownloadCount"
    VERSION_DOWNLOAD_COUNT = "VersionDownloadCount"
    CREATED = "Created"
    PUBLISHED = "Published"
    LAST_UPDATED = "LastUpdated"
    LAST_EDITED = "LastEdited"

    @classmethod
    def named(cls, name: str) -> Property | None:
        """The property of a name, in any letter case."""
        return _BY_NAME.get(name.lower())

    @property
    def type(self) -> Edm:
        """Its type on the wire."""
        return _ABOUT[self].type

    @property
    def nullable(self) -> bool:
        """Whether it may be null."""
        return _ABOUT[self].nullable

    @property
    def is_told(self) -> bool:
        """Whether its value is known here, and it can be filtered and ordered by."""
        return _ABOUT[self].value is not None

    def of(self, entry: Entry) -> Value:
        """Its value, if it ``is_told``; times are UTC."""
        read = _ABOUT[self].value
        if read is None:
            raise LookupError(f"only the web can tell {self.value}")
        return read(entry)


_BY_NAME = {each.value.lower(): each for each in Property}
_BY_WEB = About(nullable=True)
_NEVER = About(nullable=True, value=lambda _: None)
_ABOUT = {
    Property.ID: _always(lambda package: package.identity.id.text),
    Property.VERSION: _always(version_text),
    Property.NORMALIZED_VERSION: _always(lambda package: package.identity.version.normalized),
    Property.TITLE: _text(lambda package: package.manifest.title),
    Property.AUTHORS: _text(lambda package: package.manifest.authors),
    Property.OWNERS: About(
        nullable=True, value=lambda entry: entry.owners or entry.package.manifest.owners or None
    ),
    Property.COPYRIGHT: _text(lambda package: package.manifest.copyright),
    Property.LANGUAGE: _text(lambda package: package.manifest.language),
    Property.DESCRIPTION: _text(lambda package: package.manifest.description),
    Property.SUMMARY: _text(lambda package: package.manifest.summary),
    Property.RELEASE_NOTES: _text(lambda package: package.manifest.release_notes),
    Property.TAGS: _text(tags_text),
    Property.DEPENDENCIES: _BY_WEB,
    Property.ICON_URL: _BY_WEB,
    Property.LICENSE_URL: _BY_WEB,
    Property.PROJECT_URL: _text(lambda package: package.manifest.project_url),
    Property.GALLERY_DETAILS_URL: _BY_WEB,
    Property.REPORT_ABUSE_URL: _BY_WEB,
    Property.LICENSE_NAMES: _NEVER,
    Property.LICENSE_REPORT_URL: _NEVER,
    Property.MIN_CLIENT_VERSION: _text(lambda package: package.manifest.min_client_version),
    Property.PACKAGE_HASH: _always(lambda package: package.sha512),
    Property.PACKAGE_HASH_ALGORITHM: _always(lambda _: "SHA512"),
    Property.PACKAGE_SIZE: _number(Edm.INT64, lambda entry: entry.package.size),
    Property.IS_LATEST_VERSION: _flag(lambda entry: entry.is_latest),
    Property.IS_ABSOLUTE_LATEST_VERSION: _flag(lambda entry: entry.is_absolute_latest),
    Property.IS_PRERELEASE: _flag(lambda entry: entry.package.is_prerelease),
    Property.REQUIRE_LICENSE_ACCEPTANCE: _flag(
        lambda entry: entry.package.manifest.require_license_acceptance
    ),
    Property.DEVELOPMENT_DEPENDENCY: _flag(lambda entry: entry.package.manifest.development_dependency),
    Property.LISTED: _flag(lambda entry: entry.package.listed),
    Property.DOWNLOAD_COUNT: _number(Edm.INT32, lambda entry: entry.downloads),
    Property.VERSION_DOWNLOAD_COUNT: _number(Edm.INT32, lambda entry: entry.version_downloads),
    Property.CREATED: _time(lambda package: package.published),
    Property.PUBLISHED: _time(lambda package: package.announced),
    Property.LAST_UPDATED: _time(lambda package: package.published),
    Property.LAST_EDITED: About(Edm.DATETIME, nullable=True, value=lambda _: None),
}
