"""How the feed runs under gunicorn: what is believed of a request, who waits how long, how a connection ends.

Both ways to start it come here: ``gunicorn wsgi:app`` through the ``gunicorn.conf.py`` beside it, ``nugetlite
serve`` by calling ``serve``. The names in this module that gunicorn knows are its settings; what its command
line says wins.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # gunicorn comes without types
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from nugetlite.app import prepare
from nugetlite.config import EXPECTED_SHARE, load
from nugetlite.errors import ConfigError, ShareUnavailable
from nugetlite.web.linger import linger

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIApplication

PATIENCE = 60  #: seconds that a connection may stand still in the middle of a request or an answer


def serve(
    make_app: Callable[[], WSGIApplication],
    *,
    host: str,
    port: int,
    on_ready: Callable[[str], None],
    **settings: object,
) -> None:
    """Run what ``make_app`` makes, in every worker anew, until somebody ends this process.

    ``on_ready`` is told once where it is to be reached, ``http://127.0.0.1:5000``. ``settings`` are gunicorn's.
    """

    def when_ready(arbiter: Any) -> None:
        name, number = arbiter.LISTENERS[0].getsockname()[:2]
        reached_as = socket.gethostname() if name in ("0.0.0.0", "::") else _bracketed(name)  # noqa: S104 -- told, not opened
        on_ready(f"http://{reached_as}:{number}")

    bind = f"{_bracketed(host)}:{port}"
    _Server(make_app, {**globals(), "bind": bind, "when_ready": when_ready, **settings}).run()


class _Server(BaseApplication):  # type: ignore[misc]  # a class without types
    def __init__(self, make_app: Callable[[], WSGIApplication], settings: dict[str, object]) -> None:
        self._make_app = make_app
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        for name in self._settings.keys() & self.cfg.settings.keys():
            self.cfg.set(name, self._settings[name])

    def load(self) -> WSGIApplication:
        return self._make_app()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


class Worker(ThreadWorker):  # type: ignore[misc]  # a class without types
    """gunicorn's worker with threads, except that none of its clients can hold up those that come after.

    It takes a connection only if a thread is free to serve it. gunicorn 27 takes all it can get and lets them
    queue: with ten slow uploads at two workers of eight threads, two of three requests waited although the
    other worker had threads to spare.

    Each thread sees its connections to their end. gunicorn 27 waits up to two seconds for a client to close, in
    the one loop that takes connections for all threads: five clients in no hurry made everybody wait ten
    seconds, and more got the worker killed.
    """

    _busy = 0  # threads; counted in the loop, which alone hands work to them and hears when it is done

    def load_wsgi(self) -> None:
        """Make the application; if it cannot be made as it is set up, one line says why, and gunicorn ends."""
        try:
            super().load_wsgi()
        except ConfigError as error:
            print(f"nugetlite: {error}", file=sys.stderr, flush=True)
            sys.exit(Arbiter.WORKER_BOOT_ERROR)

    def enqueue_req(self, conn: Any) -> None:
        """Have a thread serve the next request of a connection."""
        self._busy += 1
        super().enqueue_req(conn)
        self.set_accept_enabled(self._accepting)

    def finish_request(self, conn: Any, future: Any) -> None:
        """Hear that a thread is done."""
        self._busy -= 1
        super().finish_request(conn, future)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Take connections, or leave them to other workers; the loop asks for the first whenever it turns."""
        super().set_accept_enabled(enabled and self._busy < self.cfg.threads)

    def handle(self, conn: Any) -> Any:
        """Serve one request, in a thread; says whether the connection goes on."""
        goes_on = super().handle(conn)
        if goes_on is False:
            linger(conn.sock)
        return goes_on


def on_starting(server: object) -> None:
    """Stop before there is a worker if something is set up wrongly; one line says what.

    Workers are told which share was found. One that starts later, while the share is away and an empty folder
    is in its place, then knows better than to take that for a new one.
    """
    try:
        os.environ[EXPECTED_SHARE] = prepare(load(os.environ))
    except ConfigError as error:
        sys.exit(f"nugetlite: {error}")
    except ShareUnavailable as error:
        print(f"nugetlite: {error}", file=sys.stderr, flush=True)  # the workers wait for it


def post_fork(server: object, worker: Any) -> None:
    """Let no connection of ``worker`` stand still for ever, be it in a header, a body or an answer.

    The listening sockets are told, and every connection takes it over from them (Linux). It costs a request
    nothing, and there is no other way to limit headers, which gunicorn reads before anybody is asked.
    """
    for listener in worker.sockets:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", PATIENCE, 0))
        if listener.family != socket.AF_UNIX and hasattr(socket, "TCP_USER_TIMEOUT"):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, PATIENCE * 1000)


worker_class = Worker
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 16
keepalive = 75  # nginx lets go of a connection after 60, and so never uses one that is just being closed

# A worker that gives no sign of life is replaced. An upload may take all day: another thread gives the sign.
timeout = 60
graceful_timeout = 30
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 -- a sign waits for no disk

# What a request says about where it comes from is not believed here, not even from 127.0.0.1, where gunicorn
# would. The application believes as many proxies as `trusted_proxies` counts.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
header_map = "drop"

limit_request_line = 8190  # nuget.exe asks for the updates of a whole solution in one URL
limit_request_fields = 100
limit_request_field_size = 8190

# People put keys into headers and queries, so an access log, if one is asked for, has neither.
accesslog = None
access_log_format = '%(h)s %(t)s "%(m)s %(U)s %(H)s" %(s)s %(B)s %(M)sms'

control_socket_disable = True  # all feeds of one user would share it
