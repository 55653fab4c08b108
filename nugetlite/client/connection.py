"""Requests and answers over HTTP: proxies, time limits, who is asked again and when.

urllib3 does it, and not a client on top of it, for what an upload needs: it reads an answer that comes before
everything was sent, goes back to the start of a body when a request is made again, and holds none in memory.

A request is made again when nobody could be reached, or when the answer is "503, not now". It is not when
the connection ends in the middle: then it may have been heard, and whoever asked has to look (``Unfinished``).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from ssl import SSLSocket
from time import sleep
from typing import IO, Self, cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3 import HTTPHeaderDict
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    InsecureRequestWarning,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    SSLError,
)
from urllib3.util import make_headers, wait_for_read

from nugetlite.client.document import Document
from nugetlite.client.errors import Answered, BadOption, Puzzling, Unfinished, Unreachable
from nugetlite.client.upload import Upload

log = logging.getLogger(__name__)

MOST = 64 * 1024 * 1024  #: bytes of an answer that is read as a whole
BLOCK = 256 * 1024  #: bytes of an upload that are sent at once
CONNECT_SECONDS = 20
LONGEST_WAIT = 60  #: seconds before another try, whatever the feed asks for
VERBOSE = 5  #: the level at which requests are told
KEYS = ("X-NuGet-ApiKey", "X-Octopus-ApiKey", "X-Octopus-Csrf-Token")
SECRET_HEADERS = (
    "Authorization",
    "Proxy-Authorization",
    "Cookie",
    *KEYS,
)  #: not for whom a redirect leads to
SECRET_VALUE = re.compile(r"([^=&]*(?:key|token|secret|pass|sig|auth|cred)[^=&]*)=[^&]*", re.IGNORECASE)
WARNING = "X-NuGet-Warning"

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """How the network is used."""

    seconds: float = 600  #: that one request may take
    proxy: str = ""  #: its URL; else what the system says
    proxy_user: str = ""
    proxy_password: str = field(default="", repr=False)
    any_certificate: bool = False
    tries: int = 4  #: in all, where another one makes sense
    pause: float = 0.5  #: seconds before the second try; twice as long before each further one
    redirects: int = 5  #: that are followed, where nothing is changed
    most: int = MOST  #: bytes of an answer that is read as a whole


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was read as a whole."""

    whence: str  #: what was asked, as one may show it
    code: int
    reason: str
    headers: HTTPHeaderDict
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether it is a yes."""
        return 200 <= self.code < 300

    @property
    def document(self) -> Document:
        """The JSON object in it; raises ``Puzzling``."""
        return Document.parse(self.body, self.whence)

    def refusal(self) -> Answered:
        """The no in it, in the feed's own words."""
        if 300 <= self.code < 400:
            there = printable(self.headers.get("Location", "nowhere"))
            return Answered(self.code, f"{self.whence} leads to {there}; use that URL")
        said = self._told() or printable(self.reason) or "The feed gives no reason"
        warning = printable(self.headers.get(WARNING, ""))
        is_news = warning.removesuffix("...") not in said and said not in warning
        return Answered(self.code, f"{said}; {warning}" if is_news else said)

    def _told(self) -> str:
        """What the body says: Octopus's error object, ours, OData's, or one short line of text."""
        try:
            document = self.document
        except Puzzling:
            return self._told_in_text()
        said = [document.text("HelpText") if self.code in (401, 403) else "", document.text("ErrorMessage")]
        said += [each for each in document.texts("Errors") if each not in said]
        said += [document.text("error"), document.document("error").text("message"), document.text("message")]
        return printable(" ".join(each for each in said if each))

    def _told_in_text(self) -> str:
        text = self.body[:2000].decode("utf-8", "replace")
        if message := re.search(r"<(?:\w+:)?message[^>]*>([^<]+)<", text):
            return printable(message[1])
        is_text = self.headers.get("Content-Type", "").startswith("text/plain")
        return printable(text) if is_text and "\n" not in text.strip() else ""


class Patience(urllib3.Retry):
    """urllib3's, which tells when it waits, and never waits for long."""

    def get_retry_after(self, response: urllib3.BaseHTTPResponse) -> float | None:
        """What the feed asks for, within reason."""
        asked = super().get_retry_after(response)
        return None if asked is None else min(asked, LONGEST_WAIT)

    def sleep(self, response: urllib3.BaseHTTPResponse | None = None) -> None:
        """Wait before another try."""
        wait = (response and self.get_retry_after(response)) or self.get_backoff_time()
        why = f"The feed answered {response.status}" if response else "Nobody answered"
        log.info("%s; trying again %s", why, f"in {wait:g} s" if wait else "at once")
        sleep(wait)

    @classmethod
    def of(cls, line: Line, redirects: int) -> Self:
        """For one request. Only what has surely not been heard, or was put off, is said again."""
        again = line.tries - 1
        return cls(
            total=None,
            connect=again,
            status=again,
            read=0,
            other=0,
            redirect=redirects,
            status_forcelist=(503,),
            allowed_methods=None,
            backoff_factor=line.pause,
            raise_on_status=False,
            raise_on_redirect=False,
            remove_headers_on_redirect=SECRET_HEADERS,
        )


class ListeningConnection(HTTPConnection):
    """Stops sending when the answer is there already: nobody sends two gigabytes to hear "403".

    urllib3 takes a broken pipe as "read what the other side said". Under TLS the socket tells nothing
    of the kind (it also has something to read when keys change), so there everything is sent.
    """

    def send(self, data: object) -> None:
        """Send a piece of a request, unless it has been answered."""
        sock = self.sock
        is_plain = sock is not None and not isinstance(sock, SSLSocket)
        if is_plain and wait_for_read(sock, timeout=0):
            raise BrokenPipeError("there is an answer already")
        super().send(data)  # type: ignore[arg-type]  # http.client's own stub says what it takes


class Connection:
    """Everything that one command asks of anybody. Used by several threads at once."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._managers: dict[str, urllib3.PoolManager] = {}
        if line.any_certificate:
            urllib3.disable_warnings(InsecureRequestWarning)
            log.warning("Certificates are not checked (--ignoreSslErrors): anybody can pose as the server")

    def ask(
        self,
        method: str,
        url: str,
        headers: Headers | None = None,
        *,
        body: bytes | Upload | None = None,
        allow: Container[int] = (),
    ) -> Answer:
        """Make a request, and read the answer.

        Raises ``Answered`` unless it is a yes or its status is in ``allow``; ``Unreachable`` if nothing
        was done, ``Unfinished`` if that is not known.
        """
        with self.open(method, url, headers, body=body) as response:
            answer = self.read(url, response)
        if not answer.ok and answer.code not in allow:
            raise answer.refusal()
        if answer.ok and (warning := response.headers.get(WARNING)):
            log.warning("The feed warns: %s", printable(warning))
        return answer

    def read(self, url: str, response: urllib3.BaseHTTPResponse) -> Answer:
        """What is left of an answer, as a whole; raises ``Unfinished``, and ``Puzzling`` if it is endless."""
        try:
            content = response.read(self.line.most + 1, decode_content=True)
        except HTTPError as error:
            raise _no_answer(error, shown(url)) from error
        if len(content) > self.line.most:
            raise Puzzling(f"{shown(url)} answered more than {self.line.most} bytes")
        return Answer(shown(url), response.status, response.reason or "", response.headers, content)

    @contextmanager
    def open(
        self, method: str, url: str, headers: Headers | None = None, *, body: bytes | Upload | None = None
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        """Make a request, and leave it to the caller to read the answer, whatever its status is."""
        log.log(VERBOSE, "%s %s", method, shown(url))
        sent = {"User-Agent": user_agent(), "Accept-Encoding": "gzip", **(headers or {})}
        seconds = self.line.seconds
        if isinstance(body, Upload):
            sent |= {"Content-Type": body.content_type, "Content-Length": str(body.length)}
            timeout = urllib3.Timeout(total=seconds)
        else:
            timeout = urllib3.Timeout(connect=min(CONNECT_SECONDS, seconds), read=seconds)
        try:
            response = self._manager(url).request(
                method,
                url,
                headers=sent,
                body=cast("bytes | IO[bytes] | None", body),  # urllib3 reads, tells and seeks; no more
                timeout=timeout,
                retries=Patience.of(self.line, redirects=self.line.redirects if method == "GET" else 0),
                preload_content=False,
            )
        except (HTTPError, ValueError) as error:
            raise _no_answer(error, shown(url)) from error
        try:
            yield response
        finally:
            response.close() if isinstance(body, Upload) else response.release_conn()

    def _manager(self, url: str) -> urllib3.PoolManager:
        proxy = self.line.proxy or _system_proxy(url)
        if proxy not in self._managers:
            self._managers[proxy] = self._make_manager(proxy)
        return self._managers[proxy]

    def _make_manager(self, proxy: str) -> urllib3.PoolManager:
        certificates = "CERT_NONE" if self.line.any_certificate else "CERT_REQUIRED"
        if not proxy:
            manager = urllib3.PoolManager(maxsize=32, blocksize=BLOCK, cert_reqs=certificates)
        else:
            auth = f"{self.line.proxy_user}:{self.line.proxy_password}" if self.line.proxy_user else None
            headers = make_headers(proxy_basic_auth=auth) if auth else None
            try:
                manager = urllib3.ProxyManager(
                    proxy, maxsize=32, blocksize=BLOCK, cert_reqs=certificates, proxy_headers=headers
                )
            except (HTTPError, ValueError) as error:
                raise BadOption(f"{shown(proxy)} is not the URL of a proxy") from error
        manager.pool_classes_by_scheme = {**manager.pool_classes_by_scheme, "http": ListeningPool}
        return manager


class ListeningPool(urllib3.HTTPConnectionPool):
    """A pool of such connections."""

    ConnectionCls = ListeningConnection


@cache
def user_agent() -> str:
    """Who we are."""
    return f"nugetlite/{metadata.version('nugetlite')}"


def shown(url: str) -> str:
    """A URL as one may show it: without a password, and without what is secret behind the question mark."""
    parts = urlsplit(url)
    query = SECRET_VALUE.sub(r"\1=***", parts.query)
    return printable(
        parts._replace(netloc=parts.netloc.rpartition("@")[2], query=query, fragment="").geturl()
    )


def printable(text: str) -> str:
    """Somebody's text on one line, without what a terminal would take for a command."""
    line = " ".join(text.split())
    return "".join(c if c.isprintable() else "?" for c in line)[:2000]


def same_origin(one: str, other: str) -> bool:
    """Whether two URLs lead to the same server."""
    return urlsplit(one)[:2] == urlsplit(other)[:2]


def _system_proxy(url: str) -> str:
    parts = urlsplit(url)
    return "" if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme, "")


def _no_answer(error: Exception, url: str) -> Unreachable | Unfinished | BadOption:
    cause = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    match cause:
        case NameResolutionError():
            return Unreachable(f"{url} cannot be reached: there is no such host")
        case ProxyError():
            return Unreachable(f"{url} cannot be reached: the proxy does not let us through")
        case ConnectTimeoutError() | NewConnectionError():
            why = getattr(cause.__cause__, "strerror", None) or "it does not answer"
            return Unreachable(f"{url} cannot be reached: {why}")
        case SSLError():
            return Unreachable(
                f"{url} cannot be trusted: its certificate is not valid here (--ignoreSslErrors takes any)"
            )
        case urllib3.exceptions.TimeoutError():
            return Unfinished(f"{url} took too long to answer (--timeout)")
        case urllib3.exceptions.LocationValueError() | ValueError():
            return BadOption(f"{url} is not a URL that one can ask")
    return Unfinished(f"{url} ended the connection before it had answered")
