"""A NuGet client for tests: speaks V3 to a server in this process, as the official clients do."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.test import TestResponse

KEY = "test-key"  #: what ``Client`` sends; set it as ``api_key`` of the server under test


class Client:
    """``Client(create_app(Config(packages="memory://", api_key=KEY)))`` pushes, deletes, searches and restores."""

    def __init__(self, app: Flask, key: str = KEY, *, signs_in: bool = False) -> None:
        """``signs_in`` sends the key with what is read, too, as the password of basic credentials."""
        self.app = app
        self.http = app.test_client()
        self.key = key
        self.credentials = ("any", key) if signs_in else None
        index = self.get("/v3/index.json").json or {}
        self.resources = {each["@type"]: urlsplit(each["@id"]).path for each in index.get("resources", [])}

    def get(self, url: str, **options: Any) -> TestResponse:
        """GET a path, or an absolute URL of this server."""
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return self.http.get(path, buffered=True, **({"auth": self.credentials} | options))

    def push(self, nupkg: bytes, url: str = "", key: str | None = None) -> TestResponse:
        """PUT a package as a multipart body, as nuget.exe and dotnet do."""
        part = (BytesIO(nupkg), "package.nupkg", "application/octet-stream")
        return self.http.put(
            url or f"{self.resources['PackagePublish/2.0.0']}/",
            data={"package": part},
            headers=self._key(key),
        )

    def push_symbols(self, snupkg: bytes) -> TestResponse:
        """The same, for symbols."""
        return self.push(snupkg, f"{self.resources['SymbolPackagePublish/4.9.0']}/")

    def delete(self, id: str, version: str, *, key: str | None = None, **form: str) -> TestResponse:
        """DELETE a version; ``form`` may hold ``type``, ``reason`` and ``force``."""
        return self.http.delete(
            f"{self.resources['PackagePublish/2.0.0']}/{id}/{version}",
            data=form or None,
            headers=self._key(key),
        )

    def relist(self, id: str, version: str) -> TestResponse:
        """POST to a version."""
        return self.http.post(
            f"{self.resources['PackagePublish/2.0.0']}/{id}/{version}", headers=self._key(None)
        )

    def search(self, words: str = "", **options: Any) -> list[str]:
        """The ids that search finds, in order; with prereleases and SemVer 2 unless ``options`` say otherwise."""
        asked = {"q": words, "prerelease": "true", "semVerLevel": "2.0.0", **options}
        found = self.http.get(self.resources["SearchQueryService"], query_string=asked)
        return [result["id"] for result in (found.json or {})["data"]]

    def versions(self, id: str) -> list[str]:
        """The versions that can be restored; none if the package is not known."""
        found = self.get(f"{self.resources['PackageBaseAddress/3.0.0']}{id.lower()}/index.json")
        return list((found.json or {}).get("versions", []))

    def registered(self, id: str, hive: str = "RegistrationsBaseUrl/3.6.0") -> dict[str, dict[str, Any]]:
        """Version: catalog entry, for everything that registration tells of a package."""
        found = self.get(f"{self.resources[hive]}{id.lower()}/index.json")
        pages = (found.json or {}).get("items", [])
        return {leaf["catalogEntry"]["version"]: leaf["catalogEntry"] for leaf in self._leaves(pages)}

    def download(self, id: str, version: str, **options: Any) -> TestResponse:
        """GET a package from the flat container."""
        id, version = id.lower(), version.lower()
        return self.get(
            f"{self.resources['PackageBaseAddress/3.0.0']}{id}/{version}/{id}.{version}.nupkg", **options
        )

    def can_restore(self, id: str, version: str) -> bool:
        """Whether a client that wants just this version gets it."""
        return version.lower() in self.versions(id) and self.download(id, version).status_code == 200

    def _leaves(self, pages: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
        for page in pages:
            yield from page.get("items") or (self.get(page["@id"]).json or {})["items"]

    def _key(self, key: str | None) -> dict[str, str]:
        sent = self.key if key is None else key
        return {"X-NuGet-ApiKey": sent} if sent else {}
