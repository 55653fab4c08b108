"""What becomes of a delete of what other packages on the feed need."""

import pytest

from nugetlite import Action, Pattern, Refused, Sight, hookimpl
from nugetlite.testing import nupkg

TYPES = {"Unlist": "unlist", "SoftDelete": "soft", "HardDelete": "hard"}
NEED = "Contoso.App 2.0.0 and 1 other need Contoso.Json 1.2.0"
WARNING = f"{NEED}, which is gone now; no other version here will do"
REFUSAL = f"{NEED}; no other version here will do; force=true (--force) deletes it all the same"


def stock(client):
    client.push(nupkg("Contoso.Json", "1.2.0"))
    for version in ("1.0.0", "2.0.0"):
        client.push(nupkg("Contoso.App", version, dependencies={"net8.0": {"Contoso.Json": "1.0"}}))
    return client


@pytest.fixture
def make_stocked(make_client):
    """Make a client of a server on which Contoso.App needs Contoso.Json."""
    return lambda plugins=(), **settings: stock(make_client(plugins, **settings))


@pytest.mark.parametrize("type", ["SoftDelete", "HardDelete"])
def test_whoever_deletes_what_others_need_is_warned(make_stocked, type):
    client = make_stocked()

    answer = client.delete("Contoso.Json", "1.2.0", type=type)

    assert answer.status_code == 204
    assert answer.headers["X-NuGetLite-Deletion"] == TYPES[type]
    assert answer.headers["X-NuGet-Warning"] == WARNING
    assert not client.can_restore("Contoso.Json", "1.2.0")


@pytest.mark.parametrize("type", ["SoftDelete", "HardDelete"])
def test_or_refused_until_it_is_forced(make_stocked, type):
    client = make_stocked(delete_guard="refuse")

    refused = client.delete("Contoso.Json", "1.2.0", type=type)
    kept = client.can_restore("Contoso.Json", "1.2.0")
    forced = client.delete("Contoso.Json", "1.2.0", type=type, force="true")

    assert refused.status == f"409 {REFUSAL}"
    assert refused.headers["X-NuGet-Warning"] == refused.json["error"] == REFUSAL
    assert kept
    assert forced.status_code == 204
    assert forced.headers["X-NuGet-Warning"] == WARNING
    assert not client.can_restore("Contoso.Json", "1.2.0")


@pytest.mark.parametrize("guard", ["warn", "refuse"])
def test_to_unlist_breaks_no_restore_so_nobody_minds(make_stocked, guard):
    client = make_stocked(delete_guard=guard)

    answer = client.delete("Contoso.Json", "1.2.0", type="Unlist")

    assert answer.status_code == 204
    assert "X-NuGet-Warning" not in answer.headers


@pytest.mark.parametrize("type", TYPES)
def test_nobody_minds_where_the_guard_is_off(make_stocked, type):
    answer = make_stocked(delete_guard="off").delete("Contoso.Json", "1.2.0", type=type)

    assert answer.status_code == 204
    assert "X-NuGet-Warning" not in answer.headers


@pytest.mark.parametrize("guard", ["warn", "refuse"])
def test_nor_about_what_nobody_needs(make_stocked, guard):
    client = make_stocked(delete_guard=guard, delete_policy="hard")
    client.push(nupkg("Contoso.Json", "1.3.0"))  # would do as well, but is not the lowest

    for id, version in [("Contoso.Json", "1.3.0"), ("Contoso.App", "1.0.0"), ("Contoso.App", "2.0.0")]:
        answer = client.delete(id, version)
        assert (answer.status_code, answer.headers.get("X-NuGet-Warning")) == (204, None)
    assert client.delete("Contoso.Json", "1.2.0").status_code == 204  # who needed it is gone


def test_where_another_version_will_do_one_is_told_so(make_stocked):
    client = make_stocked(delete_policy="soft")
    client.push(nupkg("Contoso.Json", "1.3.0"))

    warning = client.delete("Contoso.Json", "1.2.0").headers["X-NuGet-Warning"]

    assert warning == f"{NEED}, which is gone now; another version will do"


def test_what_is_soft_deleted_already_is_missed_no_more(make_stocked):
    client = make_stocked(delete_guard="refuse")
    client.delete("Contoso.Json", "1.2.0", type="SoftDelete", force="true")

    assert client.delete("Contoso.Json", "1.2.0", type="HardDelete").status_code == 204


def test_the_policy_says_first_what_a_delete_comes_to(make_stocked):
    client = make_stocked(delete_guard="refuse", delete_policy={"*": "hard", "Contoso.Json": "unlist"})

    assert client.delete("Contoso.Json", "1.2.0").headers["X-NuGetLite-Deletion"] == "unlist"


def test_to_force_takes_the_right_to(make_stocked):
    class NobodyForces:
        @hookimpl
        def nugetlite_authorize(self, action, package_id):
            if action is Action.FORCE:
                raise Refused(f"Ask those who need {package_id}")

    client = make_stocked([NobodyForces()], delete_guard="refuse", delete_policy="soft")

    answer = client.delete("Contoso.Json", "1.2.0", force="true")

    assert answer.status == "403 Ask those who need Contoso.Json"
    assert client.can_restore("Contoso.Json", "1.2.0")
    assert client.delete("Contoso.App", "1.0.0", force="true").status_code == 204  # nothing is forced there


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"json": {"type": "SoftDelete", "force": True}}, 204),
        ({"json": {"type": "SoftDelete", "force": "True"}}, 204),
        ({"json": {"type": "SoftDelete", "force": False}}, 409),
        ({"data": {"type": "SoftDelete", "force": "false"}}, 409),
        ({"data": {"type": "SoftDelete", "force": "maybe"}}, 400),
    ],
)
def test_force_is_true_or_false(make_stocked, body, status):
    client = make_stocked(delete_guard="refuse")

    answer = client.http.delete(
        "/v3/package/Contoso.Json/1.2.0", headers={"X-NuGet-ApiKey": client.key}, **body
    )

    assert answer.status_code == status


def test_what_somebody_may_not_see_is_not_named_to_them(make_stocked):
    class Hidden:
        @hookimpl
        def nugetlite_sight(self):
            return Sight.of({Pattern.parse("*"): True, Pattern.parse("Contoso.App"): False})

    client = make_stocked([Hidden()], delete_policy="soft")

    assert (
        client.delete("Contoso.Json", "1.2.0")
        .headers["X-NuGet-Warning"]
        .startswith("2 versions need Contoso")
    )


def test_what_others_brought_to_the_share_is_known_too(make_stocked, share):
    client = make_stocked(delete_policy="soft", delete_guard="refuse")
    (share / "drop").mkdir()
    (share / "drop/tool.nupkg").write_bytes(nupkg("Tool", dependencies={"": {"contoso.json": "[1.2.0]"}}))
    client.app.extensions["nugetlite"].upkeep.scan()
    client.app.extensions["nugetlite"].upkeep.scan()

    assert "Tool 1.0.0 and 1 other need" in client.delete("Contoso.Json", "1.2.0").status


@pytest.mark.parametrize("guard", ["warn", "refuse", "off"])
def test_the_record_says_who_needed_what_was_deleted_and_whether_it_was_forced(make_stocked, guard):
    client = make_stocked(delete_guard=guard, delete_policy="hard")

    client.delete("Contoso.Json", "1.2.0", force="true")
    client.delete("Contoso.App", "1.0.0", force="true")  # which nobody needs

    records = list(client.app.extensions["nugetlite"].audit.onwards())
    needed, unneeded = [
        {name: each.detail.get(name) for name in ("needed", "forced")}
        for each in records
        if each.action == "delete"
    ]
    assert needed == {
        "needed": None if guard == "off" else NEED,
        "forced": "true" if guard == "refuse" else None,
    }
    assert unneeded == {"needed": None, "forced": None}
