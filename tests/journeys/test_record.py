"""What happens through the front door is on record: who, from where, what came of it; and in marks and catalog."""

import os
from io import BytesIO

import pytest

from nugetlite import OPERATOR, Actor, Refused, hookimpl
from nugetlite.audit import Audit
from nugetlite.management import Wanted, parse_patterns, parse_scopes
from nugetlite.package.sight import EVERYTHING
from nugetlite.people.values import Kind, parse_grants
from nugetlite.testing import KEY, nupkg
from nugetlite.web.current import NAME

KEYS = {
    "ci-secret": Actor("alice", frozenset({"publisher"}), key="ci"),
    "alices-word": Actor("alice", frozenset({"publisher"})),
    "reader-secret": Actor("rita", frozenset({"reader"}), key="laptop"),
}


class People:
    """Two people with keys; one may push and delete, and neither may do so to ``Secret.*``."""

    @hookimpl
    def nugetlite_identify(self, request):
        credentials = request.authorization
        password = credentials.password if credentials else ""
        return KEYS.get(request.headers.get("X-NuGet-ApiKey", "") or password)

    @hookimpl
    def nugetlite_authorize(self, actor, action, package_id):
        if package_id and package_id.key.startswith("secret."):
            raise Refused("Secret.* is not for this key")
        return True if "publisher" in actor.roles or not action.writes else None


class Doorman:
    """Lets nobody in, at once; else it takes as long as a password hash takes."""

    @hookimpl
    def nugetlite_identify(self, request):
        if request.authorization:
            raise Refused("Not tonight")


@pytest.fixture
def peopled(make_client):
    client = make_client([People()])
    client.key = "ci-secret"
    return client


def record(client):
    return list(client.app.extensions[NAME].audit.onwards())


def told(client):
    return [(str(each.outcome), each.actor, each.key, each.action, each.subject) for each in record(client)]


def test_every_change_of_a_package_is_on_record(peopled):
    content = nupkg("Contoso.Json", "1.0.0")
    assert peopled.push(content).status_code == 201
    assert peopled.push(content).status_code == 409
    peopled.push_symbols(nupkg("Contoso.Json", "1.0.0", package_types=["SymbolsPackage"]))
    peopled.delete("contoso.json", "1.0", reason="it\nbroke")
    peopled.delete("Contoso.Json", "1.0.0")
    peopled.relist("Contoso.Json", "1.0.0")
    peopled.delete("Contoso.Json", "1.0.0", type="HardDelete")
    peopled.delete("Contoso.Json", "1.0.0")

    alice, one = ("done", "alice", "ci"), "Contoso.Json 1.0.0"
    actions = ["push", "symbols", "delete", "relist", "delete"]
    assert told(peopled) == [(*alice, action, one) for action in actions]
    pushed, _, unlisted, _, erased = record(peopled)
    assert {each.address for each in record(peopled)} == {"127.0.0.1"}
    assert len(pushed.detail["sha512"]) == 88
    assert unlisted.detail == {"deletion": "unlist", "why": "it\nbroke", "sha512": pushed.detail["sha512"]}
    assert erased.detail["deletion"] == "hard"


def test_a_replacement_is_told_apart_from_a_push(make_client):
    client = make_client(overwrite="always")
    for words in ("old", "new"):
        client.push(nupkg(description=words))
    one, other = record(client)
    assert (one.action, other.action) == ("push", "replace")
    assert one.detail["sha512"] != other.detail["sha512"]


def test_archives_are_on_record_too(peopled):
    def push(content, query=""):
        return peopled.http.post(
            f"/api/packages/raw{query}",
            data={"file": (BytesIO(content), "Acme.Web.1.2.0.zip")},
            headers={"X-NuGet-ApiKey": "ci-secret"},
        ).status_code

    assert [push(b"old"), push(b"new", "?overwriteMode=OverwriteExisting"), push(b"x")] == [201, 201, 409]
    own = {"X-NuGet-ApiKey": "ci-secret"}
    assert peopled.http.delete("/api/packages/Packages-Acme.Web.1.2.0", headers=own).status_code == 200
    assert peopled.http.post("/api/packages/Acme.Web/1.2.0/relist", headers=own).status_code == 200

    alice = ("done", "alice", "ci")
    assert told(peopled) == [
        (*alice, action, "Acme.Web 1.2.0") for action in ("push", "replace", "delete", "relist")
    ]


def test_who_is_refused_a_write_is_on_record_if_it_is_known_who_they_are(peopled):
    content = nupkg("Contoso.Json", "1.0.0")
    assert peopled.push(nupkg("Secret.Json", "1.0.0")).status_code == 403
    assert peopled.push(content, key="reader-secret").status_code == 403
    assert peopled.delete("Secret.Json", "1.0.0").status_code == 403
    assert peopled.push(content, key="wrong").status_code == 403
    assert peopled.push(content, key="").status_code == 401
    assert peopled.get("/v3/secret.json/index.json").status_code == 404

    assert told(peopled) == [
        ("refused", "alice", "ci", "create", "Secret.Json"),
        ("refused", "rita", "laptop", "push", ""),
        ("refused", "alice", "ci", "delete", "Secret.Json"),
    ]
    assert record(peopled)[0].detail == {"why": "Secret.* is not for this key"}


def test_marks_and_catalog_tell_the_key_but_not_the_address(peopled, share):
    peopled.push(nupkg())
    peopled.delete("Contoso.Json", "1.0.0", type="HardDelete")

    leaves = [peopled.get(f"/v3/catalog/data/{number}.json").json for number in (1, 2)]
    assert [leaf["nugetlite:actor"] for leaf in leaves] == ["alice (key ci)"] * 2
    assert "127.0.0.1" not in str(leaves)
    [mark] = [path for path in (share / ".nugetlite/gone").rglob("*.json") if path.is_file()]
    assert '"alice (key ci)"' in mark.read_text()
    told = peopled.app.extensions[NAME].feed.journal_page(0, EVERYTHING)
    assert [event.address for event in told] == ["127.0.0.1"] * 2


def test_what_a_scan_finds_and_misses_is_the_operators(client, share):
    scan = client.app.extensions[NAME].upkeep.scan
    (share / "Contoso.Json.1.0.0.nupkg").write_bytes(nupkg("Contoso.Json", "1.0.0"))
    scan()
    scan()
    (share / "contoso.json").rename(share.parent / "aside")
    scan()
    operator = ("done", "operator", "")
    assert told(client) == [(*operator, action, "Contoso.Json 1.0.0") for action in ("adopt", "vanish")]


class TestSigningIn:
    def sign_in(self, client, name, password):
        told = {"Username": name, "Password": password}
        return client.http.post("/api/users/login", json=told).status_code

    def test_who_signs_in_and_out_is_on_record(self, peopled):
        assert self.sign_in(peopled, "alice", "ci-secret") == 401
        assert self.sign_in(peopled, "alice", "alices-word") == 200
        [token] = [each for each in peopled.http._cookies.values() if each.key.startswith("Octopus-Csrf")]
        assert peopled.http.post("/api/users/logout").status_code == 403
        csrf = {"X-Octopus-Csrf-Token": token.value}
        assert peopled.http.post("/api/users/logout", headers=csrf).status_code == 200
        assert peopled.http.post("/api/users/logout").status_code == 200

        assert told(peopled) == [
            ("refused", "alice", "ci", "sign-in", "alice"),
            ("done", "alice", "", "sign-in", "alice"),
            ("done", "alice", "", "sign-out", "alice"),
        ]
        assert {each.address for each in record(peopled)} == {"127.0.0.1"}

    def test_who_fails_to_is_on_record_with_the_name_but_never_with_a_password_or_key(self, make_client):
        client = make_client([Doorman()])
        for name in ("mallory\x1b[2J", "x" * 1000, KEY, "api-0123456789ABCDEF", ""):
            assert self.sign_in(client, name, "guessed-word") == 401

        failed = record(client)
        assert {each.actor for each in failed} == {"anonymous"}
        assert [each.subject[:17] for each in failed] == [r"mallory\x1b[2J", "x" * 17, "a key", "a key", ""]
        assert len(failed[1].subject) == 256
        everything = "".join(each.to_json() for each in failed)
        assert "guessed" not in everything
        assert KEY not in everything
        assert "0123456789" not in everything

    def test_guessing_does_not_fill_it(self, make_client):
        client = make_client([Doorman()])
        answers = [self.sign_in(client, f"user{number}", "guessed") for number in range(30)]
        assert answers[-1] == 429
        assert len(record(client)) == 10


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_push_that_was_cut_short_is_not_on_record_until_a_scan_finds_what_it_left(client, monkeypatch):
    child = os.fork()
    if child == 0:
        inserted = Audit.note
        monkeypatch.setattr(Audit, "note", lambda *told, **more: (inserted(*told, **more), os._exit(9)))
        client.push(nupkg())
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert record(client) == []

    client.app.extensions[NAME].upkeep.scan()

    assert told(client) == [("done", "operator", "", "adopt", "Contoso.Json 1.0.0")]
    assert client.app.extensions[NAME].audit.verify().is_sound


def test_what_is_decided_about_people_is_on_record_without_their_secrets(make_client):
    client = make_client(api_key="")
    management = client.app.extensions[NAME].management
    management.accounts.create(
        OPERATOR, "alice", Kind.PERSON, parse_grants(["publisher"]), "long-secret-word"
    )
    wanted = Wanted("ci", parse_patterns(["Contoso.*"]), parse_scopes([]))
    client.key = management.keys.create(OPERATOR, "alice", wanted).text
    client.push(nupkg("Contoso.Json", "1.0.0"))
    client.push(nupkg("Other.Json", "1.0.0"))
    management.keys.revoke(OPERATOR, "alice", "ci")

    assert told(client) == [
        ("done", "operator", "", "create account", "alice"),
        ("done", "operator", "", "create key", "alice"),
        ("done", "alice", "ci", "claim id", "Contoso.Json"),
        ("done", "alice", "ci", "push", "Contoso.Json 1.0.0"),
        ("refused", "alice", "ci", "create", "Other.Json"),
        ("done", "operator", "", "revoke key", "alice"),
    ]
    everything = "".join(each.to_json() for each in record(client))
    assert '"key":"ci"' in everything
    assert client.key not in everything
    assert "long-secret" not in everything
