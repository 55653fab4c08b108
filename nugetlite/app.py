"""Builds every part of a server once and joins them; the only room that sees all."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from uuid import NAMESPACE_URL, uuid5

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from nugetlite import config as settings
from nugetlite import deletion, plugins
from nugetlite.access import Access
from nugetlite.archive_share import ArchiveShare
from nugetlite.archives import Archives
from nugetlite.audit import Audit
from nugetlite.builtin import BUILTIN
from nugetlite.config import Config
from nugetlite.database import Database, open_database
from nugetlite.downloads import Downloads
from nugetlite.errors import ConfigError, ShareUnavailable
from nugetlite.feed import Feed
from nugetlite.history import History
from nugetlite.index import Index
from nugetlite.index.archives import ArchiveIndex
from nugetlite.management import Desk, Management
from nugetlite.people import People
from nugetlite.plugins import Plugins
from nugetlite.repository import Repository
from nugetlite.share import Share
from nugetlite.storage import Storage
from nugetlite.upkeep import Scanner, Upkeep
from nugetlite.web import site
from nugetlite.web.current import Parts
from nugetlite.web.front import Front
from nugetlite.web.guesses import Guesses
from nugetlite.web.linger import hear_out
from nugetlite.web.viewers import Viewers

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

DATABASE = ".nugetlite/nugetlite.db"  #: below the packages folder, where no other place is set


@dataclass(frozen=True, slots=True)
class Server:
    """The parts of one server."""

    config: Config
    plugins: Plugins
    share: Share
    database: Database
    audit: Audit
    access: Access
    people: People
    management: Management
    feed: Feed
    repository: Repository
    upkeep: Upkeep


def create_app(config: Config | None = None, given: Sequence[object] = ()) -> Flask:
    """The server as a WSGI application; ``given`` are plugin objects beside those of the settings.

    ``config`` is read from the environment if it is not given. Raises ``ConfigError`` if a setting, a plugin or
    the database keeps it from starting. If the share is away, it starts all the same, and answers 503 until
    it is back.
    """
    config = config or settings.load(os.environ)
    try:
        return _application(build(config, given))
    except ShareUnavailable as away:
        waiting = Flask(__name__)
        waiting.wsgi_app = LateStart(lambda: _application(build(config, given)).wsgi_app, away)  # type: ignore[method-assign]
        return waiting


def build(config: Config, given: Sequence[object] = (), *, mend: bool = False) -> Server:
    """Build the parts, without a web in front of them; raises as ``create_app``, and ``ShareUnavailable``.

    ``mend`` puts a database that cannot be read aside, and begins a new one.
    """
    found = load_plugins(config, given)
    storage = open_storage(found, config)
    if config.expected_share:
        storage.expect(config.expected_share)
    share = Share(storage)
    database = _open_database(storage, config, mend)
    index, history, audit = Index(database), History(database), Audit(database)
    people = People(database, anonymous_read=config.anonymous_read)
    access = Access(found, people, config)
    management = Management.at(Desk(people, access, database, audit, index), config.base_url)
    policies = deletion.load(found, config)
    downloads = Downloads(index, database)
    feed = Feed(share, index, history, audit, database, downloads, access, people, found, policies, config)
    archive_share, archive_index = ArchiveShare(storage), ArchiveIndex(database)
    archives = Archives(archive_share, archive_index, audit, database, access, people, policies, config)
    place = storage.share_id() or config.packages
    repository = Repository(
        feed,
        archives,
        share,
        archive_share,
        archive_index,
        database,
        access,
        uuid5(NAMESPACE_URL, place),
    )
    scanner = Scanner(share, index, history, audit, database, feed, archive_share, archive_index)
    upkeep = Upkeep(scanner, config.scan_interval, f"{place} {database.name}")
    return Server(config, found, share, database, audit, access, people, management, feed, repository, upkeep)


def prepare(config: Config) -> str:
    """See that a server with these settings can start, make what it needs, and answer which share it has."""
    server = build(config)
    server.database.close()
    return server.share.storage.share_id()


def load_plugins(config: Config, given: Sequence[object] = ()) -> Plugins:
    """The plugins that these settings name, and our own."""
    return plugins.load(config, BUILTIN, given)


def open_storage(found: Plugins, config: Config) -> Storage:
    """The storage that the setting ``packages`` names; nothing is touched yet."""
    url = config.packages if "://" in config.packages else Path(config.packages).absolute().as_uri()
    storage = found.first("nugetlite_open_storage", Storage, url=url, config=config)  # type: ignore[type-abstract]
    if storage is None:
        raise ConfigError(
            f"packages: no plugin can open {config.packages}; expected a folder or a storage URL"
        )
    return storage


def _open_database(storage: Storage, config: Config, mend: bool) -> Database:
    """The database, once it is sure that it speaks of this share.

    A database that lies elsewhere knows a share by its id, so that an empty mount point is not taken for it.
    """
    if not config.database:
        storage.share_id()  # makes the folder in which the database will lie, unless it is only away
    database = open_database(config.database or _default_database(config), mend=mend)
    known = database.fact("share")
    if known:
        storage.expect(known)
    if (found := storage.share_id()) != known:
        with database.begin() as connection:
            database.remember(connection, "share", found)
    return database


def _default_database(config: Config) -> str:
    if urlsplit(config.packages).scheme == "memory":
        return "sqlite://"  # passes with the packages
    if not (folder := folder_of(config)):
        raise ConfigError(
            "database: packages do not lie in a folder, so say where the database is to be kept"
        )
    return f"sqlite:///{folder}/{DATABASE}"


def folder_of(config: Config) -> Path | None:
    """The folder in which the packages lie; ``None`` if it is for a plugin to say where they do."""
    parts = urlsplit(config.packages)
    if parts.scheme not in ("", "file"):
        return None
    return Path(unquote(parts.path) if parts.scheme else config.packages).absolute()


def _application(server: Server) -> Flask:
    feed, guesses, only_accounts_decide = server.feed, Guesses(), _only_accounts_decide(server)
    told = Parts(
        server.config,
        server.plugins,
        server.access,
        server.audit,
        server.people,
        server.management,
        feed,
        server.repository,
        server.upkeep,
        guesses,
        _session_secret(server),
        only_accounts_decide,
    )
    app = site.build(told)
    wsgi: WSGIApplication = app.wsgi_app
    if only_accounts_decide:
        wsgi = Front(wsgi, feed.revision, feed.revision_of, Viewers(server.people, guesses))
    if hops := server.config.trusted_proxies:
        wsgi = ProxyFix(wsgi, hops, hops, hops, hops, hops)
    app.wsgi_app = hear_out(wsgi)  # type: ignore[method-assign, assignment]  # as Flask's manual says
    server.upkeep.start()
    _start_again_in_children(server.upkeep)
    return app


def _start_again_in_children(upkeep: Upkeep) -> None:
    """Have workers look after the share, too, as long as their master does."""
    living = weakref.ref(upkeep)

    def start() -> None:
        if there := living():
            there.start()

    os.register_at_fork(after_in_child=start)


def _session_secret(server: Server) -> bytes:
    """What sessions are signed with: the same in every process, another one with every key.

    It takes the setting and the database to make it, as whoever can read the share can read that.
    """
    database = server.database
    if not (known := database.fact("session secret")):
        with database.begin() as connection:
            known = database.fact("session secret") or token_urlsafe(32)  # another process may have been here
            database.remember(connection, "session secret", known)
    return sha256(f"{known} {server.config.api_key or ''}".encode()).digest()


def _only_accounts_decide(server: Server) -> bool:
    """Whether no plugin has a say in who asks, who may, and what they see."""
    asked = ("nugetlite_identify", "nugetlite_authorize", "nugetlite_sight")
    answering = [{*each.plugins} for each in server.plugins.answerers() if each.hook in asked]
    return all(plugins == {"access"} for plugins in answering)


class LateStart:
    """Answers 503 while the share is away, and is the application from when it is back."""

    RETRY = 1.0  #: seconds between tries

    def __init__(self, start: Callable[[], WSGIApplication], away: ShareUnavailable) -> None:
        self._start = start
        self._away = away
        self._lock = Lock()
        self._application: WSGIApplication | None = None
        self._tried = monotonic()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, or be the application."""
        application = self._application or self._try()
        if application:
            return application(environ, start_response)
        if environ.get("PATH_INFO") == "/health/live":
            start_response("200 OK", [("Content-Type", "application/json")])
            return [b'{"status":"live"}']
        headers = [("Content-Type", "text/plain"), ("Retry-After", str(self._away.retry_after))]
        start_response(f"503 {self._away}", headers)
        return [str(self._away).encode()]

    def _try(self) -> WSGIApplication | None:
        with self._lock:
            if self._application is None and monotonic() - self._tried >= self.RETRY:
                self._tried = monotonic()
                try:
                    self._application = self._start()
                except ShareUnavailable as away:
                    self._away = away
            return self._application
