"""What a stranger can send through a raw socket to a real server: refused or answered, never obeyed."""

import os
import socket
import time
from contextlib import closing, suppress
from http.client import HTTPResponse, IncompleteRead
from itertools import product

import pytest

from nugetlite import Config
from nugetlite.app import create_app
from nugetlite.testing import KEY, nupkg

SECRET = "content from outside"
VERSION = "/v3/package/Contoso.Json/1.0.0"
MIB = 1024 * 1024

PAYLOADS = [
    "..",
    "../..",
    "../../../../../../../../etc/passwd",
    "..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/%2e%2e/secret.txt",
    "..%252f..%252fsecret.txt",
    "..\\..\\secret.txt",
    "..%5c..%5csecret.txt",
    "%c0%ae%c0%ae%c0%afsecret.txt",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    ".nugetlite/share.id",
    ".nugetlite%2fshare.id",
    "contoso.other%2f1.0.0",
    "secret.txt%00.nupkg",
    "%00",
    "CON",
    "*",
    ".",
    "%",
    "%zz%u002e",
    "%ff%fe",
    "%0d%0aX-Evil:%20yes%0d%0a%0d%0aevil",
    "{{7*7}}${7*7}<script>",
    "x" * 300,
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "secret.txt").write_text(SECRET)
    return folder


@pytest.fixture(scope="module")
def server(folder, real_server):
    (folder / "log").touch()
    server = real_server(
        folder / "packages",
        folder / "log",
        workers=1,
        threads=8,
        scan_interval=0,
        max_package_size="30MB",
        delete_policy="hard",
    )
    server.push(nupkg("Contoso.Json", "1.0.0"))
    yield server
    server.kill()


@pytest.fixture
def share(folder):
    return folder / "packages"


@pytest.fixture
def connect(server):
    return lambda: socket.create_connection(("127.0.0.1", server.port), timeout=15)


@pytest.fixture(autouse=True)
def unharmed(server, share, folder, contents):
    """After each story the package is there, the server answers, and its log tells of no failure."""
    yield
    assert list(contents(share)) == ["contoso.json/1.0.0"]
    assert not list(share.glob(".nugetlite/incoming/*"))
    assert server.ask("GET", "/v3/content/contoso.json/index.json").json() == {"versions": ["1.0.0"]}
    assert server.ask("GET", "/v3/search?q=json").json()["totalHits"] == 1
    log = (folder / "log").read_text()
    assert "Traceback" not in log
    assert KEY not in log


def request(method, target, *headers, body=b"", key=KEY):
    """The bytes of a request, just as they are told here."""
    lines = [f"{method} {target} HTTP/1.1", "Host: feed.example", f"X-NuGet-ApiKey: {key}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def answer(connection):
    """What comes back on a connection; ``None`` when it is closed without a word."""
    response = HTTPResponse(connection)
    try:
        response.begin()
    except ConnectionError:
        return None
    except OSError as error:
        raise AssertionError("no answer") from error
    with suppress(IncompleteRead):
        response.content = response.read()
    return response


def ask(connect, data):
    with closing(connect()) as connection:
        connection.sendall(data)
        return answer(connection)


def assert_harmless(found, sent):
    assert found is None or found.status in (200, 501, 505) or 400 <= found.status < 500, (sent, found.status)
    if found:
        assert found.reason.isascii()
        assert len(found.reason) <= 200
        assert "x-evil" not in {name.lower() for name, _ in found.getheaders()}
        assert not found.getheader("Location", "/").startswith(("//", "/\\", "http://evil"))
        for outside in (SECRET.encode(), b"root:x:", b"<script>", b"49$"):
            assert outside not in found.content, sent


def targets(method):
    """Every URL of the application that takes a method, with something hostile in each place that is the client's."""
    rules = create_app(Config(packages="memory://", scan_interval=0)).url_map.iter_rules()
    for rule, payload in product(sorted({str(rule) for rule in rules if method in rule.methods}), PAYLOADS):
        if "<" in rule:
            literal, *places = rule.split("<")
            yield literal + "".join(payload + place.partition(">")[2] for place in places)
        else:
            yield f"{rule.rstrip('/')}/{payload}"
            yield f"{rule}?q={payload}&id={payload}&skip={payload}&take={payload}"


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST", "PUT"])
def test_no_url_leads_out_of_the_share_or_breaks_the_server(connect, method):
    asked = 0
    connection = connect()
    for target in dict.fromkeys(targets(method)):
        sent = request(method, target, "Content-Length: 0")
        connection.sendall(sent)
        found = answer(connection)
        assert_harmless(found, sent)
        asked += 1
        if found is None or found.will_close:
            connection.close()
            connection = connect()
    connection.close()
    assert asked > 150


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/",
        "//evil.example/v3/index.json",
        "/\\evil.example/",
        "http://evil.example/v3/package/Contoso.Json/1.0.0",
        "/?next=//evil.example",
        "/v3//index.json",
        "/v3/index.json/",
        "/%2e%2e//evil.example",
        "/;/evil.example",
        "*",
        "evil",
    ],
)
def test_nobody_is_sent_to_another_host(connect, target):
    assert_harmless(ask(connect, request("GET", target)), target)


@pytest.mark.parametrize(
    "method", ["TRACE", "PATCH", "OPTIONS", "CONNECT", "PROPFIND", "X", "get", "DELETE", "G ET"]
)
@pytest.mark.parametrize("target", ["/v3/index.json", "/v3/$batch", "/nuget/$batch", "/health/live"])
def test_an_unknown_method_is_refused_and_never_echoed(connect, method, target):
    found = ask(connect, request(method, target, "X-Echo: abcdefgh", "Content-Length: 0"))

    assert_harmless(found, method)
    assert b"abcdefgh" not in found.content
    assert "X-Echo" not in found.headers
    assert method == "OPTIONS" or found.status >= 400


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_method_in_a_header_counts_for_nothing(connect, header):
    found = ask(connect, request("POST", VERSION, f"{header}: DELETE", "Content-Length: 0"))

    assert found.status == 200, "it is a relist, as its method says"


@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Length: -1"],
        ["Content-Length: five"],
        ["Content-Length: 5, 6"],
        ["Content-Length: 5", "Content-Length: 60"],
        ["Content-Length: +5"],
        ["Content-Length: 0x5"],
        ["Content-Length: 5", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
        ["Transfer-Encoding: xchunked"],
        ["Transfer-Encoding: gzip, chunked"],
        ["Transfer-Encoding : chunked"],
        ["Transfer-Encoding: chunked"],
        ["Content-Length: 99999999999999999999"],
        [" Content-Length: 5"],
        ["Content Length: 5"],
        ["Content-Length: 5\nX: y"],
    ],
)
def test_no_second_request_is_smuggled_behind_a_body(connect, headers):
    smuggled = request("DELETE", VERSION, "Content-Length: 0")
    sent = request("PUT", "/v3/package/", *headers, body=b"5\r\nabcde\r\n0x1\r\n" + smuggled)
    with closing(connect()) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        found = answer(connection)
        assert_harmless(found, headers)
        assert found is None or found.status >= 400
        assert connection.recv(1000) == b"", "the connection ends with it"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (["Content-Length: 1000"], b"short"),
        (["Transfer-Encoding: chunked"], b"ffffffffffffffff\r\nabc"),
        (["Transfer-Encoding: chunked"], b"-5\r\nabcde\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], b"5;" + b"x" * 100_000),
        (["Transfer-Encoding: chunked"], b"5\r\nabcdefghij"),
        (["Transfer-Encoding: chunked"], b"zz\r\n"),
    ],
)
def test_a_body_that_breaks_off_is_no_package(connect, headers, body):
    with closing(connect()) as connection:
        connection.sendall(request("PUT", "/v3/package/", *headers, body=body))
        connection.shutdown(socket.SHUT_WR)
        found = answer(connection)

    assert_harmless(found, headers)
    assert found is None or found.status == 400


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /?" + b"%" * 8000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v3/search?q=" + b"%F0%9F%92%A9" * 600 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(500)) + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"c" * 30_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Evil\r\n y: z\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /\xff\xfe\x80 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v3/index.json HTTP/1.1\r\nHost: <script>alert(1)</script>\r\n\r\n",
        b"GET /v3/index.json HTTP/1.1\r\nHost: user:pass@evil.example\r\n\r\n",
        b"GET /v3/index.json HTTP/1.1\r\nHost: " + b"h" * 5000 + b"\r\n\r\n",
        b"GET /v3/index.json HTTP/1.1\r\nHost: \r\n\r\n",
        b"GET /v3/index.json HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nSCRIPT_NAME: /x\r\nX-Script-Name: /x\r\nX-Original-URL: /evil\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1,0-1,0-1,0-1\r\nIf-Match: *\r\nAccept: \xff\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\r\n\r\n\r\n",
    ],
)
def test_what_is_hardly_http_is_refused(connect, sent):
    with closing(connect()) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert_harmless(answer(connection), sent[:60])


@pytest.mark.parametrize(
    ("key", "size", "status"), [("wrong", 20 * MIB, 403), ("", 20 * MIB, 401), (KEY, 40 * MIB, 413)]
)
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_who_is_refused_while_still_sending_hears_why(connect, key, size, status, framing):
    """As .NET's client does: it sends everything, and only then reads the answer."""
    header = f"Content-Length: {size}" if framing == "length" else "Transfer-Encoding: chunked"
    block = os.urandom(MIB)
    chunk = block if framing == "length" else b"%x\r\n%b\r\n" % (MIB, block)
    with closing(connect()) as connection:
        connection.sendall(
            request("PUT", "/v3/package/", header, "Content-Type: application/octet-stream", key=key)
        )
        for _ in range(size // MIB):
            connection.sendall(chunk)
        if framing == "chunked":
            with suppress(ConnectionError):
                connection.sendall(b"0\r\n\r\n")
        found = answer(connection)

    assert found.status == status
    assert len(found.reason) > 20


def test_uploads_in_no_hurry_keep_nobody_from_being_served(connect, server):
    slow = [connect() for _ in range(6)]  # of eight threads
    for connection in slow:
        connection.sendall(request("PUT", "/v3/package/", "Content-Length: 1000000", body=b"PK\3\4"))
    time.sleep(0.3)
    for _ in range(3):
        for connection in slow:
            connection.sendall(b"x")
        began = time.monotonic()
        assert server.ask("GET", "/health/live").status == 200
        assert server.ask("GET", "/v3/content/contoso.json/index.json").status == 200
        assert time.monotonic() - began < 1
    for connection in slow:
        connection.close()
    deadline = time.monotonic() + 10
    while (
        list((server.log.parent / "packages").glob(".nugetlite/incoming/*")) and time.monotonic() < deadline
    ):
        time.sleep(0.05)
