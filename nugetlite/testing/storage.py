"""The promises of a storage, as tests that anybody runs against their own: one that passes is a storage.

    class TestMyStorage(StorageContract):
        @pytest.fixture
        def storage(self, tmp_path):
            return MyStorage(tmp_path)

Put ``pytest.register_assert_rewrite("nugetlite.testing.storage")`` into your ``conftest.py``, and pytest
shows the values in what failed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from io import BytesIO
from threading import Barrier, Event

import pytest

from nugetlite import Entry, FolderTaken, NoSuchPath, ShareUnavailable, Storage, StorageError

ONE = "contoso.json/1.2.0"
TWO = "contoso.json/1.2.0-beta.1"
OTHER = "fabrikam/0.1.0"
HIDDEN = ".nugetlite/deleted/contoso.json/1.2.0"

BIG = bytes(range(256)) * 4096 + b"!"  # a little over 1 MiB: no storage's block size


class StorageContract:
    """Subclass me, give me a ``storage`` fixture that is empty, run pytest.

    Where two storage objects can look at one place, as two processes would, override ``another``: more is
    proved then.
    """

    readers: float = 0.3  #: seconds that readers look on while others write; more finds more

    def another(self, storage: Storage) -> Storage:
        """A second storage object for the same place, or the same one again."""
        return storage

    # Adding

    def test_what_was_added_reads_back(self, storage: Storage) -> None:
        content = {"contoso.json.1.2.0.nupkg": BIG, "contoso.json.nuspec": b"<package />", "empty": b""}
        put(storage, ONE, content)
        assert contents(storage, ONE) == content, "the bytes differ from what was added"
        assert contents(self.another(storage), ONE) == content, "another process sees something else"

    def test_an_add_says_what_a_scan_will_say(self, storage: Storage) -> None:
        told = put(storage, ONE, {"b.nupkg": BIG, "a.nuspec": b"<package />"})
        assert told.folder == ONE
        assert sorted(told.names) == ["a.nuspec", "b.nupkg"]
        assert {file.name: file.size for file in told.files} == {"a.nuspec": 11, "b.nupkg": len(BIG)}
        assert all(abs(file.modified - time.time()) < 24 * 3600 for file in told.files), (
            "that is not the time"
        )
        assert only(storage.scan()).stamp == told.stamp, "the next scan would take it for a changed one"

    def test_a_stream_is_read_from_its_start(self, storage: Storage) -> None:
        stream = BytesIO(b"from the start")
        stream.read()
        storage.add(ONE, {"a": stream})
        assert contents(storage, ONE) == {"a": b"from the start"}

    def test_a_stream_may_come_in_drops(self, storage: Storage) -> None:
        storage.add(ONE, {"a": Drops(b"drop by drop" * 50)})
        assert contents(storage, ONE) == {"a": b"drop by drop" * 50}

    def test_a_stream_is_never_read_without_a_limit(self, storage: Storage) -> None:
        storage.add(ONE, {"a": Limited(BIG)})
        assert contents(storage, ONE) == {"a": BIG}

    def test_a_taken_folder_stays_as_it_is(self, storage: Storage) -> None:
        before = put(storage, ONE, {"a": b"first", "b": b"first"})
        for again in ({"a": b"second"}, {"a": b"first", "b": b"first"}, {"c": b"third"}):
            with pytest.raises(FolderTaken):
                put(self.another(storage), ONE, again)
        assert contents(storage, ONE) == {"a": b"first", "b": b"first"}
        assert only(storage.scan()).stamp == before.stamp, "it was touched"

    def test_a_replace_leaves_just_the_new_files(self, storage: Storage) -> None:
        before = put(storage, ONE, {"a": b"old", "b": b"old"})
        told = put(self.another(storage), ONE, {"b": b"new", "c": b"new"}, replace=True)
        assert contents(storage, ONE) == {"b": b"new", "c": b"new"}
        assert nothing_opens(storage, ONE, "a")
        assert only(storage.scan()).stamp == told.stamp != before.stamp

    def test_a_replace_with_as_many_bytes_is_noticed(self, storage: Storage) -> None:
        stamps = [
            put(storage, ONE, {"a": content}, replace=True).stamp for content in (b"old", b"new", b"now")
        ]
        assert len(set(stamps)) == 3, "a scan would not notice that the bytes were changed"
        assert only(storage.scan()).stamp == stamps[-1]

    def test_a_replace_of_what_is_not_there_adds(self, storage: Storage) -> None:
        put(storage, ONE, {"a": b"new"}, replace=True)
        assert contents(storage, ONE) == {"a": b"new"}

    def test_a_folder_holds_at_least_one_file(self, storage: Storage) -> None:
        with pytest.raises((ValueError, StorageError)):
            storage.add(ONE, {})
        assert list(storage.scan()) == []
        put(storage, ONE, {"a": b"free after all"})

    def test_an_add_that_fails_leaves_nothing(self, storage: Storage) -> None:
        for error in (OSError("the client went away"), ValueError("a bug"), KeyboardInterrupt()):
            with pytest.raises(type(error)) as told:
                storage.add(ONE, {"whole": BytesIO(b"zip"), "broken": Broken(error)})
            assert told.value is error, "it is the stream's own error, and none of the storage's"
            assert list(storage.scan()) == list(storage.scan(ONE)) == []
            assert nothing_opens(storage, ONE, "whole", "broken")
        put(storage, ONE, {"whole": b"another try"})
        assert contents(storage, ONE) == {"whole": b"another try"}

    def test_a_replace_that_fails_leaves_the_old(self, storage: Storage) -> None:
        before = put(storage, ONE, {"a": b"old", "b": b"old"})
        with pytest.raises(OSError, match="went away"):
            storage.add(ONE, {"a": BytesIO(b"new"), "c": Broken(OSError("went away"))}, replace=True)
        assert contents(storage, ONE) == {"a": b"old", "b": b"old"}
        assert only(storage.scan()).stamp == before.stamp

    def test_nothing_is_seen_of_a_folder_before_it_is_whole(self, storage: Storage) -> None:
        seen = []

        def look() -> None:
            other = self.another(storage)
            seen.append((list(other.scan()), list(other.scan(ONE)), nothing_opens(other, ONE, "a", "b")))

        storage.add(ONE, {"a": BytesIO(BIG), "b": Watched(b"at last", look)})
        assert seen == [([], [], True)] * len(seen), "half of it could be seen while it was being added"
        assert seen
        assert contents(storage, ONE) == {"a": BIG, "b": b"at last"}

    def test_the_old_is_seen_until_the_new_is_whole(self, storage: Storage) -> None:
        before = put(storage, ONE, {"a": b"old", "b": b"old"})
        seen = []

        def look() -> None:
            other = self.another(storage)
            seen.append((contents(other, ONE), only(other.scan()).stamp))

        storage.add(ONE, {"a": BytesIO(b"new"), "b": Watched(b"new", look)}, replace=True)
        assert seen == [({"a": b"old", "b": b"old"}, before.stamp)] * len(seen)
        assert contents(storage, ONE) == {"a": b"new", "b": b"new"}

    def test_of_many_adds_one_wins(self, storage: Storage) -> None:
        for attempt in range(4):
            folder = f"contoso.json/{attempt}.0.0"
            outcomes = at_once(
                *(
                    adding(self.another(storage), folder, {"a": bytes([n]) * 9999, "b": bytes([n])})
                    for n in range(8)
                )
            )
            winners = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Entry)]
            assert len(winners) == 1, f"{len(winners)} adds of one folder were told that they had won"
            assert all(isinstance(told, (Entry, FolderTaken)) for told in outcomes), outcomes
            assert contents(storage, folder) == {"a": bytes(winners) * 9999, "b": bytes(winners)}

    def test_folders_below_a_new_one_do_not_hinder_each_other(self, storage: Storage) -> None:
        for attempt in range(4):
            folders = [f"brand.new{attempt}/{n}.0.0" for n in range(8)]
            outcomes = at_once(*(adding(self.another(storage), folder, {"a": b"a"}) for folder in folders))
            assert [told.folder for told in outcomes if isinstance(told, Entry)] == folders, outcomes
        assert len(list(storage.scan())) == 32

    def test_adds_and_removes_below_one_folder_do_not_hinder_each_other(self, storage: Storage) -> None:
        def churn(n: int) -> Callable[[], object]:
            def run() -> None:
                other = self.another(storage)
                for _ in range(12):
                    put(other, f"contoso.json/{n}.0.0", {"a": b"a"})
                    time.sleep(0.001)
                    other.remove(f"contoso.json/{n}.0.0")

            return run

        together(*(churn(n) for n in range(4)))
        assert list(storage.scan()) == []

    def test_a_reader_sees_all_of_the_old_or_all_of_the_new(self, storage: Storage) -> None:
        put(storage, ONE, {"a": b"0" * 70_000, "b": b"0"})
        done = Event()

        def write() -> None:
            try:
                for n in endless(self.readers):
                    put(storage, ONE, {"a": b"%d" % (n % 10) * 70_000, "b": b"%d" % (n % 10)}, replace=True)
            finally:
                done.set()

        def read() -> None:
            other = self.another(storage)
            while not done.is_set():
                content = read_file(other, f"{ONE}/a")
                assert content == content[:1] * 70_000, "a mixture of the old and the new"
                seen = only(other.scan(ONE))
                assert sorted(seen.names) == ["a", "b"] or not seen.readable

        together(write, read, read)

    # Staging

    def test_a_staged_file_can_be_added(self, storage: Storage) -> None:
        with closing(storage.stage()) as staged:
            staged.write(BIG)
            staged.write(b"and more")
            assert staged.seek(-4, os.SEEK_END) == len(BIG) + 4
            assert staged.read() == b"more", "what is staged can be read before it is added"
            assert list(storage.scan()) == [], "what is staged is in no folder yet"
            told = storage.add(ONE, {"a": staged, "b": BytesIO(b"beside it")})
            staged.seek(0)
            assert staged.read() == BIG + b"and more", "and it still can be read after that"
        assert contents(storage, ONE) == {"a": BIG + b"and more", "b": b"beside it"}
        assert only(storage.scan()).stamp == told.stamp

    def test_a_staged_file_can_be_added_again(self, storage: Storage) -> None:
        put(storage, ONE, {"a": b"taken"})
        with closing(storage.stage()) as staged:
            staged.write(BIG)
            with pytest.raises(FolderTaken):
                storage.add(ONE, {"a": staged})
            storage.add(ONE, {"a": staged}, replace=True)
            storage.add(OTHER, {"a": staged})
        assert contents(storage, ONE) == contents(storage, OTHER) == {"a": BIG}

    def test_a_staged_file_that_is_closed_is_gone(self, storage: Storage) -> None:
        with closing(storage.stage()) as staged:
            staged.write(b"never mind")
        assert list(storage.scan()) == []

    def test_staged_files_have_nothing_in_common(self, storage: Storage) -> None:
        with closing(storage.stage()) as one, closing(storage.stage()) as two:
            one.write(b"one")
            two.write(b"two")
            storage.add(ONE, {"a": one})
            storage.add(TWO, {"a": two})
        assert (contents(storage, ONE), contents(storage, TWO)) == ({"a": b"one"}, {"a": b"two"})

    # Opening

    def test_what_is_not_there_is_said_not_to_be(self, storage: Storage) -> None:
        put(storage, ONE, {"a": b"a"})
        for path in (f"{ONE}/b", f"{ONE}/a/a", f"{TWO}/a", "contoso.json/a", "a", ONE, "contoso.json"):
            with pytest.raises(NoSuchPath):
                storage.open(path)

    def test_no_path_leads_out(self, storage: Storage) -> None:
        put(storage, ONE, {"a": b"a"})
        for path in (
            "../a",
            f"{ONE}/../1.2.0/a",
            f"{ONE}/..",
            f"/{ONE}/a",
            "/etc/passwd",
            "",
            ".",
            f"{ONE}//a",
        ):
            for use in (
                opening(storage, path),
                removing(storage, path),
                adding(storage, path, {"a": b"b"}),
                moving(storage, ONE, path),
                moving(storage, path, OTHER),
            ):
                with pytest.raises((StorageError, ValueError)):
                    use()
        for name in ("../a", "b/../../a", "/a", "", "..", "b/c"):
            with pytest.raises((StorageError, ValueError)):
                put(storage, TWO, {name: b"b"})
        assert [entry.folder for entry in storage.scan()] == [ONE]
        assert contents(storage, ONE) == {"a": b"a"}

    def test_an_open_file_can_be_read_from_anywhere(self, storage: Storage) -> None:
        put(storage, ONE, {"a": BIG})
        with closing(storage.open(f"{ONE}/a")) as file:
            assert file.seek(0, os.SEEK_END) == len(BIG)
            assert file.seek(1000) == file.tell() == 1000
            assert file.read(100) == BIG[1000:1100]
            assert file.tell() == 1100
            assert file.seek(-1, os.SEEK_END) == len(BIG) - 1
            assert file.read(100) == b"!"
            assert file.read(100) == b""

    def test_files_of_a_folder_are_opened_together_as_far_as_they_are_there(self, storage: Storage) -> None:
        put(storage, ONE, {"a": BIG, "b": b"b", "c": b"c"})
        put(storage, TWO, {"d": b"d"})
        with ExitStack() as opened:
            files = storage.open_files(ONE, ["a", "c", "d"])
            found = {name: opened.enter_context(file).read() for name, file in files.items()}
            assert found == {"a": BIG, "c": b"c"}
            assert files["a"].seek(0, os.SEEK_END) == len(BIG)
        for nowhere in (OTHER, f"{ONE}/a", ONE.partition("/")[0]):
            assert storage.open_files(nowhere, ["a"]) == {}

    def test_two_readers_do_not_disturb_each_other(self, storage: Storage) -> None:
        put(storage, ONE, {"a": b"abcdef"})
        with closing(storage.open(f"{ONE}/a")) as one, closing(storage.open(f"{ONE}/a")) as two:
            assert (one.read(3), two.read(2), one.read(3)) == (b"abc", b"ab", b"def")

    def test_an_open_file_survives_its_folder(self, storage: Storage) -> None:
        for end in (
            removing(storage, ONE),
            lambda: put(storage, ONE, {"a": b"new"}, replace=True),
            moving(storage, ONE, HIDDEN),
        ):
            put(storage, ONE, {"a": BIG}, replace=True)
            with closing(storage.open(f"{ONE}/a")) as file:
                assert file.read(1000) == BIG[:1000]
                end()
                assert file.read() == BIG[1000:], "a download was torn"

    # Moving

    def test_a_moved_folder_is_elsewhere_and_otherwise_the_same(self, storage: Storage) -> None:
        before = put(storage, ONE, {"a": BIG, "b": b"b"})
        told = self.another(storage).move(ONE, HIDDEN)
        assert told == only(storage.scan(HIDDEN))
        assert (told.folder, told.stamp) == (HIDDEN, before.stamp), "bytes and times are to stay the same"
        assert contents(storage, HIDDEN) == {"a": BIG, "b": b"b"}
        assert list(storage.scan()) == list(storage.scan(ONE)) == []
        assert nothing_opens(storage, ONE, "a", "b")

        assert storage.move(HIDDEN, ONE) == only(storage.scan()) == before

    def test_what_is_not_there_cannot_be_moved(self, storage: Storage) -> None:
        put(storage, TWO, {"a": b"a"})
        with pytest.raises(NoSuchPath):
            storage.move(ONE, HIDDEN)
        with pytest.raises(NoSuchPath):
            storage.move(f"{TWO}/a", HIDDEN)
        assert list(storage.scan(HIDDEN)) == []
        put(storage, HIDDEN, {"a": b"free"})

    def test_nothing_is_moved_onto_another(self, storage: Storage) -> None:
        put(storage, ONE, {"a": b"one"})
        put(storage, TWO, {"b": b"two"})
        with pytest.raises(FolderTaken):
            storage.move(ONE, TWO)
        assert (contents(storage, ONE), contents(storage, TWO)) == ({"a": b"one"}, {"b": b"two"})

    def test_of_many_moves_one_wins(self, storage: Storage) -> None:
        put(storage, ONE, {"a": b"a"})
        targets = [f".nugetlite/{n}/contoso.json/1.2.0" for n in range(6)]
        outcomes = at_once(*(moving(self.another(storage), ONE, target) for target in targets))
        assert sorted(type(told).__name__ for told in outcomes) == ["Entry"] + ["NoSuchPath"] * 5
        assert len(list(storage.scan(".nugetlite"))) == 1

    def test_of_many_moves_to_one_place_one_wins(self, storage: Storage) -> None:
        sources = [f"contoso.json/{n}.0.0" for n in range(6)]
        for source in sources:
            put(storage, source, {"a": source.encode()})
        outcomes = at_once(*(moving(self.another(storage), source, HIDDEN) for source in sources))
        assert sorted(type(told).__name__ for told in outcomes) == ["Entry"] + ["FolderTaken"] * 5
        assert len(list(storage.scan())) == 5
        winner = sources[[isinstance(told, Entry) for told in outcomes].index(True)]
        assert contents(storage, HIDDEN) == {"a": winner.encode()}

    # Removing

    def test_a_removed_folder_is_gone_at_once(self, storage: Storage) -> None:
        put(storage, ONE, {"a": b"a", "b": b"b"})
        self.another(storage).remove(ONE)
        assert list(storage.scan()) == list(storage.scan(ONE)) == []
        assert nothing_opens(storage, ONE, "a", "b")
        put(storage, ONE, {"c": b"again"})
        assert contents(storage, ONE) == {"c": b"again"}

    def test_what_is_not_there_cannot_be_removed(self, storage: Storage) -> None:
        put(storage, TWO, {"a": b"a"})
        for path in (ONE, "contoso", f"{TWO}/b", f"{TWO}/a/a", HIDDEN):
            with pytest.raises(NoSuchPath):
                storage.remove(path)
        storage.remove(TWO)
        with pytest.raises(NoSuchPath):
            storage.remove(TWO)

    def test_all_below_a_removed_folder_is_gone(self, storage: Storage) -> None:
        for folder in (ONE, TWO, OTHER):
            put(storage, folder, {"a": b"a"})
        storage.remove("contoso.json")
        assert [entry.folder for entry in storage.scan()] == [OTHER]

    def test_a_single_file_can_be_removed(self, storage: Storage) -> None:
        put(storage, ONE, {"a": b"a", "b": b"b"})
        storage.remove(f"{ONE}/a")
        assert contents(storage, ONE) == {"b": b"b"}
        storage.remove(f"{ONE}/b")
        assert list(storage.scan()) == []
        put(storage, ONE, {"a": b"the folder is free"})

    def test_names_that_begin_alike_are_not_the_same(self, storage: Storage) -> None:
        alike = [
            ONE,
            TWO,
            "contoso.json/1.2.0.1",
            "contoso.json.net/1.2.0",
            "contoso/1.2.0",
            "contoso.json-x/1.2.0",
        ]
        for folder in alike:
            put(storage, folder, {"a": folder.encode()})
        assert [entry.folder for entry in storage.scan(ONE)] == [ONE]
        assert len(list(storage.scan("contoso.json"))) == 3
        storage.move(ONE, HIDDEN)
        storage.remove("contoso")
        storage.remove(HIDDEN)
        assert {entry.folder for entry in storage.scan()} == set(alike) - {ONE, "contoso/1.2.0"}

    # Scanning

    def test_an_empty_storage_has_no_folders(self, storage: Storage) -> None:
        assert list(storage.scan()) == list(storage.scan("contoso.json")) == list(storage.scan(ONE)) == []

    def test_a_scan_tells_every_folder_once_with_all_its_files(self, storage: Storage) -> None:
        told = [put(storage, f"package{n % 7}/{n}.0.0", {"a": b"a" * n, "b": b"b"}) for n in range(40)]
        seen = list(self.another(storage).scan())
        assert sorted(entry.folder for entry in seen) == sorted(entry.folder for entry in told)
        assert {entry.folder: entry.stamp for entry in seen} == {entry.folder: entry.stamp for entry in told}
        assert all(sorted(entry.names) == ["a", "b"] and entry.readable for entry in seen)

    def test_a_scan_can_begin_further_down(self, storage: Storage) -> None:
        for folder in (ONE, TWO, OTHER, HIDDEN):
            put(storage, folder, {"a": b"a"})
        assert {entry.folder for entry in storage.scan("contoso.json")} == {ONE, TWO}
        assert [entry.folder for entry in storage.scan(ONE)] == [ONE]
        assert [entry.folder for entry in storage.scan(".nugetlite/deleted")] == [HIDDEN]
        assert list(storage.scan("nobody.home")) == list(storage.scan(f"{ONE}/a")) == []

    def test_hidden_folders_are_seen_only_when_named(self, storage: Storage) -> None:
        for folder in (HIDDEN, ".hidden", "contoso.json/.hidden"):
            put(storage, folder, {"a": b"a"})
        assert list(storage.scan()) == []
        for folder in (HIDDEN, ".hidden", "contoso.json/.hidden"):
            assert [entry.folder for entry in storage.scan(folder)] == [folder]
            assert contents(storage, folder) == {"a": b"a"}

    def test_every_letter_of_a_path_counts(self, storage: Storage) -> None:
        folders = ["a_b/1.0.0+meta", "a-b/1.0.0-rc.1+5", "a.b/1.0.0", "0/0.0.0"]
        for folder in folders:
            put(storage, folder, {f"{folder.partition('/')[0]}+.nupkg": folder.encode()})
        assert {entry.folder for entry in storage.scan()} == set(folders)
        for folder in folders:
            assert list(contents(storage, folder).values()) == [folder.encode()]

    def test_a_stamp_stays_while_nothing_changes(self, storage: Storage) -> None:
        put(storage, ONE, {"a": b"a", "b": b"b"})
        first = only(storage.scan()).stamp
        read_file(storage, f"{ONE}/a")
        put(storage, TWO, {"a": b"a"})
        storage.remove(TWO)
        assert only(storage.scan()).stamp == only(self.another(storage).scan(ONE)).stamp == first
        storage.remove(f"{ONE}/b")
        assert only(storage.scan()).stamp != first

    def test_what_a_scan_tells_can_be_removed_meanwhile(self, storage: Storage) -> None:
        for n in range(10):
            put(storage, f"contoso.json/{n}.0.0", {"a": b"a"})
        for entry in storage.scan():
            storage.remove(entry.folder)
        assert list(storage.scan()) == []

    def test_a_scan_is_not_disturbed_by_writers(self, storage: Storage) -> None:
        stays = put(storage, OTHER, {"a": b"a", "b": b"b"})
        done = Event()

        def write() -> None:
            try:
                for n in endless(self.readers):
                    put(storage, f"contoso.json/{n % 3}.0.0", {"a": b"a", "b": b"b"})
                    storage.remove(f"contoso.json/{n % 3}.0.0")
            finally:
                done.set()

        def scan() -> None:
            other = self.another(storage)
            while not done.is_set():
                seen = list(other.scan())
                assert stays in seen, "a folder that nobody touched was not there for a moment"
                assert all(sorted(entry.names) == ["a", "b"] or not entry.readable for entry in seen)

        together(write, scan, scan)

    # Lasting

    def test_a_place_is_known_again(self, storage: Storage) -> None:
        name = storage.share_id()
        put(storage, ONE, {"a": b"a"})
        assert storage.share_id() == self.another(storage).share_id() == name
        storage.expect(name)
        assert contents(storage, ONE) == {"a": b"a"}
        assert storage.share_id() == name
        if name:
            storage.expect(name[::-1] + "x")
            for use in (
                lambda: list(storage.scan()),
                opening(storage, f"{ONE}/a"),
                adding(storage, TWO, {"a": b"a"}),
                storage.share_id,
            ):
                with pytest.raises(ShareUnavailable):
                    use()

    def test_tidying_harms_nothing(self, storage: Storage) -> None:
        before = put(storage, ONE, {"a": BIG})
        hidden = put(storage, HIDDEN, {"a": b"a"})
        with closing(storage.stage()) as staged:
            staged.write(b"on its way")
            storage.add(OTHER, {"a": BytesIO(b"a"), "b": Watched(b"b", self.another(storage).tidy)})
            storage.tidy()
            storage.add(TWO, {"a": staged})
        assert before in storage.scan()
        assert list(storage.scan(HIDDEN)) == [hidden]
        assert contents(storage, TWO) == {"a": b"on its way"}
        assert contents(storage, OTHER) == {"a": b"a", "b": b"b"}


# What the promises are put to the test with


class Broken(BytesIO):
    """A stream that gives something and then fails."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(b"the first bytes")
        self.error = error

    def read(self, size: int | None = -1, /) -> bytes:
        """The first bytes, then the error."""
        if block := super().read(size):
            return block
        raise self.error


class Watched(BytesIO):
    """A stream that does something whenever it is read, so that a test can look on half-way."""

    def __init__(self, content: bytes, do: Callable[[], object]) -> None:
        super().__init__(content)
        self.do = do

    def read(self, size: int | None = -1, /) -> bytes:
        """As any stream."""
        self.do()
        return super().read(size)


class Drops(BytesIO):
    """A stream that gives a few bytes at a time, as a socket may."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Seven bytes at the most."""
        return super().read(7)


class Limited(BytesIO):
    """A stream that would fill the memory of whoever asks for all of it."""

    def read(self, size: int | None = -1, /) -> bytes:
        """As any stream, up to 16 MiB at a time."""
        assert 0 < (size or -1) <= 16 * 1024 * 1024, "all of it was asked for at once"
        return super().read(size)


def put(storage: Storage, folder: str, content: dict[str, bytes], *, replace: bool = False) -> Entry:
    """Add a folder of these files."""
    return storage.add(folder, {name: BytesIO(data) for name, data in content.items()}, replace=replace)


def contents(storage: Storage, folder: str) -> dict[str, bytes]:
    """The files of a folder by name, as a scan finds them and ``open`` reads them."""
    entry = only(entry for entry in storage.scan(folder) if entry.folder == folder)
    return {name: read_file(storage, f"{folder}/{name}") for name in entry.names}


def read_file(storage: Storage, path: str) -> bytes:
    """All of one file."""
    with closing(storage.open(path)) as file:
        return file.read()


def nothing_opens(storage: Storage, folder: str, *names: str) -> bool:
    """Whether none of these files can be opened."""
    for name in names:
        with suppress(NoSuchPath), closing(storage.open(f"{folder}/{name}")):
            return False
    return True


def only(entries: Iterable[Entry]) -> Entry:
    """The one entry there is."""
    found = list(entries)
    assert len(found) == 1, f"there should be one folder: {[entry.folder for entry in found]}"
    return found[0]


def adding(storage: Storage, folder: str, content: dict[str, bytes]) -> Callable[[], object]:
    """To add it, later."""
    return lambda: put(storage, folder, content)


def opening(storage: Storage, path: str) -> Callable[[], object]:
    """To open it, later."""
    return lambda: storage.open(path)


def moving(storage: Storage, folder: str, to: str) -> Callable[[], object]:
    """To move it, later."""
    return lambda: storage.move(folder, to)


def removing(storage: Storage, path: str) -> Callable[[], object]:
    """To remove it, later."""
    return lambda: storage.remove(path)


def endless(seconds: float) -> Iterator[int]:
    """Numbers, until the time is over; three at least."""
    end = time.monotonic() + seconds
    n = 0
    while n < 3 or time.monotonic() < end:
        yield n
        n += 1


def together(*deeds: Callable[[], object]) -> None:
    """Do all of them at the same time; raises what one of them raised."""
    for told in at_once(*deeds):
        if isinstance(told, Exception):
            raise told


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """Do all of them at the same time; what each answered or raised."""
    start = Barrier(len(deeds))

    def run(deed: Callable[[], object]) -> object:
        start.wait()
        try:
            return deed()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))
