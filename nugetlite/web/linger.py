"""Lets a client hear an answer that comes before it has sent everything.

A client that is refused while it still sends (no key, too large) and finds the connection closed sees
"broken pipe" and no reason: .NET and nuget.exe read the answer only once they have sent all. So the answer
goes out at once and says that the connection ends with it; then what still comes is taken, unseen, as long as
it comes quickly. Measured with gunicorn answering 403 to a client that sends 60 MB before it looks: closed,
the client failed after 0.1 to 3 MB; lingering, it sent everything in 0.1 s and read the reason.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

from werkzeug.wsgi import ClosingIterator

from nugetlite.web.body import Body

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

MIB = 1024 * 1024
MOST = 64 * MIB  #: that a refused client may go on to send
SECONDS_PER_MIB = 2.0  #: that it may take; a client that sends nothing is left after as long


def hear_out(app: WSGIApplication) -> WSGIApplication:
    """``app``, wrapped outermost, such that every client gets to hear what it answers."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not environ.get("CONTENT_LENGTH") and "HTTP_TRANSFER_ENCODING" not in environ:
            return app(environ, start_response)
        body = environ["wsgi.input"] = Body(environ)

        def start(*answer: Any) -> Any:
            if body.ends_connection:
                _announce_the_end(start_response)
            return start_response(*answer)

        def after_the_answer() -> None:
            if body.ends_connection and (connection := environ.get("gunicorn.socket")):
                linger(connection)

        return ClosingIterator(app(environ, start), after_the_answer)

    return serve


def linger(connection: socket.socket) -> None:
    """End a connection on which all is said, and take for a while what the other side goes on to send.

    To close it with bytes unread would reset it, and many clients then throw away what they have not read.
    """
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        _discard(connection)
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)  # whoever closes it then has nothing to wait for


def _discard(connection: socket.socket) -> None:
    taken = 0
    waste = bytearray(64 * 1024)
    deadline = monotonic() + SECONDS_PER_MIB
    while taken < MOST and (left := deadline - monotonic()) > 0:
        connection.settimeout(left)
        came = connection.recv_into(waste)
        if not came:
            return
        if taken // MIB < (taken + came) // MIB:
            deadline = monotonic() + SECONDS_PER_MIB
        taken += came


def _announce_the_end(start_response: StartResponse) -> None:
    """Have gunicorn say ``Connection: close``, so that clients can stop sending; WSGI has no words for it."""
    response = getattr(start_response, "__self__", None)
    if force_close := getattr(response, "force_close", None):
        force_close()
