"""Issuers of identity tokens on loopback, as build services are: they sign, and tell by which keys."""

import json
import threading
import time
import uuid
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from nugetlite import OPERATOR
from nugetlite.management import Terms, parse_patterns, parse_scopes
from nugetlite.management.jobs import Jobs, github
from nugetlite.people.values import Kind
from nugetlite.testing import Client

AUDIENCE = "https://feed.example.com"


ELLIPTIC = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1()}


@cache
def rsa_key(number=0, size=2048):
    """One of a few keys; to make one takes a while."""
    return rsa.generate_private_key(65537, size)


def private_key(algorithm):
    """A key to sign by."""
    if curve := ELLIPTIC.get(algorithm):
        return ec.generate_private_key(curve)
    return ed25519.Ed25519PrivateKey.generate() if algorithm == "EdDSA" else rsa_key(1)


class Key:
    """A key that signs."""

    def __init__(self, id, private, algorithm):
        self.id, self.private, self.algorithm = id, private, algorithm

    @property
    def public(self):
        """What is told of it."""
        kind = {"E": ECAlgorithm, "R": RSAAlgorithm, "P": RSAAlgorithm}[self.algorithm[0]]
        kind = OKPAlgorithm if self.algorithm == "EdDSA" else kind
        return {**json.loads(kind.to_jwk(self.private.public_key())), "kid": self.id, "use": "sig"}


class Issuer:
    """What it answers is in ``pages``: a value as JSON, bytes as they are, a function of the request handler."""

    def __init__(self):
        self.asked = []  #: the paths of the requests that came
        self.keys = [Key("first", rsa_key(), "RS256")]
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked.append(self.path)
                page = issuer.pages.get(self.path)
                if callable(page):
                    page(self)
                    return
                body = page if isinstance(page, bytes) else json.dumps(page).encode()
                self.send_response(404 if page is None else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.pages = {
            "/.well-known/openid-configuration": {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        }
        self.publish()

    def publish(self):
        """Tell the keys."""
        self.pages["/keys"] = {"keys": [key.public for key in self.keys]}

    def rotate(self, algorithm="ES256"):
        """Sign with a new key from now on, and tell no other."""
        self.sign_by(algorithm)

    def sign_by(self, *algorithms):
        """Have new keys, and tell them."""
        self.keys = [Key(f"of {uuid.uuid4()}", private_key(each), each) for each in algorithms]
        self.publish()

    def weak_key(self):
        """One that should not be used any more."""
        return Key("weak", rsa_key(0, 1024), "RS256")

    def token(self, *, headers=None, key=None, **claims):
        """A token of a job; claims that are ``None`` are left out."""
        key, now = key or self.keys[0], int(time.time())
        told = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "repo:contoso/json:ref:refs/heads/main",
            "iat": now,
            "nbf": now - 5,
            "exp": now + 300,
            "jti": str(uuid.uuid4()),
            "repository": "contoso/json",
            "repository_owner": "contoso",
            "repository_id": "123",
            "repository_owner_id": "45",
            "job_workflow_ref": "contoso/json/.github/workflows/release.yml@refs/heads/main",
            "ref": "refs/heads/main",
            **claims,
        }
        told = {name: value for name, value in told.items() if value is not None}
        return jwt.encode(told, key.private, key.algorithm, {"kid": key.id, **(headers or {})})

    def is_asked(self):
        """How often it was asked for its keys."""
        return self.asked.count("/keys")

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Be away."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def issuer():
    """A build service."""
    with Issuer() as issuer:
        yield issuer


@pytest.fixture
def other_issuer():
    """Another one, with other keys."""
    with Issuer() as other:
        other.rotate()
        yield other


@pytest.fixture
def make_trust(issuer):
    """Have a town trust jobs of the issuer: those of contoso/json, if no other claims are told."""

    def make(
        town, account="build", name="contoso-ci", patterns=(), scopes=(), by=OPERATOR, claims=None, **more
    ):
        jobs = github("contoso/json", issuer=issuer.url, **more.pop("form", {}))
        if claims is not None:
            jobs = Jobs(issuer.url, claims)
        terms = {"jobs": jobs, "audience": AUDIENCE, **more}
        return town.management.trusts.create(
            by, account, Terms(name, patterns=parse_patterns(patterns), scopes=parse_scopes(scopes), **terms)
        )

    return make


@pytest.fixture
def town(make_town):
    """A feed with a service that publishes."""
    town = make_town()
    town.account("build", "publisher", kind=Kind.SERVICE)
    return town


@pytest.fixture
def exchange(town):
    """Exchange a token, as NuGet/login does it."""

    def exchange(token, username="build", town=town, **body):
        return Client(town.app, "").http.post(
            "/api/v2/token",
            json={"username": username, "tokenType": "ApiKey"} | body,
            headers={"Authorization": f"Bearer {token}"} if token else {},
        )

    return exchange


@pytest.fixture
def refusal(exchange):
    """Exchange a token and be refused; answers the reason, which has to stand in all three places."""

    def refusal(token, status=403, **more):
        answer = exchange(token, **more)
        assert answer.status_code == status
        reason = answer.json["error"]
        start = reason[:150]
        assert answer.status.startswith(f"{status} {start}")
        assert answer.headers["X-NuGet-Warning"].startswith(start)
        return reason

    return refusal
