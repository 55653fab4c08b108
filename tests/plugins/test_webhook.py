"""Every push is told to a web address."""

import json
import logging
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from threading import Thread

import pytest

from nugetlite.testing import nupkg


@pytest.fixture
def hook():
    """A web server that somebody's chat might be: ``url``, the news it ``got``, and the ``status`` it answers."""

    class Chat(BaseHTTPRequestHandler):
        def do_POST(self):
            news = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(server.status)
            self.end_headers()
            server.got.put((self.path, news))

        def log_message(self, *_):
            """Not into the test's output."""

    with HTTPServer(("127.0.0.1", 0), Chat) as server:
        server.got, server.status = Queue(), 204
        server.url = f"http://127.0.0.1:{server.server_port}/hush-key"
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield server
        server.shutdown()


def test_a_push_is_told(make_site, hook):
    client = make_site(overwrite="always", plugin_settings={"webhook": {"url": hook.url}})

    client.push(nupkg("Contoso.Json", "1.2.0"))

    told = {"package": "Contoso.Json 1.2.0", "by": "administrator", "replaced": False}
    assert hook.got.get(timeout=10) == ("/hush-key", told)

    client.push(nupkg("Contoso.Json", "1.2.0", description="Another one."))

    assert hook.got.get(timeout=10) == ("/hush-key", {**told, "replaced": True})


def test_a_refused_push_is_no_news(make_site, hook):
    client = make_site(plugin_settings={"webhook": {"url": hook.url}})

    assert client.push(nupkg("Contoso.Json", "1.2.0"), key="wrong").status_code == 403
    client.push(nupkg("Contoso.Json", "1.2.1"))

    assert hook.got.get(timeout=10)[1]["package"] == "Contoso.Json 1.2.1"
    assert hook.got.empty()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/hush-key", "gopher://127.0.0.1/hush-key"])
def test_an_address_that_does_not_answer_is_told_in_the_log(make_site, caplog, url):
    client = make_site(plugin_settings={"webhook": {"url": url}})

    assert client.push(nupkg("Contoso.Json", "1.2.0")).status_code == 201

    assert "the news of Contoso.Json 1.2.0 did not get through" in logged(caplog)
    assert "hush" not in caplog.text


def test_an_address_that_says_no_is_told_in_the_log(make_site, caplog, hook):
    hook.status = 410
    client = make_site(plugin_settings={"webhook": {"url": hook.url}})

    client.push(nupkg("Contoso.Json", "1.2.0"))

    assert "the news of Contoso.Json 1.2.0 was answered with 410" in logged(caplog)


def logged(caplog):
    """What the plugin's thread has to say, once it has said it."""
    late = time.monotonic() + 10
    while time.monotonic() < late:
        if found := [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]:
            return found[0]
        time.sleep(0.01)
    raise AssertionError("nothing was logged")
