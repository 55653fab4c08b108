"""What is decided about people counts at the next request, at every worker, whoever decided it and where."""

import pytest
import urllib3

from nugetlite import OPERATOR
from nugetlite.app import build
from nugetlite.config import Config
from nugetlite.management import Wanted
from nugetlite.people.values import Kind, parse_grants
from nugetlite.testing import nupkg

REQUESTS = 8  #: enough that each of two workers gets some, and too few to be taken for guesses


@pytest.fixture
def office(share):
    """The people of the feed, as its operator decides about them at a command line of their own."""
    share.mkdir()
    server = build(Config(packages=str(share)))
    yield server.management
    server.database.close()


def test_a_key_that_is_revoked_stops_working_everywhere(office, share, serve):
    office.accounts.create(OPERATOR, "alice", Kind.SERVICE, parse_grants(["publisher"]))
    key = office.keys.create(OPERATOR, "alice", Wanted("ci")).text
    server = serve(share, workers=2, api_key="", anonymous_read="false", scan_interval=0)

    def statuses(headers):
        """Of requests on connections of their own, so that no worker is left out."""
        found = set()
        for _ in range(REQUESTS):
            with urllib3.PoolManager(retries=False) as http:
                answer = http.request(
                    "GET", f"{server.url}/v3/content/contoso.json/index.json", headers=headers
                )
                found.add(answer.status)
        return found

    bearer = {"Authorization": f"Bearer {key}"}
    server.http.headers = bearer
    assert server.push(nupkg("Contoso.Json", "1.0.0")).status == 201
    for _ in range(2):  # the second time, both workers have kept the answer for this key
        assert statuses(bearer) == {200}

    office.keys.revoke(OPERATOR, "alice", "ci")

    assert statuses(bearer) == {403}
    again = office.keys.create(OPERATOR, "alice", Wanted("ci")).text
    assert statuses({"Authorization": f"Bearer {again}"}) == {200}
    office.accounts.enable(OPERATOR, "alice", enabled=False)
    assert statuses({"Authorization": f"Bearer {again}"}) == {403}
