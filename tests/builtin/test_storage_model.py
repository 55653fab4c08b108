"""Whatever is done to a storage, and in whatever order, it is as a dictionary would be."""

import errno
import os
import shutil
import tempfile
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from nugetlite import FolderTaken, NoSuchPath
from nugetlite.builtin.file_share import placing
from nugetlite.builtin.storage_file import FileStorage
from nugetlite.builtin.storage_memory import MemoryStorage

FOLDERS = st.sampled_from(
    [
        "a/1.0.0",
        "a/1.0.0-rc",
        "a.b/1.0.0",
        "a",
        "a/1.0.0/deep",
        ".nugetlite/deleted/a/1.0.0",
        ".nugetlite/gone/a/1.0.0",
    ]
)
FILES = st.dictionaries(st.sampled_from(["x.nupkg", "y.nuspec", "z"]), st.binary(max_size=20), min_size=1)


def is_at_or_below(path, folder):
    return f"{path}/".startswith(f"{folder}/")


class StorageModel(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.model = {}
        self.storage = self.open_storage()

    def open_storage(self):
        return MemoryStorage()

    def reopen(self):
        pass

    def below(self, folder):
        return {path: files for path, files in self.model.items() if is_at_or_below(path, folder)}

    def forget(self, folder):
        self.model = {path: files for path, files in self.model.items() if not is_at_or_below(path, folder)}

    @rule(folder=FOLDERS, files=FILES, replace=st.booleans(), stage=st.booleans())
    def add(self, folder, files, replace, stage):
        streams = {
            name: self.staged(content) if stage else BytesIO(content) for name, content in files.items()
        }
        if self.below(folder) and not replace:
            with pytest.raises(FolderTaken):
                self.storage.add(folder, streams)
        else:
            told = self.storage.add(folder, streams, replace=replace)
            self.forget(folder)
            self.model[folder] = files
            assert [told] == [entry for entry in self.storage.scan(folder) if entry.folder == folder]
        for stream in streams.values():
            stream.close()

    def staged(self, content):
        stream = self.storage.stage()
        stream.write(content)
        return stream

    @rule(folder=FOLDERS, files=FILES, replace=st.booleans())
    def add_what_breaks_off(self, folder, files, replace):
        class Broken(BytesIO):
            def read(self, size=-1):
                raise ConnectionResetError

        streams = {name: BytesIO(content) for name, content in files.items()}
        with pytest.raises((ConnectionResetError, FolderTaken)):
            self.storage.add(folder, {**streams, "broken": Broken()}, replace=replace)

    @rule(folder=FOLDERS, to=FOLDERS)
    def move(self, folder, to):
        moved = self.below(folder)
        if is_at_or_below(to, folder) or self.below(to) or not moved:
            with pytest.raises(
                NoSuchPath if not is_at_or_below(to, folder) and not moved else (NoSuchPath, FolderTaken)
            ):
                self.storage.move(folder, to)
        else:
            before = [entry.stamp for entry in self.storage.scan(folder) if entry.folder == folder]
            told = self.storage.move(folder, to)
            assert [told.stamp] == before or not before
            self.forget(folder)
            self.model |= {to + path.removeprefix(folder): files for path, files in moved.items()}

    @rule(folder=FOLDERS)
    def remove(self, folder):
        if self.below(folder):
            self.storage.remove(folder)
            self.forget(folder)
        else:
            with pytest.raises(NoSuchPath):
                self.storage.remove(folder)

    @rule(folder=FOLDERS, name=st.sampled_from(["x.nupkg", "y.nuspec"]))
    def remove_a_file(self, folder, name):
        if name in self.model.get(folder, {}):
            self.storage.remove(f"{folder}/{name}")
            rest = {other: content for other, content in self.model[folder].items() if other != name}
            self.model = {path: files for path, files in self.model.items() if path != folder or rest}
            if rest:
                self.model[folder] = rest
        else:
            with pytest.raises(NoSuchPath):
                self.storage.remove(f"{folder}/{name}")

    @rule()
    def restart(self):
        self.reopen()
        self.storage.tidy()

    @invariant()
    def agrees(self):
        assert self.seen("") == {
            path: files for path, files in self.model.items() if not path.startswith(".")
        }
        for hidden in (".nugetlite/deleted", ".nugetlite/gone", "a/1.0.0", "a"):
            assert self.seen(hidden) == self.below(hidden)

    def seen(self, under):
        return {
            entry.folder: {name: self.read(f"{entry.folder}/{name}") for name in entry.names}
            for entry in self.storage.scan(under)
        }

    def read(self, path):
        with self.storage.open(path) as stream:
            return stream.read()


class FileModel(StorageModel):
    def open_storage(self):
        memory = Path("/dev/shm")  # much is synced here, and nothing of it has to last
        self.root = Path(tempfile.mkdtemp(dir=memory if os.access(memory, os.W_OK) else None))
        return FileStorage(self.root)

    def reopen(self):
        self.storage = FileStorage(self.root, self.storage.share_id())

    @invariant()
    def leaves_nothing_behind(self):
        incoming = self.root / ".nugetlite" / "incoming"
        assert not incoming.exists() or list(incoming.iterdir()) == []

    def teardown(self):
        shutil.rmtree(self.root)


@pytest.mark.parametrize("model", [StorageModel, FileModel])
def test_a_storage_is_as_a_dictionary_would_be(model):
    run(model)


def test_so_it_is_where_two_folders_cannot_change_places_in_one_step(monkeypatch):
    def exchange(*_, **__):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(placing, "exchange", exchange)
    run(FileModel)


def run(model):
    run_state_machine_as_test(
        model, settings=settings(max_examples=25, stateful_step_count=20, deadline=None, database=None)
    )
