"""The pages for people: text is text, links lead where they may, and nothing runs."""

from itertools import pairwise
from urllib.parse import urljoin

import pytest
from lxml import html

from nugetlite import hookimpl
from nugetlite.testing import nupkg

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
SCRIPT = '<script>alert(1)</script><img src=x onerror="alert(2)">"\'{{7*7}}'


@pytest.fixture
def share():
    return "memory://"


def page(client, path, **options):
    answer = client.get(path, **options)
    assert answer.mimetype == "text/html"
    return html.fromstring(answer.text)


def texts(document, path):
    return [" ".join(each.text_content().split()) for each in document.xpath(path)]


def test_the_first_page_says_how_to_come_here_and_what_is_here(client):
    client.push(nupkg("Contoso.Json", "1.0.0", description="Reads JSON."))
    client.push(nupkg("Contoso.Tool", "2.0.0-beta.1"))

    home = page(client, "/")

    assert {
        "http://localhost/v3/index.json",
        "http://localhost/api/v2",
        "http://localhost/",
        "http://localhost/v3/symbols",
    } <= set(texts(home, "//pre"))
    assert texts(home, "//h1 | //h2") == ["A NuGet feed", "2 packages"]
    assert texts(home, "//ul/li/a") == ["Contoso.Json", "Contoso.Tool"]
    assert "Reads JSON." in home.text_content()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("json", ["Contoso.Json"]),
        ("nothing", []),
        (SCRIPT, []),
        ("%00%ff", []),
        ("", ["Contoso.Json", "Contoso.Tool"]),
    ],
)
def test_one_can_search(client, words, found):
    client.push(nupkg("Contoso.Json", "1.0.0"))
    client.push(nupkg("Contoso.Tool", "1.0.0"))

    answer = client.http.get("/", query_string={"q": words})

    document = html.fromstring(answer.text)
    assert texts(document, "//ul/li/a") == found
    assert document.xpath("string(//input/@value)") == words
    assert not document.xpath("//script")


def test_one_can_turn_pages(client):
    for number in range(45):
        client.push(nupkg(f"Contoso.N{number:02}", "1.0.0"))
    seen, url = [], "/?q=contoso"
    while url:
        document = page(client, url)
        seen += texts(document, "//ul/li/a")
        url = next(
            (urljoin("http://localhost/", link) for link in document.xpath("//a[@rel='next']/@href")), None
        )

    assert seen == [f"Contoso.N{number:02}" for number in range(45)]
    assert document.xpath("//a[@rel='prev']/@href") == ["./?q=contoso&skip=20"]
    for nonsense in ("-5", "x", "9" * 5000, "3000"):
        assert client.get(f"/?skip={nonsense}").status_code == 200


def test_a_package_page_tells_what_the_package_says(client):
    client.push(
        nupkg(
            "Contoso.Json",
            "1.0.0",
            description="Reads JSON.",
            authors="Ada",
            tags="json text",
            projectUrl="https://contoso.test/",
            license=("expression", "MIT"),
            readme="README.md",
            icon="icon.png",
            dependencies={"net8.0": {"Contoso.Base": "1.0"}, "net472": {}},
            files={"README.md": "\ufeff# Größe".encode(), "icon.png": PNG},
        )
    )

    document = page(client, "/packages/contoso.json/1.0")

    assert document.xpath("//title/text()") == ["Contoso.Json 1.0.0 – nugetlite"]
    assert texts(document, "//h1") == ["Contoso.Json 1.0.0"]
    told = dict(zip(texts(document, "//dt"), texts(document, "//dd"), strict=True))
    assert (told["Authors"], told["Tags"], told["Licence"]) == ("Ada", "json, text", "MIT")
    assert "dotnet add package Contoso.Json --version 1.0.0" in texts(document, "//pre")
    assert "# Größe" in texts(document, "//pre")
    assert texts(document, "//h3") == ["net8.0", "net472"]
    assert "Contoso.Base [1.0.0, )" in texts(document, "//li")
    assert document.xpath("//a[@href='https://contoso.test/']/@rel") == ["nofollow noopener"]


def test_a_package_page_tells_who_needs_that_version(client):
    for version in ("1.0.0", "1.1.0"):
        client.push(nupkg("Contoso.Json", version))
    for number in range(32):
        client.push(nupkg("Contoso.App", f"{number}.0.0", dependencies={"": {"Contoso.Json": "1.0"}}))

    needed = page(client, "/packages/contoso.json/1.0.0")
    spare = page(client, "/packages/contoso.json/1.1.0")

    assert texts(needed, "//h2") == ["Needed by", "Versions"]
    listed = texts(needed, "//h2[text()='Needed by']/following-sibling::ul[1]/li")
    assert listed[:2] == ["Contoso.App 31.0.0 [1.0.0, )", "Contoso.App 30.0.0 [1.0.0, )"]
    assert (len(listed), listed[-1]) == (31, "and 2 more")
    (link,) = needed.xpath("//a[text()='Contoso.App 31.0.0']/@href")
    assert texts(spare, "//h2") == ["Versions"]
    assert client.get(urljoin("http://localhost/packages/contoso.json/1.0.0", link)).status_code == 200


@pytest.mark.parametrize(
    ("types", "command"),
    [
        ([], "dotnet add package Contoso.Json --version 1.0.0"),
        (["DotnetTool"], "dotnet tool install Contoso.Json --version 1.0.0"),
        (["template"], "dotnet new install Contoso.Json::1.0.0"),
    ],
)
def test_each_kind_of_package_is_installed_in_its_way(client, types, command):
    client.push(nupkg(package_types=types))

    assert command in texts(page(client, "/packages/Contoso.Json/1.0.0"), "//pre")


def test_without_a_version_the_newest_listed_stable_one_is_shown(client):
    for version in ("1.0.0", "1.1.0", "1.2.0", "2.0.0-beta"):
        client.push(nupkg("Contoso.Json", version))
    client.delete("Contoso.Json", "1.2.0")

    document = page(client, "/packages/Contoso.Json")

    assert texts(document, "//h1") == ["Contoso.Json 1.1.0"]
    assert texts(document, "//ul[@class='versions']/li/a") == ["2.0.0-beta", "1.2.0", "1.1.0", "1.0.0"]
    assert document.xpath("//a[@aria-current='page']/text()") == ["1.1.0"]
    assert "unlisted" in texts(document, "//ul[@class='versions']/li")[1]
    assert "unlisted" in page(client, "/packages/Contoso.Json/1.2.0").text_content()


@pytest.mark.parametrize(
    "path",
    [
        "Contoso.Nothing",
        "Contoso.Json/9.0.0",
        "Contoso.Json/x",
        "a~b",
        "con/1.0.0",
        "%3Cscript%3E/1.0.0",
    ],
)
def test_what_is_not_here_is_told_on_a_page(client, path):
    client.push(nupkg())

    answer = client.get(f"/packages/{path}")

    assert answer.status_code == 404
    assert answer.mimetype == "text/html"
    assert "is not on this feed" in answer.text
    assert "<script>" not in answer.text


def test_what_became_of_a_removed_version_is_told(client):
    client.push(nupkg())
    client.delete("Contoso.Json", "1.0.0", type="SoftDelete", reason="use <b>Contoso.Text</b>")

    answer = client.get("/packages/Contoso.Json/1.0.0")

    assert answer.status_code == 404
    assert "was removed on 20" in answer.text
    assert "use &lt;b&gt;" in answer.text


# Where the feed is seen from


@pytest.mark.parametrize("base_url", ["", "https://feed.test/behind/a/path"])
def test_every_link_works_behind_any_prefix(make_client, base_url):
    """A proxy may add a prefix that the feed never hears of, so pages link to the feed relatively."""
    client = make_client(base_url=base_url)
    client.push(nupkg(icon="i.png", license=("file", "L"), files={"i.png": PNG, "L": b"L"}))
    prefix = "https://anywhere.test/some/prefix"
    pages = [
        "/packages/Contoso.Json",
        "/packages/Contoso.Json/1.0.0",
        "/packages/No.Such",
        "/packages/No.Such/1.0",
    ]

    for path in ["/", "/?q=json", *pages, *[f"{path}/" for path in pages]]:
        document = page(client, path)
        links = document.xpath("//a/@href | //link/@href | //img/@src | //form/@action")
        assert links
        for link in links:
            url = urljoin(f"{prefix}{path}", link)
            assert url.startswith(f"{prefix}/")
            assert client.get(url.removeprefix(prefix)).status_code == 200


# Who wrote the package is not to be trusted


def test_whatever_a_package_says_is_only_text(client):
    text = dict.fromkeys(
        ("title", "description", "summary", "releaseNotes", "tags", "authors", "copyright"), SCRIPT
    )
    client.push(
        nupkg(
            **text,
            license=("expression", SCRIPT),
            projectUrl=f"https://contoso.test/{SCRIPT}",
            readme="R.md",
            dependencies={SCRIPT: {SCRIPT: SCRIPT}},
            files={"R.md": f"[x](javascript:alert(1)) {SCRIPT} \0".encode() + b"\xff\xfe"},
        )
    )

    for path in ("/", "/packages/Contoso.Json/1.0.0"):
        document = page(client, path)
        assert not document.xpath("//script | //img | //iframe | //object | //@onerror | //style")
        assert "{{7*7}}" in document.text_content()
        assert "49" not in texts(document, "//p | //pre | //dd | //li")


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://contoso.test/a?b=c", "https://contoso.test/a?b=c"),
        ("http://contoso.test", "http://contoso.test"),
        ("mailto:ada@contoso.test", "mailto:ada@contoso.test"),
        (" HTTPS://contoso.test/ ", "HTTPS://contoso.test/"),
        ("javascript:alert(1)", None),
        ("JaVaScRiPt:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("data:text/html,<script>alert(1)</script>", None),
        ("vbscript:x", None),
        ("file:///etc/passwd", None),
        ("//evil.test", None),
        ("/packages", None),
    ],
)
def test_a_link_of_a_package_leads_to_the_web_or_is_text(client, url, link):
    client.push(nupkg(projectUrl=url))

    document = page(client, "/packages/Contoso.Json/1.0.0")

    ours = {"nugetlite", "Contoso.Json.1.0.0.nupkg", "1.0.0"}
    links = {
        each.get("href"): each.get("rel") for each in document.xpath("//a") if each.text_content() not in ours
    }
    assert links == ({link: "nofollow noopener"} if link else {})
    assert " ".join(url.split()) in texts(document, "//dd")


def test_a_plugin_may_add_links_that_are_held_to_the_same(make_client):
    class Links:
        @hookimpl
        def nugetlite_portal_links(self, package):
            yield "Build", f"https://ci.test/{package.identity.id}"
            yield "Trap", "javascript:alert(1)"

    client = make_client([Links()])
    client.push(nupkg())

    document = page(client, "/packages/Contoso.Json/1.0.0")

    assert document.xpath("//a[text()='Build']/@href") == ["https://ci.test/Contoso.Json"]
    assert not document.xpath("//a[text()='Trap']")


@pytest.mark.parametrize("path", ["/", "/packages/Contoso.Json/1.0.0", "/packages/No.Such"])
def test_browsers_are_told_to_run_nothing(client, path):
    client.push(nupkg())

    for answer in (client.get(path), client.http.head(path)):
        policy = dict(each.split(" ", 1) for each in answer.headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert "script-src" not in policy
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"]
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert not page(client, path).xpath("//script | //style | //@style | //@onclick")


def test_a_readme_that_cannot_be_shown_is_left_out(client):
    client.push(nupkg(readme="missing.md"))
    assert "Readme" not in texts(page(client, "/packages/Contoso.Json/1.0.0"), "//h2")


def test_of_a_very_long_readme_the_beginning_is_shown(client):
    client.push(nupkg(readme="R.md", files={"R.md": b"word " * 200_000}))

    answer = client.get("/packages/Contoso.Json/1.0.0")

    assert answer.status_code == 200
    assert len(answer.data) < 300_000


def test_a_page_can_be_read_by_those_who_do_not_see_it(client):
    client.push(nupkg(icon="i.png", files={"i.png": PNG}))

    for path in ("/", "/?q=contoso", "/packages/Contoso.Json/1.0.0", "/packages/No.Such"):
        document = page(client, path)
        assert document.get("lang") == "en"
        assert len(document.xpath("//h1")) == len(document.xpath("//main")) == 1
        assert document.xpath("//title/text()")
        assert document.xpath("//input/@aria-label")
        assert all(image.get("alt") is not None for image in document.xpath("//img"))
        levels = [int(each.tag[1]) for each in document.xpath("//h1 | //h2 | //h3")]
        assert all(deeper <= level + 1 for level, deeper in pairwise(levels))
