"""The command ``nugetlite``: one file a group of commands.

A command is loaded when it is called, so that ``nugetlite push`` does not wait for the server's rooms.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import cast

import click

from nugetlite.errors import ConfigError, FeedError

COMMANDS = {  #: the command, and where it is
    "serve": "serving.serve",
    "reindex": "upkeep.reindex",
    "verify": "upkeep.verify",
    "audit": "audit.audit",
    "import": "imports.import_packages",
    "plugins": "inspection.show_plugins",
    "config": "inspection.show_config",
    "users": "users.users",
    "keys": "keys.keys",
    "owners": "owners.owners",
    "prefixes": "prefixes.prefixes",
    "trusts": "trusts.trusts",
    "push": "push.push",
    "delete": "remote.delete",
    "relist": "remote.relist",
    "list": "remote.list_packages",
    "download": "remote.download",
}


class Commands(click.Group):
    """Our commands, and those that plugins bring; what goes wrong on purpose is told in one line."""

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Ours, or else a plugin's."""
        return _ours(name) if name in COMMANDS else _from_plugins().get(name)

    def list_commands(self, context: click.Context) -> list[str]:
        """All of them."""
        return sorted({*COMMANDS, *_from_plugins()})

    def invoke(self, context: click.Context) -> object:
        """Run one."""
        try:
            return super().invoke(context)
        except (ConfigError, FeedError) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nugetlite")
def main() -> None:
    """A NuGet feed over a plain folder.

    Settings come from nugetlite.toml, then NUGETLITE_* variables, then the command line; `nugetlite config`
    shows them.
    """


def _ours(name: str) -> click.Command:
    room, _, command = COMMANDS[name].partition(".")
    return cast(click.Command, getattr(import_module(f"nugetlite.cli.{room}"), command))


def _from_plugins() -> dict[str, click.Command]:
    from nugetlite import app, config

    try:
        settings = config.load(os.environ)
        commands = app.load_plugins(settings).gather("nugetlite_commands", click.Command, config=settings)
    except (ConfigError, FeedError) as error:
        print(f"nugetlite: {error}", file=sys.stderr)  # the built-in commands still help to mend it
        return {}
    return {command.name: command for command in commands if command.name}
