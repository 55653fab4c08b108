"""The command line, as an operator types it."""

import json
import socket
import threading

import pytest
from click.testing import CliRunner
from werkzeug.serving import make_server

from nugetlite import serving
from nugetlite.cli import main
from nugetlite.testing import KEY, nupkg


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run ``nugetlite`` with arguments; environment variables as keyword arguments."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, **environment):
        variables = {f"NUGETLITE_{name.upper()}": value for name, value in environment.items()}
        return CliRunner().invoke(
            main, [str(each) for each in arguments], env=variables, catch_exceptions=False
        )

    return run


def test_config_shows_what_applies_and_where_it_came_from_but_no_secret(run, tmp_path):
    (tmp_path / "nugetlite.toml").write_text('overwrite = "prerelease"\napi_key = "from-the-file"\n')

    told = run("config", api_key="very-secret", database="postgresql+psycopg://feed:hunter2@db/feed").output

    rows = {line.split()[0]: line.split()[1:] for line in told.splitlines()}
    assert rows["overwrite"] == ["prerelease", "nugetlite.toml"]
    assert rows["api_key"] == ["***", "environment"]
    assert rows["read_only"] == ["false", "default"]
    assert "very-secret" not in told
    assert "hunter2" not in told


def test_a_wrong_setting_is_told_in_one_line(run):
    result = run("verify", delete_policy="shred", packages="memory://")

    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert "delete_policy" in result.output
    assert "shred" in result.output


def test_plugins_shows_who_answers_what(run, tmp_path):
    (tmp_path / "own.py").write_text(
        "from nugetlite import hookimpl\n\n\n@hookimpl\ndef nugetlite_validate(package):\n    return []\n"
    )

    told = run("plugins", plugins=str(tmp_path / "own.py")).output

    lines = told.splitlines()
    asked = lines[lines.index("nugetlite_validate") + 2]
    assert "own" in asked.split(",")[0]
    assert "validation" in asked


def test_a_plugin_may_bring_a_command(run, tmp_path):
    (tmp_path / "hello.py").write_text(
        "import click\nfrom nugetlite import hookimpl\n\n\n@hookimpl\ndef nugetlite_commands():\n"
        "    return click.Command('hello', callback=lambda: click.echo('hello from a plugin'))\n"
    )

    assert run("hello", plugins=str(tmp_path / "hello.py")).output == "hello from a plugin\n"
    assert "hello" in run("--help", plugins=str(tmp_path / "hello.py")).output


@pytest.mark.parametrize("command", ["verify", "reindex", "audit", "users list"])
def test_a_mistyped_folder_is_no_empty_feed(run, tmp_path, command):
    folder = tmp_path / "pakages"

    result = run(*command.split(), packages=str(folder))

    assert result.exit_code == 1
    assert result.output.startswith(
        f"Error: packages: there is no folder {folder}; name the one of your feed"
    )
    assert not folder.exists()


def test_a_file_is_no_folder_to_serve(run, tmp_path):
    (tmp_path / "packages").touch()

    result = run("serve", tmp_path / "packages")

    assert result.exit_code == 1
    assert result.output == f"Error: packages: {tmp_path / 'packages'} is a file; name a folder\n"


def test_a_port_that_is_taken_is_told_at_once(run, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        result = run("serve", tmp_path / "packages", "--port", port)

    assert result.exit_code == 1
    assert result.output == (
        f"Error: Nobody can listen at 127.0.0.1, port {port} (Address already in use); "
        "choose another --port or --host\n"
    )


@pytest.mark.parametrize("name", ["GUNICORN_FD", "LISTEN_FDS"])
def test_who_is_handed_an_open_socket_need_not_find_the_port_free(run, monkeypatch, tmp_path, name):
    monkeypatch.setenv(name, "3")
    served = []
    monkeypatch.setattr(serving, "serve", lambda *args, **settings: served.append(settings["port"]))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert run("serve", tmp_path / "packages", "--port", port).exit_code == 0

    assert served == [port]


def test_a_record_without_what_was_asked_for_says_so(run, client, share):
    client.push(nupkg())

    assert "push" in run("audit", share).output
    assert run("audit", share, "--by", "nobody").output == "There is no such record\n"


def test_verify_finds_the_one_package_that_was_damaged(run, client, share):
    for version in ("1.0.0", "1.1.0"):
        client.push(nupkg("Contoso.Json", version))
    assert run("verify", share).exit_code == 0

    damaged = share / "contoso.json" / "1.1.0" / "contoso.json.1.1.0.nupkg"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"!")
    result = run("verify", share)

    assert result.exit_code == 1
    assert "contoso.json/1.1.0: " in result.output
    assert "contoso.json/1.0.0" not in result.output


def test_reindex_rebuilds_what_a_lost_database_knew(run, client, make_client, share):
    for id in ("Contoso.Json", "Contoso.Text"):
        client.push(nupkg(id, "1.0.0"))
    client.delete("Contoso.Text", "1.0.0")
    for path in (share / ".nugetlite").glob("nugetlite.db*"):
        path.unlink()

    result = run("reindex", share)

    assert "2 added" in result.output
    assert make_client().search("") == ["Contoso.Json"]
    assert make_client().can_restore("Contoso.Text", "1.0.0")
    assert "0 added, 0 changed, 0 removed" in run("reindex", share).output


def test_import_takes_every_package_of_a_folder_and_goes_on_where_it_stopped(
    run, make_client, share, tmp_path
):
    old = tmp_path / "old"
    (old / "deep").mkdir(parents=True)
    (old / "a.nupkg").write_bytes(nupkg("Contoso.A", "1.0.0"))
    (old / "deep" / "b.nupkg").write_bytes(nupkg("Contoso.B", "1.0.0"))
    (old / "broken.nupkg").write_bytes(b"rubbish")

    first = run("import", old, "--to", share)
    (old / "broken.nupkg").unlink()
    again = run("import", old, "--to", share)

    assert first.exit_code == 1
    assert "2 imported, 0 were here already, 1 refused" in first.output
    assert again.exit_code == 0
    assert "0 imported, 2 were here already, 0 refused" in again.output
    assert make_client().search("") == ["Contoso.A", "Contoso.B"]


@pytest.fixture
def old_feed(make_app, tmp_path):
    """Another feed, over HTTP; answers the URL of its service index."""
    from nugetlite.testing import Client

    app = make_app(packages=str(tmp_path / "old"))
    client = Client(app)
    for version in ("1.0.0", "1.1.0", "2.0.0-beta.1+build"):
        client.push(nupkg("Contoso.Json", version))
    client.push(nupkg("Contoso.Text", "1.0.0"))
    client.delete("Contoso.Json", "1.0.0")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v3/index.json"
    server.shutdown()
    thread.join()
    server.server_close()


def test_import_takes_every_package_of_another_feed_with_its_listed_flag(run, make_client, share, old_feed):
    result = run("import", old_feed, "--to", share)

    assert "4 imported" in result.output
    client = make_client()
    assert client.versions("Contoso.Json") == ["1.0.0", "1.1.0", "2.0.0-beta.1"]
    assert client.registered("Contoso.Json")["1.0.0"]["listed"] is False
    assert json.loads(client.get("/v3/autocomplete?id=Contoso.Json").data)["data"] == ["1.1.0"]
    assert "0 imported, 4 were here already" in run("import", old_feed, "--to", share).output


def test_an_import_from_nowhere_is_told_so(run, share):
    assert "There is no folder or file" in run("import", "/no/such/folder", "--to", share).output
    assert "cannot be reached" in run("import", "http://127.0.0.1:9/v3/index.json", "--to", share).output
    assert KEY not in run("config", api_key=KEY).output
