"""What people, copying tools and broken disks do to a share: nothing wrong is served, nothing is guessed to be lost."""

import logging
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from nugetlite import Entry, ShareUnavailable, Storage
from nugetlite.builtin.storage_file import FileStorage
from nugetlite.testing import nupkg
from nugetlite.upkeep import drops

JSON = nupkg("Contoso.Json", "1.0.0")


@pytest.fixture
def version_folder(share):
    return share / "contoso.json" / "1.0.0"


class Unreadable(FileStorage):
    """A folder of files, of which some are on a broken part of the disk."""

    broken = ("nothing yet",)

    def open(self, path):
        if path.startswith(self.broken):
            raise ShareUnavailable("The share cannot be used just now (EIO); try again later")
        return super().open(path)

    def open_files(self, folder, names):
        return Storage.open_files(self, folder, names)  # one after the other, as above

    def scan(self, under=""):
        for entry in super().scan(under):
            yield Entry(entry.folder, (), readable=False) if entry.folder.startswith(self.broken) else entry


class TestWhatCannotBeRead:
    @pytest.fixture
    def disk(self, share):
        return Unreadable(share)

    @pytest.fixture
    def client(self, make_client, disk):
        from nugetlite import hookimpl

        class Plugin:
            @hookimpl
            def nugetlite_open_storage(self):
                return disk

        client = make_client([Plugin()])
        for id in ("Contoso.Json", "Contoso.Other"):
            client.push(nupkg(id, "1.0.0"))
        return client

    def test_is_unavailable_and_not_forgotten_and_keeps_nobody_from_the_rest(
        self, client, disk, scan, caplog
    ):
        disk.broken = ("contoso.json/",)

        reports = [scan(client) for _ in range(4)]

        assert client.download("Contoso.Json", "1.0.0").status_code == 503
        assert client.versions("Contoso.Json") == ["1.0.0"]
        assert client.can_restore("Contoso.Other", "1.0.0")
        assert client.push(nupkg("Contoso.New", "1.0.0")).status_code == 201
        assert list(reports[-1].problems) == ["contoso.json/1.0.0"]
        assert sum("contoso.json/1.0.0" in line for line in caplog.messages) == 1, "it is logged once"
        disk.broken = ("nothing any more",)
        assert scan(client).problems == {}
        assert client.can_restore("Contoso.Json", "1.0.0")

    def test_is_not_forgotten_either_when_it_looks_changed(
        self, client, disk, scan, version_folder, monkeypatch
    ):
        os.utime(version_folder / "contoso.json.1.0.0.nupkg", (1_700_000_000, 1_700_000_000))
        monkeypatch.setattr(disk, "scan", lambda under="": FileStorage.scan(disk, under))
        disk.broken = ("contoso.json/1.0.0/contoso.json.1.0.0.nupkg",)

        for _ in range(3):
            assert list(scan(client).problems) == ["contoso.json/1.0.0"]

        assert client.download("Contoso.Json", "1.0.0").status_code == 503
        disk.broken = ("nothing any more",)
        assert scan(client).changed == 1
        assert client.can_restore("Contoso.Json", "1.0.0")


class TestLinksAndOtherTraps:
    def test_nothing_that_is_no_plain_file_or_folder_is_followed_or_listed(
        self, client, share, scan, tmp_path
    ):
        secret = tmp_path / "outside" / "1.0.0"
        secret.mkdir(parents=True)
        (secret / "contoso.link.1.0.0.nupkg").write_bytes(nupkg("Contoso.Link", "1.0.0"))
        (share / "contoso.link").symlink_to(secret.parent)
        (share / "linked.nupkg").symlink_to(secret / "contoso.link.1.0.0.nupkg")
        (share / "contoso.file" / "1.0.0").mkdir(parents=True)
        (share / "contoso.file/1.0.0/contoso.file.1.0.0.nupkg").symlink_to("/etc/passwd")
        (share / "contoso.pipe" / "1.0.0").mkdir(parents=True)
        os.mkfifo(share / "contoso.pipe/1.0.0/contoso.pipe.1.0.0.nupkg")
        (share / "folder.nupkg").mkdir()
        (share / "loop").symlink_to(share)
        deep = share.joinpath(*["deep"] * 40)
        deep.mkdir(parents=True)
        (deep / "deep.nupkg").write_bytes(JSON)
        Path(os.fsdecode(os.fsencode(share) + b"/caf\xe9.nupkg")).write_bytes(nupkg("Contoso.Cafe", "1.0.0"))

        report = scan(client, 2)

        assert client.search("") == ["Contoso.Cafe"]
        assert report.problems == {}
        assert (share / "linked.nupkg").is_symlink()
        assert client.download("Contoso.File", "1.0.0").status_code == 404

    @pytest.mark.parametrize("what", ["the file", "the version's folder", "the id's folder"])
    def test_a_published_version_that_became_a_link_is_gone(
        self, client, scan, version_folder, tmp_path, what
    ):
        client.push(JSON)
        file = version_folder / "contoso.json.1.0.0.nupkg"
        there = {
            "the file": file,
            "the version's folder": version_folder,
            "the id's folder": version_folder.parent,
        }
        shutil.move(there[what], tmp_path / "outside")
        there[what].symlink_to(tmp_path / "outside")

        assert client.download("Contoso.Json", "1.0.0").status_code == 404
        scan(client)
        assert client.versions("Contoso.Json") == []


class TestDrops:
    def test_a_package_that_is_still_being_copied_stays_where_it_is_until_it_is_whole(
        self, client, share, scan, caplog
    ):
        drop, content = share / "Contoso.Big.nupkg", nupkg("Contoso.Big", "1.0.0", files={"a": bytes(9000)})
        for written in (content[:100], content[:300]):
            drop.write_bytes(written)
            report = scan(client, 3)
            assert list(report.problems) == ["Contoso.Big.nupkg"]
            assert not report.waiting, "nobody looks every second until it is done"
        drop.write_bytes(content)

        scan(client, 2)

        assert client.download("Contoso.Big", "1.0.0").data == content
        assert scan(client).problems == {}
        assert sum("Contoso.Big.nupkg" in line for line in caplog.messages) == 2, (
            "once for each time it changed"
        )

    def test_room_that_was_made_for_a_copy_is_not_taken_for_rubbish(self, client, share, scan):
        (share / "large.nupkg").write_bytes(bytes(100_000))

        scan(client, 3)

        assert (share / "large.nupkg").exists()

    def test_a_package_that_broke_off_is_put_aside_in_the_end(self, client, share, scan, monkeypatch):
        (share / "broken.nupkg").write_bytes(JSON[:200])
        scan(client, 2)
        monkeypatch.setattr(drops, "PATIENCE", 0.0)

        scan(client)

        assert not (share / "broken.nupkg").exists()
        [kept] = share.glob(".nugetlite/rejected/*/dropped.nupkg")
        assert kept.read_bytes() == JSON[:200]

    def test_a_second_copy_of_what_is_here_just_goes(self, client, share, scan):
        client.push(JSON)
        (share / "copy.nupkg").write_bytes(JSON)

        scan(client, 2)

        assert not (share / "copy.nupkg").exists()
        assert not list(share.glob(".nugetlite/rejected/*"))

    def test_a_file_of_another_spelling_in_its_own_folder_is_renamed(
        self, client, version_folder, scan, contents, share
    ):
        version_folder.mkdir(parents=True)
        (version_folder / "Contoso.Json.1.0.0.nupkg").write_bytes(JSON)

        scan(client, 2)

        assert client.download("Contoso.Json", "1.0.0").data == JSON
        assert contents(share) == {"contoso.json/1.0.0": JSON}

    def test_a_drop_under_a_name_that_is_kept_is_put_aside(self, make_client, share, scan):
        client = make_client(delete_policy="soft")
        client.push(JSON)
        client.delete("Contoso.Json", "1.0.0")
        (share / "again.nupkg").write_bytes(nupkg("Contoso.Json", "1.0.0", description="again"))

        scan(client, 2)

        assert client.versions("Contoso.Json") == []
        [reason] = share.glob(".nugetlite/rejected/*/reason.txt")
        assert "name is kept" in reason.read_text()
        client.relist("Contoso.Json", "1.0.0")
        assert client.download("Contoso.Json", "1.0.0").data == JSON

    def test_a_drop_that_is_hostile_is_published_no_more_than_a_push(self, client, share, scan):
        (share / "a.nupkg").write_bytes(nupkg("Contoso.Json", "1.0.0", files={"../../evil.dll": b"MZ"}))
        (share / "b.nupkg").write_bytes(nupkg("../evil", "1.0.0"))

        scan(client, 2)

        assert client.search("") == []


class TestVersionsThatWereTouched:
    def test_a_package_with_another_date_is_served_as_long_as_its_bytes_are_the_same(
        self, client, version_folder, scan
    ):
        client.push(JSON)
        before = client.download("Contoso.Json", "1.0.0")
        os.utime(version_folder / "contoso.json.1.0.0.nupkg", (1_700_000_000, 1_700_000_000))

        now = client.download("Contoso.Json", "1.0.0")

        assert (now.data, now.headers["ETag"]) == (JSON, before.headers["ETag"])
        assert scan(client).changed == 1
        assert scan(client).changed == 0
        assert client.download("Contoso.Json", "1.0.0").headers["Last-Modified"].endswith("2023 22:13:20 GMT")

    @pytest.mark.parametrize(
        ("modified", "told"), [(0, "2010-01-01"), (4_323_110_400, "2100-01-01"), (-5, "2010-01-01")]
    )
    def test_dates_that_no_clock_can_have_told_are_brought_within_reason(
        self, client, version_folder, scan, modified, told
    ):
        version_folder.mkdir(parents=True)
        (version_folder / "contoso.json.1.0.0.nupkg").write_bytes(JSON)
        client.push(nupkg("Contoso.Json", "0.9.0"))
        shutil.copy(version_folder.parent / "0.9.0" / "contoso.json.nuspec", version_folder)
        scan(client, 2)
        for path in version_folder.iterdir():
            os.utime(path, (modified, modified))

        scan(client)

        assert client.versions("Contoso.Json") == ["0.9.0", "1.0.0"], "versions decide the order, not dates"
        assert client.registered("Contoso.Json")["1.0.0"]["published"].startswith(told)
        assert client.download("Contoso.Json", "1.0.0").data == JSON

    def test_a_package_that_was_taken_out_of_its_folder_can_be_pushed_again(
        self, client, version_folder, scan
    ):
        client.push(JSON)
        (version_folder / "contoso.json.1.0.0.nupkg").unlink()
        scan(client)
        assert client.versions("Contoso.Json") == []
        other = nupkg("Contoso.Json", "1.0.0", description="again")

        assert client.push(other).status_code == 201

        assert client.download("Contoso.Json", "1.0.0").data == other
        assert (version_folder / "contoso.json.nuspec").read_bytes() in other or len(
            list(version_folder.iterdir())
        ) == 3

    def test_a_folder_with_something_else_in_it_is_not_written_over(self, client, version_folder):
        version_folder.mkdir(parents=True)
        (version_folder / "notes.txt").write_text("mine")

        assert client.push(JSON).status_code == 409

        assert (version_folder / "notes.txt").read_text() == "mine"

    def test_one_that_was_hidden_and_taken_away_is_listed_when_it_is_pushed_again(
        self, client, version_folder, scan
    ):
        client.push(JSON)
        client.delete("Contoso.Json", "1.0.0")
        shutil.rmtree(version_folder)
        scan(client)

        client.push(JSON)

        assert client.search("json") == ["Contoso.Json"]
        assert scan(client).restated == 0

    def test_one_that_was_hidden_and_comes_back_by_hand_is_still_hidden(
        self, client, version_folder, scan, tmp_path
    ):
        client.push(JSON)
        client.delete("Contoso.Json", "1.0.0")
        shutil.move(version_folder, tmp_path / "away")
        scan(client)
        shutil.move(tmp_path / "away", version_folder)

        scan(client)

        assert client.search("json") == []
        assert client.can_restore("Contoso.Json", "1.0.0")


def test_symbols_that_somebody_garbled_keep_no_scan_from_its_end(client, share, scan, caplog):
    client.push(JSON)
    client.push_symbols(nupkg("Contoso.Json", "1.0.0", package_types=["SymbolsPackage"]))
    [symbols] = share.glob(".nugetlite/symbols/*/*/*.snupkg")
    symbols.write_bytes(b"rubbish")

    reports = [scan(client) for _ in range(3)]

    assert all(list(report.problems) == [".nugetlite/symbols/contoso.json/1.0.0"] for report in reports)
    assert sum("symbols" in line for line in caplog.messages) == 1


def test_a_hard_delete_that_was_cut_short_does_not_touch_the_version_that_was_pushed_since(
    client, share, scan
):
    client.push(JSON)
    client.push_symbols(nupkg("Contoso.Json", "1.0.0", package_types=["SymbolsPackage"]))
    client.delete("Contoso.Json", "1.0.0")
    shutil.copytree(
        share / "contoso.json" / "1.0.0", share / ".nugetlite" / "trash" / "contoso.json" / "1.0.0"
    )

    scan(client, 2)

    assert client.can_restore("Contoso.Json", "1.0.0")
    assert client.search("json") == []
    assert list(share.glob(".nugetlite/symbols/*/*/*.snupkg"))
    assert not list(share.glob(".nugetlite/trash/*"))
    assert not list(share.glob(".nugetlite/gone/*"))


def test_a_name_that_is_pushed_anew_bears_no_mark_of_its_removal(make_client, share):
    client = make_client(delete_policy="hard")
    client.push(JSON)
    client.delete("Contoso.Json", "1.0.0")
    assert list(share.glob(".nugetlite/gone/contoso.json/1.0.0"))

    client.push(JSON)

    assert not list(share.glob(".nugetlite/gone/*"))


def test_much_gone_at_once_is_believed_after_three_looks_whoever_looks(make_client, share, scan, caplog):
    client = make_client()
    for number in range(15):
        client.push(nupkg(f"Contoso.N{number}", "1.0.0"))
    client.delete("Contoso.N3", "1.0.0")
    for number in range(12):
        shutil.rmtree(share / f"contoso.n{number}")

    scan(client)
    assert "12 of 15 versions are not on the share" in caplog.text
    assert len(client.search("", take=100)) == 14
    scan(make_client())  # the server was started anew, or the operator calls `nugetlite reindex`
    assert len(client.search("", take=100)) == 14
    scan(make_client(), afresh=True)
    assert len(client.search("", take=100)) == 3
    assert client.get("/health/ready").status_code == 200


class TestReadOnly:
    @pytest.fixture
    def real(self, tmp_path):
        """The folder behind the share, where others can still write."""
        folder = tmp_path / "real"
        folder.mkdir()
        return folder

    @pytest.fixture
    def mounted(self, real, share):
        """Mount it as the share, for writing or not; where nobody may mount, take the right to write away."""
        share.mkdir()
        mounts = subprocess.run(["mount", "--bind", real, share], capture_output=True).returncode == 0
        if not mounts:
            share.rmdir()
            share.symlink_to(real)

        def mounted(how):
            if mounts:
                subprocess.run(["mount", "-o", f"remount,bind,{how}", share], check=True)
            else:
                for folder in [real, *(path for path in real.rglob("*") if path.is_dir())]:
                    folder.chmod(0o755 if how == "rw" else 0o555)

        yield mounted
        mounted("rw")
        if mounts:
            subprocess.run(["umount", "--lazy", share], check=True)

    def test_a_share_that_nobody_can_write_is_still_read(
        self, make_client, mounted, real, scan, tmp_path, contents
    ):
        client = make_client(database=f"sqlite:///{tmp_path / 'index.db'}", delete_policy="soft")
        client.push(JSON)
        mounted("ro")

        for refused in (
            client.push(nupkg("Contoso.New", "1.0.0")),
            client.delete("Contoso.Json", "1.0.0"),
        ):
            assert refused.status_code == 503
            assert refused.headers["Retry-After"]
        assert client.download("Contoso.Json", "1.0.0").data == JSON
        assert client.get("/health/ready").status_code == 200
        assert scan(client).problems == {}
        assert make_client(database=f"sqlite:///{tmp_path / 'index.db'}").can_restore("Contoso.Json", "1.0.0")

        mounted("rw")
        assert client.push(nupkg("Contoso.New", "1.0.0")).status_code == 201
        assert client.delete("Contoso.Json", "1.0.0").status_code == 204
        assert list(contents(real)) == ["contoso.new/1.0.0"]

    def test_news_on_it_are_found(self, make_client, mounted, real, scan, tmp_path):
        client = make_client(database=f"sqlite:///{tmp_path / 'index.db'}")
        client.push(JSON)
        trash = real / ".nugetlite" / "trash" / "contoso.old" / "1.0.0"
        trash.mkdir(parents=True)
        (trash / "contoso.old.1.0.0.nupkg").write_bytes(b"half deleted")
        mounted("ro")
        if not os.path.ismount(tmp_path / "packages"):
            real.chmod(0o755)
        folder = real / "contoso.bare" / "1.0.0"
        folder.mkdir(parents=True)
        (folder / "contoso.bare.1.0.0.nupkg").write_bytes(nupkg("Contoso.Bare", "1.0.0"))

        scan(client, 2)

        assert client.can_restore("Contoso.Bare", "1.0.0")
        assert client.can_restore("Contoso.Json", "1.0.0")
        mounted("rw")
        scan(client)
        assert not trash.exists()


@pytest.fixture(autouse=True)
def _warnings(caplog):
    caplog.set_level(logging.WARNING)
