"""Storages that break one promise each: the suite that storages are tested with must notice all of them.

Each mutant names the test that is to catch it, so a promise whose test has lost its teeth shows here.
"""

import time
from contextlib import suppress
from io import BytesIO, RawIOBase, UnsupportedOperation
from itertools import count
from uuid import uuid4

import pytest

from nugetlite import Entry, File, FolderTaken, NoSuchPath, ShareUnavailable
from nugetlite.builtin.storage_file import FileStorage
from nugetlite.builtin.storage_memory import MemoryStorage
from nugetlite.testing.storage import StorageContract

MUTANTS = []


def caught_by(test):
    def register(mutant):
        MUTANTS.append(pytest.param(mutant, test, id=mutant.__name__))
        return mutant

    return register


@pytest.mark.parametrize(("mutant", "test"), MUTANTS)
def test_a_storage_that_breaks_a_promise_is_caught(mutant, test, tmp_path):
    contract = StorageContract()
    contract.readers = 0.1
    storage = mutant(tmp_path) if issubclass(mutant, FileStorage) else mutant()

    with pytest.raises((Exception, pytest.fail.Exception)):
        getattr(contract, test)(storage)


def test_there_is_a_mutant_for_nearly_every_promise():
    promises = {name for name in dir(StorageContract) if name.startswith("test_")}
    unguarded = promises - {param.values[1] for param in MUTANTS}
    assert unguarded <= {
        # It takes a real file system to break these; its own tests do.
        "test_folders_below_a_new_one_do_not_hinder_each_other",
        "test_a_scan_is_not_disturbed_by_writers",
    }


def content(stream):
    stream.seek(0)
    return stream.read()


# Adding


@caught_by("test_what_was_added_reads_back")
class LosesTheLastByte(MemoryStorage):
    def add(self, folder, files, *, replace=False):
        return super().add(
            folder, {name: BytesIO(content(s)[:-1]) for name, s in files.items()}, replace=replace
        )


@caught_by("test_an_add_says_what_a_scan_will_say")
class TellsAnotherTime(MemoryStorage):
    def add(self, folder, files, *, replace=False):
        told = super().add(folder, files, replace=replace)
        return Entry(folder, tuple(File(file.name, file.size, file.modified + 1) for file in told.files))


@caught_by("test_a_stream_is_read_from_its_start")
class ReadsFromWhereItIs(MemoryStorage):
    def add(self, folder, files, *, replace=False):
        return super().add(folder, {name: BytesIO(s.read()) for name, s in files.items()}, replace=replace)


@caught_by("test_a_stream_may_come_in_drops")
class ReadsOnce(MemoryStorage):
    def add(self, folder, files, *, replace=False):
        return super().add(folder, {n: BytesIO(s.read(1 << 20)) for n, s in files.items()}, replace=replace)


@caught_by("test_a_stream_is_never_read_without_a_limit")
class ReadsAllAtOnce(MemoryStorage):
    def add(self, folder, files, *, replace=False):
        return super().add(folder, {name: BytesIO(content(s)) for name, s in files.items()}, replace=replace)


@caught_by("test_a_taken_folder_stays_as_it_is")
class AlwaysReplaces(MemoryStorage):
    def add(self, folder, files, *, replace=False):
        return super().add(folder, files, replace=True)


@caught_by("test_a_taken_folder_stays_as_it_is")
class FillsUpWhatIsThere(MemoryStorage):
    def add(self, folder, files, *, replace=False):
        there = self._folders.get(folder, {})
        if not replace and set(files) <= set(there):
            raise FolderTaken(folder)
        old = {name: BytesIO(kept.content) for name, kept in there.items()}
        return super().add(folder, {**files, **old}, replace=True)


@caught_by("test_a_replace_leaves_just_the_new_files")
class ReplacesByMerging(MemoryStorage):
    def add(self, folder, files, *, replace=False):
        old = {name: BytesIO(kept.content) for name, kept in self._folders.get(folder, {}).items()}
        return super().add(folder, {**old, **files} if replace else files, replace=replace)


@caught_by("test_a_replace_with_as_many_bytes_is_noticed")
class StampsBySize(MemoryStorage):
    def __init__(self):
        super().__init__(clock=lambda: 0.0)
        self._tags = iter(lambda: "", None)


@caught_by("test_a_replace_of_what_is_not_there_adds")
class ReplacesOnlyWhatIsThere(MemoryStorage):
    def add(self, folder, files, *, replace=False):
        if replace and folder not in self._folders:
            raise NoSuchPath(folder)
        return super().add(folder, files, replace=replace)


@caught_by("test_a_folder_holds_at_least_one_file")
class MakesEmptyFolders(MemoryStorage):
    def add(self, folder, files, *, replace=False):
        if files:
            return super().add(folder, files, replace=replace)
        self._folders = {**self._folders, folder: {}}
        return Entry(folder, ())


class FileByFile(MemoryStorage):
    """Shows each file as soon as it has it."""

    def add(self, folder, files, *, replace=False):
        if folder in self._folders and not replace:
            raise FolderTaken(folder)
        if not replace or folder not in self._folders:
            self._folders = {**self._folders, folder: {}}
        for name, stream in files.items():
            self._folders = {
                **self._folders,
                folder: {**self._folders[folder], name: self._content(name, stream)},
            }
        kept = {name: self._folders[folder][name] for name in files}
        self._folders = {**self._folders, folder: kept}
        return Entry(folder, tuple(kept[name].file for name in sorted(kept)))


@caught_by("test_an_add_that_fails_leaves_nothing")
class LeavesHalf(FileByFile):
    pass


@caught_by("test_nothing_is_seen_of_a_folder_before_it_is_whole")
class ShowsHalf(FileByFile):
    def add(self, folder, files, *, replace=False):
        try:
            return super().add(folder, files, replace=replace)
        except OSError:
            self.remove(folder)
            raise


@caught_by("test_a_replace_that_fails_leaves_the_old")
class ReplacesFileByFile(FileByFile):
    pass


@caught_by("test_an_add_that_fails_leaves_nothing")
class BlamesItself(MemoryStorage):
    def add(self, folder, files, *, replace=False):
        try:
            return super().add(folder, files, replace=replace)
        except OSError as error:
            raise ShareUnavailable("the share is broken") from error


@caught_by("test_the_old_is_seen_until_the_new_is_whole")
class RemovesBeforeItReplaces(MemoryStorage):
    def add(self, folder, files, *, replace=False):
        if replace and folder in self._folders:
            self.remove(folder)
        return super().add(folder, files, replace=replace)


@caught_by("test_of_many_adds_one_wins")
class LooksBeforeItLeaps(MemoryStorage):
    def add(self, folder, files, *, replace=False):
        if folder in self._folders and not replace:
            raise FolderTaken(folder)
        time.sleep(0.005)
        return super().add(folder, files, replace=True)


@caught_by("test_adds_and_removes_below_one_folder_do_not_hinder_each_other")
class TidiesTooMuch(MemoryStorage):
    def remove(self, path):
        super().remove(path)
        time.sleep(0.001)
        with suppress(NoSuchPath):
            super().remove(path.rpartition("/")[0])  # there is surely nothing left in it


@caught_by("test_a_reader_sees_all_of_the_old_or_all_of_the_new")
class ReplacesWithAGap(MemoryStorage):
    def add(self, folder, files, *, replace=False):
        if replace and folder in self._folders:
            self.remove(folder)
            time.sleep(0.002)
        return super().add(folder, files, replace=replace)


@caught_by("test_a_reader_sees_all_of_the_old_or_all_of_the_new")
class ReplacesInPlace(MemoryStorage):
    def add(self, folder, files, *, replace=False):
        if replace and folder in self._folders:
            old = self._folders[folder]
            halves = {n: content(s)[:9] + (old[n].content[9:] if n in old else b"") for n, s in files.items()}
            super().add(folder, {name: BytesIO(half) for name, half in halves.items()}, replace=True)
            time.sleep(0.002)
        return super().add(folder, files, replace=replace)


# Staging


@caught_by("test_a_staged_file_can_be_added")
class ClosesWhatItIsGiven(MemoryStorage):
    def add(self, folder, files, *, replace=False):
        told = super().add(folder, files, replace=replace)
        for stream in files.values():
            stream.close()
        return told


@caught_by("test_a_staged_file_can_be_added")
class StagesInSight(MemoryStorage):
    def stage(self):
        self.add(f"incoming/{uuid4().hex}", {"a": BytesIO(b"")})
        return super().stage()


@caught_by("test_a_staged_file_can_be_added_again")
class AddsAStagedFileOnce(MemoryStorage):
    def add(self, folder, files, *, replace=False):
        try:
            return super().add(folder, files, replace=replace)
        finally:
            for stream in files.values():
                if hasattr(stream, "fileno") and not isinstance(stream, BytesIO):
                    stream.truncate(0)


@caught_by("test_a_staged_file_that_is_closed_is_gone")
class KeepsWhatWasStaged(MemoryStorage):
    def stage(self):
        storage = self

        class Kept(BytesIO):
            def close(self):
                if not self.closed:
                    storage.add("lost+found/1.0.0", {"a": BytesIO(self.getvalue())})
                super().close()

        return Kept()


@caught_by("test_staged_files_have_nothing_in_common")
class StagesInOneFile(MemoryStorage):
    shared = None

    def stage(self):
        self.shared = self.shared or super().stage()
        return self.shared


# Opening


@caught_by("test_what_is_not_there_is_said_not_to_be")
class OpensNothing(MemoryStorage):
    def open(self, path):
        try:
            return super().open(path)
        except NoSuchPath:
            return BytesIO()


@caught_by("test_no_path_leads_out")
class Climbs(MemoryStorage):
    def open(self, path):
        steps = []
        for part in path.split("/"):
            if part == "..":
                del steps[-1:]
            elif part not in ("", "."):
                steps.append(part)
        return super().open("/".join(steps))


@caught_by("test_no_path_leads_out")
class TakesAnyFileName(MemoryStorage):
    def add(self, folder, files, *, replace=False):
        harmless = {name.replace("/", "").replace(".", "") or "x": stream for name, stream in files.items()}
        return super().add(folder, harmless, replace=replace)


@caught_by("test_an_open_file_can_be_read_from_anywhere")
class StreamsOnly(MemoryStorage):
    def open(self, path):
        class Stream(BytesIO):
            def seek(self, *where):
                raise UnsupportedOperation("seek")

        return Stream(super().open(path).read())


@caught_by("test_files_of_a_folder_are_opened_together_as_far_as_they_are_there")
class OpensAllOrNone(MemoryStorage):
    def open_files(self, folder, names):
        return {name: self.open(f"{folder}/{name}") for name in names}


@caught_by("test_two_readers_do_not_disturb_each_other")
class OpensOnce(MemoryStorage):
    def __init__(self):
        super().__init__()
        self.opened = {}

    def open(self, path):
        return self.opened.setdefault(path, super().open(path))


@caught_by("test_an_open_file_survives_its_folder")
class ReadsLate(MemoryStorage):
    def open(self, path):
        super().open(path)
        read = super().open

        class Late(RawIOBase):
            at = 0

            def read(self, size=-1):
                stream = read(path)
                stream.seek(self.at)
                block = stream.read(size)
                self.at += len(block)
                return block

        return Late()


# Moving


@caught_by("test_a_moved_folder_is_elsewhere_and_otherwise_the_same")
class MovesByCopying(MemoryStorage):
    def move(self, folder, to):
        before = self._folders
        told = super().move(folder, to)
        self._folders = {**before, **self._folders}
        return told


@caught_by("test_a_moved_folder_is_elsewhere_and_otherwise_the_same")
class MovesByAddingAnew(MemoryStorage):
    def move(self, folder, to):
        if folder not in self._folders:
            raise NoSuchPath(folder)
        told = self.add(to, {name: BytesIO(kept.content) for name, kept in self._folders[folder].items()})
        self.remove(folder)
        return told


@caught_by("test_what_is_not_there_cannot_be_moved")
class MovesNothing(MemoryStorage):
    def move(self, folder, to):
        try:
            return super().move(folder, to)
        except NoSuchPath:
            return Entry(to, ())


@caught_by("test_nothing_is_moved_onto_another")
class MovesOnto(MemoryStorage):
    def move(self, folder, to):
        if folder in self._folders and to in self._folders:
            self.remove(to)
        return super().move(folder, to)


@caught_by("test_of_many_moves_one_wins")
class MovesForEverybody(MemoryStorage):
    def move(self, folder, to):
        if folder not in self._folders:
            raise NoSuchPath(folder)
        moved = self._folders[folder]
        time.sleep(0.005)
        rest = {path: kept for path, kept in self._folders.items() if path != folder}
        self._folders = {**rest, to: moved}
        return Entry(to, tuple(moved[name].file for name in sorted(moved)))


@caught_by("test_of_many_moves_to_one_place_one_wins")
class MovesWithoutLooking(MovesForEverybody):
    pass


# Removing


@caught_by("test_a_removed_folder_is_gone_at_once")
class RemovesLater(MemoryStorage):
    def open(self, path):
        try:
            return super().open(path)
        except NoSuchPath:
            if path in self.kept:
                return BytesIO(self.kept[path])
            raise

    def remove(self, path):
        self.kept = {f"{path}/{name}": kept.content for name, kept in self._folders.get(path, {}).items()}
        super().remove(path)

    kept = {}  # noqa: RUF012


@caught_by("test_what_is_not_there_cannot_be_removed")
class RemovesNothing(MemoryStorage):
    def remove(self, path):
        with suppress(NoSuchPath):
            super().remove(path)


@caught_by("test_all_below_a_removed_folder_is_gone")
class RemovesOneFolder(MemoryStorage):
    def remove(self, path):
        if path not in self._folders:
            raise NoSuchPath(path)
        super().remove(path)


@caught_by("test_a_single_file_can_be_removed")
class RemovesTheFolderOfAFile(MemoryStorage):
    def remove(self, path):
        try:
            super().open(path)
        except NoSuchPath:
            super().remove(path)
        else:
            super().remove(path.rpartition("/")[0])


@caught_by("test_names_that_begin_alike_are_not_the_same")
class RemovesByPrefix(MemoryStorage):
    def remove(self, path):
        super().remove(path)
        self._folders = {
            folder: kept for folder, kept in self._folders.items() if not folder.startswith(path)
        }


@caught_by("test_names_that_begin_alike_are_not_the_same")
class ScansByPrefix(MemoryStorage):
    def scan(self, under=""):
        every = [*super().scan(), *super().scan(".nugetlite")]
        return (entry for entry in every if entry.folder.startswith(under))


# Scanning


@caught_by("test_an_empty_storage_has_no_folders")
class MissesWhatIsNotThere(MemoryStorage):
    def scan(self, under=""):
        entries = list(super().scan(under))
        if under and not entries:
            raise NoSuchPath(under)
        return iter(entries)


@caught_by("test_a_scan_tells_every_folder_once_with_all_its_files")
class TellsTheFirstPage(MemoryStorage):
    def scan(self, under=""):
        return iter(list(super().scan(under))[:30])


@caught_by("test_a_scan_tells_every_folder_once_with_all_its_files")
class TellsTwice(MemoryStorage):
    def scan(self, under=""):
        entries = list(super().scan(under))
        return iter(entries + entries[:1])


@caught_by("test_a_scan_can_begin_further_down")
class ScansBelowOnly(MemoryStorage):
    def scan(self, under=""):
        return (entry for entry in super().scan(under) if entry.folder != under)


@caught_by("test_hidden_folders_are_seen_only_when_named")
class ShowsTheHidden(MemoryStorage):
    def scan(self, under=""):
        return iter([*super().scan(under), *(super().scan(".nugetlite") if not under else ())])


@caught_by("test_hidden_folders_are_seen_only_when_named")
class HidesTheNamed(MemoryStorage):
    def scan(self, under=""):
        return (entry for entry in super().scan(under) if "/." not in f"/{entry.folder}")


@caught_by("test_every_letter_of_a_path_counts")
class KnowsNoPlus(MemoryStorage):
    def add(self, folder, files, *, replace=False):
        return super().add(folder.replace("+", " "), files, replace=replace)


@caught_by("test_a_stamp_stays_while_nothing_changes")
class StampsByTheClock(MemoryStorage):
    ticks = count()

    def scan(self, under=""):
        for entry in super().scan(under):
            yield Entry(entry.folder, tuple(File(f.name, f.size, next(self.ticks)) for f in entry.files))


@caught_by("test_what_a_scan_tells_can_be_removed_meanwhile")
class ScansWhatChanges(MemoryStorage):
    def scan(self, under=""):
        seen = self._folders
        for entry in super().scan(under):
            yield entry
            if seen is not self._folders:
                raise RuntimeError("dictionary changed size during iteration")


# Lasting


@caught_by("test_a_place_is_known_again")
class NamesItselfAnew(MemoryStorage):
    def share_id(self):
        return uuid4().hex


@caught_by("test_a_place_is_known_again")
class TakesAnyPlace(FileStorage):
    def expect(self, share_id):
        pass


@caught_by("test_tidying_harms_nothing")
class TidiesWhatOthersAreAt(FileStorage):
    def tidy(self):
        for path in (self.root / ".nugetlite" / "incoming").iterdir():
            path.rename(path.with_suffix(".gone"))
        super().tidy()
