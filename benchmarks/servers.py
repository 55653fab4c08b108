"""Servers to measure: the feed as users start it, and yardsticks under the same gunicorn with the same settings."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic, sleep

ROOT = Path(__file__).parent.parent
PLACE = ROOT / ".cache" / "benchmarks"  #: on a real disk, and the same one for the feed and its yardsticks
KEY = "benchmark"
WORKERS = 2
PATIENCE = 60.0  #: seconds until a server that does not answer is given up

NGINX = """
{user}
worker_processes {workers};
daemon off;
pid {folder}/nginx.pid;
events {{ worker_connections 768; }}
http {{
    sendfile on;
    tcp_nopush on;
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    port: int
    pid: int  #: of its first process

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def workers(self) -> list[int]:
        """The processes that answer."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(pid) for pid in children.read_text().split()]


@contextmanager
def feed(packages: Path, *, wait_for: str = "/health/ready", **settings: str) -> Iterator[Running]:
    """The feed over a folder, ready to answer; ``settings`` by their names."""
    told = {"packages": str(packages), "api_key": KEY, **settings}
    environment = {f"NUGETLITE_{name.upper()}": value for name, value in told.items()}
    with gunicorn("wsgi:app", environment, wait_for) as running:
        yield running


@contextmanager
def gunicorn(
    app: str, environment: Mapping[str, str] | None = None, wait_for: str = "/"
) -> Iterator[Running]:
    """A WSGI application, run as the feed is: the same gunicorn settings, the same number of workers."""
    port = _free_port()
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        app,
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        str(WORKERS),
    ]
    with _process(command, {**_clean_environment(), **(environment or {})}) as process:
        _until_it_answers(process, port, wait_for, below=300)
        yield Running(port, process.pid)


@contextmanager
def nginx(root: Path, folder: Path) -> Iterator[Running]:
    """nginx over the files below ``root``; ``folder`` is for what it writes."""
    port = _free_port()
    user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(user=user, workers=WORKERS, folder=folder, port=port, root=root))
    command = ["nginx", "-e", str(folder / "nginx.log"), "-c", str(config)]
    with _process(command, _clean_environment()) as process:
        _until_it_answers(process, port, "/", below=500)
        yield Running(port, process.pid)


def get(running: Running, path: str, *, gzip: bool = False) -> bytes:
    """The body of one GET; raises ``RuntimeError`` if it is not answered with 200."""
    connection = HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE)
    connection.request("GET", path, headers={"Accept-Encoding": "gzip"} if gzip else {})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"GET {path}: {answer.status} {answer.reason}")
    return body


@contextmanager
def _process(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    PLACE.mkdir(parents=True, exist_ok=True)
    with (PLACE / "servers.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait()


def _clean_environment() -> dict[str, str]:
    """Ours, without anybody's settings for a feed."""
    return {name: value for name, value in os.environ.items() if not name.startswith("NUGETLITE_")}


def _until_it_answers(process: subprocess.Popen[bytes], port: int, path: str, *, below: int) -> None:
    """Wait until a path is answered, with a status below that."""
    end = monotonic() + PATIENCE
    while monotonic() < end and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            if connection.getresponse().status < below:
                return
        except (OSError, HTTPException):
            pass
        finally:
            connection.close()
        sleep(0.005)
    raise RuntimeError(f"{process.args!r} does not answer; see {PLACE / 'servers.log'}")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
