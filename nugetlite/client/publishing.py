"""Push, delete and relist as NuGet's clients ask for it: V2 and V3 differ only in where."""

from __future__ import annotations

import base64
import hashlib
from abc import abstractmethod
from pathlib import Path
from urllib.parse import quote, urlencode

from nugetlite.client.connection import Connection, printable, same_origin
from nugetlite.client.errors import Answered, BadOption, ClientError, NotOffered, Unfinished
from nugetlite.client.remote import Credentials, Hash, Outcome, OverwriteMode, Pushed, Remote, Wish
from nugetlite.client.upload import Upload, Watch, unwatched
from nugetlite.errors import FeedError
from nugetlite.package.archive import Archive
from nugetlite.package.package import Deletion

SYMBOLS = ".snupkg"
WISHES = {Deletion.UNLIST: "Unlist", Deletion.SOFT: "SoftDelete", Deletion.HARD: "HardDelete"}
CONFLICT = 409


class NuGetSource(Remote):
    """A source that is published to in NuGet's way."""

    def __init__(self, url: str, connection: Connection, credentials: Credentials) -> None:
        self.url = url
        self.connection = connection
        self._credentials = credentials

    @property
    @abstractmethod
    def publish_url(self) -> str:
        """Where packages are pushed to."""

    @property
    @abstractmethod
    def symbols_url(self) -> str:
        """Where symbols are pushed to; empty if nowhere."""

    def push(self, file: Path, wish: Wish, watch: Watch = unwatched) -> Pushed:
        """Put a ``.nupkg`` or ``.snupkg`` on the feed.

        Whether a version may be replaced is the source's own decision; no client can ask for it.
        """
        url = self.publish_url
        if file.suffix.lower() == SYMBOLS and not (url := self.symbols_url):
            raise NotOffered(f"{self.description} takes no symbols")
        seconds = self.connection.line.seconds
        with file.open("rb") as stream:
            upload = Upload(stream, "package.nupkg", field="package", watch=watch, seconds=seconds)
            try:
                # dotnet and nuget.exe push with a slash at the end, so every source takes that
                self.connection.ask("PUT", f"{url.rstrip('/')}/", self._writing(url), body=upload)
            except Answered as refusal:
                if refusal.code == CONFLICT and wish.mode is OverwriteMode.IGNORE:
                    return Pushed(Outcome.IGNORED, 0, refusal.sentence)
                raise
            except Unfinished as silence:
                if not self._has(file):
                    raise
                return Pushed(Outcome.PUSHED, upload.length, f"{silence}; the source has it all the same")
        return Pushed(Outcome.PUSHED, upload.length)

    def delete(self, id: str, version: str, deletion: Deletion | None, reason: str, *, force: bool) -> str:
        """Delete a version; sources other than this server do as they always do, whatever is asked for."""
        told = {"type": WISHES[deletion] if deletion else "", "reason": reason, "force": "true" * force}
        form = urlencode({name: text for name, text in told.items() if text}).encode()
        headers = self._writing(self.publish_url)
        headers |= {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        answer = self.connection.ask("DELETE", self._version_url(id, version), headers, body=form or None)
        return printable(answer.headers.get("X-NuGetLite-Deletion", ""))

    def relist(self, id: str, version: str) -> None:
        """Show a version again."""
        self.connection.ask("POST", self._version_url(id, version), self._writing(self.publish_url), body=b"")

    def reading(self, url: str) -> dict[str, str]:
        """The headers for a request that reads; whoever is not the source does not hear who asks."""
        credentials = self._credentials
        if not same_origin(url, self.url):
            return {}
        if credentials.user:
            return {"Authorization": _basic(credentials.user, credentials.password)}
        return {"X-NuGet-ApiKey": credentials.api_key} if credentials.api_key else {}

    def _writing(self, url: str) -> dict[str, str]:
        """The headers for a request that writes: the key goes wherever the source has packages pushed to."""
        key = self._credentials.api_key
        return self.reading(url) | ({"X-NuGet-ApiKey": key} if key else {})

    def _version_url(self, id: str, version: str) -> str:
        return f"{self.publish_url.rstrip('/')}/{quote(id, safe='')}/{quote(version, safe='+')}"

    def _has(self, file: Path) -> bool:
        """Whether the source has just this file, as far as it tells."""
        if file.suffix.lower() == SYMBOLS:
            return False
        try:
            with file.open("rb") as stream:
                identity = Archive(stream).manifest.identity
                place = self.locate(str(identity.id), identity.version.normalized, prerelease=True)
                return place.hash is not None and place.hash == hash_of(file, place.hash.algorithm)
        except (ClientError, FeedError):
            return False


def hash_of(file: Path, algorithm: str) -> Hash:
    """The hash of a file on disk."""
    with file.open("rb") as stream:
        return Hash(algorithm, hashlib.file_digest(stream, algorithm).hexdigest())


def told_hash(algorithm: str, base64_text: str) -> Hash | None:
    """A hash as NuGet's documents tell it; nothing if it is none that can be checked."""
    name = algorithm.replace("-", "").lower()
    try:
        digest = base64.b64decode(base64_text, validate=True)
        known = name in ("sha512", "sha256") and len(digest) == hashlib.new(name).digest_size
    except ValueError:
        return None
    return Hash(name, digest.hex()) if known else None


def _basic(user: str, password: str) -> str:
    if ":" in user:
        raise BadOption("A user name cannot have a colon in it (HTTP basic authentication)")
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
