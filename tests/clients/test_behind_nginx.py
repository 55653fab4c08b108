"""The feed behind nginx, which speaks TLS for it and puts it under a path of its own."""

import os
import re
import socket
import subprocess
import time
from http import HTTPStatus
from shutil import which

import pytest

pytestmark = pytest.mark.client

PREFIX = "/feeds/main"
NGINX = """
{user}
daemon off;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate cert.pem;
        ssl_certificate_key key.pem;
        client_max_body_size 0;
        location {prefix}/ {{
            proxy_pass http://127.0.0.1:{upstream}/;
            proxy_http_version 1.1;
            proxy_request_buffering off;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_set_header X-Forwarded-Prefix {prefix};
        }}
    }}
}}
"""


@pytest.fixture
def certificate(tmp_path):
    """A certificate for this machine that nobody but these tests trusts; its key beside it."""
    file = tmp_path / "cert.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    files = ["-keyout", tmp_path / "key.pem", "-out", file]
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            *names,
            *files,
        ],
        check=True,
        capture_output=True,
    )
    return file


@pytest.fixture
def feed(make_feed):
    """A feed that believes one proxy."""
    return make_feed(trusted_proxies=1)


@pytest.fixture
def outside(feed, certificate, tmp_path, free_port):
    """The feed's URL as the world sees it."""
    user = "user root;" if os.geteuid() == 0 else ""  # whose files the temporary folder holds
    config = NGINX.format(user=user, port=free_port, upstream=feed.port, prefix=PREFIX)
    (tmp_path / "nginx.conf").write_text(config)
    nginx = which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    with subprocess.Popen([nginx, "-p", f"{tmp_path}/", "-c", "nginx.conf", "-e", "stderr"]) as process:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", free_port)).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"https://127.0.0.1:{free_port}{PREFIX}"
        process.terminate()


def test_every_url_leads_through_the_proxy(outside, certificate, make_workspace, packages):
    workspace = make_workspace(f"{outside}/v3/index.json", SSL_CERT_FILE=str(certificate))

    pushed = workspace.dotnet.push(packages("Contoso.Greeting", "1.1.0"))
    app = workspace.app()
    added = app.add_package("Contoso.Greeting")

    assert pushed.ok
    assert added.ok
    urls = re.findall(r"https?://[\w.:/-]+", pushed.output + added.output)
    assert urls
    assert all(url.startswith(outside) for url in urls)
    assert app.restore("--no-cache").ok
    assert app.build().ok
    assert app.run().output == "Hello, world, from Contoso.Greeting 1.1.0\n"
    assert app.list_packages("--outdated").ok


def test_the_reason_of_a_refusal_passes_the_proxy(outside, certificate, make_workspace, packages):
    workspace = make_workspace(f"{outside}/v3/index.json", SSL_CERT_FILE=str(certificate))

    refused = workspace.dotnet.push(packages("Contoso.Greeting", "1.1.0"), key="another-key")

    assert not refused.ok
    assert refused.gives_reason(HTTPStatus.FORBIDDEN)
