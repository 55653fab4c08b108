"""Look at how a server is set up: its settings, its plugins."""

from __future__ import annotations

import os

import click

from nugetlite import app, config


@click.command("config")
def show_config() -> None:
    """Print the settings as they apply here, and where each came from; secrets are masked."""
    rows = config.load(os.environ).shown()
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for name, value, source in rows:
        click.echo(f"{name:<{widths[0]}}  {value:<{widths[1]}}  {source}".rstrip())


@click.command("plugins")
def show_plugins() -> None:
    """Print every hook and which plugins answer it, in the order in which they are asked."""
    for each in app.load_plugins(config.load(os.environ)).answerers():
        click.secho(each.hook, bold=True)
        click.echo(f"    {each.summary}")
        click.echo(f"    {', '.join(each.plugins) or '(nobody)'}")
