"""Everything that goes wrong on purpose: one sentence for the person who reads it, one HTTP status.

    FeedError
    ├── NotUnderstood 400         what was sent cannot be read
    │   ├── BadPackageId · BadVersion · BadVersionRange
    │   ├── BadManifest           the .nuspec
    │   ├── BadArchive            the .nupkg or .snupkg
    │   ├── BadUpload             the request that carries it
    │   ├── BadQuery              a $filter, or what else a V2 client asks by
    │   ├── TooMuchAsked          it can be read, and to answer it would take too long
    │   ├── BadFileName           no id and version follow from it
    │   ├── BadSignature · NotADelta
    │   └── Objected              a plugin's, or our own, validation says no
    ├── CredentialsWanted 401     say who you are
    ├── Refused 403               we know enough, and the answer is no
    ├── NoSuchPackage 404
    │   └── PackageRemoved        it was here; what became of it
    ├── NoSuchEntry 404           a package has no such file in it
    ├── NotThere 404              no account, key or whatever else of that name
    ├── ReadOnlyFeed 405
    ├── PackageExists 409
    ├── InTheWay 409              what is there already stands against it
    ├── PackageNeeded 409         others would miss it
    ├── TooLarge 413
    ├── WrongKind 415
    ├── BadDelta 422              it does not lead from what is here to what it was made from
    ├── TooManyTries 429
    ├── NotOffered 501            a part of a protocol that this feed does without
    ├── ShareUnavailable 503      the share, or one file of it, cannot be read or written just now
    │   └── Damaged               a file is not the one that it should be
    ├── IssuerUnavailable 503     who signs identity tokens cannot be asked for its keys just now
    ├── DatabaseBusy 503
    ├── DatabaseUnavailable 503   it cannot be read or written, and waiting alone will not help
    ├── PluginFailed 503
    └── ShareFull 507
    StorageError                  what a storage says to the feed; the feed turns it into one of the above
    ├── NoSuchPath
    └── FolderTaken
    ConfigError                   stops the start, with one line

A sentence says what is wrong and what to do about it. Nothing in it is secret: no path of the server,
no key, no SQL.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nugetlite.actor import Attempt
    from nugetlite.package.identity import Identity, PackageId
    from nugetlite.package.package import Removal


def quoted(text: str) -> str:
    """Somebody's text as a sentence may show it: in quotes, printable ASCII, at most some 40 characters."""
    start = text if len(text) <= 40 else f"{text[:37]}..."
    return f'"{"".join(c if " " <= c <= "~" else c.encode("unicode_escape").decode() for c in start)}"'


class FeedError(Exception):
    """A refusal. ``str(error)`` is the sentence for the client; ``status`` the HTTP status."""

    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST
    retry_after: ClassVar[int | None] = None  #: seconds after which another try makes sense


class NotUnderstood(FeedError):
    """What was sent cannot be read; sending it again will not help."""


class BadPackageId(NotUnderstood):
    """Text that is no package id."""


class BadVersion(NotUnderstood):
    """Text that is no NuGet version."""


class BadVersionRange(NotUnderstood):
    """Text that is no NuGet version range."""


class BadManifest(NotUnderstood):
    """A ``.nuspec`` that cannot be read."""


class BadArchive(NotUnderstood):
    """A ``.nupkg`` or ``.snupkg`` that cannot be read, or that no client could read safely."""


class BadUpload(NotUnderstood):
    """A request that should carry a package and does not, or carries it in a form nobody can read."""


class BadQuery(NotUnderstood):
    """A ``$filter``, ``$orderby`` or ``$skiptoken`` that cannot be read, or asks for what nobody can answer."""


class TooMuchAsked(NotUnderstood):
    """To answer this would take too long; another try would take as long."""

    def __init__(self) -> None:
        super().__init__(
            "To answer this would take too long; narrow the $filter, for instance by Id or IsLatestVersion"
        )


class BadFileName(NotUnderstood):
    """A file name from which no id and version follow."""


class BadSignature(NotUnderstood):
    """Bytes that are no Octodiff signature."""


class NotADelta(NotUnderstood):
    """Bytes that are no Octodiff delta."""

    def __init__(self) -> None:
        super().__init__("This is no Octodiff delta; send one, or the whole package to packages/raw")


class WrongKind(FeedError):
    """What was sent is of a kind that is not taken here; the sentence says of which it has to be."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class BadDelta(FeedError):
    """A delta that does not lead from the package that is here to the one that it was made from."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, what_is_wrong: str) -> None:
        super().__init__(f"This delta cannot be used: {what_is_wrong}; send the whole package instead")


class Objected(NotUnderstood):
    """The package was read, and is not wanted here; every objection is told at once."""

    def __init__(self, objections: Sequence[str]) -> None:
        self.objections = tuple(objections)
        super().__init__("; ".join(objections))


class CredentialsWanted(FeedError):
    """The client did not say who it is, and may ask its user and come again."""

    status = HTTPStatus.UNAUTHORIZED


class Refused(FeedError):
    """The client said who it is, or need not, and may not do this."""

    status = HTTPStatus.FORBIDDEN
    attempt: Attempt | None = None  #: who wanted what, once that is known


class NoSuchPackage(FeedError):
    """Nothing of that name is, or was, on the feed."""

    status = HTTPStatus.NOT_FOUND

    def __init__(self, wanted: Identity | PackageId | str) -> None:
        self.wanted = wanted
        super().__init__(f"{wanted} is not on this feed")


class PackageRemoved(NoSuchPackage):
    """It was on the feed until somebody deleted it; the sentence says what became of it."""

    def __init__(self, removal: Removal) -> None:
        self.removal = removal
        self.wanted = removal.identity
        FeedError.__init__(self, str(removal))


class NoSuchEntry(FeedError):
    """A package has no such file in it."""

    status = HTTPStatus.NOT_FOUND

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"There is no {quoted(name)} in the package")


class NotThere(FeedError):
    """Nothing of that name is known: no account, no key, no owner."""

    status = HTTPStatus.NOT_FOUND


class ReadOnlyFeed(FeedError):
    """The operator closed the feed for writing."""

    status = HTTPStatus.METHOD_NOT_ALLOWED

    def __init__(self) -> None:
        super().__init__("This feed is read-only; ask its operator where to push")


class PackageExists(FeedError):
    """A version, once pushed, is not pushed again."""

    status = HTTPStatus.CONFLICT

    def __init__(self, identity: Identity, what_to_do: str = "push a new version instead") -> None:
        self.identity = identity
        super().__init__(f"{identity} already exists on this feed; {what_to_do}")


class InTheWay(FeedError):
    """What is there already stands against it; the sentence says what to do first."""

    status = HTTPStatus.CONFLICT


class PackageNeeded(FeedError):
    """A version that others need is not deleted unless that is forced; the sentence says who they are."""

    status = HTTPStatus.CONFLICT

    def __init__(self, identity: Identity, sentence: str) -> None:
        self.identity = identity
        super().__init__(sentence)


class TooLarge(FeedError):
    """More bytes than this feed takes."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class TooManyTries(FeedError):
    """Somebody tries keys."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    retry_after = 60

    def __init__(self) -> None:
        super().__init__("Too many wrong keys came from this address; wait a minute, then try again")


class NotOffered(FeedError):
    """A part of a protocol that this feed does without; the sentence says what to do instead."""

    status = HTTPStatus.NOT_IMPLEMENTED


class ShareUnavailable(FeedError):
    """The share, or one file of it, cannot be used just now. Never taken to mean that packages are gone."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    retry_after = 30


class Damaged(ShareUnavailable):
    """A file on the share is not the one that it should be, so it is not served."""


class IssuerUnavailable(FeedError):
    """An issuer of identity tokens does not say just now by which keys it signs them, so nobody can tell."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    retry_after = 15

    def __init__(self, issuer: str) -> None:
        super().__init__(
            f"The keys of {issuer} cannot be had just now, so this token cannot be checked; try again in a moment, "
            "or ask the feed's operator to look into its log"
        )


class DatabaseBusy(FeedError):
    """The database did not let us in within its time."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    retry_after = 5


class DatabaseUnavailable(FeedError):
    """The database cannot be read or written; somebody has to see to it."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    retry_after = 60


class PluginFailed(FeedError):
    """A plugin raised something that it should not have, or answered what nobody can use. The log has the rest."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    retry_after = 30

    def __init__(self, name: str) -> None:
        super().__init__(f"The plugin {name} failed; ask the feed's operator to look into its log")


class ShareFull(FeedError):
    """There is no room left on the share."""

    status = HTTPStatus.INSUFFICIENT_STORAGE
    retry_after = 300


class StorageError(Exception):
    """What a storage says to the feed."""


class NoSuchPath(StorageError):
    """There is no such folder or file, and the storage is sure of it."""


class FolderTaken(StorageError):
    """A folder of that name is there already."""


class ConfigError(Exception):
    """A setting, a plugin or the database keeps the server from starting; the sentence names it."""
