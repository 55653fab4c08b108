"""``nugetlite audit``, as an operator types it."""

import json
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from nugetlite.actor import Actor
from nugetlite.audit import Audit
from nugetlite.cli import main
from nugetlite.database import open_database
from nugetlite.testing import KEY, nupkg
from nugetlite.web.current import NAME

CI = Actor("alice", key="ci", address="192.0.2.7")
BEN = Actor("ben", address="2001:db8::1")


@pytest.fixture
def run(monkeypatch, share):
    monkeypatch.setenv("NUGETLITE_PACKAGES", str(share))

    def run(*arguments):
        return CliRunner().invoke(main, ["audit", *map(str, arguments)], catch_exceptions=False)

    return run


@pytest.fixture
def audit(client):
    return client.app.extensions[NAME].audit


def test_records_are_lines_that_a_person_reads_newest_last(run, client, audit):
    client.push(nupkg("Contoso.Json", "1.0.0"))
    audit.tell(CI, "delete", "Contoso.Json 1.0.0", deletion="unlist", why="it\nbroke \x1b[2J")
    audit.refuse(BEN, "push", "Secret.Json", "ben may not")

    pushed, deleted, refused = run().output.splitlines()

    when = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ"
    assert re.fullmatch(
        when + r"  administrator  127\.0\.0\.1  push  Contoso\.Json 1\.0\.0  sha512=.{12}…", pushed
    )
    assert deleted.endswith(
        r"  alice (key ci)  192.0.2.7  delete  Contoso.Json 1.0.0  deletion=unlist  why=it\nbroke \x1b[2J"
    )
    assert refused.endswith("  ben  2001:db8::1  refused: push  Secret.Json  why=ben may not")


def test_one_can_ask_for_some_of_them(run, share, client):
    hours = iter(range(100))
    past = Audit(
        open_database(f"sqlite:///{share}/.nugetlite/nugetlite.db"),
        lambda: datetime.now(UTC) - timedelta(hours=100 - next(hours)),
    )
    for number in range(30):
        past.tell(CI, "push", f"Contoso.Json 1.{number}.0")
        past.tell(BEN, "push", f"Contoso.Text 1.{number}.0")

    def subjects(*arguments):
        shown = run("--format", "json", *arguments).output.splitlines()
        return [json.loads(line)["subject"] for line in shown]

    assert len(subjects()) == 50
    assert subjects()[-1] == "Contoso.Text 1.29.0"
    assert len(subjects("--all")) == 60
    assert subjects("--last", 2) == ["Contoso.Json 1.29.0", "Contoso.Text 1.29.0"]
    assert subjects("--last", 0) == []
    assert subjects("--about", "contoso.json", "--last", 2) == ["Contoso.Json 1.28.0", "Contoso.Json 1.29.0"]
    assert subjects("--about", "Contoso.Text 1.3.0") == ["Contoso.Text 1.3.0"]
    assert subjects("--by", "ci") == subjects("--by", "Alice", "--all")
    assert len(subjects("--by", "ci")) == 30
    assert len(subjects("--since", "2d")) in (7, 8)
    moment = datetime.now(UTC) - timedelta(hours=44, minutes=30)
    for form in ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"):
        assert len(subjects("--since", moment.strftime(form))) == 4
    assert subjects("--since", "1h") == []
    refused = run("--since", "yesterday")
    assert (refused.exit_code, "12h" in refused.output) == (2, True)


def test_verify_tells_the_head_and_finds_it_again(run, audit):
    for number in range(3):
        audit.tell(CI, "push", f"Contoso.Json 1.{number}.0")

    first = run("--verify")
    [head] = re.findall(r"[0-9a-f]{64}", first.output)
    audit.tell(CI, "push", "Contoso.Json 2.0.0")

    assert first.exit_code == 0
    assert first.output.startswith("3 records are as they were written.")
    assert head == list(audit.onwards())[2].digest
    assert run("--verify", "--head", head.upper()).exit_code == 0
    missed = run("--verify", "--head", "f" * 64)
    assert (missed.exit_code, "head that was kept" in missed.output) == (1, True)
    assert run("--head", head).exit_code == 2


def test_verify_names_the_first_record_that_somebody_changed(run, audit, share):
    for number in range(3):
        audit.tell(CI, "push", f"Contoso.Json 1.{number}.0")
    with open_database(f"sqlite:///{share}/.nugetlite/nugetlite.db").begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_keeps_what_it_says")
        connection.exec_driver_sql("UPDATE audit SET actor = 'mallory', outcome = 'x' WHERE seq = 2")

    broken = run("--verify")

    assert broken.exit_code == 1
    assert broken.output == "Record 2 is not as it was written. The 1 before it are as they were written.\n"
    told = json.loads(run("--verify", "--format", "json").output)
    assert (told["sound"], told["number"], told["count"]) == (False, 2, 1)
    assert run().output.count("alice") == 2, "the others are shown all the same"
    assert run().exit_code == 0


def test_follow_shows_what_another_process_does_until_it_is_ended(client, share):
    client.push(nupkg("Contoso.Json", "1.0.0"))
    environment = os.environ | {"NUGETLITE_PACKAGES": str(share), "NUGETLITE_API_KEY": KEY}
    script = "from nugetlite.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", script, "audit", "--follow", "--about", "Contoso.Json"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as follower:
        assert "Contoso.Json 1.0.0" in follower.stdout.readline()
        for id in ("Contoso.Text", "Contoso.Json"):
            client.push(nupkg(id, "2.0.0"))
        assert "Contoso.Json 2.0.0" in follower.stdout.readline()
        client.delete("Contoso.Json", "2.0.0")
        assert "deletion=unlist" in follower.stdout.readline()
        follower.send_signal(signal.SIGINT)
        assert follower.wait(30) == 0
