"""nugetlite: a NuGet feed over a plain folder. Here are the names that a plugin may rely on."""

from typing import TYPE_CHECKING, Any

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
from nugetlite.storage import Entry, File, Storage

if TYPE_CHECKING:
    from nugetlite.people import People

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


def __getattr__(name: str) -> Any:
    """``People``, when it is asked for: it brings the database along, for which ``nugetlite push`` need not wait."""
    if name == "People":
        from nugetlite.people import People

        return People
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
