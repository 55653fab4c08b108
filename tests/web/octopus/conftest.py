"""A client of the Octopus routes, and files to push."""

from io import BytesIO

import pytest

from nugetlite.testing import KEY, Client


class Octopus:
    """Speaks to a server in this process as Octopus's clients do."""

    def __init__(self, app, key=KEY):
        self.app = app
        self.http = app.test_client()
        self.headers = {"X-Octopus-ApiKey": key} if key else {}

    def get(self, url, **options):
        return self.http.get(url, headers=self.headers, buffered=True, **options)

    def push(self, name, content, query="", url="/api/Spaces-1/packages/raw"):
        return self.post(f"{url}{query}", data={"file": (BytesIO(content), name)})

    def post(self, url, headers=(), **options):
        return self.http.post(url, headers={**self.headers, **dict(headers)}, **options)

    def override(self, method, url):
        """As .NET's client sends what is neither GET nor POST."""
        return self.post(url, {"X-HTTP-Method-Override": method})

    def delete(self, url):
        return self.http.delete(url, headers=self.headers)

    def ids(self, query=""):
        """What is listed, by Octopus's ids."""
        return [item["Id"] for item in self.get(f"/api/packages{query}").json["Items"]]

    def download(self, name, **headers):
        return self.http.get(f"/api/packages/{name}/raw", headers={**self.headers, **headers}, buffered=True)


@pytest.fixture
def share(tmp_path):
    """A folder that a test can look into."""
    return tmp_path / "packages"


@pytest.fixture
def make_octopus(make_app):
    """Make such a client of a server of its own; arguments as ``make_app``."""
    return lambda plugins=(), key=KEY, **settings: Octopus(make_app(plugins, **settings), key)


@pytest.fixture
def octopus(make_octopus):
    """One with the administrator's key, of a server with the default settings."""
    return make_octopus()


@pytest.fixture
def nuget(octopus):
    """A NuGet client of the same server."""
    return Client(octopus.app)
