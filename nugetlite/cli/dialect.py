"""The manner of the client commands: options written as for ``octo``, its exit codes, its two forms of help."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from inspect import cleandoc
from typing import Any, NoReturn

import click
import orjson

from nugetlite.cli.calling import call_of, connection_options, telling_of
from nugetlite.cli.telling import Telling
from nugetlite.client import options
from nugetlite.client.errors import Answered, BadOption
from nugetlite.errors import FeedError

# octo's exit codes; Unix shows them modulo 256
BAD_ARGUMENTS = -1
UNEXPECTED = -3
DENIED = -5
HTTP_ERROR = -7

LOCKED = (401, 403)


class Misused(click.UsageError):
    """A command line that cannot be meant."""

    exit_code = BAD_ARGUMENTS & 0xFF


class Synonym(click.Option):
    """A flag that is another way of writing an option and its value; of the two, the later one wins."""

    def __init__(self, names: Sequence[str], stands_for: str, **more: Any) -> None:
        more |= {"is_flag": True, "expose_value": False, "help": f"As --{stands_for}."}
        super().__init__(names, **more)
        self.stands_for = stands_for


class ClientCommand(click.Command):
    """A command that asks a feed for something. Its callback is handed a ``Call``."""

    def __init__(self, name: str, what: str, params: Sequence[click.Parameter] = (), **more: Any) -> None:
        connection = connection_options(what)
        self._connection_names = [str(option.name) for option in connection if option.expose_value]
        more |= {"params": [*params, *connection], "add_help_option": False}
        more["context_settings"] = {"token_normalize_func": str.lower}
        super().__init__(name, **more)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the command line; what cannot be meant ends with octo's exit code for that."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            raise Misused(error.format_message(), error.ctx) from error

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments in any of octo's spellings."""
        try:
            plain = options.plain(args, self._names())
        except BadOption as error:
            raise click.UsageError(str(error), ctx) from error
        told, _, _ = self.make_parser(ctx).parse_args(list(plain))
        if told.get("wants_help"):
            as_json = str(told.get("help_format", "")).lower() == "json"
            click.echo(self._help_in_json() if as_json else self.get_help(ctx))
            ctx.exit()
        return super().parse_args(ctx, plain)

    def invoke(self, ctx: click.Context) -> Any:
        """Carry it out; what goes wrong is one sentence and an exit code."""
        given = {name: ctx.params.pop(name) for name in self._connection_names}
        telling = telling_of(given)
        with telling:
            try:
                ctx.params["call"] = call_of(ctx, given, telling)
                return super().invoke(ctx)
            except FeedError as error:
                telling.complain(str(error))
                leave(ctx, telling, exit_code(error))
            except (click.exceptions.Exit, click.Abort, click.ClickException):
                raise
            except Exception as error:
                kind = type(error).__name__
                telling.complain(f"This should not have happened ({kind}: {error}); --debug says more")
                if given["debug"]:
                    print(telling.masked(traceback.format_exc()), file=sys.stderr)
                leave(ctx, telling, UNEXPECTED)

    def _names(self) -> options.Names:
        taken = [param for param in self.params if isinstance(param, click.Option)]
        return options.Names(
            valued={_bare(name) for option in taken if not option.is_flag for name in option.opts},
            flags={_bare(name) for option in taken if option.is_flag for name in option.opts},
            synonyms={
                _bare(name): option.stands_for
                for option in taken
                if isinstance(option, Synonym)
                for name in option.opts
            },
        )

    def _help_in_json(self) -> str:
        about = {
            "Command": self.name,
            "Description": cleandoc(self.help or ""),
            "Arguments": [
                param.make_metavar(click.Context(self))
                for param in self.params
                if isinstance(param, click.Argument)
            ],
            "Options": [
                {
                    "Name": option.opts[0].lstrip("-"),
                    "Description": option.help or "",
                    "TakesValue": not option.is_flag,
                    "Repeatable": option.multiple,
                    "Environment": _listed(option.envvar),
                }
                for option in self.params
                if isinstance(option, click.Option) and not option.hidden
            ],
        }
        return orjson.dumps(about, option=orjson.OPT_INDENT_2).decode()


def exit_code(error: FeedError) -> int:
    """The exit code that octo has for such a failure."""
    match error:
        case BadOption():
            return BAD_ARGUMENTS
        case Answered(code=code):
            return DENIED if code in LOCKED else HTTP_ERROR
    return UNEXPECTED


def leave(context: click.Context, telling: Telling, code: int) -> NoReturn:
    """End a command that failed, as octo does."""
    telling.say(f"Exit code: {code}")
    context.exit(code & 0xFF)


def _bare(option: str) -> str:
    return option.lstrip("-").lower()


def _listed(names: str | Sequence[str] | None) -> list[str]:
    return [names] if isinstance(names, str) else list(names or ())
