"""What others do on the share becomes known to the feed; what is away for a while is not forgotten."""

import os
import shutil
from pathlib import Path

import pytest

from nugetlite.testing import nupkg
from nugetlite.web.current import NAME


@pytest.fixture
def scan(client):
    """Look at the share ``looks`` times."""

    def scan(looks=1):
        for _ in range(looks):
            report = client.app.extensions[NAME].upkeep.scan()
        return report

    return scan


def add_by_hand(share: Path, id: str, version: str, content: bytes, sides=True) -> Path:
    """As `nuget add` does."""
    import base64
    import hashlib

    folder = share / id.lower() / version.lower()
    folder.mkdir(parents=True)
    name = f"{id.lower()}.{version.lower()}.nupkg"
    (folder / name).write_bytes(content)
    if sides:
        (folder / f"{name}.sha512").write_bytes(base64.b64encode(hashlib.sha512(content).digest()))
        (folder / f"{id.lower()}.nuspec").write_bytes(b"<package/>")
    return folder / name


def test_a_folder_made_by_nuget_add_is_found(client, share, scan):
    content = nupkg("Contoso.Added", "1.0.0")
    add_by_hand(share, "Contoso.Added", "1.0.0", content)

    report = scan()

    assert report.added == 1
    assert client.search("added") == ["Contoso.Added"]
    assert client.download("Contoso.Added", "1.0.0").data == content


def test_a_package_dropped_into_the_root_is_moved_to_where_it_belongs(client, share, scan):
    content = nupkg("Contoso.Dropped", "1.0.0")
    (share / "Whatever Name.nupkg").write_bytes(content)

    scan()
    assert client.search("dropped") == [], "it may still be being copied"
    scan()

    assert client.download("Contoso.Dropped", "1.0.0").data == content
    assert [path.name for path in share.glob("*.nupkg")] == []
    assert (share / "contoso.dropped" / "1.0.0" / "contoso.dropped.1.0.0.nupkg").read_bytes() == content


def test_a_drop_that_cannot_be_read_is_put_aside_with_the_reason(client, share, scan):
    (share / "broken.nupkg").write_bytes(b"not a zip")
    (share / "good.nupkg").write_bytes(nupkg("Contoso.Good", "1.0.0"))

    scan(2)

    assert client.search("") == ["Contoso.Good"]
    assert list(share.glob("*.nupkg")) == []
    [reason] = share.glob(".nugetlite/rejected/*/reason.txt")
    assert "broken.nupkg" in reason.read_text()
    assert (reason.parent / "dropped.nupkg").read_bytes() == b"not a zip"


def test_a_drop_that_contradicts_a_published_version_does_not_change_it(client, share, scan):
    first = nupkg("Contoso.Json", "1.0.0", description="published")
    client.push(first)
    (share / "other.nupkg").write_bytes(nupkg("Contoso.Json", "1.0.0", description="dropped"))

    scan(2)

    assert client.download("Contoso.Json", "1.0.0").data == first
    assert list(share.glob(".nugetlite/rejected/*/reason.txt"))


def test_missing_files_beside_a_package_are_written(client, share, scan):
    content = nupkg("Contoso.Bare", "1.0.0")
    path = add_by_hand(share, "Contoso.Bare", "1.0.0", content, sides=False)

    scan(2)

    assert client.can_restore("Contoso.Bare", "1.0.0")
    assert path.with_name(f"{path.name}.sha512").is_file()
    assert path.with_name("contoso.bare.nuspec").is_file()


def test_a_version_that_somebody_removed_is_gone_at_once_and_everywhere_after_a_scan(client, share, scan):
    for id in ("Contoso.Json", "Contoso.Stays"):
        client.push(nupkg(id, "1.0.0"))
    shutil.rmtree(share / "contoso.json" / "1.0.0")

    assert client.download("Contoso.Json", "1.0.0").status_code == 404
    scan()

    assert client.versions("Contoso.Json") == []
    assert client.search("") == ["Contoso.Stays"]
    assert client.push(nupkg("Contoso.Json", "1.0.0")).status_code == 201


def test_a_package_whose_bytes_were_changed_is_not_served(client, share, scan):
    content = nupkg("Contoso.Json", "1.0.0")
    client.push(content)
    path = share / "contoso.json" / "1.0.0" / "contoso.json.1.0.0.nupkg"
    other = nupkg("Contoso.Json", "1.0.0", description="What Contoso.Evil is for.")
    path.write_bytes(other)

    report = scan()

    assert client.download("Contoso.Json", "1.0.0").status_code in (404, 503)
    assert list(report.problems) == ["contoso.json/1.0.0"]
    path.write_bytes(content)
    scan()
    assert client.download("Contoso.Json", "1.0.0").data == content


def test_one_bad_folder_does_not_keep_the_others_from_being_found(client, share, scan):
    add_by_hand(share, "Contoso.Bad", "1.0.0", b"rubbish")
    add_by_hand(share, "Contoso.Wrong", "1.0.0", nupkg("Contoso.Other", "1.0.0"))
    add_by_hand(share, "Contoso.Good", "1.0.0", nupkg("Contoso.Good", "1.0.0"))
    os.mkfifo(share / "contoso.pipe.nupkg")
    (share / "contoso.link").symlink_to("/etc")

    report = scan(2)

    assert client.search("") == ["Contoso.Good"]
    assert sorted(report.problems) == ["contoso.bad/1.0.0", "contoso.wrong/1.0.0"]


def test_a_share_that_vanished_is_not_an_empty_one(client, share, scan, tmp_path):
    client.push(nupkg("Contoso.Json", "1.0.0"))
    client.delete("Contoso.Json", "1.0.0")
    share.rename(tmp_path / "away")
    share.mkdir()

    assert client.push(nupkg("Contoso.New", "1.0.0")).status_code == 503
    assert client.download("Contoso.Json", "1.0.0").status_code == 503
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200
    assert list(share.iterdir()) == []

    share.rmdir()
    (tmp_path / "away").rename(share)
    scan()
    assert client.can_restore("Contoso.Json", "1.0.0")
    assert client.search("") == []


def test_most_of_a_share_gone_at_once_is_not_believed_at_the_first_look(client, share, scan):
    for number in range(20):
        client.push(nupkg(f"Contoso.N{number}", "1.0.0"))
    half = share / "half"
    half.mkdir()
    for number in range(12):
        shutil.move(share / f"contoso.n{number}", half / f"contoso.n{number}")

    scan(2)
    assert len(client.search("", take=100)) == 20
    for number in range(12):
        shutil.move(half / f"contoso.n{number}", share / f"contoso.n{number}")
    scan()
    assert client.can_restore("Contoso.N3", "1.0.0")

    for number in range(12):
        shutil.rmtree(share / f"contoso.n{number}")
    scan(3)
    assert len(client.search("", take=100)) == 8


def test_a_lost_database_is_rebuilt_with_flags_and_marks(make_client, lose_database):
    client = make_client(delete_policy={"*": "unlist", "Contoso.Soft": "soft", "Contoso.Hard": "hard"})
    for id in ("Contoso.Listed", "Contoso.Unlisted", "Contoso.Soft", "Contoso.Hard"):
        client.push(nupkg(id, "1.0.0"))
        if id != "Contoso.Listed":
            client.delete(id, "1.0.0", reason="no longer needed")
    before = picture(client)
    lose_database()

    client = make_client(delete_policy={"*": "unlist"})
    client.app.extensions[NAME].upkeep.scan()

    assert picture(client) == before
    assert client.relist("Contoso.Soft", "1.0.0").status_code == 200


def picture(client):
    """What a client can know of the four."""
    return {
        id: (
            client.versions(id),
            client.registered(id),
            client.download(id, "1.0.0").headers.get("X-NuGet-Warning"),
            client.search(f"packageid:{id}"),
        )
        for id in ("Contoso.Listed", "Contoso.Unlisted", "Contoso.Soft", "Contoso.Hard")
    }


def test_a_hard_delete_that_was_cut_short_is_finished(client, share, scan):
    client.push(nupkg("Contoso.Json", "1.0.0"))
    trash = share / ".nugetlite" / "trash" / "contoso.json"
    trash.mkdir(parents=True)
    (share / "contoso.json" / "1.0.0").rename(trash / "1.0.0")

    scan()

    assert client.download("Contoso.Json", "1.0.0").status_code == 404
    assert "removed" in client.download("Contoso.Json", "1.0.0").headers["X-NuGet-Warning"]
    assert not list(share.rglob("*.nupkg"))


def test_a_scan_that_finds_nothing_new_changes_nothing(client, scan):
    client.push(nupkg("Contoso.Json", "1.0.0"))
    scan()
    before = client.app.extensions[NAME].feed.revision()

    report = scan()

    assert (report.added, report.changed, report.removed, report.restated) == (0, 0, 0, 0)
    assert client.app.extensions[NAME].feed.revision() == before
