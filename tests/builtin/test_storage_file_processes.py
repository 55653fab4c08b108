"""Several processes on one share: of those that want the same one wins, and one that is killed hinders nobody."""

import os
import signal
import time
from contextlib import contextmanager
from dataclasses import replace as changed
from io import BytesIO
from itertools import count, islice
from pathlib import Path

import pytest

from nugetlite import FolderTaken
from nugetlite.builtin.file_share.maker import Maker
from nugetlite.builtin.storage_file import FileStorage
from nugetlite.testing.storage import BIG, ONE, contents, put, read_file

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # our children do little


@pytest.fixture
def storage(tmp_path):
    storage = FileStorage(tmp_path / "packages")
    storage.share_id()
    return storage


@pytest.fixture
def incoming(storage):
    return storage.root / ".nugetlite" / "incoming"


@contextmanager
def process(do):
    """Another process, that does something and tells lines of it; yields (its id, what it has told so far)."""
    hear, tell = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.close(hear)
            do(lambda line: os.write(tell, f"{line}\n".encode()))
            os._exit(0)
        finally:
            os._exit(1)
    os.close(tell)
    with os.fdopen(hear) as told:
        try:
            yield pid, told
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def test_of_two_processes_that_add_one_folder_one_wins(storage):
    def add_many(who):
        def run(tell):
            for n in range(40):
                try:
                    put(storage, f"contoso.json/{n}.0.0", {"a": who * 10_000, "b": who})
                    tell(n)
                except FolderTaken:
                    pass

        return run

    with process(add_many(b"x")) as (_, one), process(add_many(b"y")) as (_, two):
        won = {b"x": [int(line) for line in one], b"y": [int(line) for line in two]}

    assert sorted(won[b"x"] + won[b"y"]) == list(range(40))
    for who, numbers in won.items():
        for n in numbers:
            assert contents(storage, f"contoso.json/{n}.0.0") == {"a": who * 10_000, "b": who}


def test_a_reader_in_another_process_sees_the_old_or_the_new_and_never_nothing(storage):
    put(storage, ONE, {"a": b"0" * 100_000})

    def read(tell):
        tell("ready")
        for _ in range(400):
            content = read_file(storage, f"{ONE}/a")
            tell("whole" if content == content[:1] * 100_000 else "torn")

    with process(read) as (_, told):
        assert told.readline() == "ready\n"
        for n in range(30):
            put(storage, ONE, {"a": b"%d" % (n % 10) * 100_000}, replace=True)
        assert told.readlines() == ["whole\n"] * 400


def steps():
    """What the process in the next story does, over and over."""
    for n in count():
        yield "add", n
        yield "replace", n
        if n % 3:
            yield "move", n
            yield "remove", n


def take(storage, step, n):
    content = {"contoso.json.nupkg": b"%d" % n * 50_000, "contoso.json.nuspec": b"%d" % n}
    folder, aside = f"contoso.json/{n}.0.0", f".nugetlite/trash/contoso.json/{n}.0.0"
    match step:
        case "add":
            with storage.stage() as staged:
                staged.write(content["contoso.json.nupkg"])
                storage.add(
                    folder, content | {"contoso.json.nupkg": staged, "contoso.json.nuspec": BytesIO(b"first")}
                )
        case "replace":
            put(storage, folder, content, replace=True)
        case "move":
            storage.move(folder, aside)
        case "remove":
            storage.remove(aside)


def model_of(taken):
    model = {}
    for step, n in taken:
        folder, aside = f"contoso.json/{n}.0.0", f".nugetlite/trash/contoso.json/{n}.0.0"
        content = {"contoso.json.nupkg": b"%d" % n * 50_000, "contoso.json.nuspec": b"%d" % n}
        match step:
            case "add":
                model[folder] = content | {"contoso.json.nuspec": b"first"}
            case "replace":
                model[folder] = content
            case "move":
                model[aside] = model.pop(folder)
            case "remove":
                del model[aside]
    return model


@pytest.mark.parametrize("seconds", [0.05, 0.1, 0.15, 0.2])
def test_what_was_answered_survives_a_kill_and_the_rest_is_whole_or_absent(storage, incoming, seconds):
    def work(tell):
        for step, n in steps():
            take(storage, step, n)
            tell(f"{step} {n}")

    with process(work) as (pid, told):
        told.readline()
        time.sleep(seconds)
        os.kill(pid, signal.SIGKILL)
        answered = 1 + len(told.readlines())
        later = FileStorage(storage.root, storage.share_id())
        wait_until(lambda: status(pid) == "Z")
        later.tidy()  # the dead process is a zombie still: nobody has asked for its exit status
        assert list(incoming.iterdir()) == []

    every = list(islice(steps(), answered + 1))
    seen = {
        entry.folder: contents(later, entry.folder) for entry in [*later.scan(), *later.scan(".nugetlite")]
    }
    assert seen in (model_of(every[:answered]), model_of(every))
    if seen == model_of(every[:answered]):
        take(later, *every[-1])


def status(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def wait_until(truth):
    for _ in range(200):
        if truth():
            return
        time.sleep(0.01)
    pytest.fail("it never came to that")


# What they leave


def test_what_a_living_process_is_at_is_left_alone(storage, incoming):
    def stage(tell):
        with storage.stage() as staged:
            staged.write(BIG)
            tell("staged")
            time.sleep(60)

    with process(stage) as (pid, told):
        told.readline()
        storage.tidy()
        assert len(list(incoming.iterdir())) == 1
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: status(pid) == "Z")
        storage.tidy()
        assert list(incoming.iterdir()) == []


def test_a_forked_worker_signs_with_its_own_name(storage, incoming):
    def sign(tell):
        with storage.stage():
            tell(Maker.of(next(incoming.iterdir()).name).pid)

    with process(sign) as (pid, told):
        assert told.readline() == f"{pid}\n"


def test_a_process_id_may_be_used_again(storage, incoming):
    namesake = changed(Maker.here(), started=Maker.here().started - 1)
    (incoming / namesake.name("part")).write_bytes(b"left")
    (incoming / namesake.name("new")).mkdir()
    mine = incoming / Maker.here().name("part")
    mine.write_bytes(b"on its way")
    storage.tidy()
    assert list(incoming.iterdir()) == [mine]


def test_what_another_host_is_at_is_left_alone_for_an_hour(storage, incoming):
    elsewhere = Maker("build-server.0a1b2c3d", 1, 4711)
    old, young, busy = (incoming / elsewhere.name(kind) for kind in ("part", "part", "new"))
    for file in (old, young):
        file.write_bytes(b"half of it")
    busy.mkdir()
    (busy / "a").write_bytes(b"this one is being written")
    for path in (old, busy):
        os.utime(path, (time.time() - 3700, time.time() - 3700))

    storage.tidy()
    assert sorted(incoming.iterdir()) == sorted([young, busy])

    os.utime(busy / "a", (time.time() - 3700, time.time() - 3700))
    storage.tidy()
    assert list(incoming.iterdir()) == [young]


def test_what_nobody_signed_is_treated_as_another_hosts(storage, incoming):
    (incoming / "notes.txt").write_text("somebody's")
    (incoming / "folder").mkdir()
    storage.tidy()
    assert len(list(incoming.iterdir())) == 2
    for path in incoming.iterdir():
        os.utime(path, (0, 0))
    storage.tidy()
    assert list(incoming.iterdir()) == []


def test_what_was_thrown_away_is_deleted_whoever_did_it(storage, incoming):
    gone = incoming / Maker("build-server.0a1b2c3d", 1, 4711).name("gone")
    (gone / "deep" / "deeper").mkdir(parents=True)
    (gone / "deep" / "deeper" / "a").write_bytes(b"a")
    storage.tidy()
    assert list(incoming.iterdir()) == []


def test_who_tidies_while_others_push_takes_nothing_from_them(storage, incoming):
    def push(tell):
        for n in range(40):
            with storage.stage() as staged:
                staged.write(BIG[: 1000 * n])
                storage.add(f"contoso.json/{n}.0.0", {"a": staged, "b": BytesIO(b"b")})
            tell(n)

    with process(push) as (_, one):
        tidied = 0
        for _ in one:
            storage.tidy()
            tidied += 1
    assert tidied == 40
    assert len(list(storage.scan())) == 40


def test_makers_are_told_apart_by_name():
    here = Maker.here()
    assert Maker.of(here.name("part")) == here
    assert not here.is_dead
    assert len({here.name("part") for _ in range(100)}) == 100
    for text in ("", "notes.txt", "a-b-c-d.part", "../x-1-1-1.part", "x-1-1-1"):
        assert Maker.of(text) is None
    assert changed(here, pid=2**40).is_dead
    assert changed(here, started=here.started + 1).is_dead
