"""What was answered before is answered again; once it has changed, it is as if it were asked for the first time."""

from itertools import count

import pytest

from nugetlite import hookimpl
from nugetlite.testing import KEY, Client, nupkg

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
