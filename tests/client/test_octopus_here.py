"""The client against this server's own Octopus API, over real HTTP."""

import json
from random import Random

import pytest

from nugetlite.testing import KEY, Client, nupkg

OLD = Random(1).randbytes(300_000)
NEW = OLD[:100_000] + b"something new" + OLD[100_050:]


@pytest.fixture
def server(feed, key):
    return f"--server={feed}", key


@pytest.fixture
def push(run, server, tmp_path):
    """Push Acme.Web of some version with some bytes; answers what JSON says, or the whole result."""

    def push(version, content, *options, suffix=".zip"):
        file = tmp_path / f"Acme.Web.{version}{suffix}"
        file.write_bytes(content)
        return run("push", file.name, *server, *options)

    return push


def sent(result):
    """How many bytes a push sent, by its table."""
    (row,) = [line.split() for line in result.stdout.splitlines() if line.startswith("Acme.Web.")]
    return int(row[2].replace(",", "")) if row[1] == "pushed" else 0


def test_an_archive_is_pushed_listed_fetched_and_deleted(run, push, server, tmp_path):
    pushed = push("1.0.0-beta.1", OLD, suffix=".tar.gz")
    json_too = (*server, "--outputFormat=Json")
    listed = run("list", "acme", "--prerelease", *json_too)
    got = run("download", "Acme.Web", "--prerelease", "--output=got", *json_too)
    deleted = run("delete", "Acme.Web", "1.0.0-beta.1", *json_too)

    assert pushed.exit_code == 0, pushed.output
    assert [each["Version"] for each in json.loads(listed.stdout)["Packages"]] == ["1.0.0-beta.1"]
    assert json.loads(got.stdout)["Checked"] is True
    assert (tmp_path / "got" / "Acme.Web.1.0.0-beta.1.tar.gz").read_bytes() == OLD
    assert json.loads(deleted.stdout)["Deletion"] == "unlist"
    assert json.loads(run("list", "acme", "--prerelease", *json_too).stdout)["Packages"] == []
    assert run("relist", "Acme.Web", "1.0.0-beta.1", *server).exit_code == 0
    assert len(json.loads(run("list", "acme", "--prerelease", *json_too).stdout)["Packages"]) == 1


def test_the_next_version_costs_what_changed(run, push, server, tmp_path):
    first, second = push("1.0.0", OLD), push("1.1.0", NEW)
    whole = push("1.2.0", NEW, "--use-delta-compression=false")

    assert sent(first) > len(OLD)
    assert sent(second) < 10_000
    assert sent(whole) > len(NEW)
    run("download", "Acme.Web", "1.1.0", "--output=got", *server)
    assert (tmp_path / "got" / "Acme.Web.1.1.0.zip").read_bytes() == NEW


@pytest.mark.parametrize(
    ("options", "code", "outcome", "content"),
    [
        ([], 256 - 7, "failed", OLD),
        (["--overwrite-mode=FailIfExists"], 256 - 7, "failed", OLD),
        (["--overwrite-mode=ignoreifexists"], 0, "was there already", OLD),
        (["--replace-existing"], 0, "pushed", NEW),
        (["--overwrite-mode", "OverwriteExisting", "--use-delta-compression=no"], 0, "pushed", NEW),
    ],
)
def test_pushing_a_second_time(run, push, server, tmp_path, options, code, outcome, content):
    push("1.0.0", OLD)

    result = push("1.0.0", NEW, *options)

    assert result.exit_code == code, result.output
    assert outcome in result.stdout
    run("download", "Acme.Web", "1.0.0", "--output=got", *server)
    assert (tmp_path / "got" / "Acme.Web.1.0.0.zip").read_bytes() == content


def test_a_nuget_package_is_at_once_restorable_and_goes_as_a_delta_too(run, push, make_app):
    first = push("1.0.0", nupkg("Acme.Web", "1.0.0", files={"noise": OLD}), suffix=".nupkg")
    second = push("1.1.0", nupkg("Acme.Web", "1.1.0", files={"noise": NEW}), suffix=".nupkg")

    assert first.exit_code == second.exit_code == 0
    assert sent(second) < sent(first) / 2
    assert Client(make_app()).can_restore("Acme.Web", "1.1.0")


def test_a_user_with_a_password_may_push(run, feed, tmp_path):
    (tmp_path / "Acme.Web.1.0.0.zip").write_bytes(OLD)

    command = ("push", "*.zip", f"--server={feed}/api", "--user=somebody")
    result, wrong = run(*command, f"--pass={KEY}"), run(*command, "--pass=wrong-word")

    assert result.exit_code == 0, result.output
    assert wrong.exit_code in (256 - 5, 256 - 7)
    assert "wrong-word" not in wrong.output


def test_what_this_server_refuses_is_told_in_its_words(push):
    no_version = push("", OLD)
    wrong_key = push("1.0.0", OLD, "--apiKey=API-WRONG")

    assert no_version.exit_code == 256 - 7
    assert "No id and version follow from the name" in no_version.output
    assert wrong_key.exit_code == 256 - 5


def test_without_a_key_one_may_look_as_far_as_everybody_may(run, push, feed):
    push("1.0.0", nupkg("Acme.Web", "1.0.0"), suffix=".nupkg")

    assert "Acme.Web  1.0.0" in run("list", f"--server={feed}").stdout
