"""Whatever the system refuses, and wherever the power goes out: the old state or the new one, whole."""

import errno
import os
import tempfile
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest

from nugetlite import ShareFull, ShareUnavailable
from nugetlite.builtin.file_share import placing, visit
from nugetlite.builtin.storage_file import FileStorage
from nugetlite.testing.storage import BIG, ONE, contents, put

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),  # our children do little
]

CHANGES = {"exchange", "fsync", "link", "mkdir", "open", "rename", "rmdir", "unlink", "utime", "write"}
CALLS = CHANGES | {"fstat", "lstat", "posix_fadvise", "scandir", "stat"}
HIDDEN = ".nugetlite/deleted/contoso.json/1.2.0"
OLD, NEW = {"a": b"old", "b": b"old"}, {"a": b"new", "c": BIG}


def in_two_steps(*_, **__):
    raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))


class System:
    """Stands between the storage and the system, and hears each call before it is made."""

    def __init__(self, monkeypatch):
        self.hear = None
        for name in CALLS - {"exchange"}:
            monkeypatch.setattr(os, name, self._heard(name, getattr(os, name)))
        monkeypatch.setattr(placing, "exchange", self._heard("exchange", placing.exchange))

    def _heard(self, name, call):
        def heard(*args, **kwargs):
            if self.hear:
                self.hear(name, *args)
            return call(*args, **kwargs)

        return heard

    @contextmanager
    def heard_by(self, hear):
        self.hear = hear
        try:
            yield
        finally:
            self.hear = None

    @contextmanager
    def failing_at(self, number, do, calls=CALLS):
        """Have ``do`` happen instead of the call of that number, of ``calls``."""
        self.made = 0

        def hear(name, *_):
            self.made += name in calls
            if self.made == number and name in calls:
                do()

        with self.heard_by(hear):
            yield


@pytest.fixture
def system(monkeypatch):
    return System(monkeypatch)


def add(storage):
    storage.add(ONE, {name: BytesIO(content) for name, content in NEW.items()})


def add_staged(storage):
    with storage.stage() as staged:
        staged.write(NEW["c"])
        storage.add(ONE, {"a": BytesIO(NEW["a"]), "c": staged})


def replace(storage):
    put(storage, ONE, NEW, replace=True)


def move(storage):
    storage.move(ONE, HIDDEN)


def remove(storage):
    storage.remove(ONE)


def remove_a_file(storage):
    storage.remove(f"{ONE}/b")


#: verb: what is there before, and after
VERBS = {
    add: ({}, {ONE: NEW}),
    add_staged: ({}, {ONE: NEW}),
    replace: ({ONE: OLD}, {ONE: NEW}),
    move: ({ONE: OLD}, {HIDDEN: OLD}),
    remove: ({ONE: OLD}, {}),
    remove_a_file: ({ONE: OLD}, {ONE: {"a": b"old"}}),
}
STORIES = [pytest.param(verb, False, id=verb.__name__) for verb in VERBS]
STORIES.append(pytest.param(replace, True, id="replace in two steps"))


@pytest.fixture
def quick_path(tmp_path):
    """A folder in memory, where there is such a thing: these stories are told often, and synced a lot."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as path:
        yield Path(path)


@pytest.fixture
def begin(quick_path, monkeypatch):
    """Make a storage in the state before the verb."""

    def begin(verb, number, two_steps):
        if two_steps:
            monkeypatch.setattr(placing, "exchange", in_two_steps)
        storage = FileStorage(quick_path / f"{number}")
        storage.share_id()
        for folder, content in VERBS[verb][0].items():
            put(storage, folder, content)
        return storage

    return begin


def state(storage):
    seen = [*storage.scan(), *storage.scan(".nugetlite")]
    assert all(entry.readable for entry in seen)
    return {entry.folder: contents(storage, entry.folder) for entry in seen}


def leftovers(storage):
    return sorted(path.name for path in (storage.root / ".nugetlite" / "incoming").glob("*"))


@pytest.mark.parametrize(
    ("code", "calls"),
    [(errno.EIO, CALLS), (errno.ENOSPC, {"mkdir", "fsync", "write"}), (errno.EROFS, CHANGES)],
)
@pytest.mark.parametrize(("verb", "two_steps"), STORIES)
def test_a_verb_that_fails_changes_nothing(system, begin, verb, two_steps, code, calls):
    def fail():
        raise OSError(code, os.strerror(code))

    refusal = ShareFull if code == errno.ENOSPC else ShareUnavailable
    refusals = []
    for number in range(1, 1000):
        storage = begin(verb, number, two_steps)
        expected = VERBS[verb][1]
        with system.failing_at(number, fail, calls):
            try:
                verb(storage)
            except refusal as refused:
                refusals.append(str(refused))
                expected = VERBS[verb][0]
        if system.made < number:
            break
        assert state(storage) == expected, f"after a fault at call {number}"
        assert leftovers(storage) == [], f"after a fault at call {number}"
        assert sorted(path.name for path in storage.root.iterdir() if path.name != ".nugetlite") in (
            ["contoso.json"] if expected.get(ONE) else [],
            ["contoso.json"] if verb in (move, remove) else [],  # an empty folder more or less harms nobody
        )
    assert len(set(refusals)) == 1, "the client is told what it can do, and not where it happened"


@pytest.mark.parametrize(("verb", "two_steps"), STORIES)
def test_wherever_the_process_dies_the_next_one_finds_it_whole(system, begin, verb, two_steps):
    before, after = VERBS[verb]
    for number in range(1, 1000):
        storage = begin(verb, number, two_steps)
        if in_child(partial(verb_dying_at, system, number, verb, storage)) == 0:
            break
        later = FileStorage(storage.root, storage.share_id())
        later.tidy()
        assert leftovers(later) == [], f"after a death at call {number}"
        assert state(later) in (before, after), f"after a death at call {number}"
        if state(later) == before:
            verb(later)
        assert state(later) == after, f"after a death at call {number}"
    assert number > 5


def verb_dying_at(system, number, verb, storage):
    with system.failing_at(number, lambda: os._exit(9), CHANGES):
        verb(storage)


def in_child(do):
    """Do it in a process of its own; answers its exit status."""
    pid = os.fork()
    if not pid:
        try:
            do()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_between_the_two_steps_of_a_replacement_nobody_says_that_it_is_gone(system, begin, monkeypatch):
    monkeypatch.setattr(visit, "PATIENCE", 0.01)
    storage = begin(replace, 0, two_steps=True)

    def die_between(name, *args):
        if name == "rename" and args[:2] == ("new", "1.2.0"):
            os._exit(9)

    def replace_and_die():
        with system.heard_by(die_between):
            replace(storage)

    assert in_child(replace_and_die) == 9

    assert [(entry.folder, entry.readable) for entry in storage.scan()] == [(ONE, False)]
    for use in (
        storage.open,
        storage.remove,
        lambda path: storage.move(ONE, HIDDEN),
        lambda _: list(storage.scan(ONE)),
    ):
        with pytest.raises(ShareUnavailable):
            use(f"{ONE}/a")
    storage.tidy()
    assert state(storage) == {ONE: OLD}
    assert leftovers(storage) == []


def test_a_replacement_that_can_be_neither_finished_nor_undone_waits_for_better_times(
    system, begin, monkeypatch
):
    monkeypatch.setattr(visit, "PATIENCE", 0.01)
    storage = begin(replace, 0, two_steps=True)

    def break_down(name, *args):
        if name == "rename" and args[0] in ("new", "old0"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    with system.heard_by(break_down), pytest.raises(ShareUnavailable):
        replace(storage)
    with pytest.raises(ShareUnavailable):
        storage.open(f"{ONE}/a")
    storage.tidy()
    assert state(storage) == {ONE: OLD}


class Diary:
    """What was done to which file or folder, in order, by the names that were given in the test."""

    def __init__(self, root):
        self.root = root
        self.lines = []

    def __call__(self, name, *args):
        if name in ("write", "fsync"):
            self.lines.append(f"{name} {self._place(Path(f'/proc/self/fd/{args[0]}').readlink())}")
        elif name in ("rename", "exchange"):
            self.lines.append(f"{name} {self._place(args[0])} {self._place(args[1])}")
        elif name == "unlink" and "/" not in str(args[0]):
            self.lines.append(f"unlink {self._place(args[0])}")

    def _place(self, path):
        parts = (
            str(path)
            .removeprefix(f"{self.root}/.nugetlite/incoming/")
            .removeprefix(str(self.root))
            .split("/")
        )
        return "/".join(part.rpartition(".")[2] if part.count("-") >= 3 else part for part in parts) or "root"


@pytest.mark.parametrize("verb", [add, add_staged])
def test_an_add_is_on_the_disk_before_it_is_in_its_place_and_in_its_place_before_it_is_answered(
    system, begin, verb
):
    storage = begin(verb, 0, False)
    diary = Diary(storage.root)
    with system.heard_by(diary):
        verb(storage)

    lines = [
        line for line in diary.lines if not line.startswith(("unlink", "rename new gone", "rename part"))
    ]
    writes = ["write new/a"] + (["write new/c"] if verb is add else [])
    assert [line for line in lines if line.startswith("write")][: len(writes)] == writes
    assert lines[-7:] == [
        *([] if verb is add else ["write new/a"]),
        *(["write new/c"] if verb is add else []),
        "fsync new/a",
        "fsync new/c",
        "fsync new",
        "rename new 1.2.0",
        "fsync /contoso.json",
        "fsync root",  # the folder of the id is new, too
    ]


def test_a_second_version_needs_no_sync_of_the_root(system, begin):
    storage = begin(add, 0, False)
    put(storage, "contoso.json/1.0.0", OLD)
    diary = Diary(storage.root)
    with system.heard_by(diary):
        add(storage)
    assert [line for line in diary.lines if line.startswith("fsync")] == [
        "fsync new/a",
        "fsync new/c",
        "fsync new",
        "fsync /contoso.json",
    ]


@pytest.mark.parametrize(
    ("verb", "order"),
    [
        (replace, ["fsync new/a", "fsync new/c", "fsync new", "exchange new 1.2.0", "fsync /contoso.json"]),
        (remove, ["rename 1.2.0 old", "fsync /contoso.json", "rename old gone"]),
        (move, ["rename 1.2.0 1.2.0", "fsync /.nugetlite/deleted/contoso.json", "fsync /contoso.json"]),
    ],
)
def test_nothing_is_deleted_before_what_is_new_is_sure_to_last(system, begin, verb, order):
    storage = begin(verb, 0, False)
    diary = Diary(storage.root)
    with system.heard_by(diary):
        verb(storage)
    places = [diary.lines.index(line) for line in order]
    assert places == sorted(places)
    deletions = [n for n, line in enumerate(diary.lines) if line in ("unlink a", "unlink b")]
    assert all(n > places[-1] for n in deletions)
    assert len(deletions) == (0 if verb is move else 2)
