"""Several files on their way to one feed, some of them at a time."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from nugetlite.client.errors import BadOption, ClientError
from nugetlite.client.publishing import SYMBOLS
from nugetlite.client.remote import Outcome, Pushed, Remote, Wish
from nugetlite.client.upload import Watch
from nugetlite.errors import FeedError, quoted

PATTERN = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one file."""

    file: Path
    pushed: Pushed
    error: FeedError | None = None


Watcher = Callable[
    [Path], AbstractContextManager[Watch]
]  #: is entered when a file's turn comes, and left after it


def chosen_files(names: Iterable[str], *, symbols: bool = False) -> list[Path]:
    """The files that names and patterns mean, in their order, each of them once, whatever the case of its letters.

    A pattern is expanded here, so it may come quoted; ``**`` leads through folders. With ``symbols``, the
    ``.snupkg`` beside a ``.nupkg`` comes too. Raises ``BadOption`` for a name that means no file.
    """
    files: dict[str, Path] = {}
    for name in names:
        for file in map(_nameable, _meant(name)):
            files.setdefault(str(file).lower(), file)
            beside = file.with_suffix(SYMBOLS)
            if symbols and file.suffix.lower() == ".nupkg" and beside.is_file():
                files.setdefault(str(beside).lower(), beside)
    return list(files.values())


def push_all(
    remote: Remote, files: Sequence[Path], wish: Wish, *, at_a_time: int, watcher: Watcher
) -> list[Result]:
    """Push the files, and answer what came of each, in their order. A failure keeps no other file from going.

    Symbols go when all packages have gone: a feed takes them only for a package that it has.
    """

    given_up = Event()

    def push(file: Path) -> Result:
        try:
            with watcher(file) as watch:
                return Result(file, remote.push(file, wish, _until(given_up, watch)))
        except FeedError as error:
            return Result(file, Pushed(Outcome.FAILED, 0, str(error)), error)
        except OSError as error:
            unreadable = BadOption(f"The file cannot be read: {error.strerror or error}")
            return Result(file, Pushed(Outcome.FAILED, 0, str(unreadable)), unreadable)

    symbols = [file for file in files if file.suffix.lower() == SYMBOLS]
    packages = [file for file in files if file not in symbols]
    results: dict[Path, Result] = {}
    with ThreadPoolExecutor(at_a_time) as workers:
        try:
            for wave in (packages, symbols):
                results |= {result.file: result for result in workers.map(push, wave)}
        except BaseException:  # somebody pressed Ctrl-C
            given_up.set()
            workers.shutdown(wait=False, cancel_futures=True)
            raise
    return [results[file] for file in files]


def _nameable(file: Path) -> Path:
    try:
        str(file).encode()
    except UnicodeEncodeError as error:
        raise BadOption(f"{quoted(file.name)} has a name that is not UTF-8; rename it") from error
    return file


def _until(given_up: Event, watch: Watch) -> Watch:
    """Look on, and end an upload that nobody waits for any longer."""

    def look(so_far: int, of: int) -> None:
        if given_up.is_set():
            raise ClientError("The push was given up")
        watch(so_far, of)

    return look


def _meant(name: str) -> Iterator[Path]:
    path = Path(name).expanduser()
    if path.is_file():
        yield path.absolute()
    elif path.is_dir():
        raise BadOption(f"{name} is a folder; say which of its files: {path / '*.nupkg'}")
    elif PATTERN & set(name):
        matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 -- a pattern may be absolute, too
        files = [Path(match).absolute() for match in matches if Path(match).is_file()]
        if not files:
            raise BadOption(f"No file matches {name}")
        yield from files
    else:
        raise BadOption(f"There is no file {name}")
