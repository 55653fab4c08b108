"""The documents of a package that clients ask for most, and where they are."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from benchmarks.servers import Running, get

ROUTE = "a Flask route that returns two bytes"
RESOURCES = {
    "version list": "PackageBaseAddress/3.0.0",
    "registration": "RegistrationsBaseUrl/3.6.0",
}


def documents_of(running: Running, *ids: str) -> dict[str, str]:
    """Kind of document: its path for the package ``id``, as the service index tells it."""
    return {kind: paths[0] for kind, paths in all_documents(running, list(ids)).items()}


def all_documents(running: Running, ids: list[str]) -> dict[str, list[str]]:
    """Kind of document: its path for each of ``ids``, each sure to be answered."""
    told = json.loads(get(running, "/v3/index.json"))
    bases = {each["@type"]: urlsplit(each["@id"]).path.rstrip("/") for each in told["resources"]}
    found = {
        kind: [f"{bases[name]}/{id.lower()}/index.json" for id in ids] for kind, name in RESOURCES.items()
    }
    for paths in found.values():
        get(running, paths[-1])
    return found
