"""A share that is away, or another one in its place, is never taken for an empty one, and nothing is put there."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest

from nugetlite import NoSuchPath, ShareUnavailable
from nugetlite.builtin.storage_file import FileStorage
from nugetlite.testing.storage import ONE, OTHER, adding, contents, moving, opening, put, removing


@pytest.fixture
def root(tmp_path):
    return tmp_path / "mnt" / "packages"


@pytest.fixture
def storage(root):
    return FileStorage(root)


def marker(root):
    return root / ".nugetlite" / "share.id"


def every_verb(storage):
    return {
        "add": adding(storage, OTHER, {"a": b"a"}),
        "replace": lambda: put(storage, ONE, {"a": b"new"}, replace=True),
        "open": opening(storage, f"{ONE}/a"),
        "open what never was": opening(storage, "nobody/1.0.0/a"),
        "move": moving(storage, ONE, OTHER),
        "remove": removing(storage, ONE),
        "scan": lambda: list(storage.scan()),
        "scan a part": lambda: list(storage.scan("nobody")),
        "stage": storage.stage,
        "share_id": storage.share_id,
        "tidy": storage.tidy,
    }


def all_say_that_the_share_is_away(storage):
    for verb, do in every_verb(storage).items():
        with pytest.raises(ShareUnavailable, match="share"):
            pytest.fail(f"{verb} answered {do()}")
    return True


def empty_mount_point(root):
    root.rename(root.with_name("unmounted"))
    root.mkdir()


def another_share(root):
    empty_mount_point(root)
    FileStorage(root).share_id()


def no_folder(root):
    root.rename(root.with_name("unmounted"))


def a_file(root):
    no_folder(root)
    root.write_text("")


def no_marker(root):
    marker(root).rename(root.with_name("marker"))


def another_marker(root):
    marker(root).write_text("0" * 32 + "\n")


def a_torn_marker(root):
    marker(root).write_text("")


def come_back(root):
    if (unmounted := root.with_name("unmounted")).exists():
        shutil.rmtree(root) if root.is_dir() else root.unlink(missing_ok=True)
        unmounted.rename(root)


def everything_in(folder):
    return sorted((str(path.relative_to(folder)), path.lstat().st_mtime_ns) for path in folder.rglob("*"))


@pytest.mark.parametrize(
    "go_away", [empty_mount_point, another_share, no_folder, a_file, no_marker, another_marker, a_torn_marker]
)
def test_a_share_that_went_away_is_not_an_empty_one(storage, root, go_away):
    put(storage, ONE, {"a": b"a"})
    name = storage.share_id()
    content = marker(root).read_text()

    go_away(root)
    before = everything_in(root.parent)
    later = FileStorage(root, name)
    for each in (storage, later):
        assert all_say_that_the_share_is_away(each)
    assert everything_in(root.parent) == before, "something was written where the share is not"

    come_back(root)
    if not marker(root).exists() or marker(root).read_text() != content:
        marker(root).write_text(content)
    for each in (storage, later):
        assert contents(each, ONE) == {"a": b"a"}
        assert each.share_id() == name


def test_nothing_is_touched_before_the_first_verb(root):
    FileStorage(root)
    assert not root.parent.exists()


def test_the_first_use_makes_the_root_and_its_marker(storage, root):
    name = storage.share_id()
    assert len(name) == 32
    assert marker(root).read_text() == f"{name}\n"
    assert FileStorage(root).share_id() == storage.share_id() == name


def test_a_share_that_is_expected_is_never_made(root):
    assert all_say_that_the_share_is_away(FileStorage(root, expected="0" * 32))
    assert not root.exists()


def test_expectations_can_come_later(storage, root):
    name = storage.share_id()
    storage.expect("0" * 32)
    assert all_say_that_the_share_is_away(storage)
    storage.expect(name)
    assert list(storage.scan()) == []


def test_to_read_what_has_no_marker_leaves_none(storage, root):
    (root / ONE).mkdir(parents=True)
    (root / ONE / "a").write_bytes(b"a")
    assert contents(storage, ONE) == {"a": b"a"}
    with pytest.raises(NoSuchPath):
        storage.open(f"{OTHER}/a")
    assert [path.name for path in root.iterdir()] == ["contoso.json"]


def test_who_only_reads_notices_all_the_same_that_the_share_went_away(storage, root):
    put(storage, ONE, {"a": b"a"})
    reader = FileStorage(root)
    assert contents(reader, ONE) == {"a": b"a"}
    empty_mount_point(root)
    assert all_say_that_the_share_is_away(reader)


def test_of_many_that_start_at_once_all_agree_on_the_name(root):
    with ThreadPoolExecutor(8) as pool:
        for attempt in range(10):
            storages = [FileStorage(root / f"{attempt}") for _ in range(8)]
            names = set(pool.map(FileStorage.share_id, storages))
            assert len(names) == 1
            assert list((root / f"{attempt}" / ".nugetlite" / "incoming").iterdir()) == []


def test_a_marker_can_be_made_without_hard_links(storage, root, monkeypatch):
    def link(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    name = storage.share_id()
    assert FileStorage(root).share_id() == name
    assert list((root / ".nugetlite" / "incoming").iterdir()) == []


def test_a_file_that_is_open_survives_that_the_share_goes_away(storage, root):
    put(storage, ONE, {"a": b"abc"})
    with storage.stage() as staged, storage.open(f"{ONE}/a") as file:
        staged.write(b"on its way")
        empty_mount_point(root)
        assert file.read() == b"abc"
        with pytest.raises(ShareUnavailable):
            storage.add(OTHER, {"a": staged, "b": BytesIO(b"b")})
    assert list(root.iterdir()) == []
    come_back(root)
    assert list((root / ".nugetlite" / "incoming").iterdir()) == []
    assert contents(storage, ONE) == {"a": b"abc"}
