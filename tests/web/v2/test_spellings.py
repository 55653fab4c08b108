"""Every query that a client is known to send, as it spells it, has its answer: see ``spellings.toml``."""

import tomllib
from pathlib import Path

import pytest

from nugetlite.testing import nupkg

CORPUS = tomllib.loads((Path(__file__).parent / "spellings.toml").read_text("utf-8"))
SPELLINGS = [
    pytest.param(spelling["ask"], spelling["answer"], id=f"{client['name']}: {spelling['ask']}"[:120])
    for client in CORPUS["client"]
    for spelling in client["spelling"]
]


@pytest.fixture(scope="module")
def feed(make_lasting_client, gallery_of):
    client = make_lasting_client()
    for package in CORPUS["package"]:
        told = {name: package[name] for name in ("tags", "title", "description") if name in package}
        for version in package["versions"]:
            assert client.push(nupkg(package["id"], version, **told)).status_code == 201
        for version in package.get("unlisted", []):
            assert client.delete(package["id"], version).status_code == 204
    return gallery_of(client)


@pytest.mark.parametrize(("ask", "answer"), SPELLINGS)
def test_a_client_is_told_what_it_asks_for(feed, ask, answer):
    match answer:
        case int():
            assert feed.count(ask) == answer
        case str():
            assert feed.get(ask).json == answer.split()
        case _:
            assert [each.replace("None", "") for each in feed.versions(ask)] == answer
