"""The exchange with an Octopus server: what is asked, in which order, and what is made of the answers."""

import hashlib
import json
from base64 import b64encode
from io import BytesIO
from random import Random

import pytest

from nugetlite.octodiff.rebuilt import Rebuilt
from nugetlite.octodiff.signature import sign
from nugetlite.testing import nupkg

KEY = "API-ABCDEFGHIJ"
OLD = Random(1).randbytes(100_000)
NEW = OLD[:50_000] + b"something new" + OLD[50_000:]
PACKAGE_LINKS = {
    "Packages": "/api/Spaces-1/packages{/id}{?nuGetPackageId,filter,latest,skip,take,includeNotes}",
    "PackageUpload": "/api/Spaces-1/packages/raw{?replace,overwriteMode}",
    "PackageDeltaSignature": "/api/Spaces-1/packages/{packageId}/{version}/delta-signature",
    "PackageDeltaUpload": "/api/Spaces-1/packages/{packageId}/{baseVersion}/delta{?replace,overwriteMode}",
}
ROOT_LINKS = {
    "CurrentUser": "/api/users/me",
    "SignIn": "/api/users/login{?returnUrl}",
    "Spaces": "/api/spaces{/id}{?name,skip,ids,take,partialName}",
}
UPLOAD, DELTA = "/api/Spaces-1/packages/raw", "/api/Spaces-1/packages/Acme.Web/1.0.0/delta"
SIGNATURE, STORED = (
    "/api/Spaces-1/packages/Acme.Web/1.1.0/delta-signature",
    "/api/Spaces-1/packages/Acme.Web.1.1.0",
)


def said(status=200, **fields):
    return status, {"Content-Type": "application/json"}, json.dumps(fields).encode()


def space(number, name, *, is_default=False):
    links = {"SpaceHome": f"/api/Spaces-{number}"}
    return {"Id": f"Spaces-{number}", "Name": name, "IsDefault": is_default, "Links": links}


@pytest.fixture
def octopus(odd):
    """A server with two spaces, whose default one has Acme.Web 1.0.0."""
    root = {
        "Application": "Octopus Deploy",
        "Version": "2024.1.0",
        "ApiVersion": "3.0.0",
        "Links": ROOT_LINKS,
    }
    odd.on("GET", "/api", said(**root))
    second = {"Items": [space(1, "Default", is_default=True)], "Links": {}}
    first = {"Items": [space(2, "Other")], "Links": {"Page.Next": "/api/spaces-page-2"}}
    odd.on("GET", "/api/spaces", said(**first))
    odd.on("GET", "/api/spaces-page-2", said(**second))
    odd.on("GET", "/api/spaces/Spaces-2", said(**space(2, "Other")))
    odd.on("GET", "/api/Spaces-1", said(Links=PACKAGE_LINKS))
    other = {name: link.replace("Spaces-1", "Spaces-2") for name, link in PACKAGE_LINKS.items()}
    odd.on("GET", "/api/Spaces-2", said(Links=other))
    odd.on("GET", "/api/users/me", said(DisplayName="CI", EmailAddress="ci@example.com", IsService=True))
    signature = b64encode(b"".join(sign(BytesIO(OLD)))).decode()
    odd.on("GET", SIGNATURE, said(Signature=signature, BaseVersion="1.0.0"))
    odd.on("POST", UPLOAD, said(201, Id="packages-Acme.Web.1.1.0"))
    odd.on("POST", DELTA, said(201, Id="packages-Acme.Web.1.1.0"))
    return odd


@pytest.fixture
def push(run, octopus, tmp_path):
    """Push the next version of Acme.Web."""
    file = tmp_path / "Acme.Web.1.1.0.zip"
    file.write_bytes(NEW)
    return lambda *options: run("push", file, f"--server={octopus.url}", f"--apiKey={KEY}", *options)


def posted(odd):
    """(path and query, file name, bytes) of each upload."""
    found = []
    for method, path, _, body in odd.heard:
        if method == "POST":
            head, _, rest = body.partition(b"\r\n\r\n")
            name = head.decode().partition('filename="')[2].partition('"')[0]
            found.append((path, name, rest.rpartition(b"\r\n--")[0]))
    return found


def test_what_has_changed_is_all_that_is_sent(octopus, push):
    result = push()

    assert result.exit_code == 0, result.output
    ((path, name, delta),) = posted(octopus)
    assert path == f"{DELTA}?overwriteMode=FailIfExists"
    assert name == "Acme.Web.1.1.0.zip"
    assert len(delta) < 0.1 * len(NEW)
    rebuilt = Rebuilt(BytesIO(delta), BytesIO(OLD))
    assert b"".join(iter(lambda: rebuilt.read(9999), b"")) == NEW
    assert "what changed since 1.0.0" in result.stdout
    lines = result.stdout.splitlines()
    assert lines[0] == f"Found the Octopus API of Octopus Deploy 2024.1.0 at {octopus.url}, space Default"
    assert lines[1] == "Authenticated as CI <ci@example.com> (a service account)"


def test_every_request_but_the_first_says_who_asks_and_nothing_else_does(octopus, push):
    push()

    first, *others = [headers["X-Octopus-ApiKey"] for _, _, headers, _ in octopus.heard]
    assert first is None  # to whoever is there, before it says that it is an Octopus server
    assert set(others) == {KEY}


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ([], "overwriteMode=FailIfExists"),
        (["--replace-existing"], "overwriteMode=OverwriteExisting"),
        (["--overwrite-mode=IgnoreIfExists"], "overwriteMode=IgnoreIfExists"),
        (["--skip-duplicate"], "overwriteMode=IgnoreIfExists"),
    ],
)
def test_the_whole_is_sent_where_one_asks_for_it(octopus, push, options, query):
    push("--use-delta-compression=false", *options)

    assert posted(octopus) == [(f"{UPLOAD}?{query}", "Acme.Web.1.1.0.zip", NEW)]
    assert SIGNATURE not in octopus.asked("GET")


@pytest.mark.parametrize(
    "reply",
    [
        said(404, ErrorMessage="Nothing to compare with"),
        said(500, ErrorMessage="It broke"),
        said(Signature="no base64!", BaseVersion="1.0.0"),
        said(Signature=b64encode(b"OCTOSIG rubbish").decode(), BaseVersion="1.0.0"),
        said(BaseVersion="1.0.0"),
        (200, {}, b"<html>"),
    ],
)
def test_without_a_signature_of_use_the_whole_is_sent(octopus, push, reply):
    octopus.on("GET", SIGNATURE, reply)

    assert push().exit_code == 0
    assert posted(octopus) == [(f"{UPLOAD}?overwriteMode=FailIfExists", "Acme.Web.1.1.0.zip", NEW)]


@pytest.mark.parametrize("status", [404, 405, 422, 500])
def test_a_delta_that_does_not_arrive_is_followed_by_the_whole(octopus, push, status):
    octopus.on("POST", DELTA, said(status, ErrorMessage="The base is gone"))

    assert push().exit_code == 0
    assert [path.partition("?")[0] for path, _, _ in posted(octopus)] == [DELTA, UPLOAD]


@pytest.mark.parametrize("status", [400, 409])
def test_a_delta_that_is_refused_is_the_end_of_it(octopus, push, status):
    octopus.on("POST", DELTA, said(status, ErrorMessage="It exists already", Errors=["Try IgnoreIfExists"]))

    result = push()

    assert result.exit_code == 256 - 7
    assert f"It exists already Try IgnoreIfExists (HTTP {status})" in result.output
    assert len(posted(octopus)) == 1


def test_a_delta_as_large_as_the_file_is_not_sent(octopus, push):
    other = b64encode(b"".join(sign(BytesIO(Random(2).randbytes(100_000))))).decode()
    octopus.on("GET", SIGNATURE, said(Signature=other, BaseVersion="1.0.0"))

    push()

    assert [path.partition("?")[0] for path, _, _ in posted(octopus)] == [UPLOAD]


def test_a_package_that_was_there_already_is_told_apart(octopus, push):
    octopus.on("POST", UPLOAD, said(200, Id="packages-Acme.Web.1.1.0"))

    result = push("--use-delta-compression=false", "--skip-duplicate")

    assert result.exit_code == 0
    assert "was there already" in result.stdout


def drop(request):
    request.rfile.read(int(request.headers["Content-Length"]))
    request.close_connection = True


@pytest.mark.parametrize(("stored", "code"), [(NEW, 0), (OLD, 256 - 3)])
def test_after_a_silence_the_server_is_asked_what_it_has(octopus, push, stored, code):
    octopus.on("POST", UPLOAD, drop)
    octopus.on("GET", STORED, said(Id="packages-Acme.Web.1.1.0", Hash=hashlib.sha1(stored).hexdigest()))

    result = push("--use-delta-compression=false")

    assert result.exit_code == code
    assert ("the server has it all the same" in result.output) is (code == 0)


def test_a_nuget_package_is_compared_under_the_name_in_its_manifest(octopus, run, tmp_path):
    (tmp_path / "package.nupkg").write_bytes(nupkg("Acme.Web", "1.1.0", files={"noise": OLD}))
    old = b64encode(b"".join(sign(BytesIO(nupkg("Acme.Web", "1.1.0", files={"noise": OLD})), 128))).decode()
    octopus.on("GET", SIGNATURE, said(Signature=old, BaseVersion="1.0.0"))

    run("push", "package.nupkg", f"--server={octopus.url}", f"--apiKey={KEY}")

    ((path, name, _),) = posted(octopus)
    assert path.startswith(DELTA)
    assert name == "Acme.Web.1.1.0.nupkg"


@pytest.mark.parametrize("wanted", ["Other", "other", "Spaces-2"])
def test_a_space_is_found_by_name_or_id(octopus, push, wanted):
    octopus.on("GET", "/api/spaces", said(Items=[space(2, "Other")] * (wanted != "Spaces-2"), Links={}))
    octopus.on("POST", "/api/Spaces-2/packages/raw", said(201))

    result = push(f"--space={wanted}", "--use-delta-compression=false")

    assert result.exit_code == 0, result.output
    assert "space Other" in result.stdout
    assert posted(octopus)[0][0].startswith("/api/Spaces-2/packages/raw")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--space=Nowhere"], "There is no space Nowhere"),
        (["--user=me", "--pass=hunter2"], "either an API key or a user and password"),
        (["--apiKey="], None),
    ],
)
def test_a_space_or_credentials_that_cannot_be_meant(octopus, push, options, sentence):
    octopus.on("GET", "/api/spaces", said(Items=[space(1, "Default", is_default=True)], Links={}))

    result = push(*options)

    assert result.exit_code == (255 if sentence else 0)
    assert (sentence or "Push successful") in result.output


def test_somebody_without_a_key_is_asked_for_one(octopus, run, tmp_path):
    (tmp_path / "Acme.Web.1.1.0.zip").write_bytes(NEW)

    result = run("push", "Acme.Web.1.1.0.zip", f"--server={octopus.url}/api/")

    assert result.exit_code == 255
    assert "Say who you are: --apiKey=KEY, or --user=NAME and --pass=PASSWORD" in result.output


def sign_in(*cookies):
    def answer(request):
        length = int(request.headers["Content-Length"])
        given = json.loads(request.rfile.read(length))
        request.send_response(200 if given["Password"] == "hunter2" else 400)
        for cookie in cookies:
            request.send_header("Set-Cookie", cookie)
        body = (
            b"{}" if given["Password"] == "hunter2" else b'{"ErrorMessage": "Invalid username or password."}'
        )
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer


COOKIES = ("OctopusIdentificationToken_1=who; path=/; HttpOnly", "Octopus-Csrf-Token_1=proof; path=/")


def test_a_user_signs_in_and_proves_it_from_then_on(octopus, run, tmp_path):
    (tmp_path / "Acme.Web.1.1.0.zip").write_bytes(NEW)
    octopus.on("POST", "/api/users/login", sign_in(*COOKIES))
    command = ("push", "Acme.Web.1.1.0.zip", f"--server={octopus.url}", "--user=me")

    result, wrong = run(*command, OCTOPUS_CLI_PASSWORD="hunter2"), run(*command, "--pass=wrong-word")

    assert result.exit_code == 0, result.output
    upload = next(
        headers for method, path, headers, _ in octopus.heard if method == "POST" and "/packages" in path
    )
    assert upload["Cookie"] == "OctopusIdentificationToken_1=who; Octopus-Csrf-Token_1=proof"
    assert upload["X-Octopus-Csrf-Token"] == "proof"
    assert upload["X-Octopus-ApiKey"] is None
    assert "Invalid username or password. (HTTP 400)" in wrong.output
    assert "wrong-word" not in wrong.output


@pytest.mark.parametrize("cookies", [COOKIES[:1], (*COOKIES, "Octopus-Csrf-Token_2=other")])
def test_a_sign_in_without_one_proof_is_none(octopus, run, tmp_path, cookies):
    (tmp_path / "Acme.Web.1.1.0.zip").write_bytes(NEW)
    octopus.on("POST", "/api/users/login", sign_in(*cookies))

    result = run("push", "Acme.Web.1.1.0.zip", f"--server={octopus.url}", "--user=me", "--pass=hunter2")

    assert "gave no Octopus-Csrf-Token cookie" in result.output


def test_a_server_that_speaks_another_version_is_not_spoken_to(octopus, push):
    octopus.on("GET", "/api", said(Application="Octopus Deploy", ApiVersion="4.0.0", Links=ROOT_LINKS))

    result = push()

    assert result.exit_code == 255
    assert "speaks version 4.0.0 of the Octopus API, not 3.0" in result.output
    assert posted(octopus) == []


def test_an_old_server_is_asked_in_old_words(octopus, push):
    old = PACKAGE_LINKS | {"PackageUpload": "~/api/packages/raw{?replace}"}
    octopus.on("GET", "/api", said(ApiVersion="3.0.0", Links={"CurrentUser": "/api/users/me", **old}))
    octopus.on("POST", "/api/packages/raw", said(201))

    whole = "--use-delta-compression=no"
    replaced, ignored = push(whole, "--replace-existing"), push(whole, "--skip-duplicate")

    assert replaced.exit_code == 0, replaced.output
    assert posted(octopus)[0][0] == "/api/packages/raw?replace=True"
    assert "too old to ignore packages" in ignored.output


def test_a_server_under_a_path_is_spoken_to_there(odd, run, tmp_path):
    (tmp_path / "Acme.Web.1.1.0.zip").write_bytes(NEW)
    links = {"CurrentUser": "~/api/users/me", "PackageUpload": "/octo/api/packages/raw{?overwriteMode}"}
    odd.on("GET", "/octo/api", said(ApiVersion="3.0.0", Links=links))
    odd.on("GET", "/octo/api/users/me", said(DisplayName="CI"))
    odd.on("POST", "/octo/api/packages/raw", said(201))

    result = run("push", "Acme.Web.1.1.0.zip", f"--server={odd.url}/octo/api", f"--apiKey={KEY}")

    assert result.exit_code == 0, result.output


def test_a_link_to_another_server_is_not_followed(octopus, push):
    octopus.on(
        "GET",
        "/api/Spaces-1",
        said(Links=PACKAGE_LINKS | {"PackageUpload": "http://evil.example/raw{?overwriteMode}"}),
    )

    result = push("--use-delta-compression=false")

    assert result.exit_code == 256 - 3
    assert "sends us to another server, http://evil.example/raw" in result.output


def package(version, **more):
    links = {
        "Self": f"/api/packages/packages-Acme.Web.{version}",
        "Raw": f"/api/packages/packages-Acme.Web.{version}/raw",
    }
    return {"PackageId": "Acme.Web", "Version": version, "FileExtension": ".tar.gz", "Links": links, **more}


def test_packages_are_listed_fetched_and_deleted(octopus, run, tmp_path):
    options = (f"--server={octopus.url}", f"--apiKey={KEY}", "--outputFormat=Json")
    page = [package("2.0.0-rc"), package("1.1.0", PackageSizeBytes=len(NEW)), package("1.0.0")]
    octopus.on("GET", "/api/Spaces-1/packages", said(Items=page, Links={}))
    octopus.on("GET", STORED, said(**package("1.1.0", Hash=hashlib.sha1(NEW).hexdigest())))
    octopus.on("GET", "/api/packages/packages-Acme.Web.1.1.0/raw", (200, {}, NEW))
    octopus.on("POST", "/api/packages/packages-Acme.Web.1.1.0", (200, {"X-NuGetLite-Deletion": "hard"}, b""))

    found, got = run("list", "acme", *options), run("download", "Acme.Web", "1.1.0", *options)
    newest, gone = (
        run("download", "Acme.Web", "--output=new", *options),
        run("delete", "Acme.Web", "1.1.0", *options),
    )

    assert [(each["Version"], each["SizeBytes"]) for each in json.loads(found.stdout)["Packages"]] == [
        ("1.1.0", len(NEW))
    ]
    assert json.loads(got.stdout)["Checked"] is True
    assert (tmp_path / "Acme.Web.1.1.0.tar.gz").read_bytes() == NEW
    assert json.loads(newest.stdout)["Version"] == "1.1.0"
    assert json.loads(gone.stdout)["Deletion"] == "hard"
    method, _, headers, _ = octopus.heard[-1]
    assert (method, headers["X-HTTP-Method-Override"]) == ("POST", "DELETE")
