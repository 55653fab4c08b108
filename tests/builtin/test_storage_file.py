"""The built-in file storage keeps every promise of a storage, and those that a folder on a disk can make."""

import errno
import os
import resource
import socket
import stat
import time
from contextlib import ExitStack, closing, contextmanager
from io import BytesIO, UnsupportedOperation
from pathlib import Path

import pytest

from nugetlite import ConfigError, FolderTaken, NoSuchPath, ShareFull, ShareUnavailable
from nugetlite.builtin.file_share import placing
from nugetlite.builtin.storage_file import FileStorage, nugetlite_open_storage
from nugetlite.testing.storage import (
    BIG,
    ONE,
    OTHER,
    TWO,
    StorageContract,
    contents,
    endless,
    moving,
    opening,
    put,
    read_file,
    together,
)

NUPKG = f"{ONE}/contoso.json.1.2.0.nupkg"


@pytest.fixture
def root(tmp_path):
    return tmp_path / "packages"


@pytest.fixture
def storage(root):
    return FileStorage(root)


@pytest.fixture
def without_exchange(monkeypatch):
    """As on a network share, where two folders cannot change places in one step."""

    def exchange(*_, **__):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(placing, "exchange", exchange)


class TestOurFileStorage(StorageContract):
    @pytest.fixture
    def storage(self, root):
        root.mkdir()
        return FileStorage(root)

    def another(self, storage):
        return FileStorage(storage.root)


@pytest.mark.usefixtures("without_exchange")
class TestOurFileStorageOnANetworkShare(TestOurFileStorage):
    pass


def incoming(root):
    return sorted(path.name for path in (root / ".nugetlite" / "incoming").iterdir())


# What lies on the disk


def test_a_version_lies_where_nuget_looks_for_it(storage, root):
    put(storage, ONE, {"contoso.json.1.2.0.nupkg": BIG, "contoso.json.nuspec": b"<package />"})

    assert sorted(path.name for path in root.iterdir()) == [".nugetlite", "contoso.json"]
    assert sorted(path.name for path in (root / ONE).iterdir()) == [
        "contoso.json.1.2.0.nupkg",
        "contoso.json.nuspec",
    ]
    assert (root / NUPKG).read_bytes() == BIG
    assert incoming(root) == []


def test_everybody_may_read_what_the_umask_lets_them(storage, root):
    before = os.umask(0o027)
    try:
        with storage.stage() as staged:
            staged.write(b"staged")
            storage.add(ONE, {"a": staged, "b": BytesIO(b"copied")})
    finally:
        os.umask(before)

    assert stat.S_IMODE((root / ONE).stat().st_mode) == 0o750
    assert {stat.S_IMODE((root / ONE / name).stat().st_mode) for name in "ab"} == {0o640}


def test_a_removed_package_leaves_no_empty_folders(storage, root):
    put(storage, ONE, {"a": b"a"})
    put(storage, TWO, {"a": b"a"})
    storage.remove(ONE)
    assert (root / "contoso.json").is_dir()
    storage.move(TWO, ".nugetlite/deleted/contoso.json/1.2.0-beta.1")
    assert not (root / "contoso.json").exists()
    storage.remove(".nugetlite/deleted/contoso.json/1.2.0-beta.1")
    assert sorted(path.name for path in (root / ".nugetlite").iterdir()) == ["incoming", "share.id"]


def test_an_empty_folder_that_somebody_left_is_no_obstacle(storage, root):
    (root / ONE).mkdir(parents=True)
    put(storage, ONE, {"a": b"a"})
    (root / OTHER).mkdir(parents=True)
    storage.move(ONE, OTHER)
    assert contents(storage, OTHER) == {"a": b"a"}


def test_an_empty_folder_is_none(storage, root):
    (root / ONE).mkdir(parents=True)
    assert list(storage.scan()) == []
    with pytest.raises(NoSuchPath):
        storage.move(ONE, OTHER)


def test_what_is_in_the_way_is_left_alone(storage, root):
    root.mkdir()
    (root / "contoso.json").write_text("notes")
    with pytest.raises(FolderTaken):
        put(storage, ONE, {"a": b"a"})
    (root / "fabrikam").mkdir()
    (root / OTHER).write_text("more notes")
    with pytest.raises(FolderTaken):
        put(storage, OTHER, {"a": b"a"})
    assert ((root / "contoso.json").read_text(), (root / OTHER).read_text()) == ("notes", "more notes")


def test_what_is_open_is_a_real_file(storage, root):
    put(storage, ONE, {"a": BIG})
    with storage.open(f"{ONE}/a") as file:
        assert os.path.samestat(os.fstat(file.fileno()), (root / ONE / "a").stat())
        assert not os.get_inheritable(file.fileno())


@pytest.mark.parametrize("way", ["exchange", "without_exchange"])
def test_files_that_are_opened_together_are_of_one_state_of_their_folder(storage, way, request):
    if way == "without_exchange":
        request.getfixturevalue(way)
    put(storage, ONE, {"a": b"first", "b": b"first"})

    def replace():
        for number in endless(0.3):
            state = str(number).encode()
            put(storage, ONE, {"a": state, "b": state}, replace=True)

    def look_on():
        for _ in endless(0.3):
            with ExitStack() as opened:
                files = storage.open_files(ONE, ["a", "b"]).values()
                states = [opened.enter_context(file).read() for file in files]
            assert states == states[:1] * 2, "two states at once"

    together(replace, look_on, look_on)


def test_what_somebody_dropped_is_found_and_can_be_taken_away(storage, root):
    put(storage, OTHER, {"a": b"a"})
    (root / "Contoso.Json.1.2.0.nupkg").write_bytes(b"dropped")
    (root / "Contoso.Json" / "1.2.0").mkdir(parents=True)
    (root / "Contoso.Json" / "1.2.0" / "Contoso.Json.1.2.0.nupkg").write_bytes(b"copied")

    found = {entry.folder: entry.names for entry in storage.scan()}
    assert found == {
        "": ("Contoso.Json.1.2.0.nupkg",),
        "Contoso.Json/1.2.0": ("Contoso.Json.1.2.0.nupkg",),
        OTHER: ("a",),
    }
    assert read_file(storage, "Contoso.Json.1.2.0.nupkg") == b"dropped"

    storage.move("Contoso.Json/1.2.0", ONE)
    storage.remove("Contoso.Json.1.2.0.nupkg")
    assert {entry.folder for entry in storage.scan()} == {ONE, OTHER}


def test_what_is_the_servers_own_is_none_of_the_storages(storage, root):
    put(storage, ONE, {"a": b"a"})
    (root / ".nugetlite" / "index.sqlite").write_bytes(b"SQLite format 3")
    with storage.stage() as staged:
        staged.write(b"secret")
        assert list(storage.scan(".nugetlite")) == list(storage.scan(".nugetlite/incoming")) == []
        for path in (
            ".nugetlite",
            ".nugetlite/share.id",
            ".nugetlite/incoming",
            f".nugetlite/incoming/{incoming(root)[0]}",
        ):
            for use in (storage.open, storage.remove, lambda path: put(storage, path, {"a": b"a"})):
                with pytest.raises(NoSuchPath):
                    use(path)
            with pytest.raises(NoSuchPath):
                storage.move(path, OTHER)


# Staging


def test_a_staged_file_is_put_in_place_without_being_copied(storage, root):
    with storage.stage() as staged:
        staged.write(BIG)
        assert not any(name.endswith(".nupkg") for name in incoming(root))
        storage.add(ONE, {"contoso.json.1.2.0.nupkg": staged})
        assert os.path.samestat(os.fstat(staged.fileno()), (root / NUPKG).stat())
        with pytest.raises(UnsupportedOperation):
            staged.write(b"what is published does not change")
    assert (root / NUPKG).read_bytes() == BIG


def test_a_staged_file_is_on_the_share_until_it_is_closed(storage, root):
    staged = storage.stage()
    staged.write(b"half of a pack")
    assert len(incoming(root)) == 1
    staged.close()
    staged.close()
    assert incoming(root) == []


def test_a_staged_file_of_another_share_is_as_good_as_any(storage, tmp_path):
    with FileStorage(tmp_path / "other").stage() as staged:
        staged.write(b"from there")
        storage.add(ONE, {"a": staged})
    assert contents(storage, ONE) == {"a": b"from there"}


def test_a_staged_file_that_somebody_swept_away_is_copied_from_what_is_open(storage, root):
    with storage.stage() as staged:
        staged.write(BIG)
        (root / ".nugetlite" / "incoming" / incoming(root)[0]).unlink()
        storage.add(ONE, {"a": staged})
    assert contents(storage, ONE) == {"a": BIG}


@contextmanager
def largest_file(size):
    """As a full disk or a quota: no file gets larger than this."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_no_room_for_a_staged_file_is_said_while_it_is_filled(storage, root):
    with storage.stage() as staged, largest_file(100_000):
        staged.write(b"a" * 100_000)
        with pytest.raises(ShareFull, match="There is no room left on the share"):
            staged.write(b"a" * 10)
    assert incoming(root) == []


def test_no_room_leaves_everything_as_it_was(storage, root):
    put(storage, ONE, {"a": b"old"})
    with largest_file(100_000):
        for folder in (ONE, OTHER):
            with pytest.raises(ShareFull):
                put(storage, folder, {"a": b"small", "b": BIG}, replace=True)
        assert contents(storage, ONE) == {"a": b"old"}
        put(storage, TWO, {"a": b"a small one still finds room"})
    assert incoming(root) == []
    assert sorted(path.name for path in root.iterdir()) == [".nugetlite", "contoso.json"]
    put(storage, OTHER, {"b": BIG})


# What others may have put on the share


def test_no_link_is_followed(storage, root, tmp_path):
    secret = tmp_path / "secret"
    (secret / "1.2.0").mkdir(parents=True)
    (secret / "1.2.0" / "a").write_text("password")
    put(storage, ONE, {"a": b"a"})
    (root / "contoso.json" / "2.0.0").symlink_to(secret / "1.2.0")
    (root / "linked").symlink_to(secret)
    (root / ONE / "link").symlink_to(secret / "1.2.0" / "a")
    (root / "loop").symlink_to(root)

    assert [(entry.folder, entry.names) for entry in storage.scan()] == [(ONE, ("a",))]
    assert list(storage.scan("linked")) == list(storage.scan("linked/1.2.0")) == []
    for path in ("contoso.json/2.0.0/a", "linked/1.2.0/a", f"{ONE}/link", f"loop/{ONE}/a"):
        with pytest.raises(NoSuchPath):
            storage.open(path)
        with pytest.raises(NoSuchPath):
            storage.remove(path)
    for folder in ("linked/1.2.0", "contoso.json/2.0.0", f"loop/{ONE}"):
        with pytest.raises(NoSuchPath):
            storage.move(folder, OTHER)
    for folder in ("linked/3.0.0", "contoso.json/2.0.0"):
        with pytest.raises(FolderTaken):
            put(storage, folder, {"a": b"a"})
    assert [path.name for path in secret.rglob("*")] == ["1.2.0", "a"]


def test_a_package_takes_the_place_of_a_link_and_not_of_what_it_leads_to(storage, root, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a").write_text("theirs")
    (root / "contoso.json").mkdir(parents=True)
    (root / ONE).symlink_to(tmp_path / "elsewhere")

    put(storage, ONE, {"a": b"ours"}, replace=True)

    assert contents(storage, ONE) == {"a": b"ours"}
    assert (tmp_path / "elsewhere" / "a").read_text() == "theirs"
    assert incoming(root) == []


def test_what_is_no_plain_file_is_left_alone(storage, root, monkeypatch):
    put(storage, ONE, {"a": b"a"})
    os.mkfifo(root / ONE / "pipe.nupkg")
    (root / ONE / "folder.nupkg").mkdir()
    monkeypatch.chdir(root / ONE)  # the name of a socket has to be short
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind("socket")
        assert [(entry.folder, entry.names) for entry in storage.scan()] == [(ONE, ("a",))]
        for name in ("pipe.nupkg", "folder.nupkg", "socket"):
            with pytest.raises(NoSuchPath):
                storage.open(f"{ONE}/{name}")
        with pytest.raises(NoSuchPath):
            storage.remove(f"{ONE}/pipe.nupkg")


def test_names_that_are_no_text_can_be_told_and_opened(storage, root):
    put(storage, ONE, {"a": b"a"})
    folder = root / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / os.fsdecode(b"\xff.nupkg")).write_bytes(b"who knows")

    [odd] = [entry for entry in storage.scan() if entry.folder != ONE]
    assert odd.stamp
    assert read_file(storage, f"{odd.folder}/{odd.names[0]}") == b"who knows"
    with pytest.raises(NoSuchPath):
        storage.open("half a pair \ud800")


def test_a_scan_of_a_bottomless_tree_ends(storage, root):
    deep = root
    for _ in range(60):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "a").write_bytes(b"a")
    put(storage, ONE, {"a": b"a"})
    assert [entry.folder for entry in storage.scan()] == [ONE]


@pytest.mark.parametrize("moment", [-5e9, 0, 4_323_456_789, 2**33])
def test_a_clock_that_jumped_stops_nothing(storage, root, moment):
    told = put(storage, ONE, {"a": b"a"})
    os.utime(root / ONE / "a", (moment, moment))
    [entry] = storage.scan()
    assert entry.stamp != told.stamp
    assert storage.move(ONE, OTHER).stamp == entry.stamp


def test_the_longest_names_are_simply_not_there(storage):
    put(storage, ONE, {"a": b"a"})
    for path in ("n" * 300, f"{ONE}/{'n' * 300}", "/".join(["n" * 100] * 100)):
        with pytest.raises(NoSuchPath):
            storage.open(path)


# What cannot be read


@pytest.fixture
def forbid(monkeypatch):
    """Make the system refuse to open whatever is called so."""
    names = {}
    real_open = os.open

    def open_(path, *args, **kwargs):
        if path in names:
            raise OSError(names[path], os.strerror(names[path]))
        return real_open(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", open_)
    return lambda name, code=errno.EACCES: names.update({name: code})


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_what_cannot_be_read_is_not_taken_to_be_gone(storage, forbid, code):
    for folder in (ONE, TWO, OTHER):
        put(storage, folder, {"a": b"a"})
    forbid("1.2.0", code)

    seen = {entry.folder: entry.readable for entry in storage.scan()}
    assert seen == {ONE: False, TWO: True, OTHER: True}
    assert read_file(storage, f"{TWO}/a") == b"a"
    for use in (opening(storage, f"{ONE}/a"), moving(storage, ONE, OTHER), lambda: list(storage.scan(ONE))):
        with pytest.raises(ShareUnavailable, match=errno.errorcode[code]):
            use()


def test_of_what_is_below_a_folder_that_cannot_be_read_nothing_is_known(storage, forbid):
    put(storage, ONE, {"a": b"a"})
    put(storage, OTHER, {"a": b"a"})
    forbid("contoso.json")
    assert {entry.folder: entry.readable for entry in storage.scan()} == {"contoso.json": False, OTHER: True}


def test_a_root_that_cannot_be_listed_is_no_empty_one(storage, monkeypatch):
    put(storage, ONE, {"a": b"a"})

    def scandir(_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(ShareUnavailable):
        list(storage.scan())


def test_what_the_client_is_told_gives_no_path_away(storage, root, forbid):
    put(storage, ONE, {"a": b"a"})
    forbid("a")
    with pytest.raises(ShareUnavailable) as told:
        storage.open(f"{ONE}/a")
    assert str(told.value) == "The share cannot be used just now (EACCES); try again later"


# Settings


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("file:///srv/packages", "/srv/packages"),
        ("file://localhost/srv/packages", "/srv/packages"),
        ("file:///srv/our%20packages/caf%C3%A9", "/srv/our packages/café"),
    ],
)
def test_a_file_url_is_a_folder(url, folder):
    assert nugetlite_open_storage(url).root == Path(folder)


@pytest.mark.parametrize("url", ["file://server/share", "file://", "file:///srv?readonly", "file:///srv#one"])
def test_a_file_url_of_another_kind_stops_the_start(url):
    with pytest.raises(ConfigError, match="packages"):
        nugetlite_open_storage(url)


@pytest.mark.parametrize("url", ["memory://", "s3://bucket/prefix", "filed:///srv/packages"])
def test_other_urls_are_for_others_to_answer(url):
    assert nugetlite_open_storage(url) is None


def test_a_scan_of_many_versions_is_fast(storage, root):
    storage.share_id()
    for n in range(400):
        folder = root / f"package{n % 40}" / f"{n}.0.0"
        folder.mkdir(parents=True)
        for name in "abc":
            (folder / name).write_bytes(b"")
    began = time.process_time()
    assert sum(1 for _ in storage.scan()) == 400
    assert time.process_time() - began < 0.4, "not even 1,000 versions in a second"
