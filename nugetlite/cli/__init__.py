"""The command ``nugetlite``: one file a group of commands."""

from __future__ import annotations

import os
import sys

import click

from nugetlite import app, config
from nugetlite.cli.imports import import_packages
from nugetlite.cli.inspection import show_config, show_plugins
from nugetlite.cli.serving import serve
from nugetlite.cli.upkeep import reindex, verify
from nugetlite.errors import ConfigError, FeedError


class Commands(click.Group):
    """Our commands, and those that plugins bring; what goes wrong on purpose is told in one line."""

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Ours, or else a plugin's."""
        return super().get_command(context, name) or _from_plugins().get(name)

    def list_commands(self, context: click.Context) -> list[str]:
        """All of them."""
        return sorted({*super().list_commands(context), *_from_plugins()})

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


for command in (serve, reindex, verify, import_packages, show_plugins, show_config):
    main.add_command(command)


def _from_plugins() -> dict[str, click.Command]:
    try:
        settings = config.load(os.environ)
        commands = app.load_plugins(settings).gather("nugetlite_commands", click.Command, config=settings)
    except (ConfigError, FeedError) as error:
        print(f"nugetlite: {error}", file=sys.stderr)  # the built-in commands still help to mend it
        return {}
    return {command.name: command for command in commands if command.name}
