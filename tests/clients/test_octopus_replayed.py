"""What Octopus's .NET and Go clients send, as their sources have it, sent again: they do not run here."""

from __future__ import annotations

import base64
import json
from contextlib import closing
from hashlib import sha1
from http.client import HTTPConnection
from io import BytesIO

import pytest

from nugetlite.octodiff.delta import Delta
from nugetlite.octodiff.signature import Signature

OLD = b"".join(sha1(b"%d" % n).digest() for n in range(5000))
NEW = OLD[:50_000] + b"inserted" + OLD[50_000:]

pytestmark = pytest.mark.client


class Replay:
    """One client that follows the links it is given."""

    def __init__(self, feed, **headers):
        self.feed = feed
        self.headers = headers

    def send(self, method, path, body=None, **headers):
        with closing(HTTPConnection("127.0.0.1", self.feed.port, timeout=30)) as connection:
            connection.request(
                method, path, body, {**self.headers, **headers}, encode_chunked=not isinstance(body, bytes)
            )
            answer = connection.getresponse()
            content = answer.read()
            self.cookies = answer.headers.get_all("Set-Cookie") or []
            return answer.status, json.loads(content)

    def get(self, path):
        status, told = self.send("GET", path)
        assert status == 200, told
        return told


def expand(link, **values):
    """A link as these clients fill it in: parameters are named, what is not told is left out."""
    path, _, query = link.partition("{?")
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", value).replace(f"{{/{name}}}", f"/{value}")
    path = path.partition("{/")[0]
    asked = [f"{name}={values[name]}" for name in query.rstrip("}").split(",") if name in values]
    return f"{path}?{'&'.join(asked)}" if asked else path


class DotNet(Replay):
    """octo push: Octopus.Client."""

    AGENT = "OctopusClient-dotnet/11.6.3644 (Debian GNU/Linux 12; x64) NoneOrUnknown octo"

    def __init__(self, feed, **headers):
        super().__init__(feed, **{"User-Agent": self.AGENT, "Accept": "application/json", **headers})

    def connect(self):
        """The handshake; answers the links of the space."""
        root = self.get("/api")
        assert root["ApiVersion"].startswith("3.0.")
        page = self.get(expand(root["Links"]["Spaces"]))
        [space] = [each for each in page["Items"] if each["IsDefault"]]
        self.get("/api")
        me = self.get(root["Links"]["CurrentUser"])
        assert [each["Id"] for each in self.get(me["Links"]["Spaces"]) if each["IsDefault"]] == [space["Id"]]
        return self.get(space["Links"]["SpaceHome"])["Links"]

    def multipart(self, name, content):
        """It quotes the boundary, and nothing else."""
        boundary = "f4b3b5c4-1f4c-4a55-8a0b-b8f2c0a9d1e7"
        start = (
            f"--{boundary}\r\nContent-Type: application/octet-stream\r\n"
            f"Content-Disposition: form-data; name=file; filename={name}; filename*=utf-8''{name}\r\n\r\n"
        )
        body = start.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        return body, {"Content-Type": f'multipart/form-data; boundary="{boundary}"'}

    def upload(self, path, name, content):
        body, headers = self.multipart(name, content)
        return self.send("POST", path, body, **headers)

    def push(self, links, id, version, name, content, mode="FailIfExists"):
        """With a delta if there is something to make it from; answers what it did, and the status."""
        status, told = self.send("GET", expand(links["PackageDeltaSignature"], packageId=id, version=version))
        if status == 200:
            delta = b"".join(Delta(Signature.parse(base64.b64decode(told["Signature"])), BytesIO(content)))
            if len(delta) <= 0.95 * len(content):
                path = expand(
                    links["PackageDeltaUpload"],
                    packageId=id,
                    baseVersion=told["BaseVersion"],
                    overwriteMode=mode,
                )
                status, told = self.upload(path, name, delta)
                if status in (200, 201, 400, 409):
                    return "delta", status, told
        status, told = self.upload(expand(links["PackageUpload"], overwriteMode=mode), name, content)
        return "whole", status, told

    def delete(self, links, name):
        found = self.get(expand(links["Packages"], id=name))
        path = expand(links["Packages"], id=found["Id"])
        return self.send("POST", path, b"", **{"X-HTTP-Method-Override": "DELETE"})


class Go(Replay):
    """octopus package upload: go-octopusdeploy, which sends in chunks."""

    AGENT = "go-octopusdeploy/2.62.0 (linux; amd64) go/1.21 NoneOrUnknown octopus-cli"

    def __init__(self, feed):
        super().__init__(feed, **{"User-Agent": self.AGENT, "X-Octopus-ApiKey": feed.key})

    def connect(self):
        self.get("/api/")
        assert self.get("/api/spaces")["Items"][0]["IsDefault"]
        assert self.get("/api/spaces/all")[0]["Name"] == "Default"
        self.get("/api/")
        return self.get("/api/Spaces-1")["Links"]

    def upload(self, path, name, content):
        boundary = "a" * 60
        start = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        pieces = [start.encode(), *(content[at : at + 32768] for at in range(0, len(content), 32768))]
        body = iter([*pieces, f"\r\n--{boundary}--\r\n".encode()])
        return self.send("POST", path, body, **{"Content-Type": f"multipart/form-data; boundary={boundary}"})

    push = DotNet.push


@pytest.fixture(params=["dotnet", "go"])
def client(request, feed):
    return DotNet(feed, **{"X-Octopus-ApiKey": feed.key}) if request.param == "dotnet" else Go(feed)


def test_a_push_and_then_the_next_version_as_a_delta(client, feed):
    links = client.connect()

    how, status, told = client.push(links, "Acme.Web", "1.0.0", "Acme.Web.1.0.0.zip", OLD)
    assert (how, status, told["Hash"]) == ("whole", 201, sha1(OLD).hexdigest())

    how, status, told = client.push(links, "Acme.Web", "1.1.0", "Acme.Web.1.1.0.zip", NEW)
    assert (how, status, told["Hash"]) == ("delta", 201, sha1(NEW).hexdigest())
    assert feed.ask("GET", "/api/packages/Acme.Web.1.1.0/raw").body == NEW


@pytest.mark.parametrize(
    ("mode", "status"), [("FailIfExists", 409), ("IgnoreIfExists", 200), ("OverwriteExisting", 201)]
)
def test_modes(client, mode, status):
    links = client.connect()
    client.push(links, "Acme.Web", "1.0.0", "Acme.Web.1.0.0.zip", OLD)

    how, answered, told = client.push(links, "Acme.Web", "1.0.0", "Acme.Web.1.0.0.zip", NEW, mode)

    assert (how, answered) == ("delta", status)
    if status != 409:
        assert told["Hash"] == sha1(NEW if status == 201 else OLD).hexdigest()


def test_a_tar_gz_with_a_label_is_asked_for_by_a_wrong_version_and_pushed_all_the_same(feed):
    dotnet = DotNet(feed, **{"X-Octopus-ApiKey": feed.key})
    links = dotnet.connect()

    for name, version in (("MyApp.1.0.0-beta", "1.0.0-beta.tar"), ("MyApp.1.0.0", "1.0.0.tar")):
        _, status, told = dotnet.push(links, "MyApp", version, f"{name}.tar.gz", OLD)
        assert (status, told["Id"]) == (201, f"packages-{name}")


def test_user_and_password(feed):
    dotnet = DotNet(feed)
    root = dotnet.get("/api")
    credentials = {"Username": "u", "Password": feed.key, "RememberMe": False}
    status, _ = dotnet.send(
        "POST",
        expand(root["Links"]["SignIn"]),
        json.dumps({**credentials, "State": {"UsingSecureConnection": False}}).encode(),
        **{"Content-Type": "application/json; charset=utf-8"},
    )
    assert status == 200
    cookies = [cookie.partition(";")[0] for cookie in dotnet.cookies]
    [csrf] = [cookie for cookie in cookies if cookie.startswith("Octopus-Csrf-Token")]
    dotnet.headers |= {"Cookie": "; ".join(cookies), "X-Octopus-Csrf-Token": csrf.partition("=")[2]}

    assert dotnet.push(dotnet.connect(), "Acme.Web", "1.0.0", "Acme.Web.1.0.0.zip", OLD)[1] == 201


def test_a_package_is_deleted(make_feed):
    feed = make_feed(delete_policy="hard")
    dotnet = DotNet(feed, **{"X-Octopus-ApiKey": feed.key})
    links = dotnet.connect()
    dotnet.push(links, "Acme.Web", "1.0.0", "Acme.Web.1.0.0.zip", OLD)

    assert dotnet.delete(links, "Acme.Web.1.0.0")[0] == 200
    assert dotnet.send("GET", expand(links["Packages"], id="Acme.Web.1.0.0"))[0] == 404
