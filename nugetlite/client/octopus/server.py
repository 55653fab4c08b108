"""An Octopus server as a remote: what one can do with the packages of one of its spaces."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO
from urllib.parse import quote

from nugetlite.client.connection import printable, shown
from nugetlite.client.document import Document
from nugetlite.client.errors import Answered, NotOffered, Unfinished
from nugetlite.client.octopus.difference import name_of, write_delta
from nugetlite.client.octopus.session import Session
from nugetlite.client.publishing import hash_of
from nugetlite.client.remote import Found, Hash, Outcome, OverwriteMode, Place, Pushed, Remote, Wish
from nugetlite.client.upload import Upload, Watch, unwatched
from nugetlite.errors import BadVersion, FeedError
from nugetlite.package.filename import ArchiveVersion
from nugetlite.package.package import Deletion

log = logging.getLogger(__name__)

OK, BAD_REQUEST, NOT_FOUND, CONFLICT = 200, 400, 404, 409
PAGE = 100


class OctopusServer(Remote):
    """One space of a server."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def description(self) -> str:
        """What it is."""
        root, space = self._session.root, self._session.space.text("Name")
        product = printable(f"{root.text('Application') or 'a server'} {root.text('Version')}")
        where = f"the Octopus API of {product} at {shown(self._session.base)}"
        return f"{where}, space {printable(space)}" if space else where

    def who(self) -> str:
        """As whom it knows us."""
        user = self._session.get(self._session.link(self._session.root, "CurrentUser"))
        name, address = printable(user.text("DisplayName")), printable(user.text("EmailAddress"))
        kind = " (a service account)" if user.is_true("IsService") else ""
        return f"{name} <{address}>{kind}" if address else f"{name}{kind}"

    def push(self, file: Path, wish: Wish, watch: Watch = unwatched) -> Pushed:
        """Put a file of any kind that Octopus knows into the repository."""
        if wish.delta and (pushed := self._push_delta(file, wish, watch)):
            return pushed
        with file.open("rb") as stream:
            upload = self._upload(stream, file.name, watch)
            return self._send(self._upload_url("PackageUpload", wish), upload, file, wish)

    def delete(self, id: str, version: str, deletion: Deletion | None, reason: str, *, force: bool) -> str:
        """Delete a version, as the server does it."""
        if deletion or reason or force:
            raise NotOffered(
                "The Octopus API takes no policy, reason or force; give the URL of a NuGet source with --source"
            )
        link = self._session.link(self._package(id, version), "Self")
        # as Octopus.Client asks for it, because not every proxy lets DELETE through
        override = {**self._session.headers, "X-HTTP-Method-Override": "DELETE"}
        answer = self._session.connection.ask("POST", link, override, body=b"")
        return printable(answer.headers.get("X-NuGetLite-Deletion", ""))

    def relist(self, id: str, version: str) -> None:
        """Show a version again, at this server; Octopus's own know of no such thing, and answer 404."""
        url = f"{self._link('Packages', {'id': id})}/{quote(version, safe='+')}/relist"
        self._session.connection.ask("POST", url, self._session.headers, body=b"")

    def find(self, words: str, *, prerelease: bool, all_versions: bool) -> Iterator[Found]:
        """Whatever has the words in its id."""
        options = {"take": str(PAGE)} | ({"filter": words} if words else {})
        if prerelease and not all_versions:
            options["latest"] = "true"
        packages = self._session.pages(self._link("Packages", options))
        found = (_found(package) for package in packages if prerelease or not _is_prerelease(package))
        yield from found if prerelease or all_versions else _newest_of_each(found)

    def locate(self, id: str, version: str, *, prerelease: bool) -> Place:
        """Where the bytes of a package are, and their SHA-1."""
        package = self._package(id, version) if version else self._newest(id, prerelease)
        found, version = printable(package.text("PackageId")), printable(package.text("Version"))
        name = f"{found}.{version}{printable(package.text('FileExtension'))}"
        hash = package.text("Hash").lower()
        known = Hash("sha1", hash) if re.fullmatch(r"[0-9a-f]{40}", hash) else None
        return Place(found, version, name, self._session.link(package, "Raw"), self._session.headers, known)

    def _push_delta(self, file: Path, wish: Wish, watch: Watch) -> Pushed | None:
        """Send what has changed; nothing if the server has nothing to compare with, or it is not worth it.

        As for Octopus.Client, 400 and 409 are the last word; after any other failure the whole may still pass.
        """
        try:
            name = name_of(file)
            id, version = str(name.identity.id), str(name.identity.version)
            told = self._session.get(
                self._link("PackageDeltaSignature", {"packageId": id, "version": version})
            )
            base = told.text("BaseVersion")
            with TemporaryFile() as delta:
                if not write_delta(file, told, delta):
                    return None
                url = self._upload_url("PackageDeltaUpload", wish, packageId=id, baseVersion=base)
                upload = self._upload(delta, str(name), watch)
                return self._send(url, upload, file, wish, f"what changed since {printable(base)}")
        except Answered as refusal:
            if refusal.code in (BAD_REQUEST, CONFLICT):
                raise
            if refusal.code != NOT_FOUND:
                log.info("%s: %s; sending all of it", file.name, refusal)
        except FeedError as error:
            log.debug("%s: no delta (%s)", file.name, error)
        return None

    def _upload(self, stream: BinaryIO, name: str, watch: Watch) -> Upload:
        return Upload(stream, name, field="file", watch=watch, seconds=self._session.connection.line.seconds)

    def _send(self, url: str, upload: Upload, file: Path, wish: Wish, note: str = "") -> Pushed:
        try:
            answer = self._session.connection.ask("POST", url, self._session.headers, body=upload)
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
            identity = name_of(file).identity
            stored = self._package(str(identity.id), str(identity.version))
            return stored.text("Hash").lower() == hash_of(file, "sha1").hex
        except FeedError:
            return False

    def _upload_url(self, link: str, wish: Wish, **parts: str) -> str:
        """Where to send a package. A server from before the modes had names knows ``replace`` only."""
        if "overwritemode" in self._session.template(self._session.home, link).lower():
            return self._link(link, {**parts, "overwriteMode": wish.mode})
        if wish.mode is OverwriteMode.IGNORE:
            raise NotOffered("This Octopus server is too old to ignore packages that exist already")
        return self._link(link, {**parts, "replace": str(wish.mode is OverwriteMode.OVERWRITE)})

    def _package(self, id: str, version: str) -> Document:
        return self._session.get(self._link("Packages", {"id": f"{id}.{version}"}))

    def _newest(self, id: str, prerelease: bool) -> Document:
        """The first of the versions, which the server orders from the newest."""
        for package in self._session.pages(self._link("Packages", {"nuGetPackageId": id})):
            if prerelease or not _is_prerelease(package):
                return package
        raise Answered(NOT_FOUND, f"{id} is not at {self.description}, or only as a prerelease")

    def _link(self, name: str, values: Mapping[str, str]) -> str:
        return self._session.link(self._session.home, name, values)


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
