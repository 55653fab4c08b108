"""Packages have to say of themselves what the site wants to know."""

import pytest

from nugetlite.testing import nupkg, nuspec

# element: how a package comes to have it
ELEMENTS = {
    "title": {"title": "JSON"},
    "copyright": {"copyright": "Contoso"},
    "tags": {"tags": "json"},
    "releaseNotes": {"releaseNotes": "The first."},
    "projectUrl": {"projectUrl": "https://contoso.example.com"},
    "license": {"license": ("expression", "MIT")},
    "icon": {"icon": "icon.png"},
    "readme": {"readme": "readme.md"},
    "repository": {},
}
FILES = {"icon.png": b"\x89PNG", "readme.md": b"# JSON"}
REPOSITORY = b'<repository type="git" url="https://git.example.com/json"/></metadata>'


def described(without=""):
    """A package that says everything but one thing."""
    said = {
        name: value for element, how in ELEMENTS.items() if element != without for name, value in how.items()
    }
    manifest = nuspec("Contoso.Json", "1.0.0", **said)
    if without != "repository":
        manifest = manifest.replace(b"</metadata>", REPOSITORY)
    return nupkg("Contoso.Json", "1.0.0", manifest=manifest, files=FILES)


@pytest.fixture
def make_demanding(make_site):
    """Make a client of a server that wants these elements."""
    return lambda elements: make_site(plugin_settings={"required_metadata": {"elements": elements}})


def test_a_package_that_does_not_say_one_thing_is_refused(make_demanding):
    client = make_demanding(list(ELEMENTS))

    for element in ELEMENTS:
        answer = client.push(described(without=element))
        assert answer.status_code == 400
        assert answer.json["error"] == f"This feed wants to know more of a package; missing: {element}"

    assert client.versions("Contoso.Json") == []
    assert client.push(described()).status_code == 201


def test_all_that_is_missing_is_said_at_once(make_demanding):
    answer = make_demanding("license, readme").push(nupkg(readme="not-in-the-package.md"))

    assert answer.json["error"] == "This feed wants to know more of a package; missing: license, readme"


def test_an_element_that_it_does_not_know_is_told_to_the_operator(make_demanding, caplog):
    assert make_demanding(["licence"]).push(described()).status_code == 503
    assert "licence is none of title, copyright, tags" in caplog.text
