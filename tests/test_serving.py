"""The feed's manners under a real gunicorn, seen from a socket.

The application that is served is the one below: what it hears and says is all that these stories are about.
"""

import json
import os
import re
import socket
import struct
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from time import sleep

import pytest

from nugetlite import serving
from nugetlite.errors import ConfigError, FeedError
from nugetlite.web.body import package_stream
from nugetlite.web.linger import MIB, hear_out

ROOT = Path(__file__).parents[1]
LIMIT = 100 * MIB
REASON = "Contoso.Json 1.2.0 already exists on this feed !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
ORIGIN = ["wsgi.url_scheme", "SCRIPT_NAME", "PATH_INFO", "REMOTE_ADDR", "REMOTE_USER", "HTTP_REMOTE_USER"]


def answer(environ, start_response):
    """What a feed does with a request, as far as it concerns the server."""
    try:
        status, told = perform(environ)
    except FeedError as error:
        status, told = f"{error.status:d} {error}", {"error": str(error)}
    body = json.dumps(told).encode()
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def perform(environ):
    match environ["PATH_INFO"]:
        case "/push":
            package = package_stream(environ, LIMIT)
            return "201 Created", {"taken": sum(map(len, iter(lambda: package.read(MIB), b"")))}
        case "/refuse":
            return "403 That key is wrong", {}
        case "/conflict":
            return f"409 {REASON}", {}
        case "/environ":
            return "200 OK", {name: environ.get(name) for name in ORIGIN}
        case _:
            return "404 Not Found", {}


app = hear_out(answer)


def wrongly_set_up():
    raise ConfigError("the plugin contoso cannot be loaded: there is no such file")


class Server:
    """A gunicorn of its own, from the root of the repository, with the settings that are found there."""

    def __init__(self, folder, *options):
        self.socket = folder / "socket"
        self.log = folder / "log"
        (folder / "settings.toml").touch()
        command = [sys.executable, "-m", "gunicorn", f"{Path(__file__).stem}:app", "--bind", "127.0.0.1:0"]
        command += ["--bind", f"unix:{folder / 'socket'}", "--pythonpath", str(Path(__file__).parent)]
        command += ["--workers", "1", *options]
        settings = environment(NUGETLITE_CONFIG=folder / "settings.toml")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=settings, stdout=log, stderr=log)
        self.port = int(self.wait_for(r"Listening at: http://127\.0\.0\.1:(\d+)")[1])
        self.wait_for("Booting worker")

    def wait_for(self, pattern):
        for _ in range(200):
            if found := re.search(pattern, self.log.read_text()):
                return found
            sleep(0.05)
        raise AssertionError(self.log.read_text())

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def connect_as_a_proxy(self):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self.socket))
        return connection

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)


def environment(**more):
    ours = ("NUGETLITE_", "GUNICORN_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"NUGETLITE_PACKAGES": "memory://"} | {name: str(value) for name, value in more.items()}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("gunicorn"), "--access-logfile", "-") as server:
        yield server


@pytest.fixture
def connection(server):
    with server.connect() as connection:
        yield connection


def head(method, path, *headers):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: feed", *headers, "", ""]).encode()


def chunks(*blocks):
    return b"".join(b"%x\r\n%b\r\n" % (len(block), block) for block in blocks)


def hear(connection):
    """The status line, the headers and the JSON of one answer."""
    with connection.makefile("rb") as stream:
        status = stream.readline().decode().rstrip("\r\n").removeprefix("HTTP/1.1 ")
        headers = {}
        while line := stream.readline().decode().rstrip("\r\n"):
            name, value = line.split(": ", 1)
            headers[name.lower()] = value
        body = stream.read(int(headers["content-length"]))
    return status, headers, json.loads(body) if "json" in headers["content-type"] else body.decode()


def has_ended(connection):
    return connection.recv(1) == b""


# ---- uploads


@pytest.mark.parametrize("chunked", [False, True])
def test_an_upload_arrives_whole_and_the_connection_is_used_again(connection, chunked):
    form = b'--limes\r\nContent-Disposition: form-data; name="a"\r\n\r\n12345\r\n--limes--'
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(form)}"
    for _ in range(2):
        connection.sendall(head("PUT", "/push", framing, "Content-Type: multipart/form-data; boundary=limes"))
        connection.sendall(chunks(form[:20], form[20:], b"") if chunked else form)
        assert hear(connection)[::2] == ("201 Created", {"taken": 5})


def test_a_client_that_asks_first_is_told_to_go_on(connection):
    connection.sendall(head("PUT", "/push", "Content-Length: 5", "Expect: 100-continue"))
    assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(b"12345")
    assert hear(connection)[2] == {"taken": 5}


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/refuse", "403 That key is wrong"),
        ("/push", "400 This is no package"),
        ("/nowhere", "404 Not Found"),
    ],
)
def test_a_refused_client_that_sends_everything_first_hears_why(connection, path, reason, chunked):
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {60 * MIB}"
    connection.sendall(head("PUT", path, framing, "Content-Type: text/plain"))
    block = chunks(bytes(MIB)) if chunked else bytes(MIB)
    for _ in range(60):
        connection.sendall(block)
    connection.sendall(chunks(b"") if chunked else b"")

    status, headers, _ = hear(connection)
    assert status.startswith(reason)
    assert headers["connection"] == "close"
    assert has_ended(connection)


def test_a_client_that_declares_too_much_hears_so_before_it_sends(connection):
    connection.sendall(head("PUT", "/push", f"Content-Length: {LIMIT + 1}"))
    status, headers, _ = hear(connection)
    assert status == "413 This is more than the 100 MB that may be sent here"
    assert headers["connection"] == "close"


def test_a_client_that_does_not_declare_it_hears_when_it_was_too_much(connection):
    connection.sendall(head("PUT", "/push", "Transfer-Encoding: chunked"))
    for _ in range(LIMIT // MIB + 20):
        connection.sendall(chunks(bytes(MIB)))
    assert hear(connection)[0].startswith("413 ")


def test_a_refused_request_with_a_short_body_leaves_the_connection_usable(connection):
    connection.sendall(head("PUT", "/refuse", "Content-Length: 10000") + bytes(10_000))
    assert hear(connection)[1]["connection"] == "keep-alive"
    connection.sendall(head("GET", "/conflict"))
    assert hear(connection)[0].startswith("409 ")


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\nabc\r\n0\r\n\r\n",
        b"3\r\nabcdef",
        b"-1\r\n",
        b"3;\x00\r\nabc\r\n",
        b"3\r\nabc\r\n0\r\nHost: x\r\n\r\n",
    ],
)
def test_broken_chunks_are_refused_and_nothing_behind_them_is_run(server, connection, body):
    connection.sendall(head("PUT", "/push", "Transfer-Encoding: chunked") + body)
    connection.sendall(head("GET", "/smuggled"))
    status, headers, _ = hear(connection)
    assert status == "400 This upload broke off, or its chunks are wrong; send it again"
    assert headers["connection"] == "close"
    assert has_ended(connection)
    assert "/smuggled" not in server.log.read_text()


@pytest.mark.parametrize(
    "framing",
    [
        ["Content-Length: 5", "Transfer-Encoding: chunked"],
        ["Content-Length: 5", "Content-Length: 6"],
        ["Content-Length: -5"],
        ["Content-Length: five"],
        ["Transfer-Encoding: gzip"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: cow"],
    ],
)
def test_a_request_whose_end_is_in_doubt_is_refused_and_the_connection_ends(connection, framing):
    connection.sendall(head("PUT", "/push", *framing) + b"0\r\n\r\n" + head("GET", "/smuggled"))
    status = hear(connection)[0]
    assert status.startswith(("400 ", "501 "))
    assert has_ended(connection)


@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("reset", [False, True])
def test_a_client_that_goes_away_is_only_a_refusal(server, framing, reset):
    with server.connect() as leaving:
        leaving.sendall(head("PUT", "/push", framing) + chunks(b"123")[:-2])
        if reset:
            leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server.wait_for(r'"PUT /push HTTP/1.1" 400')
    assert "Traceback" not in server.log.read_text()


# ---- what is believed, and what is told


@pytest.mark.parametrize(
    ("connect", "address"), [(Server.connect, "127.0.0.1"), (Server.connect_as_a_proxy, "")]
)
def test_what_a_request_says_about_its_origin_is_not_believed(server, connect, address):
    told = ["X-Forwarded-Proto: https", "X-Forwarded-Ssl: on", "X-Forwarded-For: 1.2.3.4"]
    forged = ["SCRIPT_NAME: /x", "PATH_INFO: /refuse", "REMOTE_USER: administrator"]
    with connect(server) as connection:
        connection.sendall(head("GET", "/environ", *told, *forged))
        environ = hear(connection)[2]
    assert environ == {
        "wsgi.url_scheme": "http",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/environ",
        "REMOTE_ADDR": address,
        "REMOTE_USER": None,
        "HTTP_REMOTE_USER": None,
    }


def test_a_reason_travels_as_it_is(connection):
    connection.sendall(head("GET", "/conflict"))
    assert hear(connection)[0] == f"409 {REASON}"


def test_a_long_query_is_let_in(connection):
    connection.sendall(head("GET", f"/conflict?packageIds='{'a' * 8000}'"))
    assert hear(connection)[0].startswith("409 ")


def test_keys_do_not_get_into_the_access_log(server, connection):
    headers = [f"{name}: API-SECRET" for name in ("X-NuGet-ApiKey", "Authorization", "Referer", "User-Agent")]
    connection.sendall(head("GET", "/conflict?apikey=API-SECRET", *headers))
    hear(connection)
    server.wait_for('"GET /conflict HTTP/1.1" 409')
    assert "SECRET" not in server.log.read_text()


# ---- waiting


@pytest.mark.parametrize("sent", [b"nonsense\r\n\r\n", head("GET", "/conflict", "Connection: close")])
def test_clients_that_do_not_close_keep_nobody_waiting(server, sent):
    with ExitStack() as open_:
        for _ in range(5):
            lazy = open_.enter_context(server.connect())
            lazy.sendall(sent)
            assert lazy.recv(12).startswith(b"HTTP/1.1 4")

        connection = open_.enter_context(server.connect())
        connection.settimeout(1)
        connection.sendall(head("GET", "/conflict"))
        assert hear(connection)[0].startswith("409 ")


def test_slow_uploads_keep_nobody_waiting_while_a_thread_is_free(tmp_path):
    with Server(tmp_path, "--workers", "2", "--threads", "4") as server, ExitStack() as open_:
        slow = [open_.enter_context(server.connect()) for _ in range(7)]
        for connection in slow:
            connection.sendall(head("PUT", "/push", "Content-Length: 2") + b"1")
        for _ in range(10):
            with server.connect() as connection:
                connection.settimeout(1)
                connection.sendall(head("GET", "/conflict"))
                assert hear(connection)[0].startswith("409 ")
        for connection in slow:
            connection.sendall(b"2")
            assert hear(connection)[2] == {"taken": 2}


def test_no_connection_may_stand_still_for_ever(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving.post_fork(None, type("AWorker", (), {"sockets": [listener]}))
        with socket.create_connection(listener.getsockname()) as client, listener.accept()[0] as accepted:
            seconds = accepted.getsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.calcsize("ll"))
            assert struct.unpack("ll", seconds) == (serving.PATIENCE, 0)
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 50_000))
            with pytest.raises(BlockingIOError):
                accepted.recv(1)
            client.sendall(b"x")
            assert accepted.recv(1) == b"x"


def test_a_slow_upload_outlives_the_time_limit_of_workers_and_the_order_to_stop(tmp_path):
    with Server(tmp_path, "--timeout", "2") as server, server.connect() as connection:
        connection.sendall(head("PUT", "/push", "Content-Length: 25"))
        for sent in range(25):
            connection.sendall(b"x")
            if sent == 20:
                server.process.terminate()
            sleep(0.1)
        assert hear(connection)[::2] == ("201 Created", {"taken": 25})
        connection.close()
        assert server.process.wait(20) == 0
    assert "TIMEOUT" not in server.log.read_text()


# ---- starting


def test_a_wrong_setting_stops_the_start_with_one_line():
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", "127.0.0.1:0"]
    settings = environment(NUGETLITE_READ_ONLY="perhaps")
    ended = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=20)
    lines = [line for line in ended.stderr.splitlines() if "[INFO]" not in line]
    assert ended.returncode == 1
    assert len(lines) == 1
    assert lines[0].startswith("nugetlite: ")
    assert "READ_ONLY" in lines[0]


def test_what_keeps_the_application_from_being_made_ends_the_start_with_one_line():
    command = [sys.executable, "-m", "gunicorn", f"{Path(__file__).stem}:wrongly_set_up()"]
    command += ["--bind", "127.0.0.1:0", "--workers", "1", "--pythonpath", str(Path(__file__).parent)]
    ended = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=20)
    assert ended.returncode == 3
    assert ended.stderr.count("nugetlite: the plugin contoso cannot be loaded: there is no such file\n") == 1
    assert ended.stderr.count("Booting worker") == 1
    assert "Traceback" not in ended.stderr


def test_an_installed_feed_is_served_with_the_same_settings(tmp_path):
    """As ``nugetlite serve`` does it, outside the repository."""
    script = (
        "import sys; sys.path[:0] = sys.argv[1:]\n"
        "from test_serving import app, serving\n"
        "serving.serve(lambda: app, host='127.0.0.1', port=0, workers=1, threads=2, on_ready=print)\n"
    )
    command = [sys.executable, "-u", "-c", script, str(ROOT), str(Path(__file__).parent)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), **pipes) as process:
        port = int(re.fullmatch(r"http://127\.0\.0\.1:(\d+)\n", process.stdout.readline())[1])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(head("GET", "/environ", "X-Forwarded-Proto: https", "SCRIPT_NAME: /x"))
            status, _, told = hear(connection)
        process.terminate()
        process.communicate()
    assert (status, told["wsgi.url_scheme"], process.returncode) == ("200 OK", "http", 0)
