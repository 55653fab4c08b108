"""The manner of the client commands: options written as for ``octo``, its exit codes, its two forms of help."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any, NoReturn

import click
import orjson

from nugetlite.cli.build_server import Announcer, announcer
from nugetlite.cli.telling import LEVELS, Telling
from nugetlite.client import options
from nugetlite.client.connection import Connection, Line
from nugetlite.client.discovery import find_out, open_source
from nugetlite.client.errors import Answered, BadOption
from nugetlite.client.octopus import OctopusServer
from nugetlite.client.remote import Credentials, Remote
from nugetlite.errors import FeedError

BAD_ARGUMENTS, UNEXPECTED, DENIED, HTTP_ERROR = (
    -1,
    -3,
    -5,
    -7,
)  #: octo's exit codes; Unix shows them modulo 256
LOCKED = (401, 403)
FORMATS = ("Default", "Json")


def reads(read: Callable[[str], object]) -> Callable[[click.Context, click.Parameter, str], object]:
    """How an option is read that is more than text; what ``read`` raises is told as click does."""

    def convert(context: click.Context, option: click.Parameter, text: str) -> object:
        try:
            return read(text)
        except BadOption as error:
            raise click.BadParameter(str(error), context, option) from error

    return convert


class Misused(click.UsageError):
    """A command line that cannot be meant."""

    exit_code = BAD_ARGUMENTS & 0xFF


class Synonym(click.Option):
    """A flag that is another way of writing an option and its value; of the two, the later one wins."""

    def __init__(self, names: Sequence[str], stands_for: str, **more: Any) -> None:
        more |= {"is_flag": True, "expose_value": False, "help": f"As --{stands_for}."}
        super().__init__(names, **more)
        self.stands_for = stands_for


@dataclass(frozen=True, slots=True)
class Call:
    """One command being carried out: who is told, and who is asked."""

    telling: Telling
    connection: Connection
    credentials: Credentials
    server: str
    source: str
    space: str

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody said who asks. An Octopus server answers nobody; many NuGet sources let everybody read."""
        return not self.credentials.api_key and not self.credentials.user

    def remote(self, *, nuget_first: bool = False) -> Remote:
        """The feed that was named, whatever it is. Raises ``ClientError``."""
        if not self.server and not self.source:
            raise BadOption("Say where: --server=URL, or --source=URL for a NuGet source")
        if self.source:
            found = open_source(self.source, self.connection, self.credentials)
            self.telling.say(f"Using {found.description}")
            return found
        found = find_out(self.server, self.connection, self.credentials, self.space, nuget_first=nuget_first)
        if isinstance(found, OctopusServer):
            self.telling.say(f"Authenticated as {found.who()}")
        return found


def connection_options(what: str) -> list[click.Option]:
    """The options that say where to and how."""
    return [
        click.Option(
            ["--server"],
            metavar="URL",
            envvar=["OCTOPUS_CLI_SERVER", "NUGETLITE_SERVER"],
            show_envvar=True,
            default="",
            help=f"{what} this server: its Octopus API, else the NuGet source that is found there.",
        ),
        click.Option(
            ["--source"],
            metavar="URL",
            default="",
            help=f"{what} this NuGet source: V3 if it ends in .json, else V2.",
        ),
        click.Option(
            ["--apiKey", "api_key"],
            metavar="KEY",
            envvar=["OCTOPUS_CLI_API_KEY", "NUGETLITE_API_KEY"],
            show_envvar=True,
            default="",
            help="The key to use.",
        ),
        click.Option(
            ["--user"],
            metavar="NAME",
            envvar="OCTOPUS_CLI_USERNAME",
            show_envvar=True,
            default="",
            help="The user to sign in, instead of a key.",
        ),
        click.Option(
            ["--pass", "password"],
            metavar="PASSWORD",
            envvar="OCTOPUS_CLI_PASSWORD",
            show_envvar=True,
            default="",
            help="That user's password.",
        ),
        click.Option(
            ["--space"], metavar="NAME|ID", default="", help="The Octopus space; else the default one."
        ),
        click.Option(
            ["--timeout"],
            metavar="SECONDS|hh:mm:ss",
            callback=reads(options.seconds),
            default="600",
            show_default=True,
            help="How long one request may take.",
        ),
        click.Option(
            ["--proxy"], metavar="URL", default="", help="The proxy to go through; else the system's."
        ),
        click.Option(["--proxyUser", "proxy_user"], metavar="NAME", default="", help="Who asks the proxy."),
        click.Option(
            ["--proxyPass", "proxy_password"], metavar="PASSWORD", default="", help="That user's password."
        ),
        click.Option(
            ["--ignoreSslErrors", "any_certificate"],
            is_flag=True,
            help="Take any certificate, and warn once.",
        ),
        click.Option(
            ["--configFile", "config_file"],
            metavar="FILE",
            expose_value=False,
            help="Read options from a file, one `name = value` a line; what comes later wins.",
        ),
        click.Option(
            ["--outputFormat", "output_format"],
            type=click.Choice(FORMATS, case_sensitive=False),
            metavar="|".join(FORMATS),
            default="Default",
            show_default=True,
            help="Json: the answer as JSON, and nothing else.",
        ),
        click.Option(
            ["--enableServiceMessages", "service_messages"],
            is_flag=True,
            help="Tell TeamCity or Azure Pipelines in its own words.",
        ),
        click.Option(
            ["--logLevel", "log_level"],
            type=click.Choice(list(LEVELS), case_sensitive=False),
            metavar="LEVEL",
            default="debug",
            show_default=True,
            help=f"From which level on messages are shown: {', '.join(LEVELS)}.",
        ),
        click.Option(["--debug"], is_flag=True, help="Show every request, and messages beside JSON too."),
        click.Option(
            ["--help", "-h", "wants_help"], is_flag=True, expose_value=False, help="Show this, and exit."
        ),
        click.Option(
            ["--helpOutputFormat", "help_format"],
            type=click.Choice(FORMATS, case_sensitive=False),
            metavar="|".join(FORMATS),
            default="Default",
            expose_value=False,
            help="Json: the help as JSON.",
        ),
    ]


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
        telling = _telling(given)
        with telling:
            try:
                ctx.params["call"] = _call(ctx, given, telling)
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


def _telling(given: Mapping[str, Any]) -> Telling:
    return Telling(
        json=given["output_format"].lower() == "json",
        debug=given["debug"],
        level=given["log_level"].lower(),
        secrets=(given["api_key"], given["password"], given["proxy_password"]),
        announcer=announcer(os.environ) if given["service_messages"] else Announcer(),
    )


def _call(context: click.Context, given: Mapping[str, Any], telling: Telling) -> Call:
    line = Line(
        given["timeout"],
        given["proxy"],
        given["proxy_user"],
        given["proxy_password"],
        given["any_certificate"],
    )
    credentials = Credentials(given["api_key"], given["user"], given["password"])
    server, source = _one_of(context, given["server"], given["source"])
    return Call(telling, Connection(line), credentials, server, source, given["space"])


def _one_of(context: click.Context, server: str, source: str) -> tuple[str, str]:
    """The server or the source, whichever was asked for; what the environment says gives way."""
    if source and server:
        if context.get_parameter_source("server") is click.core.ParameterSource.COMMANDLINE:
            raise BadOption("Give either --server or --source: one of them says where")
        return "", source
    return server, source


def _bare(option: str) -> str:
    return option.lstrip("-").lower()


def _listed(names: str | Sequence[str] | None) -> list[str]:
    return [names] if isinstance(names, str) else list(names or ())
