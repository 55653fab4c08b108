"""What every client command is told: where to, who asks and how; and whom it then talks to."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import click

from nugetlite.cli.build_server import Announcer, announcer
from nugetlite.cli.telling import LEVELS, Telling
from nugetlite.client import options
from nugetlite.client.connection import Connection, Line
from nugetlite.client.discovery import find_out, open_source
from nugetlite.client.errors import BadOption
from nugetlite.client.octopus.server import OctopusServer
from nugetlite.client.remote import Credentials, Remote

FORMATS = ("Default", "Json")


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
    """The options that say where to, who asks and how."""
    server = f"{what} this server: its Octopus API, else the NuGet source that is found there."
    limit = {"callback": reads(options.seconds), "default": "600", "show_default": True}
    levels = f"From which level on messages are shown: {', '.join(LEVELS)}."
    return [
        _valued("--server", "URL", server, envvar=["OCTOPUS_CLI_SERVER", "NUGETLITE_SERVER"]),
        _valued("--source", "URL", f"{what} this NuGet source: V3 if it ends in .json, else V2."),
        _valued(
            *("--apiKey api_key", "KEY", "The key to use."),
            envvar=["OCTOPUS_CLI_API_KEY", "NUGETLITE_API_KEY"],
        ),
        _valued("--user", "NAME", "The user to sign in, instead of a key.", envvar="OCTOPUS_CLI_USERNAME"),
        _valued("--pass password", "PASSWORD", "That user's password.", envvar="OCTOPUS_CLI_PASSWORD"),
        _valued("--space", "NAME|ID", "The Octopus space; else the default one."),
        _valued("--timeout", "SECONDS|hh:mm:ss", "How long one request may take.", **limit),
        _valued("--proxy", "URL", "The proxy to go through; else the system's."),
        _valued("--proxyUser proxy_user", "NAME", "Who asks the proxy."),
        _valued("--proxyPass proxy_password", "PASSWORD", "That user's password."),
        _flag("--ignoreSslErrors any_certificate", "Take any certificate, and warn once."),
        _valued(
            "--configFile config_file",
            "FILE",
            "Read options from a file, one `name = value` a line; what comes later wins.",
            expose_value=False,
        ),
        _choice("--outputFormat output_format", FORMATS, "Json: the answer as JSON, and nothing else."),
        _flag(
            "--enableServiceMessages service_messages", "Tell TeamCity or Azure Pipelines in its own words."
        ),
        _choice("--logLevel log_level", tuple(LEVELS), levels, metavar="LEVEL", default="debug"),
        _flag("--debug", "Show every request, and messages beside JSON too."),
        _flag("--help -h wants_help", "Show this, and exit.", expose_value=False),
        _choice("--helpOutputFormat help_format", FORMATS, "Json: the help as JSON.", expose_value=False),
    ]


def _valued(names: str, metavar: str, help: str, **more: Any) -> click.Option:
    shown: dict[str, Any] = {"show_envvar": "envvar" in more, "default": "", "metavar": metavar, "help": help}
    return click.Option(names.split(), **shown | more)


def _flag(names: str, help: str, **more: Any) -> click.Option:
    return click.Option(names.split(), is_flag=True, help=help, **more)


def _choice(names: str, choices: tuple[str, ...], help: str, **more: Any) -> click.Option:
    shown: dict[str, Any] = {
        "metavar": "|".join(choices),
        "default": choices[0],
        "show_default": True,
        "help": help,
    }
    return click.Option(names.split(), type=click.Choice(choices, case_sensitive=False), **shown | more)


def reads(read: Callable[[str], object]) -> Callable[[click.Context, click.Parameter, str], object]:
    """How an option is read that is more than text; what ``read`` raises is told as click does."""

    def convert(context: click.Context, option: click.Parameter, text: str) -> object:
        try:
            return read(text)
        except BadOption as error:
            raise click.BadParameter(str(error), context, option) from error

    return convert


def telling_of(given: Mapping[str, Any]) -> Telling:
    """Who tells what happens, as the values of these options have it."""
    return Telling(
        json=given["output_format"].lower() == "json",
        debug=given["debug"],
        level=given["log_level"].lower(),
        secrets=(given["api_key"], given["password"], given["proxy_password"]),
        announcer=announcer(os.environ) if given["service_messages"] else Announcer(),
    )


def call_of(context: click.Context, given: Mapping[str, Any], telling: Telling) -> Call:
    """The call that the values of these options ask for. Raises ``BadOption``."""
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
