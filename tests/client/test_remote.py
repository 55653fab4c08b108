"""``nugetlite list``, ``download``, ``delete`` and ``relist`` at this server and at odd ones."""

import hashlib
import json

import pytest

from nugetlite.testing import KEY, Client, nupkg


@pytest.fixture
def filled(make_app, serve_app):
    """A server with some packages, and its URL."""
    app = make_app()
    client = Client(app)
    for version in ("1.0.0", "1.1.0", "2.0.0-beta.1"):
        client.push(nupkg("Contoso.Json", version, description="Reads JSON."))
    client.push(nupkg("Contoso.Text", "1.0.0"))
    client.url = serve_app(app)
    return client


@pytest.fixture
def source(filled):
    return f"--source={filled.url}/v3/index.json"


def listed(result):
    return [(each["Id"], each["Version"]) for each in json.loads(result.stdout)["Packages"]]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], [("Contoso.Json", "1.1.0"), ("Contoso.Text", "1.0.0")]),
        (["json"], [("Contoso.Json", "1.1.0")]),
        (["json", "--prerelease"], [("Contoso.Json", "2.0.0-beta.1")]),
        (["json", "--all-versions"], [("Contoso.Json", "1.0.0"), ("Contoso.Json", "1.1.0")]),
        (["--limit=1"], [("Contoso.Json", "1.1.0")]),
        (["nothing"], []),
    ],
)
def test_list_tells_what_words_find(run, source, arguments, expected):
    assert sorted(listed(run("list", *arguments, source, "--outputFormat=Json"))) == expected


def test_list_is_a_table_that_says_when_there_is_more(run, source):
    lines = run("list", "--limit=1", source).stdout.splitlines()

    assert lines[1:] == [
        "Id            Version  Description",
        "Contoso.Json  1.1.0    Reads JSON.",
        "There are more than these 1; --limit=N shows them",
    ]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["contoso.json", "1.0.0"], "contoso.json.1.0.0.nupkg"),
        (["Contoso.Json", "1.0"], "contoso.json.1.0.0.nupkg"),
        (["Contoso.Json"], "contoso.json.1.1.0.nupkg"),
        (["Contoso.Json", "--prerelease"], "contoso.json.2.0.0-beta.1.nupkg"),
    ],
)
def test_download_fetches_just_the_bytes_that_were_pushed(run, filled, source, tmp_path, arguments, name):
    result = run("download", *arguments, source, "--output=got", "--outputFormat=Json")

    told = json.loads(result.stdout)
    assert told["File"] == str(tmp_path / "got" / name)
    assert told["Checked"] is True
    assert [file.name for file in (tmp_path / "got").iterdir()] == [name]
    assert (tmp_path / "got" / name).read_bytes() == filled.download("Contoso.Json", told["Version"]).data


def test_what_is_there_already_is_compared_and_not_fetched_again(run, source, tmp_path):
    first = run("download", "Contoso.Json", "1.0.0", source)
    again = run("download", "Contoso.Json", "1.0.0", source, "--debug")
    (tmp_path / "contoso.json.1.0.0.nupkg").write_bytes(b"mine")
    other = run("download", "Contoso.Json", "1.0.0", source)

    assert "Downloaded" in first.stdout
    assert "Was there already" in again.stdout
    assert ".nupkg" not in "".join(line for line in again.stdout.splitlines() if line.startswith("GET"))
    assert other.exit_code == 255
    assert "is there already, and is another file" in other.output
    assert (tmp_path / "contoso.json.1.0.0.nupkg").read_bytes() == b"mine"


@pytest.mark.parametrize(("policy", "restorable"), [("unlist", True), ("Soft", False), ("hard", False)])
def test_delete_as_one_wishes(run, filled, source, key, policy, restorable):
    result = run("delete", "Contoso.Text", "1.0.0", "--policy", policy, "--reason=superseded", source, key)

    assert result.exit_code == 0, result.output
    assert f"Deleted Contoso.Text 1.0.0 ({policy.lower()})" in result.stdout
    assert filled.search("text") == []
    assert filled.can_restore("Contoso.Text", "1.0.0") is restorable


def test_what_others_need_is_deleted_by_force(run, make_app, serve_app, key):
    client = Client(make_app(delete_policy="soft", delete_guard="refuse"))
    client.push(nupkg("Contoso.Json", "1.0.0"))
    client.push(nupkg("Contoso.App", "1.0.0", dependencies={"": {"Contoso.Json": "1.0"}}))
    server = f"--server={serve_app(client.app)}"

    refused = run("delete", "Contoso.Json", "1.0.0", server, key)
    forced = run("delete", "Contoso.Json", "1.0.0", "--force", server, key)

    assert refused.exit_code == 256 - 7
    assert "Contoso.App 1.0.0 needs Contoso.Json 1.0.0; no other version" in refused.output
    assert forced.exit_code == 0
    assert "The feed warns: Contoso.App 1.0.0 needs Contoso.Json 1.0.0, which is gone now" in forced.output
    assert not client.can_restore("Contoso.Json", "1.0.0")


def test_relist_takes_a_delete_back(run, filled, source, key):
    deleted = run(
        "delete",
        "Contoso.Text",
        "1.0.0",
        "--policy=soft",
        f"--server={filled.url}",
        key,
        "--outputFormat=Json",
    )
    result = run("relist", "Contoso.Text", "1.0.0", f"--server={filled.url}", key, "--outputFormat=Json")

    assert json.loads(deleted.stdout) == {"Id": "Contoso.Text", "Version": "1.0.0", "Deletion": "soft"}
    assert json.loads(result.stdout) == {"Id": "Contoso.Text", "Version": "1.0.0"}
    assert filled.can_restore("Contoso.Text", "1.0.0")


@pytest.mark.parametrize(
    ("command", "code", "sentence"),
    [
        (["download", "Contoso.Nothing"], 256 - 7, "contoso.nothing is not at the NuGet V3 source"),
        (["download", "Contoso.Json", "9.9.9"], 256 - 7, "(HTTP 404)"),
        (["download", "Contoso.Json", "newest"], 256 - 3, "is not a NuGet version"),
        (
            ["delete", "Contoso.Nothing", "1.0.0", f"--apiKey={KEY}"],
            256 - 7,
            "Contoso.Nothing 1.0.0 is not on this feed",
        ),
        (["delete", "Contoso.Text", "1.0.0", "--apiKey=wrong"], 256 - 5, "(HTTP 403)"),
        (["delete", "Contoso.Text"], 255, "Missing argument"),
        (["delete", "Contoso.Text", "1.0.0", "--policy=shred"], 255, "shred"),
        (["relist", "Contoso.Nothing", "1.0.0", f"--apiKey={KEY}"], 256 - 7, "(HTTP 404)"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(run, source, tmp_path, command, code, sentence):
    result = run(*command, source)

    assert result.exit_code == code, result.output
    assert sentence in result.output
    assert list(tmp_path.glob("*.part")) == []


def test_a_private_feed_is_read_with_a_key_or_a_password(run, make_app, serve_app, key):
    Client(make_app()).push(nupkg("Contoso.Json", "1.0.0"))
    url = f"--source={serve_app(make_app(anonymous_read=False))}/v3/index.json"

    assert listed(run("list", url, key, "--outputFormat=Json")) == [("Contoso.Json", "1.0.0")]
    assert run("download", "Contoso.Json", url, "--user=me", f"--pass={KEY}").exit_code == 0
    assert run("list", url).exit_code == 256 - 5


CONTENT = bytes(range(256)) * 400


@pytest.fixture
def v2(odd, entry):
    """An odd V2 source that has one package; answers how to say what its bytes are answered with."""
    odd.on(
        "GET",
        "/nuget/Packages(Id=%27Contoso.Json%27,Version=%271.0.0%27)",
        (200, {}, entry(CONTENT)),
    )
    return lambda *replies: odd.on("GET", "/content", *replies)


def cut_off(request):
    """Send a third of what was asked for, then end the connection."""
    content = begin(request)
    request.wfile.write(content[: len(content) // 3])
    request.close_connection = True


def ranged(request):
    """Send what was asked for."""
    request.wfile.write(begin(request))


def begin(request):
    """Send the headers, and answer what is to follow."""
    content, status = asked_for(request)
    request.send_response(status)
    request.send_header("Content-Length", str(len(content)))
    request.send_header(
        "Content-Range", f"bytes {len(CONTENT) - len(content)}-{len(CONTENT) - 1}/{len(CONTENT)}"
    )
    request.send_header("ETag", '"one"')
    request.end_headers()
    return content


def asked_for(request):
    start = int(request.headers.get("Range", "bytes=0-")[6:-1])
    return CONTENT[start:], 206 if start else 200


def fetch(run, odd, *more):
    return run("download", "Contoso.Json", "1.0.0", f"--source={odd.url}/nuget", *more)


NAME = "contoso.json.1.0.0.nupkg"


def test_a_download_that_is_cut_off_goes_on_where_it_stopped(run, odd, v2, tmp_path):
    v2(cut_off, cut_off, ranged)

    result = fetch(run, odd)

    assert result.exit_code == 0, result.output
    assert (tmp_path / NAME).read_bytes() == CONTENT
    ranges = [headers.get("Range") for _, path, headers, _ in odd.heard if path == "/content"]
    third = len(CONTENT) // 3
    assert ranges == [None, f"bytes={third}-", f"bytes={third + (len(CONTENT) - third) // 3}-"]
    assert odd.heard[-1][2]["If-Range"] == '"one"'


def test_a_download_that_was_given_up_goes_on_another_day(run, odd, v2, tmp_path):
    def nothing(request):
        request.send_response(206)
        request.send_header("Content-Range", f"bytes {len(CONTENT) // 3}-{len(CONTENT) - 1}/{len(CONTENT)}")
        request.send_header("Content-Length", "9")
        request.end_headers()
        request.close_connection = True

    v2(cut_off, nothing)
    first = fetch(run, odd)
    v2(ranged)
    second = fetch(run, odd)

    assert first.exit_code == 256 - 3
    assert "ended the connection in the middle" in first.output
    assert second.exit_code == 0
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert odd.heard[-1][2]["Range"] == f"bytes={len(CONTENT) // 3}-"
    assert [file.name for file in tmp_path.iterdir()] == [NAME]


def test_a_server_that_begins_anew_is_followed(run, odd, v2, tmp_path):
    v2(cut_off, (200, {}, CONTENT))

    assert fetch(run, odd).exit_code == 0
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_a_part_that_is_whole_is_not_fetched_again(run, odd, v2, tmp_path):
    digest = hashlib.sha512(CONTENT).hexdigest()[:16]
    (tmp_path / f"{NAME}.{digest}.part").write_bytes(CONTENT)
    v2((416, {"Content-Range": f"bytes */{len(CONTENT)}"}, b""))

    assert fetch(run, odd).exit_code == 0
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_a_part_that_does_not_fit_is_fetched_anew(run, odd, v2, tmp_path):
    digest = hashlib.sha512(CONTENT).hexdigest()[:16]
    (tmp_path / f"{NAME}.{digest}.part").write_bytes(CONTENT + b"too much")
    v2((416, {"Content-Range": f"bytes */{len(CONTENT)}"}, b""), (200, {}, CONTENT))

    assert fetch(run, odd).exit_code == 0
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_wrong_bytes_leave_nothing(run, odd, v2, tmp_path):
    v2((200, {}, CONTENT[::-1]))

    result = fetch(run, odd)

    assert result.exit_code == 256 - 3
    assert "its hash differs" in result.output
    assert list(tmp_path.iterdir()) == []


def test_a_feed_without_hashes_is_told_of(run, odd, v2, entry, tmp_path):
    path = "/nuget/Packages(Id=%27Contoso.Json%27,Version=%271.0.0%27)"
    odd.on("GET", path, (200, {}, entry(b"")))
    v2((200, {}, CONTENT))

    result = fetch(run, odd)

    assert "the feed tells no hash" in result.stdout
    assert [file.name for file in tmp_path.iterdir()] == [NAME]


def test_a_refused_download_leaves_nothing(run, odd, v2, tmp_path):
    v2((403, {}, b'{"error": "Not for you"}'))

    result = fetch(run, odd)

    assert "Not for you (HTTP 403)" in result.output
    assert list(tmp_path.iterdir()) == []


def test_names_from_a_hostile_feed_lead_nowhere(run, odd, entry, tmp_path):
    wicked = entry(b"").replace(b"<title>Contoso.Json", b"<title>../../etc/passwd")
    odd.on("GET", "/nuget/Packages(Id=%27Contoso.Json%27,Version=%271.0.0%27)", (200, {}, wicked))
    odd.on("GET", "/content", (200, {}, CONTENT))

    result = fetch(run, odd)

    assert result.exit_code == 256 - 3
    assert "no name that a file could have" in result.output
    assert odd.asked("GET") == ["/nuget/Packages(Id=%27Contoso.Json%27,Version=%271.0.0%27)"]


def feed_of(entries, next_page=""):
    link = f'<link rel="next" href="{next_page}"/>' if next_page else ""
    rows = "".join(
        f"<entry><title>{id}</title><m:properties><d:Version>{version}</d:Version></m:properties></entry>"
        for id, version in entries
    )
    return f"""<feed xmlns="http://www.w3.org/2005/Atom"
        xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices"
        xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">{rows}{link}</feed>""".encode()


def test_a_v2_feed_is_listed_page_by_page_and_not_for_ever(run, odd):
    odd.on("GET", "/nuget/Search()", (200, {}, feed_of([("A", "1.0.0")], "page-2")))
    odd.on("GET", "/nuget/page-2", (200, {}, feed_of([("B", "1.0.0")], "page-2")))

    result = run("list", "it's", f"--source={odd.url}/nuget", "--outputFormat=Json")

    assert listed(result) == [("A", "1.0.0"), ("B", "1.0.0")]
    assert "searchTerm=%27it%27%27s%27" in odd.asked("GET")[0]


def test_the_newest_of_a_v2_feed_is_found_over_its_pages(run, odd):
    by_id = "/nuget/FindPackagesById()"
    odd.on("GET", by_id, (200, {}, feed_of([("A", "1.10.0"), ("A", "1.9.0")], "page-2")))
    last = feed_of([("A", "2.0.0-rc"), ("A", "1.11.0")]).replace(
        b"<title>A</title><m:properties><d:Version>1.11.0",
        f'<title>A</title><content src="{odd.url}/content"/><m:properties><d:Version>1.11.0'.encode(),
    )
    odd.on("GET", "/nuget/page-2", (200, {}, last))
    odd.on("GET", "/content", (200, {}, CONTENT))

    assert "a.1.11.0.nupkg" in run("download", "A", f"--source={odd.url}/nuget").stdout


def test_a_search_that_gives_fewer_than_asked_for_is_asked_on(run, odd):
    index = {"version": "3.0.0", "resources": [{"@id": f"{odd.url}/q", "@type": "SearchQueryService"}]}
    odd.on("GET", "/v3/index.json", (200, {}, json.dumps(index).encode()))
    pages = [[{"id": id, "version": "1.0.0"}] for id in "ABC"]
    odd.on("GET", "/q", *((200, {}, json.dumps({"data": page}).encode()) for page in [*pages, []]))

    result = run("list", f"--source={odd.url}/v3/index.json", "--outputFormat=Json")

    assert [id for id, _ in listed(result)] == ["A", "B", "C"]
    assert [path.split("skip=")[1][0] for path in odd.asked("GET")[1:]] == ["0", "1", "2", "3"]
