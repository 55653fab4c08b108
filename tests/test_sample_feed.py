"""The sample share is what its builder makes, and what a newcomer finds on it."""

import importlib.util
import shutil
from pathlib import Path

import pytest

from nugetlite.web.current import NAME

SAMPLE = Path(__file__).parents[1] / "sample_feed"


@pytest.fixture
def builder():
    """The script, as a module."""
    spec = importlib.util.spec_from_file_location("sample_feed_builder", SAMPLE / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def files(root):
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_the_sample_is_what_its_builder_makes(builder, tmp_path):
    builder.build(tmp_path / "share")

    assert files(SAMPLE / "share") == files(tmp_path / "share")


def test_a_newcomer_finds_every_kind_of_package(make_client, share):
    shutil.copytree(SAMPLE / "share", share)
    client = make_client()
    for _ in range(2):
        client.app.extensions[NAME].upkeep.scan()

    assert client.search("") == ["Contoso.Greetings", "Contoso.Legacy", "Contoso.Loose", "Contoso.Text"]
    assert client.versions("Contoso.Text") == ["1.0.0", "1.1.0", "2.0.0-beta.1"]
    assert client.registered("Contoso.Legacy")["0.9.0"]["listed"] is False
    entry = client.registered("Contoso.Text")["1.1.0"]
    assert client.get(entry["iconUrl"]).headers["Content-Type"] == "image/png"
    assert "Makes words louder" in client.get(entry["readmeUrl"]).text
    assert entry["licenseExpression"] == "MIT"
    assert client.registered("Contoso.Greetings")["1.0.0"]["dependencyGroups"] == [
        {
            "dependencies": [
                {
                    "@type": "PackageDependency",
                    "id": "Contoso.Text",
                    "range": "[1.0.0, )",
                    "registration": "http://localhost/v3/registration-gz-semver2/contoso.text/index.json",
                }
            ]
        }
    ]
