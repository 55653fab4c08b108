"""The share during one verb: is it there, is it the one; and the place out of sight."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TypeVar
from uuid import uuid4

from nugetlite import NoSuchPath, ShareFull, ShareUnavailable
from nugetlite.builtin.file_share import folders
from nugetlite.builtin.file_share.exchange import CANNOT
from nugetlite.builtin.file_share.folders import ABSENT, made, opened
from nugetlite.builtin.file_share.maker import Maker
from nugetlite.builtin.paths import parts_of

OWN = ".nugetlite"
MARKER = "share.id"
INCOMING = (OWN, "incoming")
TWO_STEPS = (OWN, "two-steps")

PATIENCE = 2.0  #: seconds to wait for a replacement that another process is at
FULL = folders.codes("ENOSPC", "EDQUOT", "EFBIG")

UNMARKED = "The share's marker cannot be understood; its operator has to look into it"
BUSY = "Others keep changing this folder of the share; try again"

T = TypeVar("T")


class LookAgain(Exception):
    """What we were looking at was replaced meanwhile."""


class TheirError(Exception):
    """An error of a stream that we were given: not the share's fault, so it goes back as it came."""

    def __init__(self, error: OSError) -> None:
        self.error = error
        super().__init__(str(error))


class plainly:  # noqa: N801 -- reads as the verb that it is: ``with plainly():``
    """Say what the system says in words for the client: ``ShareFull`` or ``ShareUnavailable``."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, TheirError):
            raise error.error from None
        if isinstance(error, OSError):
            code = errno.errorcode.get(error.errno or 0, "unknown")
            if error.errno in FULL:
                raise ShareFull(
                    f"There is no room left on the share ({code}); its operator has to make some"
                ) from error
            raise ShareUnavailable(f"The share cannot be used just now ({code}); try again later") from error


def stamp(told: os.stat_result) -> tuple[int, ...]:
    """Something that changes with a file, and that no other file has at the same time."""
    return told.st_dev, told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns


class Visit:
    """The share's root, open, and who is there. All that it holds open is closed at the end of its ``with``."""

    def __init__(self, root: int, maker: Maker) -> None:
        self.root = root
        self.maker = maker
        self._incoming: int | None = None

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *error: object) -> None:
        if self._incoming is not None:
            os.close(self._incoming)
        os.close(self.root)

    # The marker

    def marker_stamp(self) -> tuple[int, ...]:
        """Something that changes with the marker, cheap to ask for; empty if there is none."""
        try:
            told = os.stat(f"{OWN}/{MARKER}", dir_fd=self.root, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return ()
        return stamp(told)

    def read_marker(self) -> str:
        """The name of the share."""
        with opened(self.root, [OWN]) as own:
            name = folders.read_text(own, MARKER)
        if not name.isascii() or not name.isalnum():
            raise ShareUnavailable(UNMARKED)
        return name

    def write_marker(self) -> None:
        """Give the share a name; if another process does so at the same time, one of the names stays."""
        with made(self.root, [OWN]) as own, self.out_of_sight("id") as draft:
            folders.write_text(self.incoming, draft, uuid4().hex)
            try:
                os.link(draft, MARKER, src_dir_fd=self.incoming, dst_dir_fd=own.fd, follow_symlinks=False)
            except FileExistsError:
                return
            except OSError as error:
                if error.errno not in CANNOT | {errno.EPERM}:
                    raise
                with suppress(FileExistsError):  # no hard links here
                    folders.write_text(own.fd, MARKER, uuid4().hex)
            folders.sync(*own.to_sync, self.root)

    # Out of sight

    @property
    def incoming(self) -> int:
        """The place out of sight, made if it is missing."""
        if self._incoming is None:
            with made(self.root, INCOMING) as place:
                self._incoming = os.dup(place.fd)
        return self._incoming

    @contextmanager
    def out_of_sight(self, kind: str) -> Iterator[str]:
        """A new name in ``incoming``; whatever is called so in the end is discarded."""
        name = self.maker.name(kind)
        try:
            yield name
        finally:
            if self._incoming is not None:  # else nothing was put there
                self.discard(name)

    def discard(self, name: str) -> None:
        """Throw something away that is out of sight. If its bytes resist, ``tidy`` tries again."""
        with suppress(OSError):
            try:
                name = self.rename(name, self.maker.name("gone"))  # nobody puts half of it in place meanwhile
            except FileNotFoundError:
                return
            except OSError:
                pass  # then without
            folders.delete(self.incoming, name)

    def rename(self, name: str, to: str) -> str:
        """Rename something that is out of sight; answers its new name."""
        os.rename(name, to, src_dir_fd=self.incoming, dst_dir_fd=self.incoming)
        return to

    # Finding

    def surely_lacks(self, parts: tuple[str, ...]) -> bool:
        """Whether nothing is there: told by one look, for what is mostly asked about in vain, such as marks."""
        try:
            os.stat("/".join(parts) or ".", dir_fd=self.root, follow_symlinks=False)
        except OSError as error:
            return error.errno in ABSENT and not self.replaces_in_two_steps
        return False

    def surely(self, parts: Sequence[str], do: Callable[[], T]) -> T:
        """What ``do`` answers. Raises ``NoSuchPath`` only if ``parts`` are really not there.

        That is: not found, where folders are replaced in one step; else not found twice, with no replacement
        under way in between. ``do`` may ask for another try by ``LookAgain``.
        """
        missed, patience = False, time.monotonic() + PATIENCE
        while time.monotonic() < patience:
            try:
                return do()
            except LookAgain:
                continue
            except OSError as error:
                if error.errno not in ABSENT:
                    raise
                if not self.replaces_in_two_steps:
                    raise NoSuchPath("/".join(parts)) from error
                if any(tuple(parts[: len(folder)]) == folder for folder in self.halfway()):
                    time.sleep(0.005)
                elif missed:
                    raise NoSuchPath("/".join(parts)) from error
                else:
                    missed = True
        raise ShareUnavailable(BUSY)

    @property
    def replaces_in_two_steps(self) -> bool:
        """Whether any host has to replace folders of this share in two steps; it says so before it does."""
        try:
            os.stat("/".join(TWO_STEPS), dir_fd=self.root, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def say_two_steps(self) -> None:
        """Have every host wait for replacements in two steps from now on."""
        with made(self.root, TWO_STEPS) as place:
            folders.sync(*place.to_sync)

    def halfway(self) -> Iterator[tuple[str, ...]]:
        """The folders that are being replaced in two steps, or were when a process crashed."""
        if not self.replaces_in_two_steps:
            return
        with suppress(FileNotFoundError), opened(self.root, INCOMING) as incoming:
            for name in folders.names(incoming):
                if name.endswith(".swap"):
                    with suppress(FileNotFoundError, NoSuchPath), opened(incoming, [name]) as swap:
                        os.stat("new", dir_fd=swap)  # else it is done
                        yield parts_of(folders.read_text(swap, "folder"))
