"""What a feed asks issuers for their keys, how often, and what it makes of odd answers."""

import json
import threading
import time

import pytest

from nugetlite.errors import IssuerUnavailable, NotUnderstood, Refused
from nugetlite.oidc.issuers import Issuers, issuer_url
from nugetlite.oidc.token import Token

ABOUT = "/.well-known/openid-configuration"


class Clock:
    """A clock that is moved by hand."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def issuers(clock):
    return Issuers(clock)


class TestKeys:
    def test_are_asked_for_once_and_again_after_a_while(self, issuers, issuer, clock):
        for _ in range(5):
            assert issuers.key(issuer.url, "first")["kty"] == "RSA"
        assert issuer.asked == [ABOUT, "/keys"]

        clock.now += Issuers.KEPT + 1
        issuers.key(issuer.url, "first")
        assert issuer.is_asked() == 2

    def test_that_are_new_are_found(self, issuers, issuer, clock):
        issuers.key(issuer.url, "first")
        issuer.rotate()
        clock.now += Issuers.AGAIN + 1

        assert issuers.key(issuer.url, issuer.keys[0].id)["kty"] == "EC"

    def test_that_nobody_has_are_asked_for_once_a_minute(self, issuers, issuer, clock):
        for number in range(20):
            with pytest.raises(Refused, match="has no key"):
                issuers.key(issuer.url, f"made up {number}")
        assert issuer.is_asked() == 1

        clock.now += Issuers.AGAIN + 1
        with pytest.raises(Refused):
            issuers.key(issuer.url, "made up")
        assert issuer.is_asked() == 2

    def test_that_were_withdrawn_are_believed_no_longer(self, issuers, issuer, clock):
        issuers.key(issuer.url, "first")
        issuer.rotate()
        clock.now += Issuers.KEPT + 1

        with pytest.raises(Refused, match="has no key"):
            issuers.key(issuer.url, "first")

    def test_that_are_not_for_signing_or_no_keys_are_left_out(self, issuers, issuer):
        encrypting = issuer.keys[0].public | {"use": "enc"}
        issuer.pages["/keys"] = {"keys": [encrypting, 7, "x", None, {"kid": ["first"]}]}

        with pytest.raises(Refused, match="has no key"):
            issuers.key(issuer.url, "first")

    def test_are_kept_without_what_is_private_in_them(self, issuers, issuer):
        issuer.pages["/keys"] = {"keys": [issuer.keys[0].public | {"d": "AQAB", "p": "AQAB"}]}

        assert set(issuers.key(issuer.url, "first")) == {"kty", "n", "e"}

    def test_are_asked_for_once_by_many_at_a_time(self, issuers, issuer):
        go = threading.Event()

        def slowly(request):
            go.wait(10)
            body = json.dumps({"keys": [issuer.keys[0].public]}).encode()
            request.send_response(200)
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)

        issuer.pages["/keys"] = slowly
        found = []
        threads = [
            threading.Thread(target=lambda: found.append(issuers.key(issuer.url, "first"))) for _ in range(5)
        ]
        for thread in threads:
            thread.start()
        while not issuer.is_asked():
            time.sleep(0.01)
        go.set()
        for thread in threads:
            thread.join()

        assert len(found) == 5
        assert issuer.is_asked() == 1


def redirect(request):
    request.send_response(302)
    request.send_header("Location", f"http://{request.headers['Host']}/elsewhere")
    request.send_header("Content-Length", "0")
    request.end_headers()


ODD = {
    "nothing": None,
    "no JSON": b"<html>",
    "a list": [],
    "too much": {"keys": [{"kid": "x" * 600_000}]},
    "deep JSON": b"[" * 100_000,
    "a redirect": redirect,
    "no HTTP": lambda request: request.wfile.write(b"hello\r\n\r\n"),
    "silence": lambda request: None,
}


ODD_KEYS = [
    {"n": "AQAB"},
    {"n": "A" * 400_000},
    {"n": "////"},
    {"e": "AA"},
    {"e": ""},
    {"n": "é"},
    {"kty": "oct", "k": "AQAB"},
    {"kty": "EC", "crv": "P-256", "x": "AQAB", "y": "AQAB"},
    {"kty": "OKP", "crv": "Ed25519", "x": "AQAB"},
    {"alg": "HS256"},
    {"alg": "ES256"},
    {"kty": ["RSA"]},
]


class TestAnIssuer:
    @pytest.mark.parametrize("page", [ABOUT, "/keys"])
    def test_that_answers_oddly_is_not_available(self, issuer, page):
        issuer.pages["/elsewhere"] = issuer.pages[page]
        for what, odd in ODD.items():
            issuer.pages[page] = odd
            with pytest.raises(IssuerUnavailable, match="cannot be had just now"):
                pytest.fail(f"{what} was taken: {Issuers().key(issuer.url, 'first')}")
        assert "/elsewhere" not in issuer.asked

    @pytest.mark.parametrize(
        "about",
        [
            {"issuer": "https://evil.example.com"},
            {"issuer": None},
            {"jwks_uri": "file:///etc/passwd"},
            {"jwks_uri": "http://169.254.169.254/keys"},
            {"jwks_uri": "http://localhost.evil.example.com/keys"},
            {"jwks_uri": "https://user@feed.example.com/keys"},
            {"jwks_uri": ""},
            {"jwks_uri": 7},
        ],
    )
    def test_that_says_to_be_another_or_sends_elsewhere_is_not_believed(self, issuer, about):
        issuer.pages[ABOUT] |= about

        with pytest.raises(IssuerUnavailable):
            Issuers().key(issuer.url, "first")
        assert issuer.is_asked() == 0

    def test_that_is_away_is_not_asked_again_at_once(self, issuers, issuer, clock):
        about = issuer.pages.pop(ABOUT)
        for _ in range(5):
            with pytest.raises(IssuerUnavailable):
                issuers.key(issuer.url, "first")
        assert issuer.asked == [ABOUT]

        issuer.pages[ABOUT] = about
        clock.now += Issuers.SULK + 1
        assert issuers.key(issuer.url, "first")

    def test_that_does_not_come_to_an_end_keeps_nobody_waiting(self, issuers, issuer, monkeypatch):
        monkeypatch.setattr(Issuers, "PATIENCE", 0.1)
        end = threading.Event()

        def drip(request):
            request.send_response(200)
            request.end_headers()
            while not end.wait(0.02):
                request.wfile.write(b" ")

        issuer.pages["/keys"] = drip
        for _ in range(3):
            with pytest.raises(IssuerUnavailable):
                issuers.key(issuer.url, "first")
        end.set()

        assert issuer.is_asked() == 1

    def test_that_is_down_is_a_matter_of_the_feed(self, town, issuer, make_trust, refusal, exchange):
        make_trust(town)
        token = issuer.token()
        issuer.server.socket.close()

        for _ in range(25):  # and nobody is taken to guess
            assert refusal(token, 503).startswith(f"The keys of {issuer.url} cannot be had just now")
        assert exchange(token).headers["Retry-After"] == "15"

    @pytest.mark.parametrize("odd", ODD_KEYS, ids=str)
    def test_with_odd_keys_has_no_token_taken(self, issuers, issuer, odd):
        issuer.pages["/keys"] = {"keys": [issuer.keys[0].public | odd]}

        with pytest.raises(Refused):
            Token.read(issuer.token()).proven_by(issuers.key(issuer.url, "first"))


@pytest.mark.parametrize(
    "url",
    [
        "https://gitlab.example.com",
        "https://ghe.example.com/_services/token",
        "https://feed.example.com:8443/a",
        "http://localhost:8080",
        "http://127.0.0.1",
        "http://[::1]:80/x",
    ],
)
def test_an_issuer_has_an_https_url_or_is_here(url):
    assert issuer_url(f" {url} ") == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "gitlab.com",
        "http://gitlab.com",
        "http://10.0.0.1",
        "ftp://gitlab.com",
        "https://",
        "https://user:password@gitlab.com",
        "https://gitlab.com?x=1",
        "https://gitlab.com#x",
        "https://git lab.com",
        "https://gitläb.com",
        "https://gitlab.com:port",
        "https://[::1",
        f"https://gitlab.com/{'x' * 600}",
    ],
)
def test_other_urls_are_no_issuers(url):
    with pytest.raises(NotUnderstood, match="is no issuer"):
        issuer_url(url)
