"""The commands about people, as an operator types them beside a running feed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from nugetlite.cli import main
from nugetlite.testing import Client, nupkg

KEY = re.compile(r"API-[A-Z0-9]{32}\n")
PASSWORD = "correct horse"


@pytest.fixture
def run(share):
    """Run ``nugetlite`` over the folder of this test; ``input`` is what is typed."""

    share.mkdir(exist_ok=True)

    def run(line, input="", code=0):
        settings = {"NUGETLITE_PACKAGES": str(share)}
        result = CliRunner().invoke(main, line.split(), env=settings, input=input, catch_exceptions=False)
        assert result.exit_code == code, result.output
        return result

    return run


@pytest.fixture
def tell(run):
    """Run it with ``--json`` and read the answer."""
    return lambda line, **more: json.loads(run(f"{line} --json", **more).stdout)


@pytest.fixture
def app(make_app):
    """The feed, without an administrator's key."""
    return make_app(api_key="")


def test_the_page_can_be_typed_from_top_to_bottom(client, run):
    page = (Path(__file__).parents[2] / "docs/people.md").read_text("utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    for id in ("Contoso.Json", "Fabrikam.Json"):
        client.push(nupkg(id, "1.0.0"))

    for line in "".join(blocks).splitlines():
        run(line.removeprefix("nugetlite ").replace("'", ""), input=f"{PASSWORD}\n" * 2)

    assert run("owners of contoso").stdout.count("owner") == 2
    assert client.get("/v3/search").status_code == 401
    assert client.get("/v3/search", auth=("alice", PASSWORD)).status_code == 403  # as she left


class TestAnEmptyFeed:
    def test_is_begun_by_an_administrator_and_a_key(self, app, run):
        assert Client(app, "any").push(nupkg("Contoso.Json", "1.0.0")).status_code == 403

        run("users create root --admin", input=f"{PASSWORD}\n{PASSWORD}\n")
        made = run("keys create root laptop")

        assert KEY.fullmatch(made.stdout)
        assert made.stderr.startswith("This is the key laptop of root. It is shown this once, is for *, ")
        assert Client(app, made.stdout.strip()).push(nupkg("Contoso.Json", "1.0.0")).status_code == 201
        assert run("owners list contoso.json").stdout.splitlines()[1].split()[:2] == ["root", "owner"]

    def test_by_processes_of_their_own(self, share):
        share.mkdir()

        def nugetlite(*arguments, input=""):
            command = Path(sys.executable).with_name("nugetlite")
            environment = {**os.environ, "NUGETLITE_PACKAGES": str(share)}
            return subprocess.run(
                [command, *arguments], env=environment, input=input, capture_output=True, text=True
            )

        made = nugetlite("users", "create", "root", "--admin", "--password-stdin", input=f"{PASSWORD}\n")
        assert made.stdout == "Made root, a person: administrator\n", made.stderr
        assert KEY.fullmatch(nugetlite("keys", "create", "root", "ci").stdout)


class TestUsers:
    def test_may_read_if_nothing_else_is_said(self, tell):
        alice = tell("users create alice --no-password")

        assert alice["grants"] == {"*": "reader"}
        assert (alice["kind"], alice["hasPassword"], alice["enabled"]) == ("person", False, True)
        assert tell("users create contoso --organization")["grants"] == {}

    def test_are_granted_something_else_or_more(self, run, tell):
        run("users create ci --service --grant Contoso.*=publisher")

        assert tell("users grant ci Fabrikam.*=publisher")["grants"] == {"fabrikam.*": "publisher"}
        assert tell("users grant ci reader --add")["grants"] == {"fabrikam.*": "publisher", "*": "reader"}
        assert tell("users grant everybody none")["grants"] == {"*": "none"}
        assert tell("users show everybody")["grants"] == {"*": "none"}
        refused = run("users grant everybody publisher", code=1)
        assert refused.stderr.startswith("Error: Everybody can be granted none and reader only")

    def test_have_a_password_that_is_typed_twice_or_sent(self, app, run):
        run("users create alice", input=f"{PASSWORD}\nanother\n{PASSWORD}\n{PASSWORD}\n")
        me = lambda password: app.test_client().get("/api/users/me", auth=("alice", password))  # noqa: E731
        assert me(PASSWORD).status_code == 200

        run("users password alice --password-stdin", input="battery staple\r\n")

        assert me(PASSWORD).status_code == 403
        assert me("battery staple").status_code == 200

    @pytest.mark.parametrize(
        ("line", "input", "said"),
        [
            ("users create alice --password-stdin", "", "No password was given"),
            ("users create alice", "", "No password was given"),
            ("users create alice --password-stdin", "short\n", "8 to 256 printable characters"),
            ("users create alice --password-stdin", "x" * 300, "8 to 256 printable characters"),
            ("users create alice --service --password-stdin", f"{PASSWORD}\n", "A service has no password"),
            ("users create al/ice --no-password", "", '"al/ice" is no name for an account'),
            ("users create alice --no-password --grant Contoso.*=owner", "", '"owner" is no role'),
            ("users create alice --no-password --grant /=reader", "", '"/" is no pattern'),
            ("users show alice", "", 'There is no account "alice"'),
            ("keys create alice ci", "", 'There is no account "alice"'),
            ("owners add Contoso.* alice", "", "There is nothing like contoso.* on this feed"),
            ("prefixes reserve * alice", "", "All ids cannot be reserved"),
        ],
    )
    def test_hear_in_one_sentence_what_is_wrong(self, run, line, input, said):
        told = run(line, input=input, code=1).stderr.splitlines()[-1]

        assert told.startswith("Error: ")
        assert said in told

    def test_are_kept_from_acting_and_let_in_again(self, app, run):
        run("users create ci --service --grant publisher")
        client = Client(app, run("keys create ci build").stdout.strip())

        run("users disable ci")
        assert client.push(nupkg("Contoso.Json", "1.0.0")).status_code == 403
        assert "disabled" in run("users list").stdout

        run("users enable ci")
        assert client.push(nupkg("Contoso.Json", "1.0.0")).status_code == 201

    def test_leave_what_they_alone_owned_ownerless(self, app, run, tell):
        run("users create ci --service --grant publisher")
        client = Client(app, run("keys create ci build").stdout.strip())
        client.push(nupkg("Contoso.Json", "1.0.0"))
        run("users create alice --no-password")
        client.push(nupkg("Contoso.Xml", "1.0.0"))
        run("owners add Contoso.Xml alice")

        assert tell("users delete ci") == {"ownerless": ["Contoso.Json"]}
        assert run("owners list Contoso.Json").stdout.startswith("Nobody owns Contoso.Json")

    def test_belong_to_organizations(self, run, tell):
        run("users create contoso --organization --grant Contoso.*=publisher")
        run("users create Alice --no-password")

        group = tell("users add-member contoso alice --leads")

        assert group["members"] == [{"name": "alice", "leads": True}]
        assert "Alice (leads)" in run("users show contoso").stdout
        assert tell("users remove-member contoso alice")["members"] == []


class TestKeys:
    def test_are_shown_once_and_never_again(self, run):
        run("users create ci --service --grant publisher")
        key = run("keys create ci build --for Contoso.* --may push,create --days 30").stdout.strip()

        shown = [run(line).output for line in ("keys list ci", "keys list ci --json", "users show ci --json")]
        shown.append(run("keys revoke ci build --json").output)

        assert not any(key in text or key.removeprefix("API-") in text for text in shown)

    def test_tell_when_and_from_where_they_were_used_last(self, app, run, tell):
        run("users create ci --service --grant publisher")
        client = Client(app, run("keys create ci build --never-expires").stdout.strip())
        (before,) = tell("keys list ci")["keys"]

        client.push(nupkg("Contoso.Json", "1.0.0"))
        app.extensions["nugetlite"].people.write_uses()  # as it does every now and then

        (after,) = tell("keys list ci")["keys"]
        assert (before["lastUsed"], before["expires"]) == (None, None)
        assert (after["lastUsed"] is not None, after["lastUsedFrom"]) == (True, "127.0.0.1")
        assert "127.0.0.1" in run("keys list ci").stdout

    def test_are_made_anew_and_ended(self, app, run):
        run("users create ci --service --grant publisher")
        first = run("keys create ci build").stdout.strip()
        second = run("keys regenerate ci build").stdout.strip()
        push = lambda key: Client(app, key).push(nupkg("Contoso.Json", "1.0.0")).status_code  # noqa: E731

        assert (push(first), push(second)) == (403, 201)
        run("keys revoke ci build")
        assert push(second) == 403
        assert "revoked" in run("keys list ci").stdout

    def test_act_for_an_organization_with_a_policy(self, run, tell):
        run("users create contoso --organization")
        run("users create ci --service")
        refused = run("keys create ci build --on-behalf-of contoso", code=1)
        assert "ci is no member of contoso" in refused.stderr
        run("users add-member contoso ci")

        key = tell("keys create ci build --on-behalf-of contoso --delete-policy soft --may delete,push")

        assert (key["behalf"], key["deletion"], key["actions"]) == ("contoso", "soft", ["delete", "push"])
        assert KEY.fullmatch(f"{key['key']}\n")
        both = run("keys create ci other --days 3 --never-expires", code=1)
        assert "either --days or --never-expires" in both.stderr


class TestOwners:
    def test_are_given_what_was_pushed_before_there_were_accounts(self, make_client, run, tell):
        client = make_client()
        for id in ("Contoso.Json", "Contoso.Xml", "Fabrikam.Json"):
            client.push(nupkg(id, "1.0.0"))
        client.delete("Contoso.Xml", "1.0.0")
        run("users create contoso --organization")
        run("users create alice --no-password")
        run("owners add contoso.json alice")

        given = tell("owners add Contoso.* contoso --ownerless")["owners"]
        assert [(each["id"], each["owner"]) for each in given] == [("Contoso.Xml", "contoso")]
        given = tell("owners add Contoso.* contoso")["owners"]
        assert [each["id"] for each in given] == ["Contoso.Json"]
        assert [each["id"] for each in tell("owners of contoso")["owners"]] == ["Contoso.Json", "Contoso.Xml"]

    def test_hand_over_and_let_go(self, client, run, tell):
        client.push(nupkg("Contoso.Json", "1.0.0"))
        for name in ("alice", "bob"):
            run(f"users create {name} --no-password")
        run("owners add Contoso.Json alice")

        run("owners transfer Contoso.Json alice bob")

        assert [each["owner"] for each in tell("owners list Contoso.Json")["owners"]] == ["bob"]
        again = run("owners add Contoso.Json bob", code=1)
        assert again.stderr == "Error: bob is an owner of Contoso.Json already\n"
        left = run("owners remove Contoso.Json bob").stdout
        assert left == "bob is no owner of Contoso.Json any more; it belongs to nobody\n"
        assert "There is no Contoso.Jsn on this feed yet" in run("owners add Contoso.Jsn bob").stdout


def test_prefixes_are_reserved_and_released(run, tell):
    run("users create contoso --organization")

    assert tell("prefixes reserve Contoso.* contoso") == tell("prefixes list")
    assert "contoso.*" in run("prefixes list").stdout
    assert run("prefixes release Contoso.* contoso").stdout == "contoso.* is reserved for nobody\n"
    assert run("prefixes list").stdout == "Nothing is reserved\n"
