"""No key gets anywhere but into the comparison: not into logs, the database, the share or an answer."""

import base64
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import urllib3

from nugetlite.testing import nupkg

ROOT = Path(__file__).parents[2]
RIGHT, WRONG = "API-RIGHTKEY0123456789", "API-WRONGKEY9876543210"
PUSH = "/v3/package/"


@pytest.fixture
def talkative_server(share, tmp_path):
    """gunicorn with all its logs on, as somebody runs it who looks for a fault."""
    log = tmp_path / "log"
    ours = {
        name: value for name, value in os.environ.items() if not name.startswith(("NUGETLITE_", "GUNICORN_"))
    }
    ours |= {"NUGETLITE_PACKAGES": str(share), "NUGETLITE_API_KEY": RIGHT, "NUGETLITE_SCAN_INTERVAL": "1"}
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", "127.0.0.1:0", "--workers", "1"]
    command += ["--log-level", "debug", "--access-logfile", "-", "--capture-output"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=ours, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 30
        while not (found := re.search(r"Listening at: (http://127\.0\.0\.1:\d+)", log.read_text())):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield found[1], log
    finally:
        process.kill()
        process.wait()


def ways_to_send(key):
    basic = base64.b64encode(f"somebody:{key}".encode()).decode()
    return [
        {"X-NuGet-ApiKey": key},
        {"X-Octopus-ApiKey": key},
        {"Authorization": f"Bearer {key}"},
        {"Authorization": f"Basic {basic}"},
        {"Authorization": f"Digest {key}"},
        {"Cookie": f"key={key}"},
    ]


def test_no_key_is_found_anywhere_afterwards(talkative_server, share):
    url, log = talkative_server
    http = urllib3.PoolManager(retries=False)
    told = []

    def ask(method, path, **options):
        answer = http.request(method, url + path, **options)
        told.append(f"{answer.reason} {dict(answer.headers)} {answer.data!r}")
        return answer.status

    assert ask("PUT", PUSH, body=nupkg("Contoso.Json", "1.0.0"), headers={"X-NuGet-ApiKey": RIGHT}) == 201
    for key in (RIGHT, WRONG):
        for headers in ways_to_send(key):
            ask("PUT", PUSH, body=b"no package", headers=headers)
            ask("GET", "/v3/index.json", headers=headers)
            ask("GET", f"/nowhere/{'x' * 20}", headers=headers)
        ask("PUT", f"{PUSH}?apikey={key}", body=b"no package")
        ask("DELETE", f"/v3/package/Contoso.Json/1.0.0?apikey={key}")
        ask("GET", f"/v3/search?apikey={key}")
        ask("POST", "/api/users/login", json={"Username": key, "Password": key})
    assert ask("DELETE", "/v3/package/Contoso.Json/1.0.0", headers={"X-NuGet-ApiKey": RIGHT}) == 204
    assert ask("GET", "/metrics") == 200
    assert ask("GET", "/v3/catalog/page0.json") == 200

    kept = [path.read_bytes() for path in share.rglob("*") if path.is_file()]
    everything = b"\n".join([log.read_bytes(), *kept, *[each.encode() for each in told]])
    assert b"PUT /v3/package/" in everything, "the log is on"
    assert b"127.0.0.1, PUT /v3/package/: The API key " in log.read_bytes()
    for key in (RIGHT, WRONG):
        for form in (key, base64.b64encode(key.encode()).decode().rstrip("="), key.lower()):
            assert form.encode() not in everything
        assert base64.b64encode(f"somebody:{key}".encode()) not in everything
    assert b"Traceback" not in everything
