"""``nugetlite push``, as one types it, to this server over real HTTP."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nugetlite.testing import KEY, Client, nupkg
from nugetlite.testing.packages import nuspec

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def make_file(tmp_path):
    """Make a package's file in the current folder; answers its name."""

    def make_file(id="Contoso.Json", version="1.0.0", suffix="nupkg", **more):
        file = tmp_path / f"{id}.{version}.{suffix}"
        file.write_bytes(nupkg(id, version, **more))
        return file.name

    return make_file


@pytest.fixture
def versions(make_app):
    """The versions of a package that the server has."""
    return lambda id: Client(make_app()).versions(id)


@pytest.mark.parametrize(
    "place", ["/v3/index.json", "/nuget", "/api/v2", "/api/v2/package", "/nuget/packages", "", "/"]
)
def test_what_is_pushed_to_a_source_of_either_kind_can_be_restored(
    run, feed, key, make_file, versions, place
):
    result = run("push", make_file(), "--source", f"{feed}{place}", key)

    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1] == "Push successful"
    assert versions("Contoso.Json") == ["1.0.0"]


def test_several_files_and_patterns_each_go_once(run, feed, key, make_file, versions, tmp_path):
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        make_file(version=version)
    make_file("Contoso.Text")
    (tmp_path / "deep").mkdir()
    (tmp_path / "Contoso.Text.1.0.0.nupkg").rename(tmp_path / "deep" / "text.nupkg")

    result = run(
        *(
            "push",
            "Contoso.Json.1.0.0.nupkg",
            "--package=Contoso.Json.*.nupkg",
            f"--package={tmp_path}/**/*.nupkg",
        ),
        *("--source", f"{feed}/v3/index.json", key, "--parallel=2", "--outputFormat=Json"),
    )

    assert json.loads(result.stdout) == {
        "SuccessfulPackages": [
            *(str(tmp_path / f"Contoso.Json.{version}.nupkg") for version in ("1.0.0", "1.1.0", "2.0.0")),
            str(tmp_path / "deep" / "text.nupkg"),
        ],
        "FailedPackages": [],
    }
    assert result.stderr == ""
    assert versions("Contoso.Json") == ["1.0.0", "1.1.0", "2.0.0"]


def test_one_that_fails_keeps_no_other_from_going_and_the_command_fails(
    run, feed, key, make_file, versions, tmp_path
):
    names = [make_file(version=version) for version in ("1.0.0", "1.1.0")]
    (tmp_path / "broken.nupkg").write_bytes(b"rubbish")

    result = run("push", "broken.nupkg", *names, "--source", f"{feed}/v3/index.json", key)

    assert result.exit_code == 256 - 7
    assert "Exit code: -7" in result.output
    assert "Push successful" not in result.output
    rows = {
        line.split()[0]: line.split()[1] for line in result.stdout.splitlines() if line.startswith(("b", "C"))
    }
    assert rows == {"broken.nupkg": "failed", names[0]: "pushed", names[1]: "pushed"}
    assert versions("Contoso.Json") == ["1.0.0", "1.1.0"]


@pytest.mark.parametrize(
    ("options", "code", "outcome"),
    [
        ([], 256 - 7, "failed"),
        (["--overwrite-mode=FailIfExists"], 256 - 7, "failed"),
        (["--overwrite-mode=ignoreifexists"], 0, "was there already"),
        (["--skip-duplicate"], 0, "was there already"),
        (["/overwrite-mode=IgnoreIfExists"], 0, "was there already"),
        (["--skip-duplicate", "--overwrite-mode", "FailIfExists"], 256 - 7, "failed"),
        (["--replace-existing"], 256 - 7, "failed"),  # that is the server's decision, and this one never does
    ],
)
def test_pushing_a_second_time(run, feed, key, make_file, options, code, outcome):
    name = make_file()
    run("push", name, "--source", f"{feed}/v3/index.json", key)

    result = run("push", name, "--source", f"{feed}/v3/index.json", key, *options)

    assert result.exit_code == code
    assert outcome in result.output
    assert "already exists on this feed" in result.output


def test_a_server_that_replaces_versions_does_so(run, serve_app, make_app, key, make_file, versions):
    feed = serve_app(make_app(overwrite="always"))
    name = make_file()
    run("push", name, "--source", f"{feed}/nuget", key)

    result = run("push", make_file(tags="new"), "--source", f"{feed}/nuget", key, "--replace-existing")

    assert result.exit_code == 0
    assert "pushed" in result.output


def test_json_ends_with_zero_only_if_one_says_so(run, feed, key, tmp_path):
    (tmp_path / "broken.nupkg").write_bytes(b"rubbish")
    command = ("push", "broken.nupkg", "--source", f"{feed}/v3/index.json", key, "--outputFormat=json")

    result, as_octo = run(*command), run(*command, "--exit-zero")

    assert (result.exit_code, as_octo.exit_code) == (256 - 7, 0)
    (failed,) = json.loads(as_octo.stdout)["FailedPackages"]
    assert failed["Package"] == str(tmp_path / "broken.nupkg")
    assert "not a zip" in failed["Reason"] or "zip" in failed["Reason"]
    assert result.stdout == as_octo.stdout
    assert run(*command[:-1], "--exit-zero").exit_code == 255


def test_symbols_go_after_their_packages(run, feed, key, make_file, tmp_path):
    names = [make_file(id) for id in ("Contoso.Json", "Contoso.Text")]
    for name in names:
        id = name.removesuffix(".1.0.0.nupkg")
        manifest = nuspec(id, "1.0.0", package_types=["SymbolsPackage"])
        (tmp_path / name).with_suffix(".snupkg").write_bytes(
            nupkg(id, manifest=manifest, files={"lib/x.pdb": b"pdb"})
        )

    result = run("push", "Contoso.Json*.nupkg", "--symbols", "--server", feed, key)
    loose = run("push", "Contoso.Text.*", "--source", f"{feed}/api/v2", key, "--outputFormat=Json")

    assert result.exit_code == 0, result.output
    assert "Contoso.Json.1.0.0.snupkg  pushed" in result.output
    assert [name.rsplit(".", 1)[1] for name in json.loads(loose.stdout)["SuccessfulPackages"]] == [
        "nupkg",
        "snupkg",
    ]


def test_a_server_says_what_it_is(run, feed, key, make_file):
    result = run("push", make_file(), "--server", feed, key)

    assert result.exit_code == 0, result.output
    assert result.output.startswith("Found ")
    assert feed in result.output.splitlines()[0]


def test_where_and_who_may_come_from_the_environment(run, feed, make_file):
    name = make_file()

    wrong = run("push", name, NUGETLITE_SERVER=feed, OCTOPUS_CLI_API_KEY="API-WRONG", NUGETLITE_API_KEY=KEY)
    result = run("push", name, OCTOPUS_CLI_SERVER=feed, OCTOPUS_CLI_API_KEY="", NUGETLITE_API_KEY=KEY)

    assert wrong.exit_code == 256 - 5
    assert result.exit_code == 0, result.output


def test_a_configuration_file_says_it_once_and_for_all(run, feed, make_file, tmp_path):
    names = [make_file(version=version) for version in ("1.0.0", "1.1.0")]
    lines = [f"source = {feed}/v3/index.json", f"apikey = {KEY}", *(f"package = {name}" for name in names)]
    (tmp_path / "push.cfg").write_text("\n".join([*lines, "outputFormat = Json", "timeout = 00:01:00"]))

    result = run("push", "--configFile=push.cfg")

    assert len(json.loads(result.stdout)["SuccessfulPackages"]) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Say what to push"),
        (["nowhere.nupkg", "--source=http://127.0.0.1:9/nuget"], "There is no file nowhere.nupkg"),
        (["*.nowhere", "--source=http://127.0.0.1:9/nuget"], "No file matches *.nowhere"),
        (["/", "--source=http://127.0.0.1:9/nuget"], "/ is a folder; say which of its files: /*.nupkg"),
        (["a.nupkg"], "Say where: --server=URL"),
        (["a.nupkg", "--server=ftp://feed"], "--server is the URL of a server"),
        (["a.nupkg", "--server=http://a", "--source=http://b"], "Give either --server or --source"),
        (["a.nupkg", "--timeout=soon"], "A time limit is a number of seconds or hh:mm:ss"),
        (["a.nupkg", "--overwrite-mode=Maybe"], "An overwrite mode is one of"),
        (["a.nupkg", "--nosuch=secret-value"], "No such option"),
        (["a.nupkg", "--configFile=nowhere.cfg"], "nowhere.cfg cannot be read"),
        (["a.nupkg", "--server"], "--server needs a value"),
        (["a.nupkg", "--outputFormat=Xml"], "outputformat"),
    ],
)
def test_what_cannot_be_meant_ends_as_with_octo_before_anything_is_sent(run, tmp_path, arguments, sentence):
    (tmp_path / "a.nupkg").write_bytes(nupkg())

    result = run("push", *arguments)

    assert result.exit_code == 255, result.output
    assert sentence.lower() in result.output.lower()
    assert "secret-value" not in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "arguments", [(), ("--debug",), ("--debug", "--outputFormat=Json"), ("--logLevel=verbose",)]
)
def test_no_secret_is_ever_shown(run, odd, make_file, arguments):
    told = b'{"error": "The key very-secret-key of hunter2-password is wrong"}'
    odd.on("PUT", "/nuget/", (403, {"X-NuGet-Warning": "very-secret-key is wrong"}, told))

    result = run(
        *(
            "push",
            make_file(),
            "--source",
            odd.url.replace("//", "//me:url-password@") + "/nuget?apikey=query-key",
        ),
        *("--apiKey=very-secret-key", "--user=me", "--pass=hunter2-password", *arguments),
    )

    assert result.exit_code != 0
    for secret in ("very-secret-key", "hunter2-password", "url-password", "query-key"):
        assert secret not in result.output


def test_debug_shows_the_requests(run, feed, key, make_file):
    result = run("push", make_file(), "--source", f"{feed}/v3/index.json", key, "--debug")

    assert f"GET {feed}/v3/index.json" in result.stdout
    assert f"PUT {feed}/v3/package/" in result.stdout


def test_log_levels_leave_the_answer_alone(run, feed, key, make_file):
    result = run("push", make_file(), "--source", f"{feed}/v3/index.json", key, "--logLevel=Error")

    assert [line.split()[0] for line in result.output.splitlines()] == ["File", "Contoso.Json.1.0.0.nupkg"]


def test_help_tells_every_option_in_both_forms(run):
    text, as_json = run("push", "--help").output, run("push", "-HELP", "/helpOutputFormat=JSON").output

    options = {option["Name"]: option for option in json.loads(as_json)["Options"]}
    of_octo = "package overwrite-mode replace-existing use-delta-compression server apiKey user pass configFile debug"
    of_octo += " ignoreSslErrors enableServiceMessages timeout proxy proxyUser proxyPass space logLevel help"
    for name in [*of_octo.split(), "helpOutputFormat", "outputFormat"]:
        assert f"--{name}" in text
        assert options[name]["Description"]
    assert options["package"]["Repeatable"]
    assert options["apiKey"]["Environment"] == ["OCTOPUS_CLI_API_KEY", "NUGETLITE_API_KEY"]


def test_the_readme_has_every_option_and_no_other(run):
    section = README.read_text("utf-8").partition("## Push from anywhere\n")[2].partition("\n## ")[0]
    table = "".join(line.split(" | ")[0] for line in section.splitlines() if line.startswith("| "))
    told = json.loads(run("push", "--help", "--helpOutputFormat=Json").stdout)
    options = {option["Name"] for option in told["Options"]}

    assert set(re.findall(r"--([A-Za-z-]+)", table.replace("---", ""))) == options


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        (
            {"TEAMCITY_VERSION": "2024.1"},
            "##teamcity[message text='odd|'|[1|].nupkg failed: {why}' status='ERROR']",
        ),
        ({"TF_BUILD": "True"}, "##vso[task.logissue type=error]odd'[1].nupkg failed: {why}"),
        ({}, None),
    ],
)
def test_a_build_server_hears_it_in_its_own_words(run, odd, tmp_path, variables, line):
    (tmp_path / "odd'[1].nupkg").write_bytes(nupkg())
    odd.on("PUT", "/nuget/", (403, {"Content-Type": "text/plain"}, b"No"))
    command = ("push", "odd'[1].nupkg", "--source", f"{odd.url}/nuget")

    result, silent = run(*command, "--enableServiceMessages", **variables), run(*command, **variables)

    told = [each for each in result.stdout.splitlines() if each.startswith("##")]
    assert told == ([line.format(why="No (HTTP 403)")] if line else [])
    assert "##" not in silent.output


def test_push_does_not_wait_for_the_rooms_of_the_server():
    """A build calls it for every package."""
    script = "import sys; from nugetlite.cli import main; import nugetlite.cli.push; print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()

    assert "nugetlite.client.discovery" in loaded
    assert {"flask", "sqlalchemy", "gunicorn", "nugetlite.feed"}.isdisjoint(loaded)


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no terminals to be had")
def test_on_a_terminal_there_are_bars(feed, tmp_path):
    (tmp_path / "big.nupkg").write_bytes(nupkg(files={"lib/noise.bin": os.urandom(3_000_000)}))
    command = [sys.executable, "-c", "from nugetlite.cli import main; main()", "push", "big.nupkg"]
    command += ["--source", f"{feed}/v3/index.json", f"--apiKey={KEY}"]
    mine, theirs = os.openpty()

    result = subprocess.run(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm"},
        check=True,
    )
    os.close(theirs)

    drawn = os.read(mine, 100_000).decode()
    os.close(mine)
    assert "big.nupkg" in drawn
    assert "━" in drawn
    assert "Push successful" in result.stdout.decode()
