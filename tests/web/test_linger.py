"""Whoever is answered before everything was sent gets to hear the answer."""

import socket
from io import BytesIO
from threading import Thread
from time import monotonic, sleep

import pytest

from nugetlite.web import linger
from nugetlite.web.body import SHORT_REST
from nugetlite.web.linger import hear_out

ANSWER = b"HTTP/1.1 403 That key is wrong\r\n\r\n"


@pytest.fixture
def ends():
    """The two ends of one TCP connection: the client's and the server's."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname(), timeout=10) as client,
        listener.accept()[0] as server,
    ):
        yield client, server


def answer_and_end(server):
    server.sendall(ANSWER)
    linger.linger(server)
    server.close()


def test_a_client_that_sends_everything_first_hears_the_answer(ends):
    client, server = ends
    serving = Thread(target=answer_and_end, args=[server])
    serving.start()

    client.sendall(bytes(60 * linger.MIB))

    assert client.makefile("rb").read() == ANSWER
    client.close()
    serving.join(1)
    assert not serving.is_alive()


def test_a_client_that_goes_on_sending_is_left_in_the_end(ends):
    client, server = ends
    Thread(target=answer_and_end, args=[server]).start()
    with pytest.raises(ConnectionError):
        client.sendall(bytes(linger.MOST + 32 * linger.MIB))


@pytest.mark.parametrize("trickles", [False, True])
def test_a_client_that_sends_next_to_nothing_is_left_soon(ends, monkeypatch, trickles):
    monkeypatch.setattr(linger, "SECONDS_PER_MIB", 0.2)
    client, server = ends
    serving = Thread(target=answer_and_end, args=[server])
    began = monotonic()
    serving.start()
    while serving.is_alive():
        if trickles:
            client.send(b"x")
        serving.join(0.05)
    assert 0.2 <= monotonic() - began < 1


def test_a_client_that_goes_on_sending_is_listened_to_while_it_is_quick(ends, monkeypatch):
    monkeypatch.setattr(linger, "SECONDS_PER_MIB", 0.5)
    client, server = ends
    Thread(target=answer_and_end, args=[server]).start()
    for _ in range(4):
        client.sendall(bytes(linger.MIB))
        sleep(0.2)
    client.shutdown(socket.SHUT_WR)
    assert client.makefile("rb").read() == ANSWER


def test_whoever_closes_the_connection_afterwards_need_not_wait(ends, monkeypatch):
    monkeypatch.setattr(linger, "SECONDS_PER_MIB", 0.05)
    _, server = ends
    linger.linger(server)
    server.settimeout(5)
    assert server.recv(1) == b""


def test_a_connection_that_is_gone_already_is_no_error(ends):
    client, server = ends
    client.close()
    linger.linger(server)
    server.close()
    linger.linger(server)


# ---- around an application


class Response:
    """As gunicorn's: it has a ``start_response`` and can be told that the connection ends with it."""

    said_close = False

    def force_close(self):
        self.said_close = True

    def start_response(self, status, headers, exc_info=None):
        return lambda data: None


def refuse(environ, start_response):
    start_response("403 That key is wrong", [])
    return [b"no"]


def read_and_refuse(environ, start_response):
    environ["wsgi.input"].read()
    return refuse(environ, start_response)


@pytest.mark.parametrize(
    ("app", "framing", "says_close"),
    [
        (refuse, {}, False),
        (refuse, {"CONTENT_LENGTH": "0"}, False),
        (refuse, {"CONTENT_LENGTH": "10"}, False),
        (refuse, {"CONTENT_LENGTH": str(SHORT_REST + 1)}, True),
        (refuse, {"HTTP_TRANSFER_ENCODING": "chunked"}, True),
        (read_and_refuse, {"CONTENT_LENGTH": str(SHORT_REST + 1)}, False),
        (read_and_refuse, {"HTTP_TRANSFER_ENCODING": "chunked"}, False),
    ],
)
def test_a_connection_is_used_again_unless_too_much_is_still_coming(ends, app, framing, says_close):
    client, server = ends
    client.close()
    response = Response()
    body = BytesIO(b"x" * int(framing.get("CONTENT_LENGTH", 10)))
    environ = {"wsgi.input": body, "gunicorn.socket": server, **framing}

    answer = hear_out(app)(environ, response.start_response)
    assert list(answer) == [b"no"]
    getattr(answer, "close", lambda: None)()

    assert response.said_close is says_close
    if says_close:
        with pytest.raises(BrokenPipeError):
            server.send(b"more")


def test_another_server_than_gunicorn_is_left_to_its_own_ways():
    environ = {"wsgi.input": BytesIO(b"x"), "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = hear_out(refuse)(environ, lambda status, headers, exc_info=None: lambda data: None)
    assert list(answer) == [b"no"]
    answer.close()


def test_what_has_no_body_is_handed_on_untouched():
    whole = [b"a file that gunicorn sends by itself"]
    assert hear_out(lambda environ, start_response: whole)({"wsgi.input": BytesIO()}, None) is whole
