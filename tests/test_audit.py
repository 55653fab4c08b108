"""The record of who did what: it only grows, and whoever changes it is found out."""

import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import sleep

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nugetlite.actor import OPERATOR, Actor
from nugetlite.audit import Audit, Outcome, restraint
from nugetlite.audit.record import BEGINNING, LONGEST, printable
from nugetlite.database import open_database
from nugetlite.index import Index

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ALICE = Actor("alice", frozenset({"publisher"}), key="ci", address="192.0.2.7")
PAGE = (Path(__file__).parent.parent / "docs/audit.md").read_text("utf-8")


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/index.db"


@pytest.fixture
def database(url):
    return open_database(url)


@pytest.fixture
def audit(database):
    return Audit(database)


@pytest.fixture
def tamper(tmp_path, audit):
    """Do something to the table that the database itself would refuse, as the owner of the file can."""

    def tamper(*statements):
        with closing(sqlite3.connect(tmp_path / "index.db")) as connection:
            for name in ("audit_keeps_what_it_says", "audit_keeps_all", "audit_goes_on"):
                connection.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    return tamper


@pytest.fixture
def five(audit):
    """A record of five pushes."""
    return [audit.tell(ALICE, "push", f"Contoso.Json 1.{n}.0", sha512=f"hash{n}") for n in range(1, 6)]


def test_a_record_says_who_did_what_from_where_and_with_which_key(database):
    audit = Audit(database, lambda: NOON)

    told = audit.tell(ALICE, "delete", "Contoso.Json 1.2.0", deletion="soft", why="it\nbroke", sha512="")

    assert (told.seq, told.when, told.outcome) == (1, NOON, Outcome.DONE)
    assert (told.actor, told.key, told.address) == ("alice", "ci", "192.0.2.7")
    assert (told.action, told.subject) == ("delete", "Contoso.Json 1.2.0")
    assert told.detail == {"deletion": "soft", "why": "it\nbroke"}, "what is empty is left out"
    assert (told.previous, told.digest) == (BEGINNING, told.sealed())
    assert [*audit.onwards()] == [told]
    assert audit.newest == told


def test_it_is_empty_before_anything_happened(audit):
    assert audit.newest is None
    assert [*audit.onwards()] == []
    assert (audit.verify().is_sound, audit.verify().count, audit.verify().head) == (True, 0, BEGINNING)


def test_each_takes_up_the_digest_of_the_one_before(audit, five):
    assert [each.seq for each in five] == [1, 2, 3, 4, 5]
    assert [each.previous for each in five[1:]] == [each.digest for each in five[:-1]]
    verdict = audit.verify()
    assert (verdict.is_sound, verdict.count, verdict.head) == (True, 5, five[-1].digest)


def test_it_is_read_in_pages_in_both_directions(audit, five, monkeypatch):
    monkeypatch.setattr("nugetlite.audit.PAGE_SIZE", 2)
    assert list(audit.onwards()) == five
    assert list(audit.onwards(3)) == five[3:]
    assert list(audit.backwards()) == five[::-1]


def test_what_did_not_happen_is_not_recorded(audit, database, five):
    with suppress(KeyboardInterrupt), database.begin() as connection:
        audit.note(connection, ALICE, "push", "Contoso.Json 9.0.0")
        raise KeyboardInterrupt
    assert audit.tell(ALICE, "push", "Contoso.Json 1.6.0").previous == five[-1].digest
    assert audit.verify().count == 6


SEAL = "UPDATE audit SET subject = 'Contoso.Json 7.0.0', previous = '{previous}', digest = '{digest}' WHERE seq = 3"


@pytest.mark.parametrize(
    ("statements", "number", "problem"),
    [
        *[
            ([f"UPDATE audit SET {column} = {value} WHERE seq = 3"], 3, "Record 3 is not as it was written")
            for column, value in [
                ("happened", "happened + 1"),
                ("happened", "'soon'"),
                ("happened", str(2**62)),
                ("actor", "'mallory'"),
                ("key", "''"),
                ("address", "'198.51.100.1'"),
                ("action", "'relist'"),
                ("subject", "'Contoso.Text 1.0.0'"),
                ("outcome", "'refused'"),
                ("outcome", "'perhaps'"),
                ("detail", "'{}'"),
                ("detail", '\'{"sha512": "hash3"}\''),
                ("detail", "'nonsense'"),
                ("previous", f"'{BEGINNING}'"),
                ("digest", f"'{BEGINNING}'"),
            ]
        ],
        (["DELETE FROM audit WHERE seq = 3"], 3, "Record 3 is missing; the next one there is 4"),
        (["DELETE FROM audit WHERE seq < 3"], 1, "Record 1 is missing; the next one there is 3"),
        (
            ["DELETE FROM audit WHERE seq = 3", "UPDATE audit SET seq = seq - 1 WHERE seq > 3"],
            3,
            "Record 3 is not as it was written",
        ),
        (
            [
                f"UPDATE audit SET seq = {number} WHERE seq = {old}"
                for old, number in [(3, 9), (4, 3), (9, 4)]
            ],
            3,
            "Record 3 is not as it was written",
        ),
        (
            [
                "CREATE TABLE copied AS SELECT * FROM audit",
                "INSERT INTO copied SELECT * FROM audit WHERE seq = 3",
                "DROP TABLE audit",
                "ALTER TABLE copied RENAME TO audit",
            ],
            4,
            "There is a record 3 where 4 should follow",
        ),
        (
            ["UPDATE audit SET seq = 0 WHERE seq = 1"],
            1,
            "There is a record 0 where 1 should follow",
        ),
    ],
)
def test_whoever_changes_it_is_found_out(audit, five, tamper, statements, number, problem):
    tamper(*statements)

    verdict = audit.verify()

    assert (verdict.is_sound, verdict.number, verdict.problem) == (False, number, problem)
    assert verdict.count == number - 1


@pytest.mark.parametrize("number", [1, 3])
def test_to_seal_a_changed_record_anew_does_not_help(audit, five, tamper, number):
    forged = replace(five[number - 1], actor="mallory")
    tamper(f"UPDATE audit SET actor = 'mallory', digest = '{forged.sealed()}' WHERE seq = {number}")

    verdict = audit.verify()

    assert verdict.number == number + 1
    assert f"Record {number + 1} does not follow record {number}" in verdict.problem


def test_a_first_record_that_follows_another_one_is_found_out(audit, five, tamper):
    forged = replace(five[0], previous="f" * 64)
    tamper(f"UPDATE audit SET previous = '{'f' * 64}', digest = '{forged.sealed()}' WHERE seq = 1")
    assert "Record 1 does not follow the beginning" in audit.verify().problem


def test_whoever_kept_a_head_sees_that_the_end_was_cut_off(audit, five, tamper):
    for kept in [BEGINNING, *[each.digest for each in five]]:
        assert audit.verify(kept).is_sound
    tamper("DELETE FROM audit WHERE seq > 3")
    assert audit.verify().is_sound, "by itself it looks whole"
    assert audit.verify(five[2].digest).is_sound
    verdict = audit.verify(five[3].digest)
    assert (verdict.is_sound, verdict.number) == (False, 4)
    assert "head that was kept" in verdict.problem


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'mallory'",
        "DELETE FROM audit WHERE seq = 5",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 3",
        "INSERT INTO audit SELECT 2, * FROM (SELECT happened, actor, key, address, action, subject, outcome, detail,"
        " previous, digest FROM audit WHERE seq = 3) WHERE true ON CONFLICT DO UPDATE SET actor = 'mallory'",
    ],
)
def test_the_database_itself_refuses_changes(audit, five, tmp_path, statement):
    with closing(sqlite3.connect(tmp_path / "index.db")) as stranger:
        with pytest.raises(sqlite3.IntegrityError, match="only ever added to"):
            stranger.execute(statement)
        stranger.rollback()
    assert list(audit.onwards()) == five


def test_what_postgres_is_told_to_refuse():
    from sqlalchemy import create_mock_engine

    from nugetlite.audit import _tables

    said = []
    engine = create_mock_engine("postgresql+psycopg://", lambda told, *_: said.append(str(told)))
    _tables.create_all(engine, checkfirst=False)

    assert "CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit" in said[-1]
    assert not any("RAISE(ABORT" in each for each in said)


def test_a_rebuilt_index_leaves_it_alone(audit, database, five, url):
    Index(database)
    with database.begin() as connection:
        database.remember(connection, "stamp of index", "0")
    Index(database)
    assert list(Audit(open_database(url)).onwards()) == five


WRITER = """
import sys
from nugetlite.actor import Actor
from nugetlite.audit import Audit
from nugetlite.database import open_database
audit = Audit(open_database(sys.argv[1]))
for number in range(100):
    audit.tell(Actor(sys.argv[2]), "push", f"Contoso.Json {number}.0.0")
"""


def test_two_processes_that_write_at_once_keep_one_chain(audit, url):
    writer = subprocess.Popen([sys.executable, "-c", WRITER, url, "ben"])
    while audit.newest is None and writer.poll() is None:
        sleep(0.01)
    count = 0
    while writer.poll() is None:
        audit.tell(ALICE, "relist", f"Contoso.Json {count}.0.0")
        count += 1
    assert writer.returncode == 0

    verdict = audit.verify()

    assert (verdict.is_sound, verdict.count) == (True, 100 + count)
    assert [each.actor for each in audit.onwards()].count("ben") == 100


text = st.text(st.characters(exclude_categories=()), max_size=40)


@settings(max_examples=60, deadline=None)
@given(name=text, subject=text, why=text)
def test_any_text_is_kept_and_the_chain_stays_whole(passing, name, subject, why):
    audit = passing

    told = audit.tell(Actor(name), "push", subject, why=why)

    assert audit.newest == told
    assert told.detail.get("why", "") == why
    assert (told.actor, told.subject) == (printable(name), printable(subject))
    assert told.to_json().isascii()
    assert "\n" not in told.to_json()
    assert json.loads(told.to_json())["detail"] == told.detail
    assert audit.verify(told.digest).is_sound


@pytest.fixture(scope="module")
def passing():
    return Audit(open_database("sqlite://"))


def test_what_is_endless_is_cut(audit):
    long = "x" * 1024 * 1024
    told = audit.tell(Actor(long, key=long, address=long), "push", long, why=f"because {long}")
    assert len(told.detail["why"]) == LONGEST
    assert told.detail["why"].endswith("x…")
    assert len(told.to_json()) < 4000
    assert audit.verify().is_sound


def test_who_is_refused_again_and_again_does_not_fill_it(audit, monkeypatch):
    minute = [0.0]
    monkeypatch.setattr(restraint, "monotonic", lambda: minute[0])
    for _ in range(25):
        audit.refuse(ALICE, "push", "Secret.Json", "alice may not push Secret.Json")
    audit.refuse(OPERATOR, "delete", "Contoso.Json", "no")
    minute[0] = 61.0
    audit.refuse(ALICE, "push", "Secret.Json", "alice may not push Secret.Json")

    told = list(audit.onwards())

    assert [each.actor for each in told] == ["alice"] * 10 + ["operator", "alice"]
    assert {each.outcome for each in told} == {Outcome.REFUSED}
    assert told[-1].detail == {"why": "alice may not push Secret.Json", "left_out": "15"}
    assert "left_out" not in told[0].detail


def test_a_refusal_stands_though_it_cannot_be_recorded(audit, tmp_path, caplog):
    (tmp_path / "index.db").unlink()
    audit.refuse(ALICE, "push", "Contoso.Json", "no")
    assert "it was not recorded that alice (key ci) was refused to push" in caplog.text


def test_of_many_things_that_were_found_at_once_the_number_is_told(audit, database):
    with database.begin() as connection:
        audit.found(connection, "adopt", ["Contoso.Json 1.0.0", "Contoso.Json 2.0.0"])
        audit.found(connection, "adopt", [f"Contoso.Json 1.{n}.0" for n in range(250)])
        audit.found(connection, "vanish", [])
    *few, many = audit.onwards()
    assert [(each.actor, each.action, each.subject) for each in few] == [
        ("operator", "adopt", "Contoso.Json 1.0.0"),
        ("operator", "adopt", "Contoso.Json 2.0.0"),
    ]
    assert (many.subject, many.detail) == (
        "250 versions",
        {"first": "Contoso.Json 1.0.0", "last": "Contoso.Json 1.249.0"},
    )


def test_a_stranger_can_check_it_with_what_the_manual_says(audit, five, tmp_path):
    [script] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exported = "".join(f"{each.to_json()}\n" for each in five)

    def check(lines):
        return subprocess.run(
            [sys.executable, "-c", script], input=lines, capture_output=True, text=True, check=False
        )

    assert check(exported).stdout == f"5 records, head {five[-1].digest}\n"
    for tampered in (
        exported.replace("1.3.0", "1.3.1"),
        exported.split("\n", 1)[1],
        exported.replace('"actor":"alice"', '"actor":"Alice"', 1),
    ):
        assert check(tampered).returncode == 1
