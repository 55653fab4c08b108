"""Clears away what crashed processes left out of sight, and nothing that a living one is still at."""

from __future__ import annotations

import os
from contextlib import suppress

from nugetlite.builtin.file_share import folders
from nugetlite.builtin.file_share.exchange import CANNOT, exchange
from nugetlite.builtin.file_share.folders import NEW, opened
from nugetlite.builtin.file_share.maker import Maker
from nugetlite.builtin.file_share.placing import settle
from nugetlite.builtin.file_share.visit import Visit

FOREIGN_AGE = 3600.0  #: seconds after which the leftovers of another host are nobody's


def tidy(visit: Visit) -> None:
    """Remove what dead processes of this host left, and what other hosts left an hour ago.

    A replacement that was cut short between its two steps is undone. And it is the moment to tell other hosts if
    this one needs two steps: one that learns of it late could take what is halfway for gone.
    """
    if not visit.replaces_in_two_steps and not _can_exchange(visit):
        visit.say_two_steps()
    for name in folders.names(visit.incoming):
        if not _is_left(visit, name):
            continue
        if name.endswith(".swap"):
            with suppress(FileNotFoundError):  # of several that tidy, one gets it
                settle(visit, visit.rename(name, visit.maker.name("swap")))
        else:
            visit.discard(name)


def _can_exchange(visit: Visit) -> bool:
    """Whether two folders can change places here in one step."""
    with visit.out_of_sight("new") as one, visit.out_of_sight("old") as other:
        for name in (one, other):
            os.mkdir(name, dir_fd=visit.incoming)
        try:
            exchange(one, other, one_in=visit.incoming, other_in=visit.incoming)
        except OSError as error:
            if error.errno not in CANNOT:
                raise
            return False
    return True


def _is_left(visit: Visit, name: str) -> bool:
    if name.endswith(".gone"):
        return True
    maker = Maker.of(name)
    if maker and maker.host == visit.maker.host:
        return maker.is_dead
    return _age(visit, name) > FOREIGN_AGE


def _age(visit: Visit, name: str) -> float:
    """Seconds since something last happened to it or in it, both ends as told by the share's own clock."""
    with visit.out_of_sight("part") as probe:
        os.close(os.open(probe, NEW, 0o666, dir_fd=visit.incoming))
        now = os.stat(probe, dir_fd=visit.incoming).st_mtime
    try:
        times = [os.stat(name, dir_fd=visit.incoming, follow_symlinks=False).st_mtime]
        with suppress(NotADirectoryError), opened(visit.incoming, [name]) as folder:
            times += [file.modified for file in folders.listing(folder)[0]]
    except FileNotFoundError:
        return 0.0
    return now - max(times)
