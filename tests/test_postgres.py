"""What is special about a database that several hosts share: a real PostgreSQL server, which comes and goes."""

import subprocess
import sys
import threading
import time

import pytest
from click.testing import CliRunner
from sqlalchemy import Column, MetaData, Table, Text, insert, select
from sqlalchemy.exc import DBAPIError, ProgrammingError

from nugetlite.actor import OPERATOR
from nugetlite.audit import Audit
from nugetlite.cli import main
from nugetlite.database import Schema, open_database
from nugetlite.errors import (
    BadQuery,
    ConfigError,
    DatabaseBusy,
    DatabaseUnavailable,
    ShareFull,
    TooMuchAsked,
)
from nugetlite.testing import nupkg

pytestmark = pytest.mark.postgres

_tables = MetaData()
_things = Table("things", _tables, Column("name", Text, primary_key=True))
THINGS = Schema("things", 1, _tables, derived=True)


@pytest.fixture
def url(postgres):
    return postgres.new_url()


@pytest.fixture
def database(url):
    database = open_database(url)
    database.install(THINGS)
    return database


def put(database, name):
    with database.begin() as connection:
        connection.execute(insert(_things), {"name": name})


def names_in(database):
    with database.connect() as connection:
        return connection.execute(select(_things.c.name).order_by(_things.c.name)).scalars().all()


class TestStarting:
    @pytest.mark.parametrize(
        ("change", "why"),
        [
            (("nugetlite@", "locked:wr0ng@"), "password authentication failed"),
            (("nugetlite@", "nobody-here:wr0ng@"), "does not exist"),
            (("/nugetlite?", "/nowhere?"), "does not exist"),
            (("host=/", "host=/nowhere/"), "No such file"),
            (("?", "?nonsense=1&"), "nonsense"),
            (("?host=", "?port=wr0ng&host="), "wr0ng|port"),
            (("search_path%3D", "search_path%3Dno_"), "no schema"),
        ],
    )
    def test_what_cannot_be_opened_stops_the_start_with_one_line(self, url, change, why):
        with pytest.raises(ConfigError, match=why) as refusal:
            open_database(url.replace(*change))
        assert "\n" not in str(refusal.value)
        assert "wr0ng@" not in str(refusal.value)
        assert "postgresql+psycopg://" in str(refusal.value)

    def test_a_user_who_may_make_no_tables_is_told_so(self, postgres):
        with pytest.raises(ConfigError, match="GRANT CREATE ON SCHEMA public TO nugetlite"):
            open_database(postgres.url())

    def test_the_password_is_in_no_sentence(self, postgres):
        postgres.do("CREATE SCHEMA IF NOT EXISTS locked AUTHORIZATION locked", "nugetlite")
        url = postgres.url("locked:open%20sesame")
        assert open_database(url).name == "postgresql+psycopg://locked:***@/nugetlite (schema locked)"

    def test_tables_of_another_program_are_left_alone(self, postgres, url):
        schema = url.rpartition("%3D")[2]
        postgres.do(
            f"CREATE TABLE {schema}.songs (title text); ALTER TABLE {schema}.songs OWNER TO nugetlite",
            "nugetlite",
        )
        with pytest.raises(ConfigError, match=r"belongs to another program.*reindex"):
            open_database(url, mend=True)

    def test_feeds_in_other_schemas_are_other_feeds(self, postgres, database, url):
        put(database, "a")
        own, beside = url.rpartition("%3D")[2], postgres.new_url()
        other = open_database(f"{beside},{own}")  # the other one's tables can be seen from here
        other.install(THINGS)
        assert (names_in(other), names_in(database)) == ([], ["a"])
        with other.begin(), database.begin():
            pass  # nor do they wait for each other

    def test_without_its_driver_it_is_said_how_to_get_it(self, url, monkeypatch):
        monkeypatch.setitem(sys.modules, "psycopg", None)
        monkeypatch.delitem(sys.modules, "nugetlite.postgres", raising=False)
        with pytest.raises(ConfigError, match=r"pip install 'nugetlite\[postgres\]'"):
            open_database(url)


class TestComingAndGoing:
    def test_a_server_that_was_restarted_costs_no_answer(self, postgres, database):
        put(database, "before")
        before = database.change()
        for mode in ("fast", "immediate"):
            postgres.stop(mode)
            postgres.start()
            assert "before" in names_in(database)
            put(database, mode)
            assert database.change() != before
            with database.glance() as connection:
                assert connection.execute(select(_things.c.name)).first()

    def test_while_it_is_away_everything_is_refused_in_one_sentence(self, postgres, database, caplog):
        postgres.stop()
        try:
            for ask in (
                database.change,
                database.check,
                lambda: names_in(database),
                lambda: put(database, "x"),
            ):
                with pytest.raises(DatabaseUnavailable, match="just now"):
                    ask()
        finally:
            postgres.start()
        assert "No such file" in caplog.text
        database.check()

    def test_a_connection_that_is_lost_in_the_middle_loses_the_change_and_says_so(self, postgres, database):
        def interrupted():
            with database.begin() as connection:
                connection.execute(insert(_things), {"name": "lost"})
                postgres.disconnect()
                connection.execute(insert(_things), {"name": "lost, too"})

        with pytest.raises(DatabaseUnavailable):
            interrupted()
        assert names_in(database) == []
        put(database, "a")


class TestWaiting:
    def test_what_is_durable_waits_for_the_disk_though_the_server_need_not(self, database):
        for durable, synced in ((True, "on"), (False, "off")):
            with database.begin(durable=durable) as connection:
                assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == synced

    def test_who_waits_too_long_for_another_host_is_told_to_come_again(self, url, database, monkeypatch):
        monkeypatch.setattr("nugetlite.postgres.BUSY_AFTER", 0.05)
        other = open_database(url)
        with other.begin():
            with pytest.raises(DatabaseBusy, match="busy"), database.begin():
                pytest.fail("somebody else writes")
            assert names_in(database) == []  # reading goes on
        put(database, "a")

    def test_a_writer_sees_what_the_one_before_it_wrote(self, url, database):
        other, waiting = open_database(url), threading.Event()
        seen = []

        def write():
            waiting.set()
            with other.begin() as connection:
                seen.extend(connection.execute(select(_things.c.name)).scalars())

        writer = threading.Thread(target=write)
        with database.begin() as connection:
            writer.start()
            waiting.wait()
            time.sleep(0.05)  # so that it most likely waits already
            connection.execute(insert(_things), {"name": "first"})
        writer.join()
        assert seen == ["first"]

    def test_what_takes_too_long_is_given_up_and_the_connection_goes_on(self, database):
        with pytest.raises(TooMuchAsked), database.hurry(0.05) as connection:
            connection.exec_driver_sql("SELECT pg_sleep(60)")
        with database.connect() as connection:  # the same connection, in no hurry any more
            assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "0"

    def test_it_is_known_at_once_that_another_host_has_committed(self, url, database):
        other = open_database(url)
        seen = [database.change()]
        for number in range(50):
            put(other, str(number))
            seen.append(database.change())
        assert len(set(seen)) == 51


@pytest.mark.parametrize(
    ("state", "meaning"),
    [
        ("53100", ShareFull),
        ("53300", DatabaseBusy),
        ("40001", DatabaseBusy),
        ("40P01", DatabaseBusy),
        ("25006", DatabaseUnavailable),  # it has become a copy of another server
        ("42501", DatabaseUnavailable),
        ("58030", DatabaseUnavailable),
        ("XX001", DatabaseUnavailable),
        ("22003", BadQuery),
        ("54000", TooMuchAsked),
        ("42P01", Exception),
    ],
)
def test_errors_come_to_what_a_client_can_do(database, state, meaning):
    with pytest.raises(meaning) as error, database.connect() as connection:
        connection.exec_driver_sql(f"DO $$ BEGIN RAISE 'on purpose' USING ERRCODE = '{state}'; END $$")
    assert (type(error.value) is meaning) or meaning is Exception
    assert ("on purpose" in str(error.value)) is (meaning is Exception)  # our own mistakes are told whole
    assert names_in(database) == []


def test_a_statement_that_failed_unseen_is_no_change_that_is_told(database):
    def careless():
        with database.begin() as connection:
            connection.execute(insert(_things), {"name": "a"})
            with pytest.raises(ProgrammingError):
                connection.exec_driver_sql("SELECT * FROM nowhere")

    with pytest.raises(AssertionError, match="nothing was written"):
        careless()
    assert names_in(database) == []


def test_no_letter_is_too_odd(database):
    for name in ("a\0b", "\x01", "\U0010ffff", "'; --", "%s %(x)s", "\\"):
        put(database, name)
    assert names_in(database)[-1] == "\U0010ffff"
    assert len(names_in(database)) == 6


class TestTwoHosts:
    """Two servers over one share and one database, as two hosts would be."""

    @pytest.fixture
    def hosts(self, make_client, url):
        return [make_client(database=url) for _ in range(2)]

    def test_what_is_pushed_at_one_is_found_by_the_next_request_at_the_other(self, hosts):
        one, other = hosts
        for number in range(5):
            pusher, reader = (one, other) if number % 2 else (other, one)
            version = f"1.{number}.0"
            assert not reader.can_restore("Contoso.Json", version)
            assert pusher.push(nupkg("Contoso.Json", version)).status_code == 201
            assert reader.can_restore("Contoso.Json", version)
            assert reader.versions("Contoso.Json")[-1] == version
            assert reader.search("contoso") == ["Contoso.Json"]

    def test_of_two_that_push_the_same_one_wins(self, hosts):
        answers = []
        package = nupkg("Contoso.Json", "1.0.0")
        pushers = [
            threading.Thread(target=lambda host=host: answers.append(host.push(package).status_code))
            for host in hosts
        ]
        for pusher in pushers:
            pusher.start()
        for pusher in pushers:
            pusher.join()
        assert sorted(answers) == [201, 409]
        assert [len(host.search("contoso")) for host in hosts] == [1, 1]

    def test_what_is_deleted_at_one_is_gone_at_the_other(self, hosts):
        one, other = hosts
        one.push(nupkg("Contoso.Json", "1.0.0"))
        assert other.can_restore("Contoso.Json", "1.0.0")
        assert one.delete("Contoso.Json", "1.0.0").status_code == 204
        assert other.search("contoso") == []

    def test_another_process_reads_and_counts_on(self, hosts, url, share):
        hosts[0].push(nupkg("Contoso.Json", "1.0.0"))
        script = (
            "import sys; from nugetlite import Config; from nugetlite.app import build; "
            "from nugetlite.index import Index; "
            "print(Index(build(Config(packages=sys.argv[1], database=sys.argv[2])).database).counts().versions)"
        )
        told = subprocess.run([sys.executable, "-c", script, share, url], capture_output=True, text=True)
        assert (told.stdout, told.stderr) == ("1\n", "")

    def test_a_database_that_is_empty_again_is_filled_from_the_share(
        self, hosts, make_client, postgres, share
    ):
        hosts[0].push(nupkg("Contoso.Json", "1.0.0"))
        empty = postgres.new_url()
        again = make_client(database=empty)
        assert again.search("contoso") == []  # it has not looked yet
        outcome = CliRunner().invoke(main, ["reindex", str(share)], env={"NUGETLITE_DATABASE": empty})
        assert outcome.exit_code == 0, outcome.output
        assert again.search("contoso") == ["Contoso.Json"]


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET actor = 'mallory'", "DELETE FROM audit", "TRUNCATE audit"]
)
def test_the_record_is_only_ever_added_to(database, statement):
    audit = Audit(database)
    audit.tell(OPERATOR, "push", "Contoso.Json 1.0.0", why="é\0")
    before = list(audit.onwards())

    with pytest.raises(DBAPIError, match="only ever added to"), database.begin() as connection:
        connection.exec_driver_sql(statement)
    assert list(audit.onwards()) == before
    assert audit.verify().is_sound
