"""Who made a temporary file: names that tell what a crashed process left from what a living one is still at.

    {host}-{pid}-{started}-{random}.{kind}

The kind is the file storage's business.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

_NAME = re.compile(r"(?P<host>[a-z0-9.-]+)-(?P<pid>\d+)-(?P<started>\d+)-[0-9a-f]+\.[a-z]+")
_FIRST_NAMESPACE = (
    "pid:[4026531836]"  # Linux's own constant: the process ids of the machine, not of a container
)


@dataclass(frozen=True, slots=True)
class Maker:
    """One process on one host. Its start time tells it from a later one that was given the same number."""

    host: str
    pid: int
    started: int  #: in the kernel's own ticks since it booted; 0 where that cannot be known

    @classmethod
    def here(cls) -> Maker:
        """This process."""
        pid = os.getpid()
        return cls(_host(), pid, _status(pid)[1])

    @classmethod
    def of(cls, name: str) -> Maker | None:
        """Who made the file of that name, or ``None`` if the name does not say."""
        if match := _NAME.fullmatch(name):
            return cls(match["host"], int(match["pid"]), int(match["started"]))
        return None

    def name(self, kind: str) -> str:
        """A new name for something that this process makes."""
        return f"{self.host}-{self.pid}-{self.started}-{secrets.token_hex(6)}.{kind}"

    @property
    def is_dead(self) -> bool:
        """Whether it surely runs no more, which can only be asked on its own host. A zombie runs no more."""
        try:
            os.kill(self.pid, 0)
        except (ProcessLookupError, OverflowError):
            return True
        except OSError:
            pass  # it is there, and somebody else's
        state, started = _status(self.pid)
        return state in ("Z", "X") or (bool(started) and started != self.started)


def _host() -> str:
    """A name for whatever shares one set of process ids: a machine, or a container on it.

    The host name alone will not do: two machines may have the same one. Nor will the machine id, which
    containers usually have in common.
    """
    told = socket.gethostname() + _text("/etc/machine-id")
    with suppress(OSError):
        namespace = str(Path("/proc/self/ns/pid").readlink())
        if namespace != _FIRST_NAMESPACE:
            told += namespace + _text("/proc/sys/kernel/random/boot_id")
    host = re.sub(r"[^a-z0-9.-]+", "", socket.gethostname().lower())[:40].strip(".-")
    return f"{host or 'host'}.{sha256(told.encode(errors='replace')).hexdigest()[:8]}"


def _status(pid: int) -> tuple[str, int]:
    """State letter and start time: fields 3 and 22 of proc(5), the 2nd being any text in brackets."""
    fields = _text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return (fields[0], int(fields[19])) if len(fields) > 19 else ("", 0)


def _text(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace").strip()
    except OSError:
        return ""
