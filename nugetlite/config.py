"""The settings: what they are called, what they mean, where each came from.

A TOML file first, then the environment, then the command line; the later wins. What cannot be understood
stops the start with one line that names the key and what was expected.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from nugetlite.errors import ConfigError, quoted
from nugetlite.guard import Guard

T = TypeVar("T")
PREFIX = "NUGETLITE_"
PLUGIN_PREFIX = f"{PREFIX}PLUGIN_"
CONFIG_VARIABLE = f"{PREFIX}CONFIG"  #: names the file
CONFIG_FILE = "nugetlite.toml"  #: the file, where nobody names one
EXPECTED_SHARE = f"{PREFIX}EXPECTED_SHARE"  #: how the master process tells its workers which share it found
CLIENT_VARIABLES = (f"{PREFIX}SERVER",)  #: not for the server, but for the commands that ask one
OVERWRITE = ("never", "prerelease", "always")
MASK = "***"  #: stands for a secret
MOST = 10**9  #: of anything that is counted here; what is more is a mistake, or breaks a timer

_SIZE = re.compile(r"\s*(\d{1,15}(?:\.\d{1,15})?)\s*([KMGT]?)I?B?\s*", re.IGNORECASE | re.ASCII)
_WEB_URL = re.compile(
    r"https?://(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?(?:/[\w.~!$&'()*+,;=:@%/-]*)?", re.IGNORECASE | re.ASCII
)
_PATTERN = re.compile(r"[\w.*-]+", re.ASCII)
_TRUTH = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


# Each reader is given a value of TOML, or text from the environment or the command line. It answers the
# setting's value or raises ValueError with what was expected.


def _text(value: object) -> str:
    if isinstance(value, str) and not re.search(r"[\x00-\x1f\x7f]", value):
        return value.strip()
    raise ValueError("text, in one line")


def _place(value: object) -> str:
    if place := _text(value):
        return place
    raise ValueError("a folder or a storage URL")


def _truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in _TRUTH:
        return _TRUTH[value.strip().lower()]
    raise ValueError("true or false")


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST:
        return value
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,9}\s*", value, re.ASCII):
        return int(value)
    raise ValueError("a whole number, 0 or more")


def _seconds(value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= MOST:
        return float(value)
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,9}(\.\d{1,9})?\s*", value, re.ASCII):
        return float(value)
    raise ValueError("a number of seconds, 0 or more")


def _size(value: object) -> int:
    """Bytes, from a number or from text such as ``2GB`` (a kilobyte has 1024 bytes)."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    if isinstance(value, str) and (match := _SIZE.fullmatch(value)):
        number, unit = match.groups()
        if size := int(float(number) * 1024 ** ("KMGT".find(unit.upper()) + 1 if unit else 0)):
            return size
    raise ValueError('a number of bytes, or a size such as "250MB"')


def _names(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.split(",")
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return tuple(name.strip() for name in value if name.strip())
    raise ValueError('a list of names, such as ["webhook.py"]')


def _url(value: object) -> str:
    url = _text(value).rstrip("/")
    if url and not _WEB_URL.fullmatch(url):
        raise ValueError("an absolute http or https URL, such as https://nuget.example.com")
    return url


def _one_of(*choices: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if isinstance(value, str) and value.strip().lower() in choices:
            return value.strip().lower()
        raise ValueError(f"{', '.join(choices[:-1])} or {choices[-1]}")

    return read


def _policies(value: object) -> Mapping[str, str]:
    """{id pattern: policy}: from a table, from text like ``*=unlist,Contoso.Ci.*=hard``, or from one name."""
    if isinstance(value, str) and not re.search("[=,]", value):
        value = {"*": value}
    pairs = (
        _pairs(value) if isinstance(value, str) else list(value.items()) if isinstance(value, dict) else []
    )
    table = {pattern.strip(): name.strip() for pattern, name in pairs if isinstance(name, str)}
    clear = len(table) == len(pairs) == len({pattern.lower() for pattern in table})
    if table and clear and all(table.values()) and all(map(_PATTERN.fullmatch, table)):
        return MappingProxyType(table)
    raise ValueError('a policy\'s name, or a table such as { "*" = "unlist", "Contoso.Ci.*" = "hard" }')


def _pairs(text: str) -> list[tuple[str, str]]:
    halves = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    return [(left, right) for left, _, right in halves]


def _setting(default: Any, read: Callable[[object], Any], manual: str, *, secret: bool = False) -> Any:
    about = {"read": read, "manual": manual, "secret": secret}
    if isinstance(default, MappingProxyType):
        return field(default_factory=lambda: default, metadata=about)
    return field(default=default, metadata=about)


@dataclass(frozen=True, repr=False)
class Config:
    """The settings of one server. Made by ``load``, or by hand in a test: ``Config(packages="memory://")``."""

    packages: str = _setting("./packages", _place, "folder, or storage URL, that holds the packages")
    database: str = _setting(
        "", _text, "SQLAlchemy URL; empty: SQLite under the packages folder", secret=True
    )
    api_key: str = _setting("", _text, "the administrator's key; without it nobody can write", secret=True)
    delete_policy: Mapping[str, str] = _setting(
        MappingProxyType({"*": "unlist"}),
        _policies,
        "hard, soft, unlist or a plugin's, for the feed or per id pattern",
    )
    delete_guard: str = _setting(
        "warn", _one_of(*Guard), "what if others need what is deleted: warn, refuse, off"
    )
    overwrite: str = _setting(
        "never", _one_of(*OVERWRITE), "may a push replace a version: never, prerelease, always"
    )
    base_url: str = _setting("", _url, "absolute URL that clients see; empty: from the request")
    trusted_proxies: int = _setting(0, _count, "number of reverse proxies whose X-Forwarded-* headers count")
    anonymous_read: bool = _setting(True, _truth, "false: reading needs credentials too")
    read_only: bool = _setting(False, _truth, "refuse every write")
    max_package_size: int = _setting(2 * 1024**3, _size, "larger uploads are refused (bytes, or 250MB)")
    scan_interval: float = _setting(30.0, _seconds, "seconds between looks at the share; 0: never")
    plugins: tuple[str, ...] = _setting((), _names, "extra plugins: entry point, module or .py path")
    plugins_dir: str = _setting("", _text, "folder whose .py files are loaded as plugins")

    expected_share: str = ""  #: no setting: the share that the master process found, told to its workers
    #: what stands in the ``[plugin.NAME]`` tables
    plugin_settings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    #: the variables ``NUGETLITE_PLUGIN_NAME_KEY``, as ``name_key``
    plugin_environment: Mapping[str, str] = field(default_factory=dict)
    #: setting: where its value came from
    sources: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Config({', '.join(f'{name}={value}' for name, value, _ in self.shown())})"

    def for_plugin(self, name: str) -> PluginSettings:
        """What stands in ``[plugin.NAME]``, and in ``NUGETLITE_PLUGIN_NAME_KEY``, which wins.

        From the environment a key comes in lower case, its value as text. A ``-`` in a name is ``_`` there.
        """
        own = f"{name}_".replace("-", "_").lower()
        told = self.plugin_environment.items()
        environment = {key.removeprefix(own): text for key, text in told if key.startswith(own)}
        return PluginSettings(name, {**self.plugin_settings.get(name, {}), **environment})

    def shown(self) -> list[tuple[str, str, str]]:
        """(setting, value, where from) of each, with secrets masked; any setting of a plugin may be one."""
        ours = [(each.name, _shown(each.name, getattr(self, each.name))) for each in settings()]
        tables = [f"plugin.{name}.{key}" for name, table in self.plugin_settings.items() for key in table]
        variables = [f"{PLUGIN_PREFIX}{key.upper()}" for key in self.plugin_environment]
        return [
            *((name, value, self.sources.get(name, "default")) for name, value in ours),
            *((name, MASK, self.sources.get("plugin", "default")) for name in tables),
            *((name, MASK, "environment") for name in variables),
        ]


class PluginSettings(dict[str, object]):
    """The settings of one plugin, as they stand there; or understood, wherever they come from."""

    def __init__(self, plugin: str, told: Mapping[str, object]) -> None:
        super().__init__(told)
        self._plugin = plugin

    def text(self, key: str) -> str:
        """One line of text, or ""; raises ``ConfigError`` for anything else."""
        return self._read(key, _text, "")

    def names(self, key: str) -> tuple[str, ...]:
        """A list of names, which text separates by commas, or none; raises ``ConfigError`` for anything else."""
        return self._read(key, _names, ())

    def _read(self, key: str, read: Callable[[object], T], absent: T) -> T:
        try:
            return read(self[key]) if key in self else absent
        except ValueError as error:
            called = f"plugin.{self._plugin}.{key}"
            raise ConfigError(f"{called}: its value is not understood; expected {error}") from None


def settings() -> list[Any]:
    """The dataclass fields that are settings, in the order of the manual."""
    return [each for each in fields(Config) if "read" in each.metadata]


_SECRETS = frozenset(each.name for each in settings() if each.metadata["secret"])
_READERS: Mapping[str, Callable[[object], Any]] = {each.name: each.metadata["read"] for each in settings()}


@dataclass(frozen=True)
class _Given:
    """A value for a setting, as somebody gave it."""

    name: str
    value: object
    source: str  #: where it came from
    called: str  #: what it is called there

    def read(self) -> Any:
        """The value, understood."""
        if self.name not in _READERS:
            raise ConfigError(f"{self.called} is not a setting; expected one of {', '.join(_READERS)}")
        try:
            return _READERS[self.name](self.value)
        except ValueError as error:
            told = "its value" if self.name in _SECRETS else _told(self.value)
            raise ConfigError(f"{self.called}: {told} is not understood; expected {error}") from None


def load(
    environment: Mapping[str, str],
    command_line: Mapping[str, object] | None = None,
    folder: Path | None = None,
) -> Config:
    """The settings as they apply to a server started with ``environment`` in ``folder``.

    ``command_line`` maps a setting's name to its text; ``None`` means that it was not given. Raises
    ``ConfigError``, also for a value that a later one would have replaced.
    """
    path, told = _file(environment, folder or Path())
    tables = _plugin_tables(told.pop("plugin", {}), path)
    given = (
        *_from_file(told, path),
        *_from_environment(environment),
        *_from_command_line(command_line or {}),
    )
    return Config(
        **{each.name: each.read() for each in given},
        expected_share=environment.get(EXPECTED_SHARE, ""),
        plugin_settings=tables,
        plugin_environment={
            variable.removeprefix(PLUGIN_PREFIX).lower(): text
            for variable, text in environment.items()
            if variable.startswith(PLUGIN_PREFIX)
        },
        sources={each.name: each.source for each in given} | ({"plugin": path.name} if tables else {}),
    )


def _from_file(told: Mapping[str, object], path: Path) -> Iterator[_Given]:
    for name, value in told.items():
        shown = name if name.isidentifier() else quoted(name)
        yield _Given(name, value, path.name, f"{shown} in {path.name}")


def _from_environment(environment: Mapping[str, str]) -> Iterator[_Given]:
    for variable, text in environment.items():
        ours = (CONFIG_VARIABLE, EXPECTED_SHARE, *CLIENT_VARIABLES)
        if variable in ours or variable.startswith(PLUGIN_PREFIX):
            continue
        if variable.startswith(PREFIX):
            yield _Given(variable.removeprefix(PREFIX).lower(), text, "environment", variable)


def _from_command_line(command_line: Mapping[str, object]) -> Iterator[_Given]:
    for name, value in command_line.items():
        if value is not None:
            yield _Given(name, value, "command line", f"{name} on the command line")


def _file(environment: Mapping[str, str], folder: Path) -> tuple[Path, dict[str, Any]]:
    """The file and what it says; nothing if nobody named one and there is none."""
    named = environment.get(CONFIG_VARIABLE, "")
    path = folder / (named or CONFIG_FILE)
    called = f"{CONFIG_VARIABLE}: {path}" if named else str(path)
    try:
        return path, tomllib.loads(path.read_text("utf-8-sig"))  # Windows' editors put a mark in front
    except FileNotFoundError as error:
        if named:
            raise ConfigError(f"{called} is not there; expected a TOML file") from error
        return path, {}
    except OSError as error:
        raise ConfigError(f"{called} cannot be read: {error.strerror}; expected a TOML file") from error
    except (ValueError, RecursionError) as error:  # not UTF-8, not TOML, or more than its reader can take
        raise ConfigError(f"{called} is not TOML: {error}") from None


def _plugin_tables(told: object, path: Path) -> dict[str, Mapping[str, object]]:
    if not isinstance(told, dict) or not all(isinstance(table, dict) for table in told.values()):
        raise ConfigError(f"plugin in {path.name}: expected tables such as [plugin.webhook]")
    return dict(told)


def _shown(name: str, value: object) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{pattern}={policy}" for pattern, policy in value.items())
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, bool):
        return str(value).lower()
    if name == "api_key":
        return MASK if value else ""
    return _without_secrets(str(value))


def _told(value: object) -> str:
    """A value as an error may show it: what is large, or may hide a secret, is left out."""
    if isinstance(value, str):
        return quoted(_without_secrets(value))
    return "its value" if isinstance(value, (dict, list)) else str(value).lower()


def _without_secrets(url: str) -> str:
    """``url`` without its password, and without the values of its query, where some drivers take one."""
    if "://" not in url:
        return url
    start, question, query = re.sub(r"(?<=://)([^/:]*):.*@", rf"\1:{MASK}@", url).partition("?")
    return start + question + re.sub(r"=[^&]*", f"={MASK}", query)
