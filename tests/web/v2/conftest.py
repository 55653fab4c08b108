"""Reads V2 feeds as clients do: Atom into values, page by page."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from lxml import etree

NAMESPACES = {
    "a": "http://www.w3.org/2005/Atom",
    "d": "http://schemas.microsoft.com/ado/2007/08/dataservices",
    "m": "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata",
}


@dataclass
class Page:
    """One page of a feed."""

    root: etree._Element

    def find(self, path):
        return self.root.xpath(path, namespaces=NAMESPACES)

    @property
    def versions(self):
        """``Id Version`` of each entry."""
        return [
            f"{entry.findtext('.//d:Id', None, NAMESPACES)} {entry.findtext('.//d:Version', None, NAMESPACES)}"
            for entry in self.find("descendant-or-self::a:entry")
        ]

    @property
    def properties(self):
        """Name: value of the first entry, ``None`` for null."""
        return {
            etree.QName(each).localname: None if self.is_null(each) else each.text or ""
            for each in self.find("(descendant-or-self::a:entry)[1]/m:properties/*")
        }

    @property
    def total(self):
        """What ``$inlinecount`` asked for."""
        return next((int(each.text) for each in self.find("m:count")), None)

    @property
    def next(self):
        """The URL of the next page."""
        (url,) = self.find("a:link[@rel='next']/@href") or [""]
        return str(url)

    @staticmethod
    def is_null(element):
        return element.get(f"{{{NAMESPACES['m']}}}null") == "true"


class Gallery:
    """A V2 client of a server in this process, under one of the roots."""

    def __init__(self, client, root="/nuget"):
        self.client = client
        self.root = root

    def get(self, resource, **options):
        """GET what is spelled so, whatever is answered."""
        parts = urlsplit(resource)
        path = parts.path if parts.netloc else f"{self.root}/{parts.path}"
        return self.client.http.get(path, query_string=parts.query, buffered=True, **options)

    def page(self, resource, **options):
        """The page that is spelled so."""
        answer = self.get(resource, **options)
        assert answer.status_code == 200, answer.status
        assert answer.headers["DataServiceVersion"] == "2.0;"
        return Page(etree.fromstring(answer.data))

    def versions(self, resource):
        """``Id Version`` of all entries on all pages."""
        found, seen = [], set()
        while resource:
            assert resource not in seen
            seen.add(resource)
            page = self.page(resource)
            found += page.versions
            resource = page.next
        return found

    def count(self, resource):
        """The number that ``/$count`` answers."""
        answer = self.get(resource)
        assert answer.content_type == "text/plain;charset=utf-8"
        return int(answer.text)


@pytest.fixture
def gallery(client):
    """A V2 client of a server of its own."""
    return Gallery(client)


@pytest.fixture(scope="session")
def gallery_of():
    """Make a V2 client of what another client talks to."""
    return Gallery
