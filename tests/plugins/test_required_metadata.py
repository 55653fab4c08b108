"""Packages have to say of themselves what the site wants to know."""

import pytest

from nugetlite.testing import nupkg, nuspec

EVERYTHING = [
    "title",
    "copyright",
    "tags",
    "releaseNotes",
    "projectUrl",
    "repository",
    "license",
    "icon",
    "readme",
]


def described(**more):
    """A package that says everything."""
    manifest = nuspec(
        "Contoso.Json",
        "1.0.0",
        license=("expression", "MIT"),
        icon="icon.png",
        readme="readme.md",
        title="JSON",
        copyright="Contoso",
        tags="json",
        releaseNotes="The first.",
        projectUrl="https://contoso.example.com",
    ).replace(b"</metadata>", b'<repository type="git" url="https://git.example.com/json"/></metadata>')
    files = {"icon.png": b"\x89PNG", "readme.md": b"# JSON"}
    return nupkg("Contoso.Json", "1.0.0", manifest=manifest, files=files | more)


@pytest.mark.parametrize("element", EVERYTHING)
def test_a_package_that_does_not_say_it_is_refused(make_site, element):
    client = make_site(plugin_settings={"required_metadata": {"elements": [element]}})

    answer = client.push(nupkg("Contoso.Json", "1.0.0"))

    assert answer.status_code == 400
    assert answer.json["error"] == f"This feed wants every package to have a {element}"
    assert client.versions("Contoso.Json") == []
    assert client.push(described()).status_code == 201


def test_all_that_is_missing_is_said_at_once(make_site):
    client = make_site(plugin_settings={"required_metadata": {"elements": "license,readme"}})

    answer = client.push(nupkg("Contoso.Json", "1.0.0", readme="not-there.md"))

    assert answer.json["error"] == (
        "This feed wants every package to have a license This feed wants every package to have a readme"
    )


def test_an_element_that_it_does_not_know_is_told_to_the_operator(make_site, caplog):
    client = make_site(plugin_settings={"required_metadata": {"elements": ["licence"]}})

    assert client.push(described()).status_code == 503
    assert "licence is none of title, copyright, tags" in caplog.text
