"""What V2 clients are told when the answer is no: in OData's words, in the reason phrase, and as a warning."""

from base64 import b64encode

import pytest
from lxml import etree

from nugetlite.testing import KEY, nupkg

WRONG = [
    "$top=-1",
    "$top=1.5",
    "$top=ten",
    "$skip=-1",
    "$skip=9223372036854775808",
    "$skip=2147483648",
    "$skiptoken=nonsense",
    "$inlinecount=some",
    "$select=Nothing",
    "$expand=Dependencies",
    "$search=x",
    "$format=yaml",
    "$callback=alert",
    "$filter=Nothing eq 1",
    "$filter=Id eq",
    "$filter=Id",
    "$filter=substringof('x')",
    "$filter=" + "(" * 1000 + "Id eq 'x'" + ")" * 1000,
    "$filter=Id eq 'x",
    "$filter=1 eq 'x'",
    "$filter=Id eq '" + "x" * 100_000 + "'",
    "$orderby=Nothing",
    "$orderby=Id sideways",
    "includePrerelease=perhaps",
]


@pytest.fixture(scope="module")
def feed(make_lasting_client, gallery_of):
    client = make_lasting_client()
    client.push(nupkg("Contoso.Json", "1.0.0"))
    return gallery_of(client)


@pytest.mark.parametrize("option", WRONG, ids=lambda option: option[:40])
def test_what_makes_no_sense_is_refused_with_a_sentence(feed, option):
    answer = feed.get(f"Search()?{option}")

    assert answer.status_code == 400
    assert answer.headers["DataServiceVersion"] == "2.0;"
    assert answer.headers["Cache-Control"] == "no-store"
    reason = answer.status.partition(" ")[2]
    assert " " in reason
    assert answer.headers["X-NuGet-Warning"] == reason
    if "$format" not in option:
        assert answer.content_type == "application/xml;charset=utf-8"
    error = etree.fromstring(answer.data)
    assert etree.QName(error).localname == "error"
    assert error.findtext("{*}message").startswith(reason[:100].removesuffix("..."))
    assert feed.get(f"Search()/$count?{option}").status_code == 400


def test_a_client_that_reads_json_is_told_in_json(feed):
    for answer in (
        feed.get("Packages()?$top=-1&$format=json"),
        feed.get("Packages()?$top=-1", headers={"Accept": "application/json"}),
    ):
        assert answer.content_type == "application/json;charset=utf-8"
        assert "$top" in answer.json["error"]["message"]["value"]


@pytest.mark.parametrize("text", ["\x00", "\x1f\ufffe", "<&>", "\ud800", "é\n\r\n", "%", "a\x85b"])
def test_a_refusal_can_quote_anything(feed, text):
    for answer in (
        feed.client.http.get(
            "/nuget/Packages()", query_string={"$filter": text.encode(errors="surrogatepass")}
        ),
        feed.client.http.get(
            "/nuget/Packages()",
            query_string={"$format": "json", "$select": text.encode(errors="surrogatepass")},
        ),
        feed.client.http.get("/nuget/Packages()", query_string={"$" + text: "1"})
        if text != "\ud800"
        else feed.get("x"),
    ):
        assert answer.status_code in (400, 404)
        answer.json if "json" in answer.content_type else etree.fromstring(answer.data)


@pytest.mark.parametrize("method", ["get", "post"])
def test_batches_are_not_taken(feed, method):
    answer = getattr(feed.client.http, method)(
        "/api/v2/$batch", data=b"--batch", content_type="multipart/mixed; boundary=batch"
    )

    assert answer.status_code == 501
    assert "$batch" in answer.headers["X-NuGet-Warning"]


@pytest.mark.parametrize("resource", ["Packages()", "Search()", "$metadata", "package/Contoso.Json"])
def test_only_updates_are_asked_for_by_post(feed, resource):
    answer = feed.client.http.post(f"/nuget/{resource}")

    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) >= {"GET", "HEAD"}


def test_a_form_that_is_too_large_is_refused(feed):
    answer = feed.client.http.post("/nuget/GetUpdates()", data={"packageIds": "x" * 100_000, "versions": "1"})

    assert answer.status_code == 413
    assert etree.QName(etree.fromstring(answer.data)).localname == "error"


def test_what_is_not_here_is_told_in_the_words_of_odata(feed):
    answer = feed.get("Nothing()")

    assert answer.status_code == 404
    assert etree.fromstring(answer.data).findtext("{*}message").endswith("/v3/index.json or /nuget")


def test_v3_is_still_told_in_json(feed):
    assert feed.client.get("/v3/nothing").json["error"]


@pytest.mark.parametrize(
    "resource",
    [
        "",
        "$metadata",
        "Packages()",
        "FindPackagesById()?id='x'",
        "package/Contoso.Json/1.0.0",
        "$batch",
        "Packages(Id='Contoso.Json',Version='1.0.0')",
    ],
)
def test_a_private_feed_wants_to_know_who_asks(make_client, gallery_of, resource):
    gallery = gallery_of(make_client(anonymous_read=False))
    gallery.client.push(nupkg("Contoso.Json", "1.0.0"), "/nuget")

    stranger = gallery.get(resource)
    guest = gallery.get(resource, headers={"Authorization": basic("a-guess")})
    member = gallery.get(resource, headers={"Authorization": basic(KEY)})

    assert stranger.status_code == 401
    assert stranger.headers["WWW-Authenticate"].startswith("Basic ")
    assert stranger.content_type == "application/xml;charset=utf-8"
    assert guest.status_code == 403
    assert member.status_code == (501 if resource == "$batch" else 200)
    assert "private" in member.headers["Cache-Control"] or member.status_code == 501


def basic(password):
    return f"Basic {b64encode(f'anybody:{password}'.encode()).decode()}"
