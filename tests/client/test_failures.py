"""What the client does when servers fail: who is asked again, what is believed, what is said."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
from base64 import b64encode

import pytest

from nugetlite.client.connection import Connection, Line, printable, shown
from nugetlite.client.errors import Answered, BadOption, Puzzling, Unfinished, Unreachable
from nugetlite.client.pushing import chosen_files
from nugetlite.client.remote import Credentials, Wish
from nugetlite.client.upload import Upload, unwatched
from nugetlite.client.v2 import V2Source
from nugetlite.testing import nupkg

TAKEN = (201, {}, b"")


def drop(request):
    """End the connection without a word, when all has come."""
    request.rfile.read(int(request.headers["Content-Length"]))
    request.close_connection = True
    request.connection.shutdown(socket.SHUT_RDWR)


def drop_in_the_middle(request):
    """End the connection while the other side still sends."""
    request.rfile.read(1000)
    drop_now(request)


def drop_now(request):
    request.close_connection = True
    request.connection.close()


def refuse_early(request):
    """Say no before anything of the body has come, and leave the rest to whoever sends it."""
    request.send_response(403, "This key is wrong")
    request.send_header("Content-Length", "0")
    request.end_headers()
    request.wfile.flush()
    time.sleep(1)  # nothing is read; the buffers of both sides fill


def never(request):
    """Take everything and say nothing."""
    request.rfile.read(int(request.headers["Content-Length"]))
    time.sleep(1.5)
    request.close_connection = True


@pytest.fixture
def package(tmp_path):
    file = tmp_path / "Contoso.Json.1.0.0.nupkg"
    file.write_bytes(nupkg("Contoso.Json", "1.0.0"))
    return file


@pytest.fixture
def push(odd, package):
    """Push a package to the odd server, as a V2 source."""

    def push(file=package, **line):
        source = V2Source(f"{odd.url}/nuget", Connection(Line(**line)), Credentials("key"))
        return source.push(file, Wish())

    return push


def test_a_server_that_is_not_ready_is_asked_again_with_the_whole_file(odd, push, package):
    odd.on("PUT", "/nuget/", 503, (503, {"Retry-After": "30"}, b""), TAKEN)

    assert push().outcome == "pushed"

    bodies = [body for _, _, _, body in odd.heard]
    assert len(bodies) == 3
    assert len(set(bodies)) == 1
    assert package.read_bytes() in bodies[0]


def test_a_server_that_stays_unready_is_left_alone_in_the_end(odd, push):
    odd.on("PUT", "/nuget/", (503, {"Content-Type": "text/plain"}, b"Down for an hour"))

    with pytest.raises(Answered, match=r"Down for an hour \(HTTP 503\)"):
        push(tries=3)

    assert len(odd.heard) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 429, 500, 502, 507])
def test_a_refusal_is_the_last_word(odd, push, status):
    odd.on("PUT", "/nuget/", (status, {"Retry-After": "1"}, b'{"error": "So it is"}'), TAKEN)

    with pytest.raises(Answered, match=rf"So it is \(HTTP {status}\)"):
        push()

    assert len(odd.heard) == 1


def test_a_push_is_not_sent_elsewhere(odd, push):
    odd.on("PUT", "/nuget/", (308, {"Location": f"{odd.url}/other/"}, b""))
    odd.on("PUT", "/other/", TAKEN)

    with pytest.raises(Answered, match=f"leads to {odd.url}/other/; use that URL"):
        push()


def test_nobody_there_is_tried_again_and_then_told(package):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    source = V2Source(f"http://127.0.0.1:{port}/nuget", Connection(Line(pause=0)), Credentials())

    with pytest.raises(
        Unreachable, match=rf"http://127\.0\.0\.1:{port}/nuget/ cannot be reached: Connection refused"
    ):
        source.push(package, Wish())


def test_a_host_that_does_not_exist_is_told_as_such(package):
    source = V2Source("http://no-such-host.invalid/nuget", Connection(Line(tries=1)), Credentials())

    with pytest.raises(Unreachable, match="there is no such host"):
        source.push(package, Wish())


@pytest.mark.parametrize("failure", [drop, drop_in_the_middle, drop_now])
def test_a_connection_that_ends_is_not_tried_again_for_it_may_have_been_heard(odd, push, failure, tmp_path):
    big = tmp_path / "Contoso.Big.1.0.0.nupkg"
    big.write_bytes(nupkg("Contoso.Big") + bytes(5_000_000))
    odd.on("PUT", "/nuget/", failure, TAKEN)

    with pytest.raises(Unfinished, match="ended the connection before it had answered"):
        push(big)

    assert odd.asked("PUT") == ["/nuget/"]


@pytest.mark.parametrize("failure", [drop, never])
def test_a_push_counts_if_the_source_turns_out_to_have_just_that_file(odd, push, entry, package, failure):
    odd.on("PUT", "/nuget/", failure)
    path = "/nuget/Packages(Id='Contoso.Json',Version='1.0.0')"
    odd.on("GET", path.replace("'", "%27"), (200, {}, entry(package.read_bytes())))

    pushed = push(seconds=1)

    assert pushed.outcome == "pushed"
    assert "has it all the same" in pushed.note


def test_a_push_that_ran_out_of_time_fails_if_the_source_has_another_file(odd, push, entry):
    odd.on("PUT", "/nuget/", never)
    path = "/nuget/Packages(Id='Contoso.Json',Version='1.0.0')"
    odd.on("GET", path.replace("'", "%27"), (200, {}, entry(b"another")))

    with pytest.raises(Unfinished, match=r"took too long to answer \(--timeout\)"):
        push(seconds=1)


def test_an_early_refusal_is_heard_and_the_rest_is_not_sent(odd, push, tmp_path):
    big = tmp_path / "Contoso.Big.1.0.0.nupkg"
    with big.open("wb") as stream:
        stream.truncate(200_000_000)
    odd.on("PUT", "/nuget/", refuse_early)
    sent = []

    def watch(so_far, of):
        sent.append(so_far)

    source = V2Source(f"{odd.url}/nuget", Connection(Line()), Credentials("key"))
    with pytest.raises(Answered, match="This key is wrong"):
        source.push(big, Wish(), watch)

    assert sum(sent[-1:]) < 20_000_000


def test_memory_stays_flat_however_large_the_file(odd, push, tmp_path):
    big = tmp_path / "Contoso.Big.1.0.0.nupkg"
    with big.open("wb") as stream:
        stream.truncate(60_000_000)

    def take(request):
        left = int(request.headers["Content-Length"])
        while left:
            left -= len(request.rfile.read(min(left, 100_000)))
        request.send_response(201)
        request.send_header("Content-Length", "0")
        request.end_headers()

    odd.on("PUT", "/nuget/", take)
    tracemalloc.start()
    try:
        pushed = push(big)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert pushed.sent > 60_000_000
    assert peak < 5_000_000


def test_an_upload_ends_when_its_time_is_over_and_begins_anew_with_each_try(package):
    with package.open("rb") as stream:
        upload = Upload(stream, "x.nupkg", field="package", watch=unwatched, seconds=0.01)
        whole = b"".join(iter(lambda: upload.read(100), b""))
        time.sleep(0.02)
        with pytest.raises(Unfinished, match=r"longer than 0\.01 seconds"):
            upload.read(100)
        upload.seek(0)

        assert b"".join(iter(lambda: upload.read(1000), b"")) == whole
        assert len(whole) == upload.length


def test_a_file_that_changes_while_it_is_sent_is_not_sent_to_its_end(tmp_path):
    file = tmp_path / "a.nupkg"
    file.write_bytes(b"x" * 1000)
    with file.open("rb") as stream:
        upload = Upload(stream, "a.nupkg", field="package", watch=unwatched, seconds=9)
        with file.open("ab") as other:
            other.write(b"more")
        with pytest.raises(BadOption, match="changed while it was sent"):
            list(iter(lambda: upload.read(10_000), b""))


@pytest.mark.parametrize(
    ("headers", "body", "sentence"),
    [
        ({}, b'{"ErrorMessage": "No right", "Errors": ["Ask Ann"], "HelpText": ""}', "No right Ask Ann"),
        (
            {},
            b'{"ErrorMessage": "No right", "Errors": ["No right"], "HelpText": "Ask Ann."}',
            "Ask Ann. No right",
        ),
        ({}, b'{"error": {"code": "x", "message": "No right"}}', "No right"),
        ({}, b'<m:error xmlns:m="m"><m:message xml:lang="en">No  right</m:message></m:error>', "No right"),
        ({"X-NuGet-Warning": "Ask Ann"}, b'{"error": "No right"}', "No right; Ask Ann"),
        ({"X-NuGet-Warning": "No right"}, b'{"error": "No right"}', "No right"),
        ({"reason": "No right"}, b"<html>a page", "No right"),
        ({"reason": "No right"}, b'{"error": 7, "ErrorMessage": ["x"], "Errors": {}}', "7"),
        ({"reason": "No right"}, b"", "No right"),
        ({"Content-Type": "text/plain"}, b"No \x1b[31m right", "No ?[31m right"),
    ],
)
def test_a_refusal_is_told_in_the_words_of_the_server(odd, push, headers, body, sentence):
    odd.on("PUT", "/nuget/", (403, headers, body))

    with pytest.raises(Answered) as refused:
        push()

    assert str(refused.value) == f"{sentence} (HTTP 403)"


def test_a_warning_of_the_server_is_shown(run, odd, package):
    odd.on("PUT", "/nuget/", (201, {"X-NuGet-Warning": "Your key ends tomorrow"}, b""))

    assert "Your key ends tomorrow" in run("push", package, "--source", f"{odd.url}/nuget").stdout


def test_a_file_that_went_away_keeps_no_other_from_going(run, odd, package, tmp_path):
    other = tmp_path / "other.nupkg"
    other.write_bytes(package.read_bytes())

    def take_other_away(request):
        request.rfile.read(int(request.headers["Content-Length"]))
        other.unlink()
        request.send_response(201)
        request.send_header("Content-Length", "0")
        request.end_headers()

    odd.on("PUT", "/nuget/", take_other_away)

    result = run(
        "push", package, other, "--source", f"{odd.url}/nuget", "--outputFormat=Json", "--parallel=1"
    )

    told = json.loads(result.stdout)
    assert told["SuccessfulPackages"] == [str(package)]
    assert told["FailedPackages"][0]["Reason"] == "The file cannot be read: No such file or directory"


def test_names_that_differ_in_case_only_are_pushed_once(tmp_path):
    for name in ("a.nupkg", "A.nupkg", "b.nupkg"):
        (tmp_path / name).touch()

    chosen = chosen_files([str(tmp_path / "b.nupkg"), f"{tmp_path}/a*", f"{tmp_path}/*"])

    assert [file.name for file in chosen] == ["b.nupkg", "a.nupkg"]


def test_a_name_that_is_not_utf_8_is_refused_before_anything_is_sent(tmp_path):
    odd_name = os.fsdecode(b"Acme.Web.1.0.0-\xff.zip")
    (tmp_path / odd_name).touch()

    with pytest.raises(BadOption, match=r'"Acme.Web.1.0.0-\\udcff.zip" has a name that is not UTF-8'):
        chosen_files([f"{tmp_path}/*.zip"])


def index(resources):
    return json.dumps({"version": "3.0.0", "resources": resources}).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b'{"version": "2.0.0", "resources": []}',
        index([]),
        index({"@id": 1}),
        index([{"@id": "file:///etc", "@type": "PackagePublish/2.0.0"}]),
        index([{"@id": "/push", "@type": "PackagePublish/2.0.0"}]),
    ],
)
def test_a_source_that_is_none_is_told_in_a_sentence(run, odd, package, body):
    odd.on("GET", "/v3/index.json", (200, {}, body))

    result = run("push", package, "--source", f"{odd.url}/v3/index.json")

    assert result.exit_code == 256 - 3
    assert "should not have happened" not in result.output


def test_a_server_that_is_nothing_we_know_is_told_as_such(run, odd, package):
    result = run("push", package, "--server", odd.url)

    assert f"There is neither an Octopus API nor a NuGet source at {odd.url}" in result.output


def test_a_v2_source_is_found_by_its_metadata(run, odd, package):
    odd.on("GET", "/nuget/$metadata", (200, {}, b'<edmx><EntityType Name="V2FeedPackage"/></edmx>'))
    odd.on("PUT", "/nuget/", TAKEN)

    assert f"Found the NuGet V2 source {odd.url}/nuget" in run("push", package, "--server", odd.url).output


def test_the_key_goes_nowhere_but_to_the_source_and_where_it_has_packages_pushed_to(run, odd, package):
    odd.on("GET", "/elsewhere/index.json", (200, {}, b"{}"))
    elsewhere = f"{odd.url.replace('127.0.0.1', 'localhost')}/elsewhere/index.json"
    odd.on("GET", "/v3/index.json", (302, {"Location": elsewhere}, b""))

    run(
        "push",
        package,
        "--source",
        f"{odd.url}/v3/index.json",
        "--apiKey=the-key",
        "--user=me",
        "--pass=word",
    )

    first, second = [{name.lower() for name in headers} for _, _, headers, _ in odd.heard]
    assert "authorization" in first
    assert not {"authorization", "x-nuget-apikey"} & second


def test_basic_credentials_and_a_key_go_together(run, odd, package):
    odd.on("PUT", "/nuget/", TAKEN)

    run("push", package, "--source", f"{odd.url}/nuget", "--apiKey=the-key", "--user=me", "--pass=word")

    headers = odd.heard[0][2]
    assert headers["X-NuGet-ApiKey"] == "the-key"
    assert headers["Authorization"] == f"Basic {b64encode(b'me:word').decode()}"


def test_a_proxy_is_asked_with_its_own_credentials(run, odd, package):
    odd.on("PUT", "http://feed.example/nuget/", TAKEN)

    options = ("--proxy", odd.url, "--proxyUser=proxy-user", "--proxyPass=proxy-word")
    result = run("push", package, "--source", "http://feed.example/nuget", *options)

    assert result.exit_code == 0, result.output
    headers = odd.heard[0][2]
    assert headers["Proxy-Authorization"] == f"Basic {b64encode(b'proxy-user:proxy-word').decode()}"
    assert "proxy-word" not in result.output


def test_an_answer_without_end_is_not_read_to_its_end(odd):
    odd.on("GET", "/", (200, {}, b"x" * 2000))

    with pytest.raises(Puzzling, match="more than 1000 bytes"):
        Connection(Line(most=1000)).ask("GET", f"{odd.url}/")


def test_a_redirect_is_not_followed_where_that_is_not_wanted(odd):
    odd.on("GET", "/", (302, {"Location": "/there"}, b""))

    with pytest.raises(Answered, match="leads to /there"):
        Connection(Line(redirects=0)).ask("GET", f"{odd.url}/")
    assert odd.asked("GET") == ["/"]


def test_no_certificate_of_any_kind_is_warned_of_once(run, odd, package):
    odd.on("PUT", "/nuget/", TAKEN)

    told = run("push", package, "--source", f"{odd.url}/nuget", "--ignoreSslErrors").output

    assert told.count("Certificates are not checked") == 1


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://me:secret@feed/nuget", "http://feed/nuget"),
        ("http://feed/nuget?q=x&ApiKey=secret&sig=secret#secret", "http://feed/nuget?q=x&ApiKey=***&sig=***"),
        ("http://feed/\x1b[31m", "http://feed/?[31m"),
    ],
)
def test_a_url_is_shown_without_secrets(url, expected):
    assert shown(url) == expected


def test_what_is_printable_stays_as_it_is():
    assert printable("Größe  und\n“Zeichen”") == "Größe und “Zeichen”"


def test_ctrl_c_ends_a_push_that_is_on_its_way(odd, tmp_path):
    with (tmp_path / "Contoso.Big.1.0.0.nupkg").open("wb") as stream:
        stream.truncate(500_000_000)
    began = threading.Event()

    def take_slowly(request):
        began.set()
        while request.rfile.read(100_000):
            time.sleep(0.05)

    odd.on("PUT", "/nuget/", take_slowly)
    command = [sys.executable, "-c", "from nugetlite.cli import main; main()", "push", "*.nupkg"]
    command += ["--source", f"{odd.url}/nuget"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        began.wait(20)
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=10)

    assert process.returncode == 1
    assert told.decode().splitlines()[-1] == "Aborted!"
