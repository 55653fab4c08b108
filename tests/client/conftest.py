"""What the stories of the client share: servers on loopback, this one and odd ones, and the command line."""

import hashlib
import os
import threading
from base64 import b64encode
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner
from werkzeug.serving import make_server

from nugetlite.cli import main
from nugetlite.client import connection
from nugetlite.testing import KEY


@pytest.fixture(autouse=True)
def no_long_pauses(monkeypatch):
    """Whoever tries again does so at once."""
    monkeypatch.setattr(connection, "sleep", lambda seconds: None)


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Type a command; environment variables as keyword arguments. It is where the files of a test are."""
    for name in os.environ:
        if name.startswith(("NUGETLITE_", "OCTOPUS_", "TEAMCITY_", "TF_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*arguments, **environment):
        return CliRunner().invoke(
            main, [str(each) for each in arguments], env=environment, catch_exceptions=False
        )

    return run


@pytest.fixture
def serve_app():
    """Serve a WSGI application on loopback; answers its URL."""
    servers = []

    def serve_app(app):
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield serve_app
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def feed(serve_app, make_app):
    """The URL of this server, over the folder ``share``."""
    return serve_app(make_app())


class Odd:
    """A server that answers as it is told to: ``odd.on("PUT", "/push/", reply, ...)``, the last reply for ever.

    A reply is a status, a tuple ``(status, headers, body)``, or a function of the request handler.
    """

    def __init__(self):
        self.replies = {}
        self.heard = []  #: (method, path, headers, body) of each request
        odd = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self):
                with suppress(ConnectionError):
                    super().handle_one_request()

            def answer(self):
                odd.answer(self)

            do_GET = do_PUT = do_POST = do_DELETE = answer  # noqa: N815 -- the library's names

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def on(self, method, path, *replies):
        self.replies[method, path] = list(replies)

    def answer(self, request):
        path = request.path.partition("?")[0]
        replies = self.replies.get((request.command, path), [404])
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if callable(reply):
            self.heard.append((request.command, request.path, request.headers, None))
            reply(request)
            return
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        self.heard.append((request.command, request.path, request.headers, body))
        status, headers, content = reply if isinstance(reply, tuple) else (reply, {}, b"")
        request.send_response(status, headers.pop("reason", None))
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)

    def asked(self, method):
        return [path for heard, path, _, _ in self.heard if heard == method]


@contextmanager
def running(odd):
    thread = threading.Thread(target=odd.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield odd
    finally:
        odd.server.shutdown()
        thread.join()
        odd.server.server_close()


@pytest.fixture
def odd():
    """A server that answers as it is told to."""
    with running(Odd()) as odd:
        yield odd


@pytest.fixture
def entry(odd):
    """What a V2 source says of Contoso.Json 1.0.0, whose bytes are at /content; without bytes, it tells no hash."""

    def entry(content):
        digest = b64encode(hashlib.sha512(content).digest()).decode() if content else ""
        return f"""<entry xmlns="http://www.w3.org/2005/Atom"
            xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices"
            xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">
            <title>Contoso.Json</title><content type="application/zip" src="{odd.url}/content"/>
            <m:properties><d:Version>1.0.0</d:Version><d:PackageHash>{digest}</d:PackageHash>
            <d:PackageHashAlgorithm>SHA512</d:PackageHashAlgorithm></m:properties></entry>""".encode()

    return entry


@pytest.fixture
def key():
    """The options that give the key of this server."""
    return f"--apiKey={KEY}"
