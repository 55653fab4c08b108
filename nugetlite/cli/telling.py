"""How the client commands tell what happens: lines, tables, bars, JSON. No secret gets past here."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from types import TracebackType
from typing import Self

import orjson
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from nugetlite.cli.build_server import Announcer
from nugetlite.client.connection import VERBOSE, printable
from nugetlite.client.upload import Watch, unwatched
from nugetlite.config import MASK

LEVELS = {
    "verbose": VERBOSE,
    "debug": logging.DEBUG,
    "information": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "fatal": logging.CRITICAL,
}
STYLES = {logging.WARNING: "yellow", logging.ERROR: "red"}
WIDE = 1000  #: columns of a table that no terminal has to fit
LONG_NAME = 40  #: characters of a file's name beside its bar
SHORTEST_SECRET = 4  #: characters; what is shorter is in every second word, and no secret
CLIENT = logging.getLogger("nugetlite.client")


class Telling(logging.Handler):
    """What one command says. With JSON wanted, standard output has nothing else on it.

    While it is entered, it also tells what the client's rooms log.
    """

    def __init__(
        self,
        *,
        json: bool = False,
        debug: bool = False,
        level: str = "debug",
        secrets: Collection[str] = (),
        announcer: Announcer | None = None,
    ) -> None:
        super().__init__(VERBOSE if debug else LEVELS[level])
        self.is_json = json
        self._is_mute = json and not debug
        long = [secret for secret in secrets if len(secret) >= SHORTEST_SECRET]
        self._secrets = sorted(long, key=len, reverse=True)
        self._announcer = announcer or Announcer()
        self._answer, self._aside = _console(stderr=False), _console(stderr=True)
        self._lines = self._aside if json else self._answer
        self._speaking = Lock()

    def __enter__(self) -> Self:
        CLIENT.addHandler(self)
        CLIENT.setLevel(self.level)
        CLIENT.propagate = False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        CLIENT.removeHandler(self)
        CLIENT.setLevel(logging.NOTSET)
        CLIENT.propagate = True

    def emit(self, record: logging.LogRecord) -> None:
        """Tell what a room logs."""
        self._tell(record.getMessage(), record.levelno)

    def say(self, sentence: str) -> None:
        """Tell how it goes."""
        self._tell(sentence, logging.INFO)

    def complain(self, sentence: str) -> None:
        """Tell what went wrong, whatever is wanted of the rest."""
        self._print(self._aside, Text(self._shown(sentence), "red"))
        self.announce(sentence, is_bad=True)

    def announce(self, sentence: str, *, is_bad: bool = False) -> None:
        """Tell the build server, if it listens."""
        tell = self._announcer.error if is_bad else self._announcer.message
        if line := tell(self._shown(sentence)):
            self._print(self._aside if self.is_json else self._answer, Text(line))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Answer with a table; nothing if there are no rows, or JSON is wanted."""
        if self.is_json or not rows:
            return
        table = Table(*columns, box=None, pad_edge=False, header_style="bold")
        for row in rows:
            table.add_row(*(Text(self._shown(cell), overflow="fold") for cell in row))
        with self._answer.capture() as drawn:
            self._answer.print(table)
        lines = (line.rstrip() for line in drawn.get().splitlines())
        self._print(self._answer, Text.from_ansi("\n".join(lines)))

    def json(self, answer: Mapping[str, object]) -> None:
        """Answer in JSON, if that is wanted."""
        if self.is_json:
            text = self.masked(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
            self._answer.file.write(f"{text}\n")
            self._answer.file.flush()

    def masked(self, text: str) -> str:
        """The text without secrets, wherever they came into it from."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text

    @contextmanager
    def bars(self) -> Iterator[Bars]:
        """Bars for files on their way, on a terminal; the lines then go above them."""
        if self._is_mute or not self._aside.is_terminal:
            yield Bars()
            return
        lines, self._lines = self._lines, self._aside
        try:
            with Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
                TimeRemainingColumn(),
                console=self._aside,
                transient=True,
            ) as progress:
                yield Bars(progress)
        finally:
            self._lines = lines

    def _shown(self, text: str) -> str:
        return printable(self.masked(text))

    def _tell(self, sentence: str, level: int) -> None:
        if level >= self.level and not self._is_mute:
            self._print(self._lines, Text(self._shown(sentence), STYLES.get(level, "")))

    def _print(self, console: Console, what: Text) -> None:
        with self._speaking:
            console.print(what, soft_wrap=True)


class Bars:
    """A bar for each file on its way; without a progress to draw, none."""

    def __init__(self, progress: Progress | None = None) -> None:
        self._progress = progress

    @contextmanager
    def bar(self, name: str) -> Iterator[Watch]:
        """A bar that is there while this is entered."""
        progress = self._progress
        if not progress:
            yield unwatched
            return
        shown = name if len(name) <= LONG_NAME else f"{name[: LONG_NAME - 1]}…"
        task = progress.add_task(escape(shown), total=None)
        try:
            yield lambda so_far, of: progress.update(task, completed=so_far, total=of or None)
        finally:
            progress.remove_task(task)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = WIDE
    return console
