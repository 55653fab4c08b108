"""A reverse proxy has signed somebody in, and says who it is."""

import pytest

from nugetlite import OPERATOR
from nugetlite.people.values import Kind, parse_grants
from nugetlite.testing import nupkg

HEADER = "X-Remote-User"


@pytest.fixture
def site(make_site):
    """A feed behind such a proxy, with alice, who may push."""
    client = make_site(plugin_settings={"proxy_user": {"header": HEADER}})
    accounts = client.app.extensions["nugetlite"].management.accounts
    accounts.create(OPERATOR, "alice", Kind.PERSON, parse_grants(["publisher"]))
    return client


def push(site, user, **environ):
    headers = {HEADER: user, "Content-Type": "application/octet-stream"}
    return site.http.put("/v3/package/", data=nupkg("Contoso.Json"), headers=headers, environ_base=environ)


def test_whom_the_proxy_names_is_the_account_of_that_name(site):
    assert push(site, "alice").status_code == 201
    assert site.app.extensions["nugetlite"].people.owners(["contoso.json"]) == {"contoso.json": ("alice",)}


def test_who_has_no_account_is_told_so(site):
    assert push(site, "mallory").status == "403 mallory has no account on this feed; ask its operator for one"


def test_only_the_proxy_is_believed(site):
    assert push(site, "alice", REMOTE_ADDR="10.6.6.6").status_code == 401


def test_a_key_does_as_before(site):
    assert site.push(nupkg("Contoso.Json")).status_code == 201


def test_behind_trusted_proxies_the_socket_counts_and_not_what_they_say(make_site):
    site = make_site(trusted_proxies=1, plugin_settings={"proxy_user": {"header": HEADER}})
    accounts = site.app.extensions["nugetlite"].management.accounts
    accounts.create(OPERATOR, "alice", Kind.PERSON, parse_grants(["publisher"]))

    def answer(address, said):
        headers = {HEADER: "alice", "Content-Type": "application/octet-stream", "X-Forwarded-For": said}
        environ = {"REMOTE_ADDR": address}
        return site.http.put(
            "/v3/package/", data=nupkg("Contoso.Json"), headers=headers, environ_base=environ
        )

    assert answer("10.6.6.6", "127.0.0.1").status_code == 401
    assert answer("127.0.0.1", "192.0.2.7").status_code == 201
