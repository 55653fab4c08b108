"""Run the feed."""

from __future__ import annotations

import os
import sys

import click

from nugetlite import config

GUNICORN = "python:nugetlite.web.gunicorn"


@click.command()
@click.argument("packages", required=False)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all.")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535), help="Port.")
@click.option("--workers", type=click.IntRange(1), help="Processes; 2 unless WEB_CONCURRENCY says otherwise.")
@click.option("--threads", type=click.IntRange(1), help="Threads of each process; 16 unless said otherwise.")
def serve(packages: str | None, host: str, port: int, workers: int | None, threads: int | None) -> None:
    """Run the feed in the foreground, under gunicorn.

    PACKAGES is a folder (made if it is missing) or a storage URL; without it, the one of the settings.
    """
    environment = {**os.environ, **({"NUGETLITE_PACKAGES": packages} if packages else {})}
    settings = config.load(environment)  # before anything else: a mistake is told in one line
    root = settings.base_url or f"http://{host}:{port}"
    click.echo(f"Source for NuGet clients: {root}/v3/index.json")
    if not settings.api_key:
        click.echo("Nobody can push: set NUGETLITE_API_KEY to allow it.", err=True)
    sys.stdout.flush()
    command = [sys.executable, "-m", "gunicorn", "--config", GUNICORN, "--bind", f"{host}:{port}"]
    command += [
        f"--{name}={value}" for name, value in {"workers": workers, "threads": threads}.items() if value
    ]
    os.execve(sys.executable, [*command, "nugetlite.app:create_app()"], environment)  # noqa: S606 -- no shell
