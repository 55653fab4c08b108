"""What was answered before is answered again; once it has changed, it is as if it were asked for the first time."""

from itertools import count

import pytest
from flask import Flask, has_request_context
from werkzeug.test import Client as Browser

from nugetlite import hookimpl
from nugetlite.feed import Feed
from nugetlite.testing import KEY, Client, nupkg
from nugetlite.web.document import KEPT, Document
from nugetlite.web.front import Front

DOCUMENTS = {
    "list": "/v3/content/contoso.json/index.json",
    "plain": "/v3/registration/contoso.json/index.json",
    "zipped": "/v3/registration-gz/contoso.json/index.json",
    "all versions": "/v3/registration-gz-semver2/contoso.json/index.json",
    "page": "/v3/registration-gz-semver2/contoso.json/page/1.0.0/2.0.0.json",
    "leaf": "/v3/registration-gz-semver2/contoso.json/1.0.0.json",
}
CHANGES = {
    "another package": lambda feed: feed.push(nupkg("Contoso.Other", "1.0.0")),
    "a version more": lambda feed: feed.push(nupkg("Contoso.Json", "1.5.0-rc.1+build")),
    "one unlisted": lambda feed: feed.delete("Contoso.Json", "1.0.0", type="Unlist"),
    "one relisted": lambda feed: feed.relist("Contoso.Json", "1.0.0"),
    "one removed": lambda feed: feed.delete("Contoso.Json", "1.5.0-rc.1", type="SoftDelete", reason="why"),
    "the leaf removed": lambda feed: feed.delete("Contoso.Json", "1.0.0", type="HardDelete"),
    "no version left": lambda feed: feed.delete("Contoso.Json", "2.0.0", type="HardDelete"),
    "all anew": lambda feed: feed.push(nupkg("Contoso.Json", "1.0.0")),
}
WITH_KEY = {"X-NuGet-ApiKey": KEY}


def told(answer):
    """All that a client hears."""
    return answer.status, answer.headers.to_wsgi_list(), answer.data


@pytest.mark.parametrize("anonymous_read", [True, False], ids=["open", "private"])
@pytest.mark.parametrize("url", DOCUMENTS.values(), ids=DOCUMENTS)
def test_after_each_change_an_answer_is_as_if_it_were_the_first(make_app, url, anonymous_read):
    """With a query that nobody has used before the URL is a new one, and its answer the same."""
    feed = Client(make_app(anonymous_read=anonymous_read), signs_in=True)
    headers = {"Accept-Encoding": "gzip", **({} if anonymous_read else WITH_KEY)}
    numbers = count()

    def ask(query=""):
        return told(feed.http.get(f"{url}{query}", headers=headers))

    for version in ("1.0.0", "2.0.0"):
        feed.push(nupkg("Contoso.Json", version))
    answers = [ask()]
    for change in CHANGES.values():
        assert change(feed).status_code < 300
        answers.append(ask())
        assert answers[-1] == ask() == ask(f"?{next(numbers)}")
    assert len({data for _, _, data in answers}) > 2


@pytest.fixture
def asked(monkeypatch):
    """Count how often the application is asked, instead of what stands in front of it."""
    count = []
    really = Flask.full_dispatch_request
    monkeypatch.setattr(Flask, "full_dispatch_request", lambda app: count.append(1) or really(app))
    return count


@pytest.mark.parametrize("anonymous_read", [True, False], ids=["open", "private"])
@pytest.mark.parametrize("url", DOCUMENTS.values(), ids=DOCUMENTS)
def test_after_a_change_the_application_is_not_asked_again(make_app, asked, url, anonymous_read):
    feed = Client(make_app(anonymous_read=anonymous_read), signs_in=True)
    headers = {} if anonymous_read else WITH_KEY
    for version in ("1.0.0", "2.0.0"):
        feed.push(nupkg("Contoso.Json", version))
    feed.http.get(url, headers=headers)
    for change in ("one unlisted", "one relisted", "a version more"):
        CHANGES[change](feed)
        asked.clear()
        for _ in range(2):
            assert feed.http.get(url, headers=headers).status_code == 200
        assert not asked


@pytest.mark.parametrize("anonymous_read", [True, False], ids=["open", "private"])
def test_a_package_that_was_asked_for_is_sent_again_without_asking(make_app, asked, anonymous_read):
    feed = Client(make_app(anonymous_read=anonymous_read), signs_in=True)
    content = nupkg("Contoso.Json", "1.0.0")
    feed.push(content)
    url = "/v3/content/contoso.json/1.0.0/contoso.json.1.0.0.nupkg"

    def ask():
        answer = feed.http.get(url, headers={} if anonymous_read else WITH_KEY, buffered=True)
        answer.headers.pop("Date", None)  # which Flask says and, of all others, gunicorn
        return answer.status, sorted(answer.headers.to_wsgi_list()), answer.data

    first = ask()
    assert (first[0], first[2]) == ("200 OK", content)
    asked.clear()
    assert ask() == first
    assert not asked

    feed.delete("Contoso.Json", "1.0.0", type="HardDelete")
    assert ask()[0].startswith("404 ")


def test_what_is_wrong_with_making_it_again_is_logged_and_the_client_does_not_notice(
    make_client, monkeypatch, caplog
):
    feed = make_client()
    feed.push(nupkg("Contoso.Json", "1.0.0"))
    assert feed.versions("Contoso.Json") == ["1.0.0"]
    feed.push(nupkg("Contoso.Json", "2.0.0"))

    really = Feed.version_list

    def only_in_a_request(feed, id):
        if not has_request_context():
            raise KeyError("a mistake")
        return really(feed, id)

    monkeypatch.setattr(Feed, "version_list", only_in_a_request)

    assert feed.versions("Contoso.Json") == ["1.0.0", "2.0.0"]
    assert "could not be made again" in caplog.text


def test_what_caches_are_told_does_not_depend_on_who_asked_first(make_client):
    """NuGet 5.4 sends an empty name and password after a 401."""
    feed = make_client()
    feed.push(nupkg("Contoso.Json", "1.0.0"))
    url = DOCUMENTS["list"]

    assert "private" in feed.http.get(url, headers={"Authorization": "Basic Og=="}).headers["Cache-Control"]
    assert feed.http.get(url).headers["Cache-Control"] == "no-cache"
    assert "private" in feed.http.get(url, headers={"Authorization": "Basic Og=="}).headers["Cache-Control"]


def test_small_answers_at_many_urls_take_no_more_room_than_there_is():
    """A query makes another URL, and any reader can think of many."""

    def application(environ, start_response):
        environ[KEPT] = document = Document(b"[]")
        asked.append(environ["QUERY_STRING"])
        return document(environ, start_response)

    class Everybody:
        def of(self, environ):
            return 0

        remember = of

    asked = []
    front = Browser(Front(application, lambda: 1, lambda subject: 1, Everybody(), room=100_000))
    for number in range(100):
        assert front.get(f"/?{number}{'x' * 1900}").data == b"[]"
    assert len(asked) == 100
    asked.clear()
    for number in reversed(range(100)):  # the newest are there, also when there is no more room
        front.get(f"/?{number}{'x' * 1900}")
    assert 70 < int(asked[0].partition("x")[0]) < 90


def test_where_a_plugin_has_a_say_it_is_asked_each_time(make_client):
    class OfficeHours:
        asked = 0

        @hookimpl
        def nugetlite_authorize(self, action):
            self.asked += action == "read"

    plugin = OfficeHours()
    feed = make_client([plugin])
    for version in ("1.0.0", "2.0.0"):
        feed.push(nupkg("Contoso.Json", version))
        before = plugin.asked
        for _ in range(3):
            assert feed.versions("Contoso.Json")[-1] == version
        assert plugin.asked == before + 3
