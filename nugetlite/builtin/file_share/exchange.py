"""Swaps two folders in one step, where kernel and file system can."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Callable
from functools import cache

from nugetlite.builtin.file_share.folders import codes

CANNOT = codes("EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP")  #: what it says where it does not exist

_EXCHANGE = 2  # RENAME_EXCHANGE of <linux/fs.h>


def exchange(one: str, other: str, *, one_in: int, other_in: int) -> None:
    """Give two things that are there each other's names; no reader finds one of the names missing.

    Raises ``OSError``: one of ``CANNOT`` where there is no such call (NFS, SMB, kernels other than Linux),
    otherwise as ``os.rename``.
    """
    renameat2 = _renameat2()
    if renameat2 is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if renameat2(one_in, os.fsencode(one), other_in, os.fsencode(other), _EXCHANGE):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


@cache
def _renameat2() -> Callable[..., int] | None:
    try:
        function = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):  # an older C library, another system, Windows
        return None
    function.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    return function
