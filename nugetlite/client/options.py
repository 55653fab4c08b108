"""What the options of the client commands mean: how they may be written, and which values they have.

Everybody who knows ``octo push`` may write as there; one rule for each form, and none of them guesses:

    --name=value   --name value   -name=value   -name value     letter case of names does not count
    /name=value                                                 only with the name of an option, only with =
    --configFile=FILE                                           its lines stand where it stands
    --name=                                                     as if it were not there

``/name value`` and ``/flag`` are not options: on Unix they are paths.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nugetlite.client.errors import BadOption
from nugetlite.client.remote import OverwriteMode
from nugetlite.errors import quoted

CONFIG_FILE = "configfile"
_DURATION = re.compile(
    r"(?:(?P<days>\d{1,3})\.)?(?P<hours>\d{1,4}):(?P<minutes>[0-5]?\d)(?::(?P<seconds>[0-5]?\d))?"
)
_SLASHED = re.compile(r"/([A-Za-z-]+)=(.*)", re.DOTALL)
_DASHED = re.compile(r"--?([A-Za-z-]{2,})(?:=(.*))?", re.DOTALL)
LONGEST = 30 * 24 * 3600  #: seconds of a time limit; what is more is a mistake


@dataclass(frozen=True, slots=True)
class Names:
    """The options that a command has, by their names in lower case."""

    valued: Collection[str]
    flags: Collection[str]
    synonyms: Mapping[str, str] = field(default_factory=dict)  #: flags that stand for an option with a value

    def __contains__(self, name: str) -> bool:
        return name in self.valued or name in self.flags or name in self.synonyms


def plain(arguments: Sequence[str], names: Names, *, depth: int = 0) -> list[str]:
    """The same command line in the one form ``--name=value``, names in lower case, files of options read.

    What is no option is left as it is, and so is everything behind ``--``. Raises ``BadOption``.
    """
    told: list[str] = []
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        if argument == "--":
            return [*told, "--", *rest]
        name, value = _split(argument, names)
        if not name:
            told.append(argument)
            continue
        if value is None and name in names.valued:
            if not rest:
                raise BadOption(f"--{name} needs a value: --{name}=VALUE")
            value = rest.pop(0)
        if name == CONFIG_FILE and value:
            told += _from_file(Path(value), names, depth)
        elif value is None:
            told.append(f"--{names.synonyms.get(name, name)}")
        elif name not in names.valued:
            raise BadOption(f"--{name} takes no value; give it or leave it out")
        elif value.strip():
            told.append(f"--{name}={value}")
    return told


def seconds(text: str) -> float:
    """A time limit: a number of seconds, or ``hh:mm:ss`` as .NET writes it, or ``hh:mm``. Raises ``BadOption``."""
    if match := _DURATION.fullmatch(text.strip()):
        days, hours, minutes, rest = (int(part or 0) for part in match.groups())
        found = float(((days * 24 + hours) * 60 + minutes) * 60 + rest)
    elif re.fullmatch(r"\d{1,9}(\.\d{1,3})?", text.strip(), re.ASCII):
        found = float(text)
    else:
        raise BadOption(f"A time limit is a number of seconds or hh:mm:ss, and {quoted(text)} is neither")
    if not 0 < found <= LONGEST:
        raise BadOption(f"A time limit is more than nothing and at most 30 days, and {quoted(text)} is not")
    return found


def overwrite_mode(text: str) -> OverwriteMode:
    """One of Octopus's three words, in any case. Raises ``BadOption``."""
    for mode in OverwriteMode:
        if mode.lower() == text.strip().lower():
            return mode
    raise BadOption(f"An overwrite mode is one of {', '.join(OverwriteMode)}, and {quoted(text)} is not")


def _split(argument: str, names: Names) -> tuple[str, str | None]:
    """The name of an option and the value after its ``=``; no name if this is none, or one that nobody knows."""
    match = _SLASHED.fullmatch(argument) or _DASHED.fullmatch(argument)
    if not match:
        return "", None
    name = match[1].lower()
    return (name, match[2]) if name in names else ("", None)


def _from_file(path: Path, names: Names, depth: int) -> Iterator[str]:
    if depth:
        raise BadOption(f"{path} is named in another configuration file; name both on the command line")
    try:
        text = path.expanduser().read_text("utf-8-sig")
    except OSError as error:
        raise BadOption(f"The configuration file {path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise BadOption(f"The configuration file {path} is not UTF-8 text") from error
    for number, line in enumerate(text.split("\n"), 1):
        if (told := line.strip()) and not told.startswith("#"):
            name, equals, value = (part.strip() for part in told.partition("="))
            if name.lower() not in names:
                raise BadOption(f"Line {number} of {path}: there is no option {quoted(name)}")
            if not equals and name.lower() in names.valued:
                raise BadOption(f"Line {number} of {path}: {name} needs a value: {name} = VALUE")
            yield from plain([f"--{name}={value}" if equals else f"--{name}"], names, depth=depth + 1)
