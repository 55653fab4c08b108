"""Finds the plugins, orders them, asks them and tells them the news."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

from nugetlite import hookspecs
from nugetlite.errors import ConfigError, FeedError, PluginFailed

if TYPE_CHECKING:
    from nugetlite.config import Config

T = TypeVar("T")
GROUP = "nugetlite"  #: the entry point group in which installed packages offer plugins
PREFIX = "nugetlite_"  #: what the name of a hook begins with

#: every hook, and the facts that it comes with
HOOKS: Mapping[str, tuple[str, ...]] = {
    name: tuple(inspect.signature(hook).parameters)
    for name, hook in vars(hookspecs).items()
    if name.startswith(PREFIX)
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answerer:
    """One hook, what it is for, and who answers it, in the order in which they are asked."""

    hook: str
    summary: str
    plugins: tuple[str, ...]


class Plugins:
    """The plugins of one server. Built by ``load``; two servers in one process have two.

    A plugin that fails to answer, or answers with the wrong thing, is named in the log and raises
    ``PluginFailed``, or ``ConfigError`` if it was asked at start. What a plugin refuses on purpose, with a
    ``FeedError`` of its own (or, at start, a ``ConfigError``), passes as it is.
    """

    def __init__(self, implementations: Mapping[str, Sequence[_Implementation]]) -> None:
        self._implementations = implementations  # by hook, in the order in which they are asked

    def first(self, hook: str, kind: type[T], **facts: Any) -> T | None:
        """The first answer to a question, or ``None`` if nobody had one."""
        return next((asked.checked(answer, kind) for asked, answer in self._answers(hook, facts)), None)

    def first_function(self, hook: str, kind: type[T], **facts: Any) -> Callable[..., T] | None:
        """As ``first``, where the answer is a function, whose own answers are to be of ``kind``.

        Whoever calls it later has the plugin's failures told as those of any hook.
        """
        return next((asked.watch(answer, kind) for asked, answer in self._answers(hook, facts)), None)

    def gather(self, hook: str, kind: type[T], **facts: Any) -> list[T]:
        """Every answer, in the order asked."""
        return [asked.checked(answer, kind) for asked, answer in self._answers(hook, facts)]

    def gather_each(self, hook: str, kind: type[T], **facts: Any) -> list[T]:
        """Every item of every answer, where each answer is several."""
        answers = self._answers(hook, facts)
        return [asked.checked(item, kind) for asked, answer in answers for item in asked.items(answer)]

    def announce(self, hook: str, **news: Any) -> None:
        """Tell every plugin. One that raises is logged by name, and the rest still hear."""
        for each in self._implementations[hook]:
            try:
                each.call(news)
            except (Exception, SystemExit):  # whatever it is, it is the plugin's; what it was told stands
                log.exception("plugin %s failed to hear %s", each.plugin, hook)

    def answerers(self) -> list[Answerer]:
        """Every hook and who answers it."""
        return [
            Answerer(hook, _summary(hook), tuple(each.plugin for each in self._implementations[hook]))
            for hook in HOOKS
        ]

    def _answers(self, hook: str, facts: Mapping[str, object]) -> Iterator[tuple[_Implementation, object]]:
        for each in self._implementations[hook]:
            with each.watched():
                answer = each.call(facts)
            if answer is not None:
                yield each, answer


@dataclass(frozen=True, slots=True)
class _Implementation:
    """A plugin's function for one hook, and the facts that it wants to be given."""

    plugin: str
    hook: str
    function: Callable[..., object]
    wants: tuple[str, ...]
    at_start: bool  #: a failure stops the start, rather than one request

    def call(self, facts: Mapping[str, object]) -> object:
        """Call it, and answer what it answers."""
        return self.function(**{name: facts[name] for name in self.wants})

    @contextmanager
    def watched(self) -> Iterator[None]:
        """What goes wrong in here is this plugin's failure; what it refuses on purpose passes."""
        try:
            yield
        except FeedError:
            raise
        except (Exception, SystemExit) as error:  # a worker does not end because a plugin calls exit()
            if self.at_start and isinstance(error, ConfigError):
                raise
            raise self._failure(f"failed in {self.hook}: {_why(error)}", error) from error

    def checked(self, answer: object, kind: type[T]) -> T:
        """``answer``, if it is what such an answer has to be."""
        if isinstance(answer, kind):
            return answer
        raise self._failure(f"answered {self.hook} with {_type(answer)}; {kind.__name__} was expected")

    def items(self, answer: object) -> list[object]:
        """All that ``answer`` holds; a generator runs only here."""
        if isinstance(answer, str):  # it can be iterated over, but nobody means its letters
            raise self._failure(f"answered {self.hook} with one str; several were expected")
        several: Iterable[object] = self.checked(answer, Iterable)  # type: ignore[type-abstract]
        with self.watched():
            return list(several)

    def watch(self, answer: object, kind: type[T]) -> Callable[..., T]:
        """``answer``, which has to be a function, so that each call of it is watched."""
        function: Callable[..., object] = self.checked(answer, Callable)  # type: ignore[arg-type]
        later = replace(self, at_start=False)

        def watched(*arguments: object) -> T:
            with later.watched():
                result = function(*arguments)
            return later.checked(result, kind)

        return watched

    def _failure(self, sentence: str, cause: BaseException | None = None) -> Exception:
        if self.at_start:
            return ConfigError(f"plugin {self.plugin} {sentence}")
        log.error("plugin %s %s", self.plugin, sentence, exc_info=cause)
        return PluginFailed(self.plugin)


def load(config: Config, builtin: Sequence[object], given: Sequence[object] = ()) -> Plugins:
    """All plugins of a server: ``builtin``, the installed ones, ``plugins_dir``, ``plugins``, ``given``.

    The last of them is asked first. Raises ``ConfigError`` for one that cannot be found or loaded, or that
    answers a hook that there is not.
    """
    manager = pluggy.PluginManager("nugetlite")
    manager.add_hookspecs(hookspecs)
    for name, plugin in _found(config, builtin, given):
        if not manager.is_registered(plugin):
            _check(manager, name, plugin)
            manager.register(plugin, _free(manager, name))
    return Plugins({hook: _implementations(manager, hook) for hook in HOOKS})


def _implementations(manager: pluggy.PluginManager, hook: str) -> list[_Implementation]:
    last_is_asked_first = reversed(getattr(manager.hook, hook).get_hookimpls())
    at_start = hook in hookspecs.AT_START
    return [
        _Implementation(each.plugin_name, hook, each.function, _wanted(hook, each.function), at_start)
        for each in last_is_asked_first
    ]


# Finding


def _found(
    config: Config, builtin: Sequence[object], given: Sequence[object]
) -> Iterator[tuple[str, object]]:
    files = _Files()
    yield from ((_name(plugin), plugin) for plugin in builtin)
    for entry in entry_points(group=GROUP):
        yield entry.name, _loaded(f"installed plugin {entry.name}", entry.load)
    for path in _in_folder(config.plugins_dir):
        yield path.name, _loaded(f"plugins_dir: {path.name}", partial(files.load, path))
    for name in config.plugins:
        yield _named(name, files)
    yield from ((_name(plugin), plugin) for plugin in given)


def _in_folder(folder: str) -> list[Path]:
    if folder and not Path(folder).is_dir():
        raise ConfigError(f"plugins_dir: there is no folder {folder}")
    here = Path(folder).glob("*.py") if folder else ()
    return sorted(path for path in here if path.is_file() and not path.name.startswith("."))


def _named(name: str, files: _Files) -> tuple[str, object]:
    called = f"plugins: {name}"
    if name.endswith(".py"):
        if not Path(name).is_file():
            raise ConfigError(f"plugins: there is no file {name}")
        return Path(name).name, _loaded(called, partial(files.load, Path(name)))
    for entry in entry_points(group=GROUP, name=name):
        return name, _loaded(called, entry.load)
    return name, _loaded(called, partial(_imported, name))


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if name == error.name or name.startswith(f"{error.name}."):  # else it is one that the plugin needs
            raise ConfigError(
                f"plugins: there is no {name}; expected an installed plugin, a module or a .py file"
            ) from error
        raise


class _Files:
    """Plugins that are files. One file is one plugin, however often it is named."""

    def __init__(self) -> None:
        self._modules: dict[Path, ModuleType] = {}

    def load(self, path: Path) -> ModuleType:
        """Execute the file, unless that is done."""
        path = path.resolve()
        if path not in self._modules:
            self._modules[path] = _execute(path)
        return self._modules[path]


def _execute(path: Path) -> ModuleType:
    name = f"nugetlite_plugin_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickling look a module up by its name
    spec.loader.exec_module(module)
    return module


def _loaded(called: str, load: Callable[[], object]) -> object:
    try:
        return load()
    except ConfigError:
        raise
    except (Exception, SystemExit) as error:  # a stranger's module may do anything while it is imported
        raise ConfigError(f"{called} cannot be loaded: {_why(error)}") from error


# Checking


def _check(manager: pluggy.PluginManager, name: str, plugin: object) -> None:
    """Raise ``ConfigError`` for a hook of ``plugin`` that would never be asked, or could not answer."""
    for attribute in dir(plugin):
        options = manager.parse_hookimpl_opts(plugin, attribute)
        if options is not None:
            hook = options.get("specname") or attribute
            if options.get("wrapper") or options.get("hookwrapper"):
                raise ConfigError(
                    f"plugin {name}: {hook} is a wrapper; here a hook is asked or told, not wrapped"
                )
            if hook in HOOKS or not options.get("optionalhook"):
                _check_hook(name, hook, getattr(plugin, attribute))
        elif attribute.startswith(PREFIX) and callable(getattr(plugin, attribute)):
            raise ConfigError(f"plugin {name}: {attribute} is not marked with @hookimpl")


def _check_hook(name: str, hook: str, function: Callable[..., object]) -> None:
    if hook not in HOOKS:
        nearest = difflib.get_close_matches(hook, HOOKS, n=1, cutoff=0.0)[0]
        raise ConfigError(f"plugin {name}: there is no hook {hook}; did you mean {nearest}?")
    needed = {
        each.name
        for each in inspect.signature(function).parameters.values()
        if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    }
    if unknown := sorted(needed - {*HOOKS[hook]}):
        raise ConfigError(
            f"plugin {name}: {hook} wants {', '.join(unknown)}; it can have {', '.join(HOOKS[hook])}"
        )


def _wanted(hook: str, function: Callable[..., object]) -> tuple[str, ...]:
    parameters = inspect.signature(function).parameters
    everything = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    return tuple(fact for fact in HOOKS[hook] if everything or fact in parameters)


# Naming


def _name(plugin: object) -> str:
    named = plugin if isinstance(plugin, ModuleType) else type(plugin)
    return named.__name__.removeprefix("nugetlite.builtin.")


def _free(manager: pluggy.PluginManager, name: str) -> str:
    number, free = 1, name
    while manager.has_plugin(free):
        number += 1
        free = f"{name} ({number})"
    return free


def _summary(hook: str) -> str:
    return (inspect.getdoc(getattr(hookspecs, hook)) or "").partition("\n")[0]


def _type(value: object) -> str:
    return type(value).__name__


def _why(error: BaseException) -> str:
    """What went wrong, in one line."""
    return " ".join(f"{_type(error)}: {error}".split())
