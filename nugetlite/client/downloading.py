"""Fetches one file: whole and checked under its own name, or not at all.

Until then it lies beside it as ``NAME.HASH.part``. Whoever comes again goes on from there, if the feed tells
a hash by which the whole can be checked; within one run, also by the ETag of the first answer.
"""

from __future__ import annotations

import logging
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import urllib3
from urllib3.exceptions import HTTPError

from nugetlite.client.connection import Connection, shown
from nugetlite.client.errors import BadOption, Puzzling, Unfinished, WrongBytes
from nugetlite.client.publishing import hash_of
from nugetlite.client.remote import Place
from nugetlite.client.upload import Watch

log = logging.getLogger(__name__)

OK, PARTIAL, RANGE_NOT_SATISFIABLE = 200, 206, 416
BLOCK = 256 * 1024
NAME = re.compile(r"[^\x00-\x1f/\\:]+")


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file that is there, and whether its bytes were compared with what the feed says they are."""

    file: Path
    size: int
    checked: bool
    was_there: bool = False


def download(place: Place, folder: Path, connection: Connection, watch: Watch) -> Downloaded:
    """Fetch the file into ``folder``.

    Raises ``WrongBytes`` if it is not the one that the feed tells of, and then leaves nothing; ``BadOption``
    if the folder cannot be written, or holds another file of that name.
    """
    if not NAME.fullmatch(place.filename) or place.filename in (".", ".."):
        raise Puzzling(f"{shown(place.url)} has no name that a file could have")
    target = folder / place.filename
    if target.exists():
        return _compared(target, place)
    key = place.hash.hex[:16] if place.hash else f"{os.getpid():x}"
    part = folder / f"{place.filename}.{key}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _fetch(place, part, connection, watch)
        if place.hash and hash_of(part, place.hash.algorithm) != place.hash:
            part.unlink()
            raise WrongBytes(
                f"{place.filename} is not the file that the feed tells of; its hash differs. Try again"
            )
        size = part.stat().st_size
        part.rename(target)
    except OSError as error:
        raise BadOption(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        _tidy(part, is_of_use=place.hash is not None)
    return Downloaded(target, size, place.hash is not None)


def _compared(target: Path, place: Place) -> Downloaded:
    if place.hash and hash_of(target, place.hash.algorithm) == place.hash:
        return Downloaded(target, target.stat().st_size, checked=True, was_there=True)
    raise BadOption(f"{target} is there already, and is another file; move it away or choose --output")


def _tidy(part: Path, *, is_of_use: bool) -> None:
    """Leave only what somebody can go on from."""
    with suppress(OSError):
        if not is_of_use or not part.stat().st_size:
            part.unlink()


def _fetch(place: Place, part: Path, connection: Connection, watch: Watch) -> None:
    """Fetch what is missing of ``part``; where the connection ends early, go on from there."""
    etag, tries_left = "", connection.line.tries
    with part.open("ab") as stream:
        while True:
            start = stream.tell()
            try:
                with connection.open("GET", place.url, _asked(place, start, etag)) as response:
                    if _is_whole(response, start):
                        return
                    if _goes_on(response, start) or _begins(response, place, stream, connection):
                        etag = _etag(response)
                        _take(response, stream, watch)
                        return
            except (Unfinished, HTTPError) as error:
                tries_left = connection.line.tries if stream.tell() > start else tries_left - 1
                if not tries_left or not (etag or place.hash):
                    raise Unfinished(f"{shown(place.url)} ended the connection in the middle") from error
                log.info("%s: cut off after %s bytes; going on", place.filename, stream.tell())


def _asked(place: Place, start: int, etag: str) -> dict[str, str]:
    headers = {**place.headers, "Accept-Encoding": "identity", "Accept": "*/*"}
    if start:
        headers["Range"] = f"bytes={start}-"
        headers |= {"If-Range": etag} if etag else {}
    return headers


def _is_whole(response: urllib3.BaseHTTPResponse, start: int) -> bool:
    """Whether nothing is missing behind ``start``."""
    told = response.headers.get("Content-Range", "").replace(" ", "")
    return bool(start) and response.status == RANGE_NOT_SATISFIABLE and told == f"bytes*/{start}"


def _goes_on(response: urllib3.BaseHTTPResponse, start: int) -> bool:
    """Whether what comes belongs behind ``start``."""
    told = response.headers.get("Content-Range", "")
    return response.status == PARTIAL and told.startswith(f"bytes {start}-")


def _begins(
    response: urllib3.BaseHTTPResponse, place: Place, stream: BinaryIO, connection: Connection
) -> bool:
    """Whether the whole comes now; if it has to be asked for once more, not. What was there is of no use."""
    if response.status != OK and not (response.status == RANGE_NOT_SATISFIABLE and stream.tell()):
        raise connection.read(place.url, response).refusal()
    stream.seek(0)
    stream.truncate()
    return response.status == OK


def _take(response: urllib3.BaseHTTPResponse, stream: BinaryIO, watch: Watch) -> None:
    length = response.headers.get("Content-Length", "")
    size = stream.tell() + int(length) if length.isdecimal() else 0
    while block := response.read1(BLOCK):  # what has come, so that nothing of it is lost when it ends early
        stream.write(block)
        watch(stream.tell(), size)


def _etag(response: urllib3.BaseHTTPResponse) -> str:
    """A strong one; a weak one does not tell that bytes are the same."""
    etag = response.headers.get("ETag", "")
    return "" if etag.startswith("W/") else etag
