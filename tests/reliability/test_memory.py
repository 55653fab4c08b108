"""What a request costs a worker: little, however large it is, and nothing when it is over."""

import os
from hashlib import sha1
from io import BytesIO
from itertools import chain
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pytest

from nugetlite.octodiff.commands import Copy, Data, header
from nugetlite.testing import nuspec

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory, real_server):
    folder = tmp_path_factory.mktemp("memory")
    (folder / "log").touch()
    server = real_server(folder / "packages", folder / "log", workers=1, threads=4, scan_interval=0)
    yield server
    server.kill()


@pytest.fixture
def memory(server):
    """Read a figure about the one worker's memory, in bytes: ``VmRSS`` now, ``VmHWM`` at most."""
    assert server.ask("GET", "/health/live").status == 200  # so the worker has been started
    [worker] = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()

    def memory(figure):
        for line in Path(f"/proc/{worker}/status").read_text().splitlines():
            if line.startswith(f"{figure}:"):
                return int(line.split()[1]) * 1024
        raise AssertionError(figure)

    return memory


def push(server, body, **headers):
    answer = server.ask("PUT", "/v3/package/", body=body, headers=headers)
    return answer.status


def test_many_refused_pushes_leave_nothing_in_memory(server, memory):
    rubbish = b"PK\3\4" + os.urandom(200_000)
    key = {"X-NuGet-ApiKey": "test-key"}
    for _ in range(20):
        assert push(server, rubbish, **key) == 400
    before = memory("VmRSS")

    for _ in range(300):
        assert push(server, rubbish, **key) == 400

    assert memory("VmRSS") - before < 16 * MIB


def test_a_large_package_passes_through_in_small_pieces(server, memory, tmp_path):
    package, block = tmp_path / "large.nupkg", os.urandom(MIB)
    with ZipFile(package, "w", ZIP_STORED) as zip:
        zip.writestr("Contoso.Large.nuspec", nuspec("Contoso.Large", "1.0.0"))
        with zip.open("lib/a.bin", "w") as entry:
            for _ in range(200):
                entry.write(block)
    before = memory("VmHWM")

    with package.open("rb") as body:
        length = {"Content-Length": str(package.stat().st_size)}
        assert push(server, body, **{"X-NuGet-ApiKey": "test-key"}, **length) == 201
    url = "/v3/content/contoso.large/1.0.0/contoso.large.1.0.0.nupkg"
    answer = server.ask("GET", url, preload_content=False)
    received = sum(len(piece) for piece in answer.stream(MIB))

    assert received == package.stat().st_size
    assert memory("VmHWM") - before < 48 * MIB


def test_a_large_archive_and_its_successor_as_a_delta_too(server, memory, tmp_path):
    old, block, size = tmp_path / "old.zip", os.urandom(MIB), 80 * MIB
    old.write_bytes(block * (size // MIB))
    successor = sha1(old.read_bytes() + block)
    key = {"X-Octopus-ApiKey": "test-key"}
    before = memory("VmHWM")

    with old.open("rb") as content:
        status = upload(server, "/api/packages/raw", "Acme.Large.1.0.0.zip", content, size, key)
    assert status == 201
    url = "/api/packages/Acme.Large/1.1.0/delta-signature"
    assert server.ask("GET", url, headers=key).status == 200
    delta = b"".join([header(successor.digest()), bytes(Copy(0, size)), bytes(Data(MIB)), block])
    url = "/api/packages/Acme.Large/1.0.0/delta"
    assert upload(server, url, "Acme.Large.1.1.0.zip", BytesIO(delta), len(delta), key) == 201

    assert memory("VmHWM") - before < 48 * MIB


def upload(server, url, name, content, size, headers):
    """Send a file as multipart, piece by piece."""
    start = f'--b\r\nContent-Disposition: form-data; name=file; filename="{name}"\r\n\r\n'.encode()
    body = chain([start], iter(lambda: content.read(MIB), b""), [b"\r\n--b--\r\n"])
    framing = {
        "Content-Type": "multipart/form-data; boundary=b",
        "Content-Length": str(len(start) + size + 9),
    }
    return server.ask("POST", url, body=body, headers={**headers, **framing}).status
