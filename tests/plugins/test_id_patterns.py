"""Only packages whose id fits a pattern are taken."""

import pytest

from nugetlite.testing import nupkg


@pytest.mark.parametrize("allowed", [["Contoso.*", "Fabrikam"], "Contoso.*, Fabrikam"])
def test_ids_of_the_house_are_taken_and_no_others(make_site, allowed):
    client = make_site(plugin_settings={"id_patterns": {"allowed": allowed}})

    for id in ("Contoso.Json", "CONTOSO.Xml", "fabrikam"):
        assert client.push(nupkg(id, "1.0.0")).status_code == 201
    for id in ("Fabrikam.Json", "Contoso", "Northwind"):
        answer = client.push(nupkg(id, "1.0.0"))
        assert answer.status_code == 400
        assert (
            answer.json["error"] == f"This feed takes ids such as Contoso.*, Fabrikam; {id} is none of them"
        )
        assert client.versions(id) == []


def test_settings_that_nobody_can_read_open_no_door(make_site, caplog):
    client = make_site(plugin_settings={"id_patterns": {"allowed": 7}})

    answer = client.push(nupkg("Contoso.Json", "1.0.0"))

    assert answer.status_code == 503
    assert "id_patterns.py" in answer.status
    assert "plugin.id_patterns.allowed" in caplog.text
    assert client.versions("Contoso.Json") == []
