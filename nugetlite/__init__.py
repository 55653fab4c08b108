"""nugetlite: a NuGet feed over a plain folder. Here are the names that a plugin may rely on."""

from nugetlite.actor import ADMINISTRATOR, ANONYMOUS, OPERATOR, Action, Actor
from nugetlite.config import Config
from nugetlite.errors import (
    ConfigError,
    FeedError,
    FolderTaken,
    NoSuchPath,
    Refused,
    ShareFull,
    ShareUnavailable,
    StorageError,
)
from nugetlite.hookspecs import DeletePolicy, DeleteRequest, hookimpl
from nugetlite.package.archive import Archive
from nugetlite.package.identity import Identity, PackageId
from nugetlite.package.manifest import Manifest
from nugetlite.package.package import Deletion, Embedded, Package
from nugetlite.package.patterns import Pattern
from nugetlite.package.sight import Sight
from nugetlite.package.stored import StoredArchive
from nugetlite.package.version import Version
from nugetlite.people import People
from nugetlite.storage import Entry, File, Storage

__all__ = [
    "ADMINISTRATOR",
    "ANONYMOUS",
    "OPERATOR",
    "Action",
    "Actor",
    "Archive",
    "Config",
    "ConfigError",
    "DeletePolicy",
    "DeleteRequest",
    "Deletion",
    "Embedded",
    "Entry",
    "FeedError",
    "File",
    "FolderTaken",
    "Identity",
    "Manifest",
    "NoSuchPath",
    "Package",
    "PackageId",
    "Pattern",
    "People",
    "Refused",
    "ShareFull",
    "ShareUnavailable",
    "Sight",
    "Storage",
    "StorageError",
    "StoredArchive",
    "Version",
    "hookimpl",
]
