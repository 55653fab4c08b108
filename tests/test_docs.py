"""docs/plugins.md and the docstrings of the hooks: every example runs, every hook has one, and none is made up."""

import inspect
import logging
import re
import sys
import tomllib
from configparser import ConfigParser
from hashlib import sha256
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import click
import pytest
from click.testing import CliRunner
from flask import Blueprint

import nugetlite
from nugetlite import Config, hookspecs
from nugetlite.builtin.storage_memory import MemoryStorage
from nugetlite.config import load as load_config
from nugetlite.plugins import GROUP, HOOKS, load
from nugetlite.testing import nupkg, nuspec

PAGE = (Path(__file__).parent.parent / "docs/plugins.md").read_text("utf-8")
SECTIONS = {
    heading.strip("` "): body
    for heading, body in re.findall(r"^## (.*)\n((?:(?!^## ).*\n?)*)", PAGE, re.MULTILINE)
}
OF_HOOKS = {heading: body for heading, body in SECTIONS.items() if heading.startswith("nugetlite_")}


def blocks(language, text=PAGE):
    """The code blocks of a language."""
    return [
        dedent(block)
        for block in re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    ]


EXAMPLES = {re.match(r"# (\w+)\.py\n", block)[1]: block for block in blocks("python")}


def run(name, patch):
    """Import an example of the page, and what it imports of the page, under the name that its first line says."""
    for needed in re.findall(r"^(?:import|from) (\w+)", EXAMPLES[name], re.MULTILINE):
        if needed in EXAMPLES:
            run(needed, patch)
    module = ModuleType(name)
    patch.setitem(sys.modules, name, module)
    exec(compile(EXAMPLES[name], f"docs/plugins.md {name}.py", "exec"), vars(module))
    return module


@pytest.fixture
def example(monkeypatch):
    """Import an example by its name."""
    return lambda name: run(name, monkeypatch)


def example_of(hook):
    """The name of the one example in the section of a hook."""
    (block,) = blocks("python", OF_HOOKS[hook])
    return re.match(r"# (\w+)\.py", block)[1]


class TestThePageAndTheHooks:
    def test_every_hook_has_a_section_and_every_section_a_hook(self):
        assert list(OF_HOOKS) == list(HOOKS)

    def test_the_table_names_them_in_the_same_order(self):
        assert re.findall(r"^\| \[`(\w+)`\]\(#(\w+)\)", PAGE, re.MULTILINE) == [
            (hook, hook) for hook in HOOKS
        ]

    @pytest.mark.parametrize("hook", OF_HOOKS)
    def test_a_section_names_the_facts_that_the_hook_has(self, hook):
        (line,) = re.findall(r"^Facts: (.*)$", OF_HOOKS[hook], re.MULTILINE)

        assert tuple(re.findall(r"`(\w+)`", line)) == HOOKS[hook]

    @pytest.mark.parametrize("hook", OF_HOOKS)
    def test_the_example_of_a_section_is_a_plugin_for_that_hook(self, example, hook):
        plugins = load(Config(), [], [example(example_of(hook))])

        assert [each.hook for each in plugins.answerers() if each.plugins] == [hook]

    @pytest.mark.parametrize("name", [name for name, block in EXAMPLES.items() if "@hookimpl" in block])
    def test_every_other_example_is_a_plugin_too(self, example, name):
        assert any(each.plugins for each in load(Config(), [], [example(name)]).answerers())

    @pytest.mark.parametrize("hook", HOOKS)
    def test_the_example_in_a_docstring_is_another_one_that_runs(self, hook):
        source = "@hookimpl" + dedent(inspect.getdoc(getattr(hookspecs, hook)).partition("@hookimpl")[2])
        plugin = ModuleType("docstring")
        vars(plugin).update({name: getattr(nugetlite, name) for name in nugetlite.__all__})
        vars(plugin).update(Blueprint=Blueprint, click=click, MemoryStorage=MemoryStorage)

        exec(source, vars(plugin))

        assert [each.hook for each in load(Config(), [], [plugin]).answerers() if each.plugins] == [hook]
        assert source.strip() not in PAGE


class TestWhatThePageSaysOfLoading:
    def test_the_entry_point_is_one_that_is_looked_for(self, example):
        (setup,) = blocks("ini")
        parser = ConfigParser()
        parser.read_string(setup)

        name, _, module = parser["options.entry_points"][GROUP].strip().partition(" = ")

        assert name == module == parser["options"]["py_modules"]
        assert load(Config(), [], [example(module)])

    @pytest.mark.parametrize("block", blocks("toml"))
    def test_the_settings_are_settings(self, block, tmp_path):
        (tmp_path / "nugetlite.toml").write_text(block, "utf-8")

        config = load_config({}, folder=tmp_path)

        assert set(tomllib.loads(block)) == set(config.sources)

    def test_the_settings_of_a_plugin_are_read_as_the_page_says(self, tmp_path):
        (block,) = [block for block in blocks("toml") if "[plugin.journal]" in block]
        (tmp_path / "nugetlite.toml").write_text(block, "utf-8")

        journal = load_config({}, folder=tmp_path).for_plugin("journal")

        assert journal.text("file") == "/var/log/nugetlite/pushes.txt"
        assert journal.names("quiet") == ("Contoso.Ci.*",)
        assert (journal.text("absent"), journal.names("absent"), journal.get("absent")) == ("", (), None)

    def test_the_test_passes(self, example):
        tests = [value for name, value in vars(example("test_no_keys")).items() if name.startswith("test_")]

        assert len(tests) == 1
        tests[0]()


@pytest.fixture
def make_site(make_client, example):
    """Make a client of a server with these examples of the page; ``tables`` are the settings of plugins."""
    return lambda *names, tables=None, **settings: make_client(
        [example(name) for name in names], plugin_settings=tables or {}, **settings
    )


class TestWhatTheExamplesDo:
    def test_nothing_until_they_are_configured(self, make_site):
        quiet = [name for name, block in EXAMPLES.items() if "for_plugin" in block]
        client = make_site(*quiet, scan_interval=0.0)

        assert client.push(nupkg("Contoso.Json", "1.0.0")).status_code == 201
        assert client.delete("Contoso.Json", "1.0.0").headers["X-NuGetLite-Deletion"] == "unlist"
        assert client.relist("Contoso.Json", "1.0.0").status_code == 200

    def test_open_storage(self, make_site, tmp_path):
        shelf = {"packages": f"shelf://{tmp_path}/packages.db", "database": f"sqlite:///{tmp_path}/index.db"}
        client = make_site("shelf_storage", **shelf)

        assert client.push(nupkg("Contoso.Json", "1.0.0")).status_code == 201
        assert client.can_restore("Contoso.Json", "1.0.0")
        assert make_site("shelf_storage", **shelf).can_restore("Contoso.Json", "1.0.0")

    def test_delete_policy(self, make_site, tmp_path):
        client = make_site(
            "archive",
            delete_policy={"*": "unlist", "Contoso.Ci.*": "archive"},
            tables={"archive": {"folder": str(tmp_path / "archive")}},
        )
        build = nupkg("Contoso.Ci.Build", "1.0.0-rc.1")
        client.push(build)
        client.push(nupkg("Contoso.Json", "1.0.0"))

        assert client.delete("Contoso.Ci.Build", "1.0.0-rc.1").headers["X-NuGetLite-Deletion"] == "hard"
        assert client.delete("Contoso.Json", "1.0.0").headers["X-NuGetLite-Deletion"] == "unlist"

        assert not client.can_restore("Contoso.Ci.Build", "1.0.0-rc.1")
        assert (tmp_path / "archive/Contoso.Ci.Build.1.0.0-rc.1.nupkg").read_bytes() == build

    def test_blueprints(self, make_site):
        client = make_site("house_rules", tables={"house_rules": {"text": "Be kind."}})

        assert client.get("/rules").text == "Be kind."

    def test_commands(self, example):
        config = Config(base_url="https://nuget.example.com")
        plugins = load(config, [], [example("source_command")])
        (command,) = plugins.gather("nugetlite_commands", click.Command, config=config)

        assert command.name == "source"
        assert CliRunner().invoke(command).output == "https://nuget.example.com/v3/index.json\n"

    def test_identify_and_authorize(self, make_site):
        digest = sha256(b"API-ALICE").hexdigest()
        client = make_site("people", "own_prefix", tables={"people": {"alice": digest}})

        assert client.push(nupkg("Alice.Json", "1.0.0"), key="API-ALICE").status_code == 201
        other = client.push(nupkg("Contoso.Json", "1.0.0"), key="API-ALICE")
        assert (other.status_code, "whose id starts with alice." in other.status) == (403, True)
        assert client.delete("Alice.Json", "1.0.0", key="API-ALICE").status_code == 403
        assert client.push(nupkg("Alice.Xml", "1.0.0"), key="API-ALICIA").status_code == 403
        assert client.push(nupkg("Contoso.Json", "1.0.0")).status_code == 201

    def test_authorize_with_an_error_of_its_own(self, make_site):
        client = make_site("frozen", tables={"frozen": {"until": "Monday"}})

        answer = client.push(nupkg("Contoso.Json", "1.0.0"))

        assert answer.status == "409 This feed is frozen until Monday"
        assert client.search() == []

    def test_validate(self, make_site):
        client = make_site("small_packages", "no_keys")

        assert client.push(nupkg("Contoso.Json", files={"lib/net8.0/a.dll": b"MZ"})).status_code == 201
        answer = client.push(nupkg("Contoso.Xml", files={"hush.snk": b""}))
        assert answer.status_code == 400
        assert "hush.snk looks like a private key" in answer.json["error"]
        assert "neither lib/ nor ref/ nor tools/" in answer.json["error"]

    def test_after_push(self, make_site, tmp_path):
        file = tmp_path / "pushes.txt"
        client = make_site("journal", overwrite="always", tables={"journal": {"file": str(file)}})

        client.push(nupkg("Contoso.Json", "1.0.0"))
        client.push(nupkg("Contoso.Json", "1.0.0", description="Another one."))

        lines = file.read_text("utf-8").splitlines()
        assert [line.partition(" administrator ")[2] for line in lines] == [
            "pushed Contoso.Json 1.0.0",
            "replaced Contoso.Json 1.0.0",
        ]

    def test_after_delete(self, make_site, caplog):
        client = make_site("audit", delete_policy="hard")
        client.push(nupkg("Contoso.Json", "1.0.0"))
        client.push(nupkg("Contoso.Json", "1.0.1"))

        with caplog.at_level(logging.WARNING, "audit"):
            client.delete("Contoso.Json", "1.0.0", reason="broken")
            client.delete("Contoso.Json", "1.0.1", type="Unlist")

        audited = [each.getMessage() for each in caplog.records if each.name == "audit"]
        assert audited == ["administrator erased Contoso.Json 1.0.0: broken"]

    def test_after_relist(self, make_site, tmp_path):
        client = make_site("mirror", tables={"mirror": {"folder": str(tmp_path)}})
        client.push(nupkg("Contoso.Json", "1.0.0"))
        client.delete("Contoso.Json", "1.0.0")

        client.relist("Contoso.Json", "1.0.0")

        assert (tmp_path / "contoso.json.refresh").exists()

    def test_portal_links(self, make_site):
        client = make_site("source_link")
        manifest = nuspec("Contoso.Json", "1.0.0").replace(
            b"</metadata>",
            b'<repository url="https://github.com/contoso/json.git" commit="c0ffee" /></metadata>',
        )
        client.push(nupkg("Contoso.Json", "1.0.0", manifest=manifest))

        page = client.get("/packages/Contoso.Json/1.0.0").text

        assert 'href="https://github.com/contoso/json/tree/c0ffee">Source</a>' in page


with pytest.MonkeyPatch.context() as patch:
    TestShelf = run("test_shelf", patch).TestShelf  # which proves the storage of the page
