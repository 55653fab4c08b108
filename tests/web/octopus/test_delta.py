"""The next version as a difference from one that is here."""

import base64
from hashlib import sha1
from io import BytesIO

import pytest

from nugetlite import ShareFull
from nugetlite.builtin.storage_file import FileStorage
from nugetlite.octodiff.delta import Delta
from nugetlite.octodiff.signature import Signature
from nugetlite.testing import nupkg

OLD = b"".join(sha1(b"%d" % n).digest() for n in range(2000))
NEW = OLD[:10_000] + b"inserted" + OLD[10_000:]


def signature(octopus, id, version):
    return octopus.get(f"/api/Spaces-1/packages/{id}/{version}/delta-signature")


def delta_for(octopus, id, version, new):
    told = signature(octopus, id, version).json
    parsed = Signature.parse(base64.b64decode(told["Signature"]))
    return told["BaseVersion"], b"".join(Delta(parsed, BytesIO(new)))


def push_delta(octopus, id, base, name, delta, query="?overwriteMode=FailIfExists"):
    return octopus.push(name, delta, query, url=f"/api/Spaces-1/packages/{id}/{base}/delta")


@pytest.mark.parametrize("ending", [".zip", ".tar.gz"])
def test_the_next_version_comes_as_a_small_difference(octopus, ending):
    octopus.push(f"Acme.Web.1.0.0{ending}", OLD)

    base, delta = delta_for(octopus, "Acme.Web", "1.1.0", NEW)
    answer = push_delta(octopus, "Acme.Web", base, f"Acme.Web.1.1.0{ending}", delta)

    assert base == "1.0.0"
    assert len(delta) < len(NEW) / 5
    assert answer.status_code == 201
    assert answer.json["Hash"] == sha1(NEW).hexdigest()
    assert octopus.download("Acme.Web.1.1.0").data == NEW
    assert octopus.download("Acme.Web.1.0.0").data == OLD


def test_a_nuget_package_comes_so_too(octopus, nuget):
    old = nupkg("Contoso.Json", "1.0.0", files={"lib/net8.0/a.dll": OLD})
    new = nupkg("Contoso.Json", "1.1.0", files={"lib/net8.0/a.dll": OLD, "more.txt": b"more"})
    nuget.push(old)

    base, delta = delta_for(octopus, "Contoso.Json", "1.1.0", new)
    answer = push_delta(octopus, "Contoso.Json", base, "Contoso.Json.1.1.0.nupkg", delta)

    assert answer.status_code == 201
    assert nuget.download("Contoso.Json", "1.1.0").data == new
    assert len(delta) < len(new) / 2


def test_the_base_is_that_version_or_else_the_highest(octopus):
    for version in ("1.0.0", "1.10.0", "1.9.0"):
        octopus.push(f"Acme.Web.{version}.zip", OLD)

    assert signature(octopus, "Acme.Web", "2.0.0").json["BaseVersion"] == "1.10.0"
    assert signature(octopus, "ACME.web", "1.9").json["BaseVersion"] == "1.9.0"


def test_a_signature_that_was_kept_is_the_same(octopus, share):
    octopus.push("Acme.Web.1.0.0.zip", OLD)

    first = signature(octopus, "Acme.Web", "1.1.0").json
    assert [path.suffix for path in share.glob(".nugetlite/archives-signatures/acme.web/1.0.0/*")] == [
        ".octosig"
    ]
    assert signature(octopus, "Acme.Web", "1.1.0").json == first


def test_a_signature_that_cannot_be_kept_is_told_all_the_same(octopus, monkeypatch):
    def full(*told, **more):
        raise ShareFull("full")

    octopus.push("Acme.Web.1.0.0.zip", OLD)
    monkeypatch.setattr(FileStorage, "add", full)

    assert signature(octopus, "Acme.Web", "1.1.0").status_code == 200


def test_a_signature_is_of_what_is_there_now(octopus):
    octopus.push("Acme.Web.1.0.0.zip", OLD)
    signature(octopus, "Acme.Web", "1.0.0")
    octopus.push("Acme.Web.1.0.0.zip", NEW, "?replace=true")

    told = Signature.parse(base64.b64decode(signature(octopus, "Acme.Web", "1.0.0").json["Signature"]))
    assert told.old_size == len(NEW)


@pytest.mark.parametrize("version", ["1.1.0", "not-a-version"])
def test_nothing_to_compare_with(octopus, version):
    assert signature(octopus, "Acme.Web", version).status_code == 404


def test_too_large_to_compare_with(octopus, monkeypatch):
    octopus.push("Acme.Web.1.0.0.zip", OLD)
    monkeypatch.setattr("nugetlite.repository.SIGNED", len(OLD) - 1)

    assert signature(octopus, "Acme.Web", "1.1.0").status_code == 404


def test_the_base_itself_can_be_replaced(octopus):
    octopus.push("Acme.Web.1.0.0.zip", OLD)
    base, delta = delta_for(octopus, "Acme.Web", "1.0.0", NEW)

    assert push_delta(octopus, "Acme.Web", base, "Acme.Web.1.0.0.zip", delta).status_code == 409
    ignored = push_delta(
        octopus, "Acme.Web", base, "Acme.Web.1.0.0.zip", delta, "?overwriteMode=IgnoreIfExists"
    )
    assert ignored.status_code == 200
    replaced = push_delta(octopus, "Acme.Web", base, "Acme.Web.1.0.0.zip", delta, "?replace=true")
    assert replaced.status_code == 201
    assert octopus.download("Acme.Web.1.0.0").data == NEW


class TestRefusals:
    """400 and 409 end a push for good; after 404 and 422, .NET's client sends the whole file."""

    @pytest.fixture
    def delta(self, octopus):
        octopus.push("Acme.Web.1.0.0.zip", OLD)
        return delta_for(octopus, "Acme.Web", "1.1.0", NEW)[1]

    def refused(self, octopus, share, status, name="Acme.Web.1.1.0.zip", base="1.0.0", delta=b""):
        answer = push_delta(octopus, "Acme.Web", base, name, delta)

        assert answer.status_code == status
        assert answer.json["ErrorMessage"]
        assert octopus.ids() == ["packages-Acme.Web.1.0.0"]
        files = [str(path.relative_to(share)) for path in share.rglob("*.zip")]
        assert files == [".nugetlite/archives/acme.web/1.0.0/acme.web.1.0.0.zip"]
        return answer

    def test_a_base_that_is_gone(self, octopus, share, delta):
        self.refused(octopus, share, 404, base="0.9.0", delta=delta)

    def test_a_wrong_base(self, octopus, share, delta):
        octopus.push("Acme.Web.1.0.0.zip", OLD[::-1], "?replace=true")

        self.refused(octopus, share, 422, delta=delta)

    @pytest.mark.parametrize("end", [60, 1000, -1])
    def test_cut_short(self, octopus, share, delta, end):
        self.refused(octopus, share, 422, delta=delta[:end])

    @pytest.mark.parametrize("content", [b"", b"OCTODELTA", b"PK\3\4" * 100])
    def test_no_delta(self, octopus, share, delta, content):
        self.refused(octopus, share, 400, delta=content)

    def test_another_id(self, octopus, share, delta):
        self.refused(octopus, share, 400, name="Other.App.1.1.0.zip", delta=delta)

    def test_a_name_that_says_nothing(self, octopus, share, delta):
        self.refused(octopus, share, 400, name="delta", delta=delta)

    def test_one_that_would_grow_too_large(self, make_octopus, share):
        octopus = make_octopus(max_package_size=100_000)
        octopus.push("Acme.Web.1.0.0.zip", OLD)
        bomb = b"".join(Delta(Signature.parse(b"OCTOSIG\1\4SHA1\7Adler32>>>"), BytesIO(b"")))
        bomb += (b"\x60" + (0).to_bytes(8, "little") + len(OLD).to_bytes(8, "little")) * 1000

        self.refused(octopus, share, 413, delta=bomb)

    def test_without_a_key(self, octopus, delta):
        octopus.headers = {}

        assert signature(octopus, "Acme.Web", "1.1.0").status_code == 401
        assert push_delta(octopus, "Acme.Web", "1.0.0", "Acme.Web.1.1.0.zip", delta).status_code == 401
