"""Who may not see ``Secret.*`` cannot tell a feed that has such packages from one that never had any.

Every URL that can be read stands here. One that names a package is asked for twice: for one that is here and
hidden, and for one that is hidden and not here. Nothing but that name may differ.
"""

import re
import struct
from base64 import b64encode
from io import BytesIO
from uuid import UUID

import pytest

from nugetlite import Action, Actor, Pattern, Sight, hookimpl
from nugetlite.app import create_app
from nugetlite.config import Config
from nugetlite.testing import KEY, Client, nupkg
from nugetlite.web.octopus.urls import VIEWS
from nugetlite.web.v2.router import ROOMS, ROOTS

GUID = UUID("684a1e69-ff32-4135-aedd-fb3dbb570574")
SEES = Sight.of({Pattern.parse(text): text == "*" for text in ("*", "Secret.*", "Absent.*")})
OPEN = Sight.of({Pattern.parse("*"): False, Pattern.parse("Contoso.*"): True})

#: what can be read, by the view that answers; {id} is a hidden id in some spelling
URLS = {
    "service_index.index": ["/v3/index.json"],
    "content.versions": ["/v3/content/{id}/index.json"],
    "content.nupkg": [
        "/v3/content/{id}/1.0.0/{id}.1.0.0.nupkg",
        "/v3/content/{id}/2.0.0-beta/{id}.2.0.0-beta.nupkg",
        "/v3/content/{id}/3.0.0/{id}.3.0.0.nupkg",
    ],
    "content.nuspec": ["/v3/content/{id}/1.0.0/{id}.nuspec"],
    "content.readme": ["/v3/content/{id}/1.0.0/readme"],
    "content.icon": ["/v3/content/{id}/1.0.0/icon"],
    "content.license": ["/v3/content/{id}/1.0.0/license"],
    "registration.index": [
        f"/v3/registration{kind}/{{id}}/index.json" for kind in ("", "-gz", "-gz-semver2")
    ],
    "registration.page": ["/v3/registration/{id}/page/1.0.0/2.0.0-beta.json"],
    "registration.leaf": ["/v3/registration/{id}/1.0.0.json", "/v3/registration/{id}/4.0.0.json"],
    "search.find": [
        "/v3/search?prerelease=true&take=1000",
        "/v3/search?q={id}",
        "/v3/search?q=packageid:{id}",
        "/v3/search?q=mallory&skip=1",
    ],
    "search.autocomplete": [
        "/v3/autocomplete?take=1000",
        "/v3/autocomplete?q=se&prerelease=true",
        "/v3/autocomplete?id={id}&prerelease=true",
    ],
    "catalog.index": ["/v3/catalog/index.json"],
    "catalog.page": [f"/v3/catalog/page{number}.json" for number in range(3)],
    "catalog.leaf": [f"/v3/catalog/data/{seq}.json" for seq in range(20)],
    "catalog.newest": ["/v3/catalog/newest/{id}/1.0.0.json"],
    "symbols.pdb": [
        f"/v3/symbols/{{id}}.pdb/{GUID.hex}ffffffff/{{id}}.pdb",
        f"/v3/symbols/1/{{id}}.pdb/{GUID.hex}ffffffff/{{id}}.pdb",
    ],
    "portal.home": ["/", "/?q={id}", "/?q=mallory"],
    "portal.newest": ["/packages/{id}"],
    "portal.package": ["/packages/{id}/1.0.0", "/packages/{id}/3.0.0", "/packages/{id}/4.0.0"],
    "manage.describe": ["/api/nugetlite/openapi.json"],
    "manage.me": ["/api/nugetlite/me"],
    "manage.list_accounts": ["/api/nugetlite/accounts"],
    "manage.get_account": ["/api/nugetlite/accounts/reader"],
    "manage.list_owned": ["/api/nugetlite/accounts/reader/packages"],
    "manage.list_keys": ["/api/nugetlite/accounts/reader/keys"],
    "manage.list_trusts": ["/api/nugetlite/accounts/reader/trusts"],
    "manage.get_everybodys_grants": ["/api/nugetlite/everybody/grants"],
    "manage.list_owners": ["/api/nugetlite/packages/{id}/owners"],
    "manage.list_prefixes": ["/api/nugetlite/prefixes"],
    "ops.live": ["/health/live"],
    "ops.ready": ["/health/ready"],
    "ops.metrics": ["/metrics"],
}
#: the same below V2's roots, by the room that answers
IN_V2 = {
    "": [""],
    "$metadata": ["$metadata"],
    "packages": [
        "Packages()?$inlinecount=allpages",
        "Packages()/$count",
        "Packages()?$filter=IsLatestVersion&$orderby=Published desc",
        "Packages()?$filter=IsLatestVersion or IsAbsoluteLatestVersion",
        "Packages()?$filter=tolower(Id) eq '{id}'",
        "Packages()?$filter=substringof('ecret',Id)",
        "Packages(Id='{id}',Version='1.0.0')",
        "Packages(Id='{id}',Version='1.0.0')/Description",
        "Packages(Id='{id}',Version='1.0.0')/Description/$value",
        "Packages(Id='{id}',Version='1.0.0')/$value",
        "Packages(Id='{id}',Version='4.0.0')/Download",
    ],
    "findpackagesbyid": [
        "FindPackagesById()?id='{id}'",
        "FindPackagesById()?id='{id}'&$filter=IsLatestVersion",
        "FindPackagesById()/$count?id='{id}'",
    ],
    "search": [
        "Search()?searchTerm='{id}'",
        "Search()?searchTerm='mallory'",
        "Search()/$count?searchTerm=''",
    ],
    "getupdates": ["GetUpdates()?packageIds='{id}|Contoso.Json'&versions='0.1|0.1'&includeAllVersions=true"],
    "package": ["package/{id}/1.0.0", "package/{id}", "package/{id}/3.0.0"],
    "package-ids": ["package-ids?partialId=se", "package-ids"],
    "package-versions": ["package-versions/{id}"],
}
#: the same below Octopus's ``/api``, by its own URLs
IN_OCTOPUS = {
    "/spaces": ["/spaces"],
    "/spaces/all": ["/spaces/all"],
    "/spaces/<id>": ["/spaces/Spaces-1"],
    "/users/me": ["/users/me"],
    "/users/<id>": ["/users/Users-reader"],
    "/users/<id>/spaces": ["/users/Users-reader/spaces"],
    "/packages": [
        "/packages?take=1000&includeNotes=true",
        "/packages?nuGetPackageId={id}",
        "/packages?filter=ecret",
        "/packages?latest=true",
    ],
    "/packages/notes": ["/packages/notes?packageIds={id}.1.0.0,{site}.1.0,Contoso.Json.1.0.0"],
    "/packages/<name>": ["/packages/packages-{id}.1.0.0", "/packages/{site}.1.0", "/packages/{id}.4.0.0"],
    "/packages/<name>/raw": ["/packages/{id}.1.0.0/raw", "/packages/{site}.1.0/raw"],
    "/packages/<id>/<version>/delta-signature": [
        "/packages/{id}/1.2.0/delta-signature",
        "/packages/{site}/1.0/delta-signature",
    ],
    "/feeds/stats": ["/feeds/stats"],
    "/feeds/<id>": ["/feeds/feeds-builtin"],
}
ALL = [
    *[url for urls in URLS.values() for url in urls],
    *[f"{ROOTS[0]}/{url}" for urls in IN_V2.values() for url in urls],
    *[f"/api{url}" for urls in ({"": [""]} | IN_OCTOPUS).values() for url in urls],
    "/api/Spaces-1/packages?filter=ecret",
    "/api/v3/nothing/{id}",
]
IN_JSON = [f"{ROOTS[1]}/{url}" for urls in IN_V2.values() for url in urls]
#: these name a package, but not its id
BY_ANOTHER_NAME = ("/v3/symbols/", "delta-signature", "/nothing/")
#: these look for one, or list several
LOOK = ("q={id}", "q=packageid:{id}", "searchTerm='{id}'")
NAMED = [
    url
    for url in ALL
    if re.search("{id}|{site}", url) and not any(each in url for each in BY_ANOTHER_NAME + LOOK)
]


class Readers:
    """A site's plugin: a reader who may push, and guests, do not see everything."""

    @hookimpl
    def nugetlite_identify(self, request):
        if request.headers.get("X-NuGet-ApiKey") == "reader":
            return Actor("reader")
        return None

    @hookimpl
    def nugetlite_authorize(self, actor, action):
        return True if actor.name == "reader" and action in (Action.PUSH, Action.CREATE) else None

    @hookimpl
    def nugetlite_sight(self, actor):
        if "administrator" in actor.roles:
            return None
        return OPEN if actor.is_anonymous else SEES


@pytest.fixture(scope="module")
def app():
    """A feed on which Secret.* is in every state in which a package can be, and Contoso.* beside it."""
    config = Config(packages="memory://", api_key=KEY, scan_interval=0.0)
    app = create_app(config, [Readers()])
    client = Client(app)
    for owner in ("Contoso", "Secret"):
        _fill(client, owner)
    for seq in range(2):
        assert client.push(nupkg("Contoso.More", f"{seq}.0.0")).status_code == 201
    return app


def _fill(client, owner):
    id = f"{owner}.Json"
    files = {
        "icon.png": b"\x89PNG" + owner.encode(),
        "readme.md": owner.encode(),
        "LICENSE.txt": owner.encode(),
    }
    more = {
        "files": files,
        "license": ("file", "LICENSE.txt"),
        "readme": "readme.md",
        "icon": "icon.png",
        "authors": "Mallory",
        "tags": owner,
        "releaseNotes": f"{owner} is new",
    }
    for version in ("1.0.0", "1.1.0", "2.0.0-beta", "3.0.0", "4.0.0"):
        assert client.push(nupkg(id, version, **more)).status_code == 201
    assert client.push(nupkg(f"{owner}.Gone", "1.0.0")).status_code == 201
    for gone, version, kind in (
        (id, "2.0.0-beta", "Unlist"),
        (id, "3.0.0", "SoftDelete"),
        (id, "4.0.0", "HardDelete"),
        (f"{owner}.Gone", "1.0.0", "HardDelete"),
    ):
        assert client.delete(gone, version, type=kind, reason=f"{owner}, really").status_code == 204
    symbols = nupkg(id, "1.0.0", package_types=["SymbolsPackage"], files={f"lib/{id}.pdb": _pdb()})
    assert client.push_symbols(symbols).status_code == 201
    pushed = client.http.post(
        "/api/packages/raw",
        data={"file": (BytesIO(owner.encode()), f"{owner}.Site.1.0.zip")},
        headers={"X-Octopus-ApiKey": KEY},
    )
    assert pushed.status_code == 201


def _pdb():
    version = b"PDB v1.0\0\0\0\0"
    root = struct.pack("<4s2H2L", b"BSJB", 1, 1, 0, len(version)) + version + struct.pack("<2H", 0, 1)
    return (
        root
        + struct.pack("<2L", len(root) + 16, 32)
        + b"#Pdb\0\0\0\0"
        + GUID.bytes_le
        + b"\1\2\3\4"
        + bytes(12)
    )


def ask(app, url, owner, *, key="", method="GET", **headers):
    """What is answered about what somebody owns."""
    path, _, query = url.format(id=f"{owner}.json", site=f"{owner}.site").partition("?")
    return app.test_client().open(
        path,
        method=method,
        query_string=query,
        headers={**({"X-NuGet-ApiKey": key} if key else {}), **headers},
        buffered=True,
    )


def told(answer):
    """All that an answer says."""
    return f"{answer.status}\n{answer.headers}\n{answer.get_data(as_text=True)}".lower()


def test_every_url_that_can_be_read_is_looked_at(app):
    views = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in rule.methods}

    assert {view for view in views if not re.match(r"static$|v2\.|octopus\.", view)} == URLS.keys()
    assert ROOMS.keys() - {"$batch"} == IN_V2.keys()
    assert {url for method, url in VIEWS if method == "GET"} == IN_OCTOPUS.keys()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("key", ["reader", ""])
def test_what_is_hidden_is_as_if_it_were_not_here(app, key, method):
    for url, accept in [*[(url, "*/*") for url in ALL], *[(url, "application/json") for url in IN_JSON]]:
        hidden, absent = (
            ask(app, url, owner, key=key, method=method, Accept=accept) for owner in ("secret", "absent")
        )

        assert told(hidden).replace("secret", "absent") == told(absent), url
        if "{" not in url:
            assert "secret" not in told(hidden), url
            assert hidden.status_code in (200, 401, 403, 404)


def test_a_client_that_names_it_is_asked_who_it_is(app):
    for url in NAMED:
        guest = ask(app, url, "secret")

        assert guest.status_code == 401, url
        assert guest.headers["WWW-Authenticate"].startswith("Basic ")


def test_who_may_sees_it(app):
    for url in ALL:
        theirs, others = (ask(app, url, owner, key=KEY) for owner in ("secret", "contoso"))

        assert theirs.status_code == others.status_code, url
        assert bool(theirs.data) is bool(others.data)


def test_lists_and_counts_are_of_what_one_sees(app):
    def count(url, key):
        answer = ask(app, url, "secret", key=key)
        return answer.json if answer.is_json else int(answer.text)

    def items(url, key):
        return [item["nuget:id"] for item in count(url, key)["items"]]

    for key, owners in ((KEY, 2), ("reader", 1), ("", 1)):
        assert count("/v3/search?prerelease=true", key)["totalHits"] == owners + 1
        assert count("/v3/search?q=mallory", key)["totalHits"] == owners
        assert count("/v3/autocomplete", key)["totalHits"] == owners + 1
        assert count("/nuget/Packages()/$count", key) == 3 * owners + 2
        assert count("/nuget/Search()/$count?searchTerm='mallory'", key) == 2 * owners
        assert count("/api/feeds/stats", key)["TotalPackages"] == 4 * owners + 2
        assert count("/api/packages", key)["TotalResults"] == 3 * owners + 2
        page = count("/v3/catalog/index.json", key)["items"][0]
        assert page["count"] == len(items("/v3/catalog/page0.json", key)) == 10 * owners + 2
    assert ask(app, URLS["symbols.pdb"][0], "secret", key=KEY).data == _pdb()
    assert "secret.json" in told(ask(app, "/v3/search?q=sec&prerelease=true", "secret", key=KEY))


def test_a_follower_who_does_not_see_all_hears_nothing_but_what_they_see(app):
    index = ask(app, "/v3/catalog/index.json", "", key="reader").json
    (page,) = [ask(app, f"/v3/catalog/page{number}.json", "", key="reader").json for number in range(1)]

    assert index["commitTimeStamp"] == page["commitTimeStamp"] == page["items"][-1]["commitTimeStamp"]
    for item in page["items"]:
        assert ask(app, item["@id"].removeprefix("http://localhost"), "", key="reader").status_code == 200


def test_credentials_in_an_answer_to_the_challenge_are_enough(app):
    basic = {"Authorization": "Basic " + b64encode(f"me:{KEY}".encode()).decode()}

    assert ask(app, "/v3/content/{id}/index.json", "secret").status_code == 401
    assert ask(app, "/v3/content/{id}/index.json", "secret", **basic).status_code == 200
