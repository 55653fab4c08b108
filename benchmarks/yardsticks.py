"""What the feed is held against: the least that anybody would have to do for the same end."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable
from hashlib import sha512
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from flask import Flask, Response, send_file

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

BLOCK = 256 * 1024


def two_bytes() -> Flask:
    """A Flask route that has nothing to do."""
    app = Flask(__name__)

    @app.get("/")
    def ok() -> str:
        return "ok"

    return app


def files(root: str) -> Flask:
    """Flask's own way to send a file."""
    app = Flask(__name__)

    @app.get("/")
    def ok() -> str:
        return "ok"

    @app.get("/<path:path>")
    def file(path: str) -> Response:
        return send_file(f"{root}/{path}")

    return app


def pipeline(root: str) -> WSGIApplication:
    """What any push comes down to: receive, hash, write, fsync, rename, and one row in SQLite.

    The database is as durable as the feed's (``synchronous=FULL``, in WAL mode).
    """
    folder = Path(root)
    database = folder / "pushed.db"
    own = threading.local()

    def connection() -> sqlite3.Connection:
        if not hasattr(own, "connection"):
            own.connection = sqlite3.connect(database, timeout=10, isolation_level=None)
            own.connection.execute("PRAGMA synchronous=FULL")
        return own.connection  # type: ignore[no-any-return]  # a thread's own things have no types

    def receive(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        staged = folder / f"{uuid4().hex}.part"
        digest, size = sha512(), 0
        with staged.open("wb") as file:
            while block := environ["wsgi.input"].read(BLOCK):
                digest.update(block)
                size += file.write(block)
            file.flush()
            os.fsync(file.fileno())
        name = digest.hexdigest()
        staged.rename(folder / name)
        connection().execute("INSERT OR REPLACE INTO pushed VALUES (?, ?)", [name, size])
        start_response("201 Created", [("Content-Length", "0")])
        return []

    with sqlite3.connect(database) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("CREATE TABLE IF NOT EXISTS pushed (sha512 TEXT PRIMARY KEY, size INTEGER)")
    made.close()
    return receive
