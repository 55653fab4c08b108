"""Run the feed."""

from __future__ import annotations

import os
import socket
from dataclasses import replace

import click

from nugetlite import app, config, serving
from nugetlite.errors import ConfigError, ShareUnavailable

HANDED_OVER = frozenset(
    ["GUNICORN_FD", "LISTEN_FDS"]
)  #: by gunicorn before it is replaced, by systemd: an open socket


@click.command()
@click.argument("packages", required=False)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all.")
@click.option(
    "--port", default=5000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 for any."
)
@click.option("--workers", type=click.IntRange(1), help="Processes; 2 unless WEB_CONCURRENCY says otherwise.")
@click.option("--threads", type=click.IntRange(1), help="Threads of each process; 16 unless said otherwise.")
def serve(packages: str | None, host: str, port: int, workers: int | None, threads: int | None) -> None:
    """Run the feed in the foreground, under gunicorn.

    PACKAGES is a folder (made if it is missing) or a storage URL; without it, the one of the settings.
    """
    settings = config.load(os.environ, {"packages": packages})
    _see_that_it_is_free(host, port)
    try:
        settings = replace(settings, expected_share=app.prepare(settings))
    except ShareUnavailable as away:  # the workers wait for it
        click.echo(f"{settings.packages}: {away}", err=True)
    chosen = {name: value for name, value in {"workers": workers, "threads": threads}.items() if value}

    def tell(root: str) -> None:
        click.echo(f"Source for NuGet clients: {settings.base_url or root}/v3/index.json")
        if not settings.api_key:
            click.echo("Nobody can push: set NUGETLITE_API_KEY to allow it.", err=True)

    serving.serve(lambda: app.create_app(settings), host=host, port=port, on_ready=tell, **chosen)


def _see_that_it_is_free(host: str, port: int) -> None:
    """Raise ``ConfigError`` if nobody can listen there; gunicorn would try for five seconds, and tell of each."""
    if HANDED_OVER & os.environ.keys():
        return
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        why = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise ConfigError(
            f"Nobody can listen at {host}, port {port} ({why}); choose another --port or --host"
        ) from error
