"""Who asks an Octopus server, in which space, and what the links in its documents lead to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urljoin, urlsplit

import orjson
import uritemplate

from nugetlite.client.connection import Answer, Connection, printable, same_origin, shown
from nugetlite.client.document import Document
from nugetlite.client.errors import BadOption, NotOffered, Puzzling
from nugetlite.client.remote import Credentials

NOT_FOUND = 404
SPOKEN = re.compile(r"3\.0\.\d{1,2}")  #: the versions of the API that Octopus's own clients speak
SPACE_ID = re.compile(r"Spaces-\d+", re.IGNORECASE)
CSRF = "Octopus-Csrf-Token"
PAGES = 10_000  #: that are followed; a list that leads on for ever ends here


class Session:
    """A server, entered; and one space of it."""

    def __init__(
        self, base: str, root: Document, connection: Connection, credentials: Credentials, space: str
    ) -> None:
        """Sign in and enter a space; ``root`` is what the server says at ``/api``. Raises ``ClientError``."""
        self.base = base
        self.connection = connection
        self.headers = {"Accept": "application/json"}
        self.root = root
        _check_version(root, base)
        self._sign_in(credentials)
        self.space = self._find_space(space)
        self.home = self.get(self.link(self.space, "SpaceHome")) if self.space.fields else root

    def get(self, url: str, *, missing_is_empty: bool = False) -> Document:
        """A document of the server."""
        allow = (NOT_FOUND,) if missing_is_empty else ()
        answer = self.connection.ask("GET", url, self.headers, allow=allow)
        return answer.document if answer.ok else Document()

    def pages(self, url: str) -> Iterator[Document]:
        """The items of a list, page after page."""
        for _ in range(PAGES):
            page = self.get(url)
            yield from page.documents("Items")
            if "Page.Next" not in page.document("Links"):
                return
            url = self.link(page, "Page.Next")

    def link(self, document: Document, name: str, values: Mapping[str, str] | None = None) -> str:
        """The URL that a document gives for something, with ``values`` filled in; raises ``NotOffered``.

        ``~/`` is the server's own root, ``/`` that of its host. No link leads a key to another server.
        """
        link = uritemplate.expand(self.template(document, name), dict(values or {}))
        url = f"{self.base}/{link[2:]}" if link.startswith("~/") else urljoin(f"{self.base}/", link)
        if not same_origin(url, self.base):
            raise Puzzling(f"{shown(self.base)} sends us to another server, {shown(url)}")
        return url

    def template(self, document: Document, name: str) -> str:
        """The link itself."""
        link = document.document("Links").text(name)
        if not link:
            raise NotOffered(f"The Octopus API at {shown(self.base)} offers no {name}")
        return link

    def _sign_in(self, credentials: Credentials) -> None:
        if credentials.api_key and credentials.user:
            raise BadOption("Give either an API key or a user and password, not both (--apiKey, --user)")
        if credentials.api_key:
            self.headers["X-Octopus-ApiKey"] = credentials.api_key
        elif credentials.user:
            self._sign_in_with_password(credentials)
        else:
            raise BadOption("Say who you are: --apiKey=KEY, or --user=NAME and --pass=PASSWORD")

    def _sign_in_with_password(self, credentials: Credentials) -> None:
        body = {
            "Username": credentials.user,
            "Password": credentials.password,
            "RememberMe": False,
            "State": {"UsingSecureConnection": self.base.startswith("https:")},
        }
        json = {**self.headers, "Content-Type": "application/json; charset=utf-8"}
        answer = self.connection.ask("POST", self.link(self.root, "SignIn"), json, body=orjson.dumps(body))
        cookies = _cookies(answer)
        tokens = [value for name, value in cookies.items() if name.startswith(CSRF)]
        if len(tokens) != 1:
            raise Puzzling(f"{answer.whence} let us in, but gave no {CSRF} cookie")
        self.headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        self.headers["X-Octopus-Csrf-Token"] = tokens[0]

    def _find_space(self, wanted: str) -> Document:
        """The space that is wanted, or else the default one; an empty one at a server from before there were any."""
        if "Spaces" in self.root.document("Links"):
            return self._named_space(wanted) if wanted else self._default_space()
        if wanted:
            raise NotOffered("This Octopus server has no spaces; leave --space out")
        return Document()

    def _named_space(self, wanted: str) -> Document:
        by_id, by_name = Document(), Document()
        if SPACE_ID.fullmatch(wanted):
            by_id = self.get(self.link(self.root, "Spaces", {"id": wanted}), missing_is_empty=True)
        for space in self.pages(self.link(self.root, "Spaces", {"name": wanted})):
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
        for space in self.pages(self.link(self.root, "Spaces")):
            if space.is_true("IsDefault"):
                return space
        raise BadOption("There is no default space, or it is not shown to you; name one with --space")


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
    for line in answer.headers.getlist("Set-Cookie"):
        try:
            found |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        except CookieError:
            continue
    return found
