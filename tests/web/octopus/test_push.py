"""Pushing files of every kind: modes, statuses, refusals."""

from hashlib import sha1
from io import BytesIO

import pytest

from nugetlite import Action, Actor, hookimpl
from nugetlite.testing import nupkg

ZIP = b"PK\5\6" + bytes(18)
MODES = ["FailIfExists", "OverwriteExisting", "IgnoreIfExists"]


class Publisher:
    """A plugin with a user who may push, and nothing else."""

    @hookimpl
    def nugetlite_identify(self, request):
        return Actor("publisher") if request.headers.get("X-Octopus-ApiKey") == "API-PUSH" else None

    @hookimpl
    def nugetlite_authorize(self, actor, action):
        return action in (Action.CREATE, Action.PUSH) if actor.name == "publisher" else None


def test_an_archive_is_there_as_soon_as_it_was_pushed(octopus, share):
    answer = octopus.push("Acme.Web.1.2.0.zip", ZIP)

    assert answer.status_code == 201
    told = answer.json
    assert told["Id"] == "packages-Acme.Web.1.2.0"
    assert (told["PackageId"], told["NuGetPackageId"], told["Version"]) == ("Acme.Web", "Acme.Web", "1.2.0")
    assert (told["FileExtension"], told["PackageSizeBytes"], told["Title"]) == (".zip", len(ZIP), "Acme.Web")
    assert told["Hash"] == sha1(ZIP).hexdigest()
    assert answer.headers["Location"] == "http://localhost/api/Spaces-1/packages/packages-Acme.Web.1.2.0"
    assert octopus.get(told["Links"]["Self"]).json == told
    assert octopus.get(told["Links"]["Raw"]).data == ZIP
    assert (share / ".nugetlite/archives/acme.web/1.2.0/acme.web.1.2.0.zip").read_bytes() == ZIP


def test_a_nuget_package_is_at_once_restorable(octopus, nuget):
    package = nupkg("Contoso.Json", "1.2.0", title="Contoso JSON", releaseNotes="Faster")

    answer = octopus.push("Contoso.Json.1.2.0.nupkg", package)

    assert answer.status_code == 201
    assert answer.json["Hash"] == sha1(package).hexdigest()
    assert (answer.json["Title"], answer.json["ReleaseNotes"]) == ("Contoso JSON", "Faster")
    assert nuget.can_restore("Contoso.Json", "1.2.0")
    assert octopus.download("packages-Contoso.Json.1.2.0").data == package


def test_a_nuget_package_is_what_its_manifest_says(octopus):
    answer = octopus.push("Something.Else.9.9.nupkg", nupkg("Contoso.Json", "1.2.0"))

    assert answer.json["Id"] == "packages-Contoso.Json.1.2.0"


def test_what_a_nuget_client_pushed_is_known_by_its_hash(octopus, nuget):
    package = nupkg("Contoso.Json", "1.2.0")
    nuget.push(package)

    assert octopus.get("/api/packages/Contoso.Json.1.2.0").json["Hash"] == sha1(package).hexdigest()


def test_nuget_clients_do_not_see_archives(octopus, nuget, share):
    octopus.push("Acme.Web.1.2.0.zip", ZIP)

    assert nuget.search() == []
    assert nuget.versions("Acme.Web") == []
    assert [path.name for path in share.iterdir()] == [".nugetlite"]


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("Acme.Web.1.2.0.zip", ZIP, ZIP + b"more"),
        ("Acme.Web.1.2.0.nupkg", nupkg("Acme.Web", "1.2.0"), nupkg("Acme.Web", "1.2.0", tags="other")),
    ],
)
@pytest.mark.parametrize(
    ("query", "status", "is_replaced"),
    [
        ("", 409, False),
        ("?overwriteMode=FailIfExists", 409, False),
        ("?overwriteMode=IgnoreIfExists", 200, False),
        ("?overwriteMode=OverwriteExisting", 201, True),
        ("?OVERWRITEMODE=overwriteexisting", 201, True),
        ("?replace=true", 201, True),
        ("?replace=True", 201, True),
        ("?replace=False", 409, False),
        ("?replace=true&overwriteMode=IgnoreIfExists", 200, False),
    ],
)
def test_modes(octopus, name, first, second, query, status, is_replaced):
    octopus.push(name, first)

    answer = octopus.push(name, second, query)

    assert answer.status_code == status
    there = second if is_replaced else first
    assert octopus.download("Acme.Web.1.2.0").data == there
    if status != 409:
        assert answer.json["Hash"] == sha1(there).hexdigest()


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_takes_what_is_new(octopus, mode):
    assert octopus.push("Acme.Web.1.2.0.zip", ZIP, f"?overwriteMode={mode}").status_code == 201


def test_a_refusal_names_the_modes_in_octopus_words(octopus):
    octopus.push("Acme.Web.1.2.0.zip", ZIP)

    answer = octopus.push("ACME.web.1.2.0.zip", ZIP)

    assert answer.status_code == 409
    assert answer.content_type == "application/json"
    assert "Acme.Web 1.2.0 already exists" in answer.json["ErrorMessage"]
    assert "OverwriteExisting" in answer.json["ErrorMessage"]
    assert "IgnoreIfExists" in answer.json["ErrorMessage"]
    assert answer.json["Errors"] == []
    assert answer.status == f"409 {answer.json['ErrorMessage']}"


@pytest.mark.parametrize("other", ["acme.WEB.1.2.0.zip", "Acme.Web.1.2.zip", "Acme.Web.01.2.0.tar.gz"])
def test_one_version_in_another_spelling_is_the_same(octopus, other):
    octopus.push("Acme.Web.1.2.0.zip", ZIP)

    assert octopus.push(other, ZIP).status_code == 409


def test_metadata_makes_another_version(octopus):
    octopus.push("Acme.Web.1.2.0+one.zip", ZIP)

    assert octopus.push("Acme.Web.1.2.0+two.zip", ZIP).status_code == 201
    assert octopus.get("/api/packages/Acme.Web.1.2.0%2Bone").json["Version"] == "1.2.0+one"
    assert octopus.get("/api/packages/packages-Acme.Web.1.2.0+TWO").json["Version"] == "1.2.0+two"


def test_a_replacement_may_have_another_extension(octopus):
    octopus.push("Acme.Web.1.2.0.zip", ZIP)
    octopus.push("Acme.Web.1.2.0.tar.gz", b"other", "?replace=true")

    assert octopus.get("/api/packages/Acme.Web.1.2.0").json["FileExtension"] == ".tar.gz"
    assert octopus.download("Acme.Web.1.2.0").data == b"other"


def test_one_id_and_version_is_one_file_whatever_its_kind(octopus):
    octopus.push("Acme.Web.1.2.0.nupkg", nupkg("Acme.Web", "1.2.0"))

    assert octopus.push("Acme.Web.1.2.0.zip", ZIP, "?replace=true").status_code == 409
    assert octopus.push("Acme.Web.1.2.0.zip", ZIP, "?overwriteMode=IgnoreIfExists").status_code == 200
    octopus.push("Acme.App.1.2.0.zip", ZIP)
    assert octopus.push("Acme.App.1.2.0.nupkg", nupkg("Acme.App", "1.2.0")).status_code == 409


@pytest.mark.parametrize("overwrite", ["never", "always"])
def test_the_mode_decides_here_and_not_the_setting(make_octopus, overwrite):
    octopus = make_octopus(overwrite=overwrite)
    octopus.push("a.nupkg", nupkg("Acme.Web", "1.2.0"))

    assert octopus.push("a.nupkg", nupkg("Acme.Web", "1.2.0", tags="x"), "?replace=false").status_code == 409
    assert octopus.push("a.nupkg", nupkg("Acme.Web", "1.2.0", tags="x"), "?replace=true").status_code == 201


@pytest.mark.parametrize("name", ["Acme.Web.1.2.0.zip", "Acme.Web.1.2.0.nupkg"])
def test_to_replace_takes_more_than_the_right_to_push(make_octopus, name):
    publisher = make_octopus([Publisher()], key="API-PUSH")
    content = nupkg("Acme.Web", "1.2.0")
    assert publisher.push(name, content).status_code == 201

    answer = publisher.push(name, content, "?overwriteMode=OverwriteExisting")

    assert answer.status_code == 403
    assert "publisher may not replace Acme.Web" in answer.json["ErrorMessage"]
    assert publisher.delete("/api/packages/Acme.Web.1.2.0").status_code == 403
    assert publisher.push(name, content, "?overwriteMode=IgnoreIfExists").status_code == 200


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("Acme.zip", ZIP, "No id and version follow"),
        ("Acme.Web.1.2.0.exe", ZIP, "no file of a kind that can be pushed"),
        ("App.1.0.0.zip.zip", ZIP, "No id and version follow"),
        (f"{'a' * 101}.1.0.0.zip", ZIP, "at most 100 characters"),
        ("Ünïcode.1.0.0.zip", ZIP, "only ASCII letters"),
        ("con.1.0.0.zip", ZIP, "Windows"),
        ("Acme.Web.1.2.0.zip", b"", "empty"),
        ("Acme.Web.1.2.0.nupkg", ZIP, "package"),
        ("../../etc/passwd", ZIP, "no file of a kind"),
    ],
)
def test_bad_names_and_files(octopus, share, name, content, words):
    answer = octopus.push(name, content)

    assert answer.status_code == 400
    assert words in answer.json["ErrorMessage"]
    assert not (share / ".nugetlite/archives").exists()
    assert octopus.ids() == []


def test_folders_of_the_client_are_of_no_interest(octopus):
    assert octopus.push("C:\\build\\Acme.Web.1.2.0.zip", ZIP).json["Id"] == "packages-Acme.Web.1.2.0"
    assert octopus.push("../../Acme.Web.1.3.0.zip", ZIP).json["Id"] == "packages-Acme.Web.1.3.0"


def test_an_archive_need_not_be_one(octopus):
    assert octopus.push("Acme.Web.1.2.0.zip", b"this is no zip").status_code == 201


def test_an_unknown_mode_is_refused(octopus):
    answer = octopus.push("Acme.Web.1.2.0.zip", ZIP, "?overwriteMode=Maybe")

    assert answer.status_code == 400
    assert "FailIfExists" in answer.json["ErrorMessage"]


@pytest.mark.parametrize(
    "data", [None, {"text": "no file"}, {}], ids=["no body", "a field that is no file", "nothing"]
)
def test_no_file_at_all(octopus, data):
    answer = octopus.post("/api/packages/raw", data=data, content_type="multipart/form-data")

    assert answer.status_code == 400
    assert answer.json["ErrorMessage"]


def test_a_body_that_is_the_file_has_no_name(octopus):
    answer = octopus.post("/api/packages/raw", data=ZIP, content_type="application/octet-stream")

    assert answer.status_code == 400
    assert "multipart/form-data" in answer.json["ErrorMessage"]


def test_the_first_part_with_a_file_name_counts(octopus):
    answer = octopus.post(
        "/api/packages/raw",
        data={"note": "hello", "anything": (BytesIO(ZIP), "Acme.Web.1.2.0.zip")},
    )

    assert answer.json["PackageSizeBytes"] == len(ZIP)


def test_too_large(make_octopus):
    octopus = make_octopus(max_package_size=1000)

    answer = octopus.push("Acme.Web.1.2.0.zip", bytes(1001))

    assert answer.status_code == 413
    assert answer.json["ErrorMessage"]
    assert octopus.push("Acme.Web.1.2.0.zip", bytes(1000)).status_code == 201


def test_a_feed_that_is_closed_for_writing(make_octopus):
    answer = make_octopus(read_only=True).push("Acme.Web.1.2.0.zip", ZIP)

    assert answer.status_code == 405
    assert "read-only" in answer.json["ErrorMessage"]


class TestAsNuGetClients:
    """``nuget push -Source http://host/nuget/packages?replace=true`` puts a slash behind all that."""

    URLS = ("/nuget/packages", "/nuget/packages/", "/nuget/Packages", "/Spaces-1/nuget/packages/")

    def put(self, octopus, url, **more):
        package = nupkg("Contoso.Json", "1.2.0", **more)
        return octopus.http.put(
            url, data={"package": (BytesIO(package), "package")}, headers={"X-NuGet-ApiKey": "test-key"}
        )

    @pytest.mark.parametrize("url", URLS)
    @pytest.mark.parametrize(
        "query", ["?replace=true/", "?replace=true", "?overwriteMode=OverwriteExisting/"]
    )
    def test_replacing(self, octopus, url, query):
        assert self.put(octopus, url + query).status_code == 201

        assert self.put(octopus, url + query, tags="other").status_code == 201

    @pytest.mark.parametrize("url", URLS)
    def test_without_a_mode_the_setting_decides(self, make_octopus, url):
        octopus = make_octopus()
        assert self.put(octopus, url).status_code == 201
        assert self.put(octopus, url, tags="other").status_code == 409

    def test_ignoring(self, octopus):
        self.put(octopus, "/nuget/packages/")

        assert self.put(octopus, "/nuget/packages?overwriteMode=IgnoreIfExists/").status_code == 200

    def test_post_does_as_well_also_with_the_method_in_a_header(self, octopus):
        package = nupkg("Contoso.Json", "1.2.0")
        answer = octopus.post(
            "/Spaces-1/nuget/packages",
            {"X-HTTP-Method-Override": "PUT"},
            data={"package": (BytesIO(package), "package")},
        )

        assert answer.status_code == 201

    def test_the_probe_without_a_key_is_not_asked_for_credentials(self, octopus):
        assert octopus.http.get("/nuget/packages").status_code != 401
