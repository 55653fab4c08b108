"""Clients that ask as fast as they are answered: ``wrk``, so that the asking itself costs next to nothing."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.servers import PLACE

ONCE = Path(__file__).with_name("once.lua")
AS_NUGET = ("--header", "Accept-Encoding: gzip, deflate")


def hammer(url: str, *, connections: int, seconds: int = 1, bearer: str = "") -> float:
    """Answers a second, asked for one URL over and over; ``bearer`` is the key that goes along."""
    credentials = ("--header", f"Authorization: Bearer {bearer}") if bearer else ()
    told = _wrk(f"-c{connections}", f"-d{seconds}s", *AS_NUGET, *credentials, url)
    if "Non-2xx" in told or "Socket errors" in told:
        raise RuntimeError(f"{url} was not always answered:\n{told}")
    return float(_found(r"Requests/sec:\s+([\d.]+)", told)[1])


def ask_once(url: str, paths: Sequence[str], *, connections: int, seconds: int = 2) -> float:
    """Answers a second, asked for each of ``paths`` below ``url`` once. ``seconds`` has to be enough."""
    PLACE.mkdir(parents=True, exist_ok=True)
    listed = PLACE / "paths"
    listed.write_text("".join(f"{path}\n" for path in paths))
    told = _wrk(f"-c{connections}", f"-d{seconds}s", *AS_NUGET, "-s", str(ONCE), url, "--", str(listed))
    answered, refused, microseconds = map(
        int, _found(r"once: (\d+) answers, (\d+) refused, (-?\d+) us", told).groups()
    )
    if refused or answered < len(paths):
        raise RuntimeError(f"{url}: of {len(paths)}, {answered} were answered and {refused} refused")
    return answered / microseconds * 1e6


def _wrk(*arguments: str) -> str:
    return subprocess.run(["wrk", "-t1", *arguments], check=True, capture_output=True, text=True).stdout


def _found(pattern: str, told: str) -> re.Match[str]:
    found = re.search(pattern, told)
    if not found:
        raise RuntimeError(f"wrk said:\n{told}")
    return found
