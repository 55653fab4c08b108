"""Octopus's own clients from npm, and curl: they push to this feed, and nothing else about them changes."""

from __future__ import annotations

import json
import os
import subprocess
from hashlib import sha1
from pathlib import Path

import pytest

HERE, CLIENTS = Path(__file__).parent, Path(__file__).parents[2] / ".cache" / "clients"
OLDER = ("octopackjs", "grunt-octo", "gulp-octo")  # they know `replace`, and nothing of modes
FAIL = {**dict.fromkeys(OLDER, "fail"), "api-client": "FailIfExists"}
REPLACE = {**dict.fromkeys(OLDER, "replace"), "api-client": "OverwriteExisting"}

pytestmark = pytest.mark.client


@pytest.fixture
def run(feed, tmp_path):
    """Run one of the clients against ``feed``; answers whether it was content, and what it printed."""

    def run(client, mode, *files, key=feed.key):
        command = ["node", HERE / "octopus" / f"{client}.js", feed.url, key, mode, *files]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "NODE_PATH": str(CLIENTS / "octopus" / "node_modules"),
            "NODE_NO_WARNINGS": "1",
        }
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        print(done.stdout, done.stderr)
        return done.returncode == 0, done.stdout + done.stderr

    return run


@pytest.fixture
def file(tmp_path):
    """Make a file to push: ``file("Acme.Web.1.0.0.zip", b"content")``."""

    def file(name, content=b"PK\5\6" + bytes(18)):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return file


@pytest.fixture
def stored(feed):
    """The SHA-1 of a package, as the feed tells it; "" if it is not there."""

    def stored(name):
        answer = feed.ask("GET", f"/api/packages/{name}")
        return json.loads(answer.body).get("Hash", "")

    return stored


@pytest.mark.parametrize("client", [*OLDER, "api-client"])
def test_a_push_its_refusal_and_its_replacement(run, file, stored, client):
    old, new = b"old content", b"new content"
    ok, output = run(client, FAIL[client], file("Acme.Web.1.0.0.zip", old))
    assert ok, output
    assert stored("Acme.Web.1.0.0") == sha1(old).hexdigest()

    ok, output = run(client, FAIL[client], file("Acme.Web.1.0.0.zip", new))
    assert not ok
    assert "already exists" in output
    assert "undefined" not in output
    assert stored("Acme.Web.1.0.0") == sha1(old).hexdigest()

    ok, output = run(client, REPLACE[client], file("Acme.Web.1.0.0.zip", new))
    assert ok, output
    assert stored("Acme.Web.1.0.0") == sha1(new).hexdigest()


@pytest.mark.parametrize("client", ["octopackjs", "api-client"])
def test_a_large_file_that_is_here_already_is_refused_with_the_reason(run, file, client):
    large = file("Acme.Large.1.0.0.zip", bytes(120_000_000))
    assert run(client, FAIL[client], large)[0]

    ok, output = run(client, FAIL[client], large)

    assert not ok
    assert "already exists" in output


def test_the_typescript_client_can_leave_what_is_there(run, file, stored):
    run("api-client", "FailIfExists", file("Acme.Web.1.0.0.zip", b"old"))

    ok, output = run("api-client", "IgnoreIfExists", file("Acme.Web.1.0.0.zip", b"new"))

    assert ok, output
    assert stored("Acme.Web.1.0.0") == sha1(b"old").hexdigest()


def test_several_at_once_and_what_there_is_then(run, file, packages):
    names = [f"Acme.Web.1.{n}.0.tar.gz" for n in range(6)]

    ok, output = run("api-client", "FailIfExists", *map(file, names), packages("Contoso.Greeting", "1.1.0"))

    assert ok, output
    listed = sorted(line for line in output.splitlines() if line.startswith("listed"))
    assert listed == [f"listed Acme.Web 1.{n}.0 .tar.gz" for n in range(6)]


@pytest.mark.parametrize("client", [*OLDER, "api-client"])
def test_a_nuget_package_is_at_once_restorable(run, feed, packages, client):
    ok, output = run(client, FAIL[client], packages("Contoso.Greeting", "1.1.0"))

    assert ok, output
    assert feed.versions("Contoso.Greeting") == ["1.1.0"]


@pytest.mark.parametrize("client", [*OLDER, "api-client"])
def test_a_wrong_key_and_a_bad_name_are_told(run, file, client):
    ok, output = run(client, FAIL[client], file("Acme.Web.1.0.0.zip"), key="API-WRONG")
    assert not ok
    assert "key" in output

    ok, output = run(client, FAIL[client], file("acme.zip"))
    assert not ok
    assert "No id and version follow" in output


@pytest.mark.parametrize("query", ["", "?overwriteMode=IgnoreIfExists", "?overwriteMode=OverwriteExisting"])
@pytest.mark.parametrize("options", [[], ["-H", "Transfer-Encoding: chunked"]], ids=["whole", "chunked"])
def test_curl(feed, file, query, options):
    def push(content):
        path = file("Acme.Web.1.0.0.zip", content)
        command = [
            "curl",
            "-sS",
            "-w",
            "%{http_code}",
            "-o",
            "/dev/null",
            "-H",
            f"X-Octopus-ApiKey: {feed.key}",
        ]
        command += [*options, "-F", f"data=@{path}", f"{feed.url}/api/packages/raw{query}"]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout

    large = os.urandom(3_000_000)  # curl asks first whether to send that much (Expect: 100-continue)
    assert push(large) == "201"
    again = {"": "409", "?overwriteMode=IgnoreIfExists": "200", "?overwriteMode=OverwriteExisting": "201"}
    assert push(large[::-1]) == again[query]


@pytest.mark.parametrize("source", ["/nuget/packages", "/nuget/packages/", "/Spaces-1/nuget/packages"])
def test_nuget_exe(feed, workspace, packages, source):
    package = packages("Contoso.Greeting", "1.1.0")
    assert workspace.nuget.push(package, source=feed.url + source).ok
    assert feed.versions("Contoso.Greeting") == ["1.1.0"]

    assert not workspace.nuget.push(package, source=feed.url + source).ok
    assert workspace.nuget.push(package, source=f"{feed.url}{source}?replace=true").ok


def test_an_old_nuget_exe_probes_the_source_without_a_key(feed, workspace, packages):
    package = packages("Contoso.Greeting", "1.1.0")
    command = [CLIENTS / "bin" / "nuget2", "push", package.name, feed.key, "-NonInteractive", "-Source"]

    for _ in range(2):
        done = subprocess.run(
            [*command, f"{feed.url}/nuget/packages?replace=true"],
            cwd=package.parent,  # it takes no path that begins with a slash
            env=workspace.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert feed.versions("Contoso.Greeting") == ["1.1.0"]


def test_octopus_fetches_what_it_finds_by_id_and_version(run, feed, file):
    run("octopackjs", "fail", file("Acme.Web.1.0.0.tar.gz", b"0123456789"))
    found = json.loads(feed.ask("GET", "/api/packages?nuGetPackageId=Acme.Web").body)["Items"]
    [raw] = [each["Links"]["Raw"] for each in found if each["Version"] == "1.0.0"]

    whole = feed.ask("GET", raw)
    part = feed.ask("GET", raw, Range="bytes=2-4")
    known = feed.ask("GET", raw, **{"If-None-Match": whole.headers["ETag"]})

    assert (whole.body, part.status, part.body, known.status) == (b"0123456789", 206, b"234", 304)
