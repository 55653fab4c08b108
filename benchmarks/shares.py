"""Shares to measure with: real packages in the layout of the feed, put there without a server."""

from __future__ import annotations

import os
import shutil
import sys
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from hashlib import sha512
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.servers import PLACE
from nugetlite.app import build
from nugetlite.config import Config
from nugetlite.testing import nupkg
from nugetlite.testing.packages import nuspec
from nugetlite.upkeep import Report


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder for the time of one measurement, on a disk rather than in memory."""
    PLACE.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=PLACE) as folder:
        yield Path(folder)


def package_id(number: int) -> str:
    """The id of one of many packages."""
    return f"Contoso.Part{number:06}"


def version_text(number: int) -> str:
    """One of its versions."""
    return f"1.{number}.0"


def small_package(id: str, version: str) -> bytes:
    """A package such as most are: a description, some tags, dependencies for two frameworks, one small file."""
    return nupkg(id, version, manifest=_manifest(id, version), files={"lib/net8.0/_._": b""})


def kept_share(ids: int, versions: int) -> Path:
    """A share of ``ids`` packages with ``versions`` versions each; made at the first run, and kept for the next."""
    share = PLACE / f"share-{ids}x{versions}"
    if not share.exists():
        draft = share.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        print(f"making {ids * versions:,} packages for this and later runs …", file=sys.stderr)
        fill(draft, ids, versions)
        draft.rename(share)
    return share


def fill(share: Path, ids: int, versions: int) -> None:
    """Put ``ids`` packages with ``versions`` versions each on a share."""
    with ProcessPoolExecutor() as pool:
        list(pool.map(_put, [share] * ids, range(ids), [versions] * ids, chunksize=50))


def scan(share: Path, database: Path | None = None) -> Report:
    """Make the index agree with a share, in this process. Its database lies on the share unless said otherwise."""
    return scans(share, database, looks=1)[0]


def scans(share: Path, database: Path | None = None, *, looks: int) -> list[Report]:
    """The same, and look again when there is nothing new."""
    server = build(Config(packages=str(share), database=f"sqlite:///{database}" if database else ""))
    try:
        return [server.upkeep.scan() for _ in range(looks)]
    finally:
        server.database.close()


def _put(share: Path, number: int, versions: int) -> None:
    id = package_id(number)
    for version in map(version_text, range(versions)):
        content, key = small_package(id, version), id.lower()
        folder = share / key / version
        folder.mkdir(parents=True)
        (folder / f"{key}.{version}.nupkg").write_bytes(content)
        (folder / f"{key}.{version}.nupkg.sha512").write_bytes(b64encode(sha512(content).digest()))
        (folder / f"{key}.nuspec").write_bytes(_manifest(id, version))
        for path in folder.iterdir():
            os.utime(path, (1_700_000_000, 1_700_000_000))  # long enough ago to be taken for complete


def _manifest(id: str, version: str) -> bytes:
    modern = {"Contoso.Core": "1.0.0", "Contoso.Logging": "[2.1.0, 3.0.0)"}
    return nuspec(
        id,
        version,
        description="What a team of five has written for its other teams, and two sentences to say so. " * 2,
        tags="contoso part benchmark",
        projectUrl="https://contoso.example/parts",
        dependencies={"net8.0": modern, "netstandard2.0": {**modern, "System.Text.Json": "8.0.0"}},
    )
