"""What clients ask before they push, and how refusals look to them."""

import re
from uuid import UUID

import pytest

from nugetlite import ANONYMOUS, Actor, Refused, hookimpl
from nugetlite.testing import KEY

PACKAGE_LINKS = {"Packages", "PackageUpload", "PackageDeltaSignature", "PackageDeltaUpload", "PackagesBulk"}


def test_the_root_is_for_everybody(make_octopus):
    told = make_octopus(key="", anonymous_read=False).get("/api").json

    assert re.fullmatch(r"3\.0\.[0-9]{1,2}", told["ApiVersion"])
    assert UUID(told["InstallationId"])
    assert told["Application"] == "nugetlite"
    assert told["Links"].keys() >= PACKAGE_LINKS
    for link in ("PackageUpload", "PackageDeltaUpload"):
        assert "overwriteMode" in told["Links"][link]
        assert "replace" in told["Links"][link]
    assert {"CurrentUser", "Spaces", "SpaceHome", "SignIn", "SignOut", "Web", "Self"} <= told["Links"].keys()


def test_the_installation_is_the_same_after_a_restart(make_octopus):
    assert make_octopus().get("/api").json == make_octopus().get("/api").json


def test_links_are_under_the_prefix_that_the_client_sees(make_octopus):
    octopus = make_octopus(base_url="https://feed.example.com/team")

    links = octopus.get("/api").json["Links"]
    assert all(link.startswith("/team/") for link in links.values())
    pushed = octopus.push("Acme.Web.1.2.0.zip", b"zip")
    self_link = "/team/api/Spaces-1/packages/packages-Acme.Web.1.2.0"
    assert pushed.json["Links"]["Self"] == self_link
    assert pushed.headers["Location"] == f"https://feed.example.com{self_link}"


@pytest.mark.parametrize(
    "url",
    ["/api", "/api/", "/API", "/Api/", "/api/Spaces-1", "/API/SPACES-1/", "/api/spaces/all/", "/api/Default"],
)
def test_spellings_of_urls(octopus, url):
    assert octopus.get(url).status_code == 200


def test_the_only_space(octopus):
    space = octopus.get("/api/spaces/Spaces-1").json

    assert (space["Id"], space["Name"], space["IsDefault"]) == ("Spaces-1", "Default", True)
    assert octopus.get(space["Links"]["SpaceHome"]).json["Links"].keys() >= PACKAGE_LINKS
    assert octopus.get("/api/spaces/all").json == [space]
    page = octopus.get("/api/spaces").json
    assert (page["ItemType"], page["TotalResults"], page["Items"]) == ("Space", 1, [space])
    assert "Page.Next" not in page["Links"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?partialName=Def&skip=0&take=2147483647", 1),
        ("?partialname=other", 0),
        ("?name=default", 1),
        ("?name=Other", 0),
        ("?ids=Spaces-1,Spaces-2", 1),
        ("?ids=Spaces-2", 0),
        ("?skip=1", 0),
    ],
)
def test_spaces_are_found(octopus, query, found):
    assert len(octopus.get(f"/api/spaces{query}").json["Items"]) == found


@pytest.mark.parametrize(
    "url", ["/api/Spaces-2", "/api/spaces/Spaces-2", "/api/Spaces-2/packages", "/api/nope"]
)
def test_what_there_is_not(octopus, url):
    answer = octopus.get(url)

    assert answer.status_code == 404
    assert answer.json["ErrorMessage"]


def test_who_asks(octopus):
    user = octopus.get("/api/users/me").json

    assert (user["Username"], user["IsService"]) == ("administrator", True)
    assert octopus.get(user["Links"]["Self"]).json == user
    assert octopus.get(user["Links"]["Spaces"]).json[0]["IsDefault"] is True
    assert octopus.get("/api/users/Users-somebody").status_code == 404


@pytest.mark.parametrize("key", ["", "API-WRONG"])
def test_nobody_is_not_told_who_they_are(make_octopus, key):
    answer = make_octopus(key=key).get("/api/users/me")

    assert answer.status_code == (401 if not key else 403)
    assert answer.json["ErrorMessage"]


def test_a_guest_may_read_and_nothing_else(make_octopus):
    guest = make_octopus(key="API-GUEST")

    assert guest.get("/api/users/me").json["Username"] == "guest"
    assert guest.get("/api/packages").status_code == 200
    assert guest.push("Acme.Web.1.2.0.zip", b"zip").status_code == 403


def test_where_nobody_reads_without_a_key_there_are_no_guests(make_octopus):
    assert make_octopus(key="API-GUEST", anonymous_read=False).get("/api/packages").status_code == 403


@pytest.mark.parametrize("url", ["/api/packages", "/api/Spaces-1", "/api/spaces", "/api/feeds/stats"])
def test_a_private_feed_tells_nobody(make_octopus, url):
    assert make_octopus(key="", anonymous_read=False).get(url).status_code == 401
    assert make_octopus(anonymous_read=False).get(url).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Octopus-ApiKey": KEY},
        {"X-NuGet-ApiKey": KEY},
        {"Authorization": f"Bearer {KEY}"},
        {"Authorization": "Basic dXNlcjp0ZXN0LWtleQ==", "X-Octopus-ApiKey": ""},
    ],
)
def test_carriers_of_a_key(octopus, headers):
    assert octopus.http.get("/api/users/me", headers=headers).json["Username"] == "administrator"


def test_a_key_in_a_url_is_none(make_octopus):
    answer = make_octopus(key="").push("Acme.Web.1.2.0.zip", b"zip", f"?apikey={KEY}")

    assert answer.status_code == 401
    assert "X-Octopus-ApiKey" in answer.json["ErrorMessage"]


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("PUT", "/api/packages/raw", 405),
        ("GET", "/api/users/login", 404),
        ("PATCH", "/api/packages", 405),
        ("POST", "/api/feeds/stats", 405),
        ("OPTIONS", "/api", 405),
    ],
)
def test_refusals_are_in_json_whatever_the_status(octopus, method, url, status):
    answer = octopus.http.open(url, method=method, headers=octopus.headers)

    assert answer.status_code == status
    assert answer.json.keys() == {
        *("ErrorMessage", "Errors", "HelpText", "HelpLink", "ParsedHelpLinks", "FullException")
    }


def test_nugets_root_below_ours_is_left_alone(octopus):
    assert b"ErrorMessage" not in octopus.get("/api/v2/nothing").data
    assert octopus.http.put("/api/v2/package/", headers=octopus.headers).status_code == 400


def test_a_failure_is_told_in_json(make_octopus, caplog):
    class Broken:
        @hookimpl
        def nugetlite_authorize(self):
            raise RuntimeError("secret")

    answer = make_octopus([Broken()]).get("/api/packages")

    assert answer.status_code == 503
    assert "secret" not in answer.text
    assert answer.json["ErrorMessage"]


class TestSession:
    """octo --user --pass."""

    CSRF = "X-Octopus-Csrf-Token"

    def sign_in(self, octopus, password=KEY, **more):
        told = {"Username": "u", "Password": password, "RememberMe": False, **more}
        return octopus.http.post("/api/users/login", json=told)

    def csrf(self, octopus):
        [cookie] = [each for each in self.cookies(octopus) if each.key.startswith("Octopus-Csrf-Token")]
        return cookie.value

    def cookies(self, octopus):
        return list(octopus.http._cookies.values())

    def test_sign_in_push_and_sign_out(self, make_octopus):
        octopus = make_octopus(key="")
        assert self.sign_in(octopus, State={"UsingSecureConnection": False}).status_code == 200

        assert octopus.get("/api/users/me").json["IsService"] is False
        octopus.headers = {self.CSRF: self.csrf(octopus)}
        assert octopus.push("Acme.Web.1.2.0.zip", b"zip").status_code == 201

        assert octopus.post("/api/users/logout").status_code == 200
        assert octopus.get("/api/users/me").status_code == 401

    def test_cookies_are_of_the_whole_host_and_only_one_can_be_read_by_scripts(self, make_octopus):
        octopus = make_octopus(key="")
        set_cookies = self.sign_in(octopus).headers.getlist("Set-Cookie")

        assert [
            ("HttpOnly" in each, "Path=/" in each, "Secure" in each, "Domain" in each) for each in set_cookies
        ] == [
            (True, True, False, False),
            (False, True, False, False),
        ]

    @pytest.mark.parametrize("token", [None, "", "wrong"])
    def test_a_change_without_the_token_is_refused(self, make_octopus, token):
        octopus = make_octopus(key="")
        self.sign_in(octopus)
        octopus.headers = {} if token is None else {self.CSRF: token}

        assert octopus.get("/api/packages").status_code == 200
        assert octopus.push("Acme.Web.1.2.0.zip", b"zip").status_code == 403
        assert octopus.get("/api/packages").json["Items"] == []

    @pytest.mark.parametrize("password", ["", "wrong"])
    def test_wrong_passwords(self, make_octopus, password):
        answer = self.sign_in(make_octopus(key=""), password)

        assert answer.status_code == 401
        assert "password is not right" in answer.json["ErrorMessage"]
        assert "Set-Cookie" not in answer.headers

    def test_guessing_is_slowed_down(self, make_octopus):
        octopus = make_octopus(key="")

        assert [self.sign_in(octopus, f"wrong{n}").status_code for n in range(21)] == [401] * 20 + [429]

    def test_a_forged_or_foreign_cookie_is_none(self, make_octopus, tmp_path):
        other = make_octopus(key="", api_key="other-key")
        self.sign_in(other, "other-key")
        octopus = make_octopus(key="")
        for cookie in self.cookies(other):
            octopus.http.set_cookie(cookie.key, cookie.value)

        assert octopus.get("/api/users/me").status_code == 401  # the same share, but another key

    def test_a_session_ends(self, make_octopus, monkeypatch):
        octopus = make_octopus(key="")
        self.sign_in(octopus)
        monkeypatch.setattr("nugetlite.web.octopus.session.HOURS", -1)

        assert octopus.get("/api/users/me").status_code == 401

    def test_a_session_lives_in_every_process(self, make_octopus):
        octopus = make_octopus(key="")
        self.sign_in(octopus)
        other = make_octopus(key="")
        for cookie in self.cookies(octopus):
            other.http.set_cookie(cookie.key, cookie.value)

        assert other.get("/api/users/me").status_code == 200

    def test_a_key_goes_before_a_session(self, make_octopus):
        octopus = make_octopus(key="")
        self.sign_in(octopus)
        octopus.headers = {"X-Octopus-ApiKey": "API-WRONG"}

        assert octopus.get("/api/users/me").status_code == 403

    def test_people_of_a_plugin_sign_in(self, make_octopus):
        class People:
            @hookimpl
            def nugetlite_identify(self, request):
                who = request.authorization
                if who and who.username == "ann" and who.password == "secret":
                    return Actor("ann", frozenset({"administrator"}))
                return ANONYMOUS if not who else self.refuse()

            def refuse(self):
                raise Refused("Nobody of that name")

        octopus = make_octopus([People()], key="")
        told = {"Username": "ann", "Password": "secret"}
        assert octopus.http.post("/api/users/login", json=told).json["Username"] == "ann"
        assert octopus.get("/api/users/me").json["Username"] == "ann"
        assert octopus.http.post("/api/users/login", json={"Username": "bob"}).status_code == 401

    @pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"'])
    def test_what_is_no_sign_in(self, make_octopus, body):
        answer = make_octopus(key="").http.post("/api/users/login", data=body)

        assert answer.status_code == 400
        assert answer.json["ErrorMessage"]
