"""nugetlite trusts: as an operator types it."""

import json
import os
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from nugetlite.cli import main


@pytest.fixture
def run(monkeypatch, share, database_setting, town):
    """Type a command at this feed; answers what it prints, or why it fails."""
    for name in os.environ:
        if name.startswith("NUGETLITE_"):
            monkeypatch.delenv(name)
    for name, value in {"packages": str(share), **database_setting}.items():
        monkeypatch.setenv(f"NUGETLITE_{name.upper()}", value)

    def run(line, *more, code=0):
        done = CliRunner().invoke(main, ["trusts", *line.split(), *more], catch_exceptions=False)
        assert done.exit_code == code, done.output
        return done.stdout if code == 0 else done.stderr

    return run


def test_a_policy_is_made_used_shown_and_deleted(run, town, issuer, exchange):
    told = run(
        f"create build contoso-ci --github contoso/json --issuer {issuer.url} --workflow release.yml "
        "--audience https://feed.example.com --for Contoso.* --may push,create --claim ref=refs/heads/*"
    )
    assert "for contoso.*" in told
    assert "with the audience https://feed.example.com" in told
    assert "repository_id and repository_owner_id; it has to come within 7 days" in told
    assert "repository_id of the first" in run("list build")

    assert exchange(issuer.token()).status_code == 200

    [trust] = json.loads(run("list build --json"))["trusts"]
    assert trust["name"] == "contoso-ci"
    assert trust["claims"]["repository_id"] == "123"
    assert trust["actions"] == ["create", "push"]
    assert "repository_id=123" in run("list build")

    assert json.loads(run("delete build contoso-ci --json")) == trust
    assert run("list build").startswith("build has no trust policies")
    assert exchange(issuer.token()).status_code == 403


def test_what_the_page_tells_to_type_works(run, issuer):
    page = (Path(__file__).parents[3] / "docs/trusted-publishing.md").read_text("utf-8")
    lines = re.findall(r"^\$ nugetlite trusts ((?:.*\\\n)*.*)$", page, re.MULTILINE)

    for line in lines:
        run("", *shlex.split(line.replace("\\\n", ""), comments=True))

    assert len(lines) == 6
    assert run("list build --json").count('"created"') == 3


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("create build ci", "Say whose jobs are trusted"),
        ("create build ci --github contoso/json", "for which audience"),
        ("create nobody ci --github contoso/json", "There is no account"),
        ("create build ci --issuer https://x --claim sub", "give it as NAME=TEXT"),
        ("delete build ci", "has no trust policy"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(run, line, why):
    told = run(line, code=1)

    assert why in told
    assert told.count("\n") == 1
