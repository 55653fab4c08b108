"""A file that the file storage lends for bytes on their way in."""

from __future__ import annotations

import io
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from nugetlite.builtin.file_share.folders import NEW
from nugetlite.builtin.file_share.visit import plainly

if TYPE_CHECKING:
    from typing_extensions import Buffer


class Staged(io.BufferedRandom):
    """Lies out of sight on the share's own file system, so that it can be put in place without copying.

    Gone when closed, unless it was handed over; then it only reads.
    """

    def __init__(self, folder: int, name: str) -> None:
        self._name = name
        self._handed_over = False
        self._folder = os.dup(folder)
        try:
            super().__init__(io.FileIO(os.open(name, NEW, 0o666, dir_fd=folder), "r+"))
        except BaseException:
            os.close(self._folder)
            raise

    def write(self, block: Buffer, /) -> int:
        """As any file, but straight to the disk: a full one is heard of here, and not at some later seek.

        Raises ``ShareFull`` and ``ShareUnavailable``.
        """
        if self._handed_over:
            raise io.UnsupportedOperation("this file was handed over to the share")
        with plainly():
            written = super().write(block)
            self.flush()
        return written

    def hand_over(self, folder: int, name: str) -> int | None:
        """Give the file another name, in ``folder``; answers a descriptor of it, for the caller to close.

        ``None`` if that cannot be done, because it was done before or somebody took the file away; its bytes
        can still be read and copied.
        """
        if self.closed or self._handed_over:
            return None
        descriptor = os.dup(self.fileno())
        try:
            os.rename(self._name, name, src_dir_fd=self._folder, dst_dir_fd=folder)
        except OSError:
            os.close(descriptor)
            return None
        self._handed_over = True
        return descriptor

    def close(self) -> None:
        """Close it, and remove it unless it was handed over."""
        if self.closed:
            return
        with suppress(OSError):  # a few bytes may be left that found no room; nobody wants them any more
            super().close()
        if not self._handed_over:
            with suppress(OSError):
                os.unlink(self._name, dir_fd=self._folder)
        os.close(self._folder)
