import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert, inspect, select

from nugetlite import sqlite
from nugetlite.database import Schema, open_database
from nugetlite.errors import ConfigError, DatabaseBusy, DatabaseUnavailable, ShareFull
from nugetlite.sqlite import on_network_file_system


@pytest.fixture
def path(tmp_path):
    return tmp_path / "index.db"


@pytest.fixture
def file_url(path):
    return f"sqlite:///{path}"


@pytest.fixture
def url(new_url):
    return new_url()


def things(stamp=1, *, derived=True, more=()):
    """A room's tables: things with a name."""
    tables = MetaData()
    Table("things", tables, Column("name", Text, primary_key=True), *more)
    return Schema("things", stamp, tables, derived)


def put(database, schema, *names):
    with database.begin() as connection:
        connection.execute(insert(schema.tables.tables["things"]), [{"name": name} for name in names])


def names_in(database):
    with database.connect() as connection:
        return connection.exec_driver_sql("SELECT name FROM things ORDER BY name").scalars().all()


class TestOpening:
    def test_a_new_one_is_made_and_what_it_keeps_is_there_the_next_time(self, url):
        schema = things()
        database = open_database(url)
        database.install(schema)
        put(database, schema, "a", "b")
        database.close()
        again = open_database(url)
        again.install(things())
        assert names_in(again) == ["a", "b"]

    def test_an_empty_file_is_as_good_as_none(self, file_url, path):
        path.touch()
        assert open_database(file_url).fact("anything") == ""

    def test_readers_and_a_writer_go_on_together(self, file_url):
        with open_database(file_url).connect() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"

    @pytest.mark.parametrize(
        "content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000, b"x"]
    )
    def test_a_file_that_is_no_database_stops_the_start(self, file_url, path, content):
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=r"index\.db cannot be read .*`nugetlite reindex`") as refusal:
            open_database(file_url)
        assert "\n" not in str(refusal.value)
        assert path.read_bytes() == content

    def test_a_damaged_one_stops_the_start(self, file_url, path):
        schema = things()
        database = open_database(file_url)
        database.install(schema)
        put(database, schema, *[f"thing {number}" for number in range(2000)])
        database.close()
        content = bytearray(path.read_bytes())
        content[-8000:-4000] = b"\xa5" * 4000
        path.write_bytes(content)
        with pytest.raises(ConfigError, match="nugetlite reindex"):
            open_database(file_url)

    def test_a_damaged_one_can_be_put_aside(self, file_url, path):
        path.write_bytes(b"no database at all" * 100)
        assert open_database(file_url, mend=True).fact("anything") == ""
        [aside] = path.parent.glob("index.db.broken-*")
        assert aside.read_bytes() == b"no database at all" * 100

    def test_a_sound_one_is_not_put_aside(self, url, path):
        schema = things()
        database = open_database(url)
        database.install(schema)
        put(database, schema, "a")
        database.close()
        assert names_in(open_database(url, mend=True)) == ["a"]

    @pytest.mark.parametrize("made", ["CREATE TABLE songs (title)", "CREATE TABLE facts (name, value)"])
    def test_that_of_another_program_stops_the_start_and_stays_as_it_is(self, file_url, path, made):
        with sqlite3.connect(path) as connection:
            connection.execute(made)
        before = path.read_bytes()
        for mend in (False, True):
            with pytest.raises(ConfigError, match=r"belongs to another program.*reindex"):
                open_database(file_url, mend=mend)
        assert path.read_bytes() == before
        assert [each.name for each in path.parent.iterdir()] == ["index.db"]

    def test_one_that_a_newer_nugetlite_made_stops_the_start(self, url):
        schema = things(2)
        newer = open_database(url)
        newer.install(schema)
        put(newer, schema, "a")
        older = open_database(url)
        with pytest.raises(ConfigError, match=r"newer nugetlite.*reindex"):
            older.install(things(1))
        assert names_in(older) == ["a"]

    def test_a_folder_that_is_not_there_stops_the_start(self, tmp_path):
        with pytest.raises(ConfigError, match="no folder"):
            open_database(f"sqlite:///{tmp_path}/nowhere/index.db")
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_in_its_place_stops_the_start(self, file_url, path):
        path.mkdir()
        with pytest.raises(ConfigError, match="cannot be written"):
            open_database(file_url)

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "nonsense",
            "oracle://scott:tiger@db/x",
            "postgresql+asyncpg://ann:secret@db/x",
            "sqlite:///a?b=c",
        ],
    )
    def test_a_url_of_no_use_stops_the_start_without_telling_the_password(self, url):
        with pytest.raises(ConfigError, match="`database`") as refusal:
            open_database(url)
        assert "secret" not in str(refusal.value)
        assert "tiger" not in str(refusal.value)

    def test_a_passing_one_ends_with_its_object(self):
        database = open_database("sqlite://")
        folder = Path(database.name).parent
        assert folder.is_dir()
        del database
        assert not folder.exists()

    def test_two_passing_ones_are_two(self):
        one, other = open_database("sqlite://"), open_database("sqlite://")
        one.install(things())
        put(one, things(), "a")
        other.install(things())
        assert names_in(other) == []

    def test_several_processes_may_make_it_at_once(self, url):
        script = f"from nugetlite.database import open_database; open_database({url!r}).fact('')"
        processes = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(4)]
        assert [process.wait() for process in processes] == [0] * 4

    def test_a_path_may_hold_signs_that_urls_have_a_meaning_for(self, tmp_path):
        folder = tmp_path / "a b%20#?"
        folder.mkdir()
        sqlite.SqliteFile(folder / "index.db").settle()
        assert (folder / "index.db").exists()


class TestSchemas:
    def test_derived_tables_of_another_stamp_are_made_anew(self, url):
        schema = things(1)
        database = open_database(url)
        database.install(schema)
        put(database, schema, "a")
        database.install(things(2))
        assert names_in(database) == []

    def test_lasting_tables_gain_columns_and_keep_their_rows(self, url):
        schema = things(1, derived=False)
        database = open_database(url)
        database.install(schema)
        put(database, schema, "a")
        later = things(2, derived=False, more=[Column("size", Integer, nullable=False, server_default="7")])
        database.install(later)
        with database.connect() as connection:
            assert connection.execute(select(later.tables.tables["things"])).all() == [("a", 7)]

    def test_tables_that_a_later_kind_does_not_know_go_too(self, url):
        database = open_database(url)
        database.install(things(1))
        tables = MetaData()
        Table("other", tables, Column("name", Text))
        database.install(Schema("things", 2, tables, derived=True))
        with database.connect() as connection:
            assert set(inspect(connection).get_table_names()) == {"facts", "other"}

    def test_facts_are_remembered_and_corrected(self, url):
        database = open_database(url)
        for value in ("one", "other"):
            with database.begin() as connection:
                database.remember(connection, "share", value)
        assert open_database(url).fact("share") == "other"


class TestWriting:
    def test_a_change_is_whole_or_not_at_all(self, url):
        schema = things()
        database = open_database(url)
        database.install(schema)
        with pytest.raises(ZeroDivisionError), database.begin() as connection:
            connection.exec_driver_sql("INSERT INTO things VALUES (?)", (1 / 0,))
        assert names_in(database) == []

    def test_a_reader_sees_one_state_while_a_writer_goes_on(self, url):
        schema = things()
        database = open_database(url)
        database.install(schema)
        with database.connect() as connection:
            count = "SELECT count(*) FROM things"
            assert connection.exec_driver_sql(count).scalar() == 0
            put(database, schema, "a")
            assert connection.exec_driver_sql(count).scalar() == 0
        assert names_in(database) == ["a"]

    def test_writers_wait_for_each_other(self, url):
        schema = things()
        database, other = open_database(url), open_database(url)
        database.install(schema)

        def write(database, who):
            for number in range(20):
                put(database, schema, f"{who} {number}")

        writers = [
            threading.Thread(target=write, args=(each, who))
            for who, each in enumerate([database, database, other, other])
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert len(names_in(database)) == 80

    def test_who_waits_too_long_for_another_process_is_told_to_come_again(self, file_url, monkeypatch):
        monkeypatch.setattr(sqlite, "BUSY_AFTER", 0.1)
        database = open_database(file_url)
        rival = sqlite3.connect(database.name, isolation_level=None)
        rival.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy, match="busy"), database.begin():
            pytest.fail("somebody else writes")
        rival.execute("ROLLBACK")
        with database.begin():
            pass

    def test_who_waits_too_long_for_another_thread_is_told_to_come_again(self, url, monkeypatch):
        monkeypatch.setattr("nugetlite.database.BUSY_AFTER", 0.1)
        database = open_database(url)
        with database.begin(), pytest.raises(DatabaseBusy), database.begin():
            pytest.fail("this thread writes")

    def test_without_room_on_the_disk_nothing_is_written_and_reading_goes_on(self, file_url):
        schema = things()
        database = open_database(file_url)
        database.install(schema)
        with database.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")  # as small as it is already
        with pytest.raises(ShareFull):
            put(database, schema, "x" * 100_000)
        assert names_in(database) == []

    def test_what_is_durable_is_synced_and_what_comes_after_is_not(self, file_url):
        database = open_database(file_url)

        def safety(**wish):
            with database.begin(**wish) as connection:
                return connection.exec_driver_sql("PRAGMA synchronous").scalar()

        normal, full = 1, 2  # as SQLite numbers them
        assert [safety(), safety(durable=True), safety()] == [normal, full, normal]
        with pytest.raises(ZeroDivisionError), database.begin(durable=True):
            raise ZeroDivisionError
        assert safety() == normal

    @pytest.mark.skipif(not shutil.which("strace"), reason="counts system calls with strace")
    def test_a_durable_change_waits_for_the_disk(self, file_url, tmp_path):
        script = f"""
from nugetlite.database import open_database
database = open_database({file_url!r})
for number in range(20):
    with database.begin(durable=number % 2 == 0) as connection:
        database.remember(connection, "number", str(number))
"""
        open_database(file_url).close()
        trace = tmp_path / "trace"
        command = ["strace", "-f", "-y", "-e", "trace=fsync,fdatasync", "-o", trace]
        subprocess.run([*command, sys.executable, "-c", script], check=True)

        assert 10 <= len(re.findall(r"sync\(\d+<[^>]*-wal>\)", trace.read_text())) <= 12

    def test_a_mistake_of_our_own_is_not_hidden(self, url):
        database = open_database(url)
        with pytest.raises(Exception, match="nowhere"), database.connect() as connection:
            connection.exec_driver_sql("SELECT * FROM nowhere")


class TestLosing:
    def test_a_file_that_was_taken_away_is_missed_and_none_is_made_in_its_place(self, file_url, path):
        database = open_database(file_url)
        database.install(things())
        path.unlink()
        with pytest.raises(DatabaseUnavailable, match="taken away"), database.begin():
            pytest.fail("what is written would be lost")
        with pytest.raises(DatabaseUnavailable):
            database.check()
        database.close()
        with pytest.raises(DatabaseUnavailable):
            database.fact("share")
        assert not path.exists()

    def test_another_file_in_its_place_is_not_taken_for_it(self, file_url, path):
        database = open_database(file_url)
        path.rename(path.with_suffix(".old"))
        open_database(file_url)
        with pytest.raises(DatabaseUnavailable), database.begin():
            pytest.fail("this is another one")

    def test_damage_that_is_found_late_is_the_servers_fault_and_logged(self, file_url, path, caplog):
        schema = things()
        database = open_database(file_url)
        database.install(schema)
        put(database, schema, *[f"thing {number}" for number in range(5000)])
        database.close()
        content = bytearray(path.read_bytes())
        content[8192:] = b"\xa5" * (len(content) - 8192)
        path.write_bytes(content)
        with pytest.raises(DatabaseUnavailable):
            names_in(database)
        assert "malformed" in caplog.text


class TestChange:
    def test_it_is_another_value_after_any_commit_and_only_then(self, url):
        database, other = open_database(url), open_database(url)
        database.install(things())
        seen = [database.change()]
        for writer in (database, other):
            assert database.change() == seen[-1]
            put(writer, things(), str(writer))
            assert database.change() not in seen
            seen.append(database.change())

    def test_it_can_be_asked_by_many_threads(self, url):
        database = open_database(url)
        threads = [threading.Thread(target=lambda: [database.change() for _ in range(200)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert database.change() == database.change()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
class TestForks:
    def test_a_child_has_connections_of_its_own_and_sees_what_the_parent_writes(self, url):
        schema = things()
        database = open_database(url)
        database.install(schema)
        put(database, schema, "before")
        seen = database.change()
        ready, go = os.pipe(), os.pipe()
        child = os.fork()
        if child == 0:
            outcome = 1
            try:
                before = database.change()
                os.write(ready[1], b".")
                os.read(go[0], 1)
                put(database, schema, "by the child")
                told = names_in(database) == ["before", "by the child", "by the parent"]
                outcome = 0 if told and database.change() != before else 2
            finally:
                os._exit(outcome)
        os.read(ready[0], 1)
        put(database, schema, "by the parent")
        os.write(go[1], b".")
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert names_in(database) == ["before", "by the child", "by the parent"]
        assert database.change() != seen

    def test_a_fork_waits_until_no_thread_is_in_the_middle_of_something(self, url):
        schema = things()
        database = open_database(url)
        database.install(schema)
        writing = threading.Event()

        def write():
            with database.begin() as connection:
                writing.set()
                time.sleep(0.2)
                names_in(database)  # who is inside may go on, though a fork waits
                connection.execute(insert(schema.tables.tables["things"]), {"name": "by the parent"})

        writer = threading.Thread(target=write)
        writer.start()
        writing.wait()
        child = os.fork()
        if child == 0:
            outcome = 1
            try:
                put(database, schema, "by the child")
                outcome = 0 if names_in(database) == ["by the child", "by the parent"] else 2
            finally:
                os._exit(outcome)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        writer.join()
        put(database, schema, "after")
        assert names_in(database) == ["after", "by the child", "by the parent"]

    def test_the_end_of_a_child_is_not_the_end_of_a_passing_database(self):
        database = open_database("sqlite://")
        child = os.fork()
        if child == 0:
            del database
            os._exit(0)
        os.waitpid(child, 0)
        assert database.fact("anything") == ""


class TestNetworkFileSystems:
    MOUNTS = (
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "40 22 0:50 / /srv/feed rw shared:9 - nfs4 nas:/feed rw,vers=4.2\n"
        "41 40 8:17 / /srv/feed/local rw - ext4 /dev/sdb1 rw\n"
        "42 22 0:51 / /mnt/my\\040share rw - cifs //nas/share rw\n"
        "43 22 0:52 / /mnt/cloud rw - fuse.sshfs ann@host: rw\n"
        "44 22 8:33 / /mnt/usb rw - fuseblk /dev/sdc1 rw\n"
        "45 22 0:53 / /mnt/twice rw - ext4 /dev/sdd1 rw\n"
        "46 45 0:54 / /mnt/twice rw - smb3 //nas/other rw\n"
    )

    @pytest.mark.parametrize(
        ("place", "answer"),
        [
            ("/", False),
            ("/srv", False),
            ("/srv/feed", True),
            ("/srv/feed/packages/.nugetlite", True),
            ("/srv/feed/local/db", False),
            ("/srv/feeder", False),
            ("/mnt/my share", True),
            ("/mnt/cloud/x", True),
            ("/mnt/usb", False),
            ("/mnt/twice/x", True),
        ],
    )
    def test_they_are_known_by_what_is_mounted(self, tmp_path, place, answer):
        mounts = tmp_path / "mountinfo"
        mounts.write_text(self.MOUNTS)
        assert on_network_file_system(Path(place), mounts) is answer

    def test_where_nothing_tells_nothing_is_feared(self, tmp_path):
        assert not on_network_file_system(tmp_path, tmp_path / "nothing")

    def test_a_database_on_one_stops_the_start(self, file_url, path, monkeypatch):
        monkeypatch.setattr(sqlite, "on_network_file_system", lambda place: True)
        with pytest.raises(ConfigError, match=r"network file system.*`database`"):
            open_database(file_url)
        assert not path.exists()
