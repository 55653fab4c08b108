"""An Octopus server's built-in package repository, or a feed that speaks like one.

The exchange is that of Octopus's own .NET client (Octopus.Client, as ``octo push`` uses it): the root document
says where everything is, in RFC 6570 templates; a space has its own; a package is pushed as a whole, or as
the difference to one that is there.
"""

from __future__ import annotations

import logging
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO
from urllib.parse import urljoin, urlsplit

import orjson
import uritemplate

from nugetlite.client.connection import Answer, Connection, printable, same_origin, shown
from nugetlite.client.document import Document
from nugetlite.client.errors import Answered, BadOption, NotOffered, Puzzling, Unfinished
from nugetlite.client.publishing import hash_of
from nugetlite.client.remote import (
    Credentials,
    Found,
    Hash,
    Outcome,
    OverwriteMode,
    Place,
    Pushed,
    Remote,
    Wish,
)
from nugetlite.client.upload import Upload, Watch, unwatched
from nugetlite.errors import BadVersion, FeedError
from nugetlite.octodiff.delta import Delta
from nugetlite.octodiff.signature import Signature
from nugetlite.package.archive import Archive
from nugetlite.package.filename import ArchiveIdentity, ArchiveVersion, FileName, is_nupkg
from nugetlite.package.package import Deletion

log = logging.getLogger(__name__)

OK, BAD_REQUEST, NOT_FOUND, CONFLICT = 200, 400, 404, 409
SPOKEN = re.compile(r"3\.0\.\d{1,2}")  #: the versions of the API that Octopus's own clients speak
SPACE_ID = re.compile(r"Spaces-\d+", re.IGNORECASE)
CSRF = "Octopus-Csrf-Token"
PAGE = 100
PAGES = 10_000
WORTH_IT = 0.95  #: of the file; a larger delta is not sent


class OctopusServer(Remote):
    """A server, and one space of it, entered."""

    def __init__(
        self, base: str, root: Document, connection: Connection, credentials: Credentials, space: str = ""
    ) -> None:
        """Sign in, and find out where everything is; ``root`` is what the server says at ``/api``.

        Raises ``ClientError``.
        """
        self.base = base
        self.connection = connection
        self._headers = {"Accept": "application/json"}
        self._root = root
        _check_version(self._root, self.base)
        self._enter(credentials)
        self._space, self._links = self._enter_space(space)

    @property
    def description(self) -> str:
        """What it is."""
        root = self._root
        product = printable(f"{root.text('Application') or 'a server'} {root.text('Version')}")
        return f"the Octopus API of {product} at {shown(self.base)}{self._space}"

    def who(self) -> str:
        """As whom it knows us."""
        user = self._get(self._link(self._root, "CurrentUser"))
        name, address = printable(user.text("DisplayName")), printable(user.text("EmailAddress"))
        return (
            name + (f" <{address}>" if address else "") + (" (a service account)" * user.is_true("IsService"))
        )

    def push(self, file: Path, wish: Wish, watch: Watch = unwatched) -> Pushed:
        """Put a file of any kind that Octopus knows into the repository."""
        if wish.delta and (pushed := self._push_delta(file, wish, watch)):
            return pushed
        with file.open("rb") as stream:
            return self._send(self._uploads("PackageUpload", wish), stream, file.name, file, wish, watch)

    def delete(self, id: str, version: str, deletion: Deletion | None, reason: str) -> str:
        """Delete a version, as the server does it."""
        if deletion or reason:
            raise NotOffered(
                "The Octopus API does not ask how or why; give the URL of a NuGet source with --source"
            )
        link = self._link(self._package(id, version), "Self")
        # as Octopus.Client asks for it, because not every proxy lets DELETE through
        override = {**self._headers, "X-HTTP-Method-Override": "DELETE"}
        answer = self.connection.ask("POST", link, override, body=b"")
        return printable(answer.headers.get("X-NuGetLite-Deletion", ""))

    def find(self, words: str, *, prerelease: bool, all_versions: bool) -> Iterator[Found]:
        """Whatever has the words in its id."""
        options = {"take": str(PAGE)} | ({"filter": words} if words else {})
        if prerelease and not all_versions:
            options["latest"] = "true"
        packages = self._pages(self._link(self._links, "Packages", options))
        found = (_found(package) for package in packages if prerelease or not _is_prerelease(package))
        yield from found if prerelease or all_versions else _newest_of_each(found)

    def locate(self, id: str, version: str, *, prerelease: bool) -> Place:
        """Where the bytes of a package are, and their SHA-1."""
        package = self._package(id, version) if version else self._newest(id, prerelease)
        found, version = printable(package.text("PackageId")), printable(package.text("Version"))
        name = f"{found}.{version}{printable(package.text('FileExtension'))}"
        hash = package.text("Hash").lower()
        known = Hash("sha1", hash) if re.fullmatch(r"[0-9a-f]{40}", hash) else None
        url = self._link(package, "Raw")
        return Place(found, version, name, url, self._headers if same_origin(url, self.base) else {}, known)

    def _push_delta(self, file: Path, wish: Wish, watch: Watch) -> Pushed | None:
        """Send what has changed; nothing if the server has nothing to compare with, or it is not worth it.

        As for Octopus.Client, 400 and 409 are the last word; after any other failure the whole may still pass.
        """
        try:
            name = _named(file)
            asked = {"packageId": str(name.identity.id), "version": str(name.identity.version)}
            told = self._get(self._link(self._links, "PackageDeltaSignature", asked))
            signature = Signature.parse(b64decode(told.text("Signature"), validate=True))
            base = told.text("BaseVersion")
            with TemporaryFile() as delta, file.open("rb") as stream:
                if not _is_worth_it(Delta(signature, stream), delta, WORTH_IT * file.stat().st_size):
                    return None
                link = self._uploads(
                    "PackageDeltaUpload", wish, packageId=asked["packageId"], baseVersion=base
                )
                return self._send(
                    link, delta, str(name), file, wish, watch, f"what changed since {printable(base)}"
                )
        except Answered as refusal:
            if refusal.code in (BAD_REQUEST, CONFLICT):
                raise
            if refusal.code != NOT_FOUND:
                log.info("%s: %s; sending all of it", file.name, refusal)
        except (FeedError, ValueError) as error:
            log.debug("%s: no delta (%s)", file.name, error)
        return None

    def _send(
        self, url: str, stream: BinaryIO, name: str, file: Path, wish: Wish, watch: Watch, note: str = ""
    ) -> Pushed:
        seconds = self.connection.line.seconds
        upload = Upload(stream, name, field="file", watch=watch, seconds=seconds)
        try:
            answer = self.connection.ask("POST", url, self._headers, body=upload)
        except Unfinished as silence:
            if not self._has(file):
                raise
            return Pushed(Outcome.PUSHED, upload.length, f"{silence}; the server has it all the same")
        if answer.code == OK and wish.mode is OverwriteMode.IGNORE:
            return Pushed(Outcome.IGNORED, upload.length)
        return Pushed(Outcome.PUSHED, upload.length, note)

    def _has(self, file: Path) -> bool:
        """Whether the server has just this file."""
        try:
            identity = _named(file).identity
            return (
                self._package(str(identity.id), str(identity.version)).text("Hash").lower()
                == hash_of(file, "sha1").hex
            )
        except FeedError:
            return False

    def _uploads(self, link: str, wish: Wish, **parts: str) -> str:
        """Where to send a package. A server from before the modes had names knows ``replace`` only."""
        knows_modes = "overwritemode" in self._template(self._links, link).lower()
        if not knows_modes and wish.mode is OverwriteMode.IGNORE:
            raise NotOffered("This Octopus server is too old to ignore packages that exist already")
        told = (
            {"overwriteMode": wish.mode}
            if knows_modes
            else {"replace": str(wish.mode is OverwriteMode.OVERWRITE)}
        )
        return self._link(self._links, link, {**parts, **told})

    def _package(self, id: str, version: str) -> Document:
        return self._get(self._link(self._links, "Packages", {"id": f"{id}.{version}"}))

    def _newest(self, id: str, prerelease: bool) -> Document:
        """The first of the versions, which the server orders from the newest."""
        for package in self._pages(self._link(self._links, "Packages", {"nuGetPackageId": id})):
            if prerelease or not _is_prerelease(package):
                return package
        raise Answered(NOT_FOUND, f"{id} is not at {self.description}, or only as a prerelease")

    def _enter(self, credentials: Credentials) -> None:
        if credentials.api_key and credentials.user:
            raise BadOption("Give either an API key or a user and password, not both (--apiKey, --user)")
        if credentials.api_key:
            self._headers["X-Octopus-ApiKey"] = credentials.api_key
        elif credentials.user:
            self._sign_in(credentials)
        else:
            raise BadOption("Say who you are: --apiKey=KEY, or --user=NAME and --pass=PASSWORD")

    def _sign_in(self, credentials: Credentials) -> None:
        body = {
            "Username": credentials.user,
            "Password": credentials.password,
            "RememberMe": False,
            "State": {"UsingSecureConnection": self.base.startswith("https:")},
        }
        json = {**self._headers, "Content-Type": "application/json; charset=utf-8"}
        answer = self.connection.ask("POST", self._link(self._root, "SignIn"), json, body=orjson.dumps(body))
        cookies = _cookies(answer)
        tokens = [value for name, value in cookies.items() if name.startswith(CSRF)]
        if len(tokens) != 1:
            raise Puzzling(f"{answer.whence} let us in, but gave no {CSRF} cookie")
        self._headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        self._headers["X-Octopus-Csrf-Token"] = tokens[0]

    def _enter_space(self, wanted: str) -> tuple[str, Document]:
        """The space that is wanted, or else the default one: how to name it, and its links."""
        if "Spaces" not in self._root.document("Links"):  # a server from before there were spaces
            if wanted:
                raise NotOffered("This Octopus server has no spaces; leave --space out")
            return "", self._root
        space = self._named_space(wanted) if wanted else self._default_space()
        name = printable(space.text("Name"))
        return f", space {name}", self._get(self._link(space, "SpaceHome"))

    def _named_space(self, wanted: str) -> Document:
        by_id, by_name = Document(), Document()
        if SPACE_ID.fullmatch(wanted):
            by_id = self._get(self._link(self._root, "Spaces", {"id": wanted}), missing_is_empty=True)
        for space in self._pages(self._link(self._root, "Spaces", {"name": wanted})):
            if space.text("Name").lower() == wanted.lower():
                by_name = space
        if by_id.fields and by_name.fields and by_id.text("Id") != by_name.text("Id"):
            raise BadOption(
                f"One space has the id {wanted}, another one the name; use the other's id (--space)"
            )
        if not by_id.fields and not by_name.fields:
            raise BadOption(f"There is no space {printable(wanted)}, or it is not shown to you (--space)")
        return by_id if by_id.fields else by_name

    def _default_space(self) -> Document:
        for space in self._pages(self._link(self._root, "Spaces")):
            if space.is_true("IsDefault"):
                return space
        raise BadOption("There is no default space, or it is not shown to you; name one with --space")

    def _pages(self, url: str) -> Iterator[Document]:
        """The items of a list, page after page."""
        for _ in range(PAGES):
            page = self._get(url)
            yield from page.documents("Items")
            if "Page.Next" not in page.document("Links"):
                return
            url = self._link(page, "Page.Next")

    def _get(self, url: str, *, missing_is_empty: bool = False) -> Document:
        allow = (NOT_FOUND,) if missing_is_empty else ()
        answer = self.connection.ask("GET", self._absolute(url), self._headers, allow=allow)
        return answer.document if answer.ok else Document()

    def _link(self, document: Document, name: str, values: Mapping[str, str] | None = None) -> str:
        """The URL that a document gives for something, with ``values`` filled in."""
        return self._absolute(uritemplate.expand(self._template(document, name), dict(values or {})))

    def _template(self, document: Document, name: str) -> str:
        link = document.document("Links").text(name)
        if not link:
            raise NotOffered(f"The Octopus API at {shown(self.base)} offers no {name}")
        return link

    def _absolute(self, link: str) -> str:
        """``~/`` is the server's own root, ``/`` that of its host; no link leads the key elsewhere."""
        url = f"{self.base}/{link[2:]}" if link.startswith("~/") else link
        url = urljoin(f"{self.base}/", url)
        if not same_origin(url, self.base):
            raise Puzzling(f"{shown(self.base)} sends us to another server, {shown(url)}")
        return url


def _is_prerelease(package: Document) -> bool:
    return "-" in package.text("Version").partition("+")[0]


def _found(package: Document) -> Found:
    id, version = printable(package.text("PackageId")), printable(package.text("Version"))
    return Found(id, version, printable(package.text("Description")), package.number("PackageSizeBytes"))


def _newest_of_each(found: Iterable[Found]) -> Iterable[Found]:
    """The server's own choice of the latest counts prereleases in, so it is made here."""
    newest: dict[str, Found] = {}
    for each in found:
        other = newest.setdefault(each.id.lower(), each)
        if _order(each.version) > _order(other.version):
            newest[each.id.lower()] = each
    return newest.values()


def _order(version: str) -> str:
    try:
        return ArchiveVersion.parse(version).sort_key
    except BadVersion:
        return ""  # before all others


def _named(file: Path) -> FileName:
    """Id, version and extension of a file: for a ``.nupkg``, its manifest says the first two, else its name."""
    if not is_nupkg(file.name):
        return FileName.parse(file.name)
    with file.open("rb") as stream:
        identity = Archive(stream).manifest.identity
    return FileName(ArchiveIdentity.parse(str(identity.id), identity.version.full), file.suffix)


def _is_worth_it(delta: Delta, target: BinaryIO, most: float) -> bool:
    """Write a delta, and stop as soon as it is longer than ``most``."""
    size = 0
    for block in delta:
        target.write(block)
        size += len(block)
        if size > most:
            return False
    return True


def base_of(url: str) -> str:
    """The root of a server, which users give with or without ``/api``."""
    trimmed = url.rstrip("/")
    return trimmed[:-4] if urlsplit(trimmed).path.lower().endswith("/api") else trimmed


def is_root(document: Document) -> bool:
    """Whether this is what an Octopus server says at ``/api``."""
    return "ApiVersion" in document and "Links" in document


def _check_version(root: Document, base: str) -> None:
    spoken = root.text("ApiVersion")
    if not SPOKEN.fullmatch(spoken):
        raise BadOption(
            f"{shown(base)} speaks version {printable(spoken) or 'none'} of the Octopus API, not 3.0"
        )


def _cookies(answer: Answer) -> dict[str, str]:
    """The cookies that an answer sets."""
    found: dict[str, str] = {}
    headers = answer.headers
    lines = headers.getlist("Set-Cookie") if hasattr(headers, "getlist") else [headers.get("Set-Cookie", "")]
    for line in lines:
        try:
            found |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        except CookieError:
            continue
    return found
