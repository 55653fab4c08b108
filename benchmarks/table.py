"""The table in this folder's README: what was measured, when, and on what machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks.figure import HEADINGS, Figure

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def write(figures: Sequence[Figure], day: date) -> None:
    """Put the figures between the README's two markers, in place of the last ones."""
    text = README.read_text("utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    missed = sum(not figure.is_met for figure in figures)
    verdict = f"{missed} of {len(figures)} missed." if missed else f"All {len(figures)} met."
    lines = [f"Measured on {day.isoformat()}, {_machine()}. {verdict}", "", *_lines(figures)]
    README.write_text("\n".join([before + BEGIN, *lines, END + after]), "utf-8")


def _lines(figures: Iterable[Figure]) -> list[str]:
    rows = [HEADINGS, ["---"] * len(HEADINGS), *(figure.row for figure in figures)]
    return [f"| {' | '.join(row)} |" for row in rows]


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    python, gunicorn = platform.python_version(), version("gunicorn")
    return f"{os.cpu_count()} cores and {memory:.0f} GiB of memory, Python {python}, gunicorn {gunicorn}"
