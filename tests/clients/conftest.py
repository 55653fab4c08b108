"""Real clients and a real server: what the stories in this folder are told with.

    packages    what .NET's own SDK packed: Contoso.Greeting in five versions, Contoso.Chatter which needs it
    feed        a server of its own for one test, on a folder and a port of its own
    workspace   a developer's machine: an empty home, empty caches, a nuget.config with one source, the feed
    stocked     one server for all tests that only read; it holds all of the packages
    reader      a workspace that uses it

Everything that a client prints, and what the server wrote, is shown by pytest when a test fails.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from hashlib import sha512
from http import HTTPStatus
from http.client import HTTPConnection
from io import FileIO
from pathlib import Path
from random import randrange
from threading import Timer
from urllib.parse import urlsplit

import pytest

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
CLIENTS = REPOSITORY / ".cache" / "clients"
KEY = "the-key-of-these-tests"
LONGEST = 180.0  #: seconds that a client's command may take
READ = 64 * 1024  #: bytes at a time
PATIENCE = 60.0  #: seconds that a server has for a start, a scan or a stop

CONFIG = """<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <packageSources>
    <clear/>
    <add key="feed" value="{source}"/>
  </packageSources>{credentials}
</configuration>
"""
CREDENTIALS = """
  <packageSourceCredentials>
    <feed>
      <add key="Username" value="{user}"/>
      <add key="ClearTextPassword" value="{password}"/>
    </feed>
  </packageSourceCredentials>"""
PROJECT = """<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>netcoreapp3.1</TargetFramework>
    <UseAppHost>false</UseAppHost>
  </PropertyGroup>
  <ItemGroup>
    {references}
  </ItemGroup>
</Project>
"""


@dataclass(frozen=True)
class Outcome:
    """How a client's command ended, and all that it printed."""

    status: int
    output: str

    @property
    def ok(self) -> bool:
        """The client took it for a success."""
        return self.status == 0

    @property
    def lines(self) -> list[str]:
        """What it printed, line by line; without what mono says of files that it would like to watch."""
        lines = [line.strip() for line in self.output.splitlines()]
        return [line for line in lines if line and not line.startswith("Write fault on path")]

    def gives_reason(self, status: HTTPStatus) -> bool:
        """The person at the keyboard reads the status and a sentence of the server's own, not its name."""
        _, _, rest = self.output.partition(f"{status:d} (")
        sentence = rest.partition(").")[0]
        return " " in sentence and sentence.lower() != status.phrase.lower()


class Client:
    """A program that is run in a workspace."""

    def __init__(self, program: str, workspace: Workspace) -> None:
        self.program = str(CLIENTS / "bin" / program)
        self.workspace = workspace

    def run(self, *arguments: object, cwd: Path | None = None) -> Outcome:
        """Run one command to its end, whatever end that is."""
        command = [self.program, *map(str, arguments)]
        print("$", *command)
        outcome = self._outcome(command, cwd or self.workspace.folder)
        print(outcome.output, f"[{outcome.status}]", sep="")
        return outcome

    def _outcome(self, command: Sequence[str], cwd: Path) -> Outcome:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=self.workspace.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LONGEST,
            check=False,
        )
        return Outcome(done.returncode, done.stdout.decode(errors="replace"))


class Dotnet(Client):
    """.NET's own command line: NuGet 5.4."""

    def push(self, package: Path | str, *options: str, source: str = "feed", key: str = KEY) -> Outcome:
        """``dotnet nuget push``, without a key if it is empty."""
        keys = ["--api-key", key] if key else []
        return self.run("nuget", "push", package, "--source", source, *keys, *options)

    def delete(self, id: str, version: str, *, source: str = "feed", key: str = KEY) -> Outcome:
        """``dotnet nuget delete``."""
        return self.run(
            "nuget", "delete", id, version, "--source", source, "--api-key", key, "--non-interactive"
        )


class NuGetExe(Client):
    """nuget.exe 3.4.4, which knows V3 but nothing of SemVer 2."""

    def run(self, *arguments: object, cwd: Path | None = None) -> Outcome:
        """Run one command; it never asks, and reads no configuration but the workspace's."""
        config = self.workspace.folder / "nuget.config"
        return super().run(*arguments, "-NonInteractive", "-ConfigFile", config, cwd=cwd)

    def push(self, package: Path, *, source: str = "feed", key: str = KEY) -> Outcome:
        """``nuget push``."""
        return self.run("push", package, key, "-Source", source)

    def delete(self, id: str, version: str, *, source: str = "feed", key: str = KEY) -> Outcome:
        """``nuget delete``."""
        return self.run("delete", id, version, key, "-Source", source)

    def install(self, id: str, *options: str) -> Outcome:
        """``nuget install``, into the workspace's ``installed`` folder."""
        return self.run("install", id, "-OutputDirectory", "installed", "-NoCache", *options)

    def list(self, *options: str, source: str = "feed") -> list[str]:
        """``nuget list``: the lines that it prints."""
        listed = self.run("list", *options, "-Source", source)
        assert listed.ok
        return listed.lines

    def add(self, package: Path, share: Path) -> Outcome:
        """``nuget add``: put a package into a folder feed, without any server."""
        return self.run("add", package, "-Source", share)

    @property
    def installed(self) -> list[str]:
        """The folders that ``install`` made, one a package."""
        return sorted(folder.name for folder in (self.workspace.folder / "installed").glob("*"))


class NuGetExe2(NuGetExe):
    """nuget.exe 2.8.7, which knows V2 only. It lists packages on a terminal or not at all."""

    def pack(self, manifest: Path) -> Outcome:
        """``nuget pack``; the package lies beside its manifest then."""
        return Client.run(self, "pack", manifest, "-OutputDirectory", manifest.parent)

    def push(self, package: Path, *, source: str = "feed", key: str = KEY) -> Outcome:
        """``nuget push``; a path that begins with ``/`` is one below its folder to it."""
        return self.run("push", package.name, key, "-Source", source, cwd=package.parent)

    def update(self, project: Path) -> Outcome:
        """``nuget update`` of a project with a ``packages.config`` beside it."""
        return self.run("update", "packages.config", "-RepositoryPath", "packages", cwd=project)

    def _outcome(self, command: Sequence[str], cwd: Path) -> Outcome:
        """Run it on a terminal of 50 lines with 200 columns; without one it divides its output by their number."""
        ours, its = os.openpty()
        with FileIO(ours) as terminal:
            fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
            environment = {**self.workspace.environment, "TERM": "xterm"}
            process = subprocess.Popen(
                command, cwd=cwd, env=environment, stdin=its, stdout=its, stderr=its, start_new_session=True
            )
            os.close(its)
            watch = Timer(LONGEST, process.kill)
            watch.start()
            printed = b"".join(iter(lambda: _read(terminal), b""))
            watch.cancel()
        text = re.sub("\x1b[^a-zA-Z=>]*[a-zA-Z=>]|\r", "", printed.decode(errors="replace"))
        return Outcome(process.wait(), text)


def _read(terminal: FileIO) -> bytes:
    """What came to a terminal; nothing once nobody writes to it any more."""
    try:
        return terminal.read(READ) or b""
    except OSError:  # Linux tells the end so
        return b""


class Choco(Client):
    """pychoco: searches and pushes as Chocolatey does."""

    def search(self, terms: str, *options: str, source: str) -> list[str]:
        """``choco search``: the lines that it prints."""
        found = self.run("search", "--source", source, *options, terms)
        assert found.ok
        return found.lines

    def push(self, package: Path, *, source: str, key: str = KEY) -> Outcome:
        """``choco push``, with the key that ``choco apikey`` stored."""
        assert self.run("apikey", "add", "--source", source, "--key", key).ok
        return self.run("push", "--source", source, package)


class Workspace:
    """A developer's machine as one folder; all that it knows of packages comes from one source."""

    def __init__(
        self, folder: Path, source: str, user: str = "", password: str = "", **environment: str
    ) -> None:
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "temp"),
            "NUGET_PACKAGES": str(folder / "packages"),
            **environment,
        }
        for name in ("home", "temp"):
            (folder / name).mkdir(parents=True)
        credentials = CREDENTIALS.format(user=user, password=password) if password else ""
        (folder / "nuget.config").write_text(CONFIG.format(source=source, credentials=credentials))
        self.dotnet = Dotnet("dotnet", self)
        self.nuget = NuGetExe("nuget", self)
        self.nuget2 = NuGetExe2("nuget2", self)
        self.choco = Choco("choco", self)

    def app(self, references: Mapping[str, str] | None = None) -> App:
        """A console program that prints a greeting; ``references`` are the versions it wants by id."""
        shutil.copytree(HERE / "projects" / "App", self.folder / "App")
        app = App(self.folder / "App", self.dotnet)
        app.refer(references or {})
        return app

    def holds(self, package: Path, id: str, version: str) -> bool:
        """A restore brought ``package`` here, byte for byte."""
        restored = self.folder / "packages" / id.lower() / version / f"{id.lower()}.{version}.nupkg"
        return restored.exists() and digest(restored) == digest(package)


class App:
    """A project that uses packages."""

    def __init__(self, folder: Path, dotnet: Dotnet) -> None:
        self.folder = folder
        self.dotnet = dotnet

    def refer(self, references: Mapping[str, str], *, item: str = "PackageReference") -> None:
        """Write the project anew, with these versions of these packages: ``{"Contoso.Greeting": "1.*"}``."""
        items = [f'<{item} Include="{id}" Version="{version}"/>' for id, version in references.items()]
        (self.folder / "App.csproj").write_text(PROJECT.format(references="\n    ".join(items)))

    def add_package(self, id: str, *options: str) -> Outcome:
        """``dotnet add package``."""
        return self.dotnet.run("add", self.folder, "package", id, *options)

    def restore(self, *options: str) -> Outcome:
        """``dotnet restore``, all anew; with ``--no-cache`` it asks even what it asked a minute ago."""
        return self.dotnet.run("restore", self.folder, "--force", *options)

    def build(self) -> Outcome:
        """``dotnet build`` of what was restored."""
        return self.dotnet.run("build", self.folder, "--no-restore", "-nologo", "-v:q")

    def run(self) -> Outcome:
        """Run the program that was built."""
        return self.dotnet.run(self.folder / "bin/Debug/netcoreapp3.1/App.dll")

    def list_packages(self, *options: str) -> Outcome:
        """``dotnet list package``."""
        return self.dotnet.run("list", self.folder, "package", *options)

    def latest(self, id: str, *options: str) -> str:
        """What ``dotnet list package --outdated`` says is the newest; "" if nothing is newer."""
        lines = self.list_packages("--outdated", *options).output.splitlines()
        return next((line.split()[-1] for line in lines if line.split()[:2] == [">", id]), "")

    def resolved(self, id: str) -> str:
        """The version that the last restore chose; "" if it chose none."""
        assets = self.folder / "obj/project.assets.json"
        libraries = json.loads(assets.read_text())["libraries"] if assets.exists() else {}
        return next(
            (key.partition("/")[2] for key in libraries if key.lower().startswith(f"{id.lower()}/")), ""
        )


@dataclass(frozen=True)
class Answer:
    """What the server answered to a request that no client makes."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes


class Feed:
    """A server on a folder and a port of its own."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.share = folder / "share"
        self.key = KEY
        self.port = some_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self.settings = {"api_key": KEY, "scan_interval": 1, **settings}
        self.command = [program("nugetlite"), "serve", str(self.share), "--port", str(self.port)]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def index(self) -> str:
        """The URL that a client is given."""
        return f"{self.url}/v3/index.json"

    @property
    def log(self) -> str:
        """What the server has written so far."""
        file = self.folder / "server.log"
        return file.read_text(errors="replace") if file.exists() else ""

    @property
    def environment(self) -> dict[str, str]:
        """The settings, as this server and its operator's commands are told them."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("NUGETLITE_")}
        told = {"packages": self.share, **self.settings}
        return environment | {f"NUGETLITE_{key.upper()}": setting(value) for key, value in told.items()}

    def operate(self, *command: str) -> str:
        """What a command of the operator prints, ``nugetlite users create …``, while the server runs."""
        done = subprocess.run(
            [program("nugetlite"), *command],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self) -> Feed:
        """Start, and wait for the first answer."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.wait_until(self._answers)
        return self

    def stop(self) -> None:
        """Stop as an operator does, by SIGTERM."""
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def ask(self, method: str, path: str, **headers: str) -> Answer:
        """One request by hand; for what no client does, such as relisting."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            return Answer(response.status, response.reason, dict(response.headers), response.read())

    def relist(self, id: str, version: str) -> Answer:
        """List a version again: ``POST`` where it was deleted."""
        return self.ask("POST", f"/v3/package/{id}/{version}", **{"X-NuGet-ApiKey": KEY})

    def resource(self, type: str) -> str:
        """The path under which the service index announces a resource."""
        resources = json.loads(self.ask("GET", "/v3/index.json").body)["resources"]
        return next(urlsplit(one["@id"]).path for one in resources if type in one["@type"])

    def versions(self, id: str) -> list[str]:
        """The versions that a restore may choose from."""
        answer = self.ask("GET", f"{self.resource('PackageBaseAddress/3.0.0')}{id.lower()}/index.json")
        return json.loads(answer.body)["versions"] if answer.status == HTTPStatus.OK else []

    def wait_until(self, true: Callable[[], bool]) -> None:
        """Wait for a scan, say; fail if it takes longer than anybody would wait."""
        end = time.monotonic() + PATIENCE
        while not true():
            if self._process is None or self._process.poll() is not None:
                pytest.fail(f"The server has stopped:\n{self.log}")
            if time.monotonic() > end:
                pytest.fail("Waited in vain")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return self.ask("GET", "/health/live").status == HTTPStatus.OK
        except OSError:
            return False


class GunicornFeed(Feed):
    """The same under gunicorn, from settings alone, with several worker processes."""

    def __init__(self, folder: Path, workers: int, **settings: object) -> None:
        super().__init__(folder, packages=folder / "share", **settings)
        bind = f"127.0.0.1:{self.port}"
        self.command = [program("gunicorn"), "wsgi:app", "--chdir", str(REPOSITORY), "--bind", bind]
        self.command += ["--workers", str(workers), "--threads", "4"]


def program(name: str) -> str:
    """A program of the environment that these tests run in."""
    return str(Path(sys.executable).with_name(name))


def running(feed: Feed, stack: ExitStack) -> Feed:
    """Start ``feed``; the end of ``stack`` stops it and shows what it wrote."""
    stack.callback(lambda: print(feed.log))
    stack.callback(feed.stop)
    return feed.start()


def fresh(folder: Path, name: str) -> Path:
    """A path in ``folder`` that is not there yet."""
    path = folder / f"{name}{len(list(folder.glob(f'{name}*')))}"
    path.mkdir()
    return path


def setting(value: object) -> str:
    """A setting as it stands in the environment."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def some_port() -> int:
    """A port that nobody listens on; below those that the system hands to clients, who might be first."""
    while True:
        port = randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def digest(file: Path) -> str:
    """What tells a file from any other; short enough to be printed."""
    return sha512(file.read_bytes()).hexdigest()


@pytest.fixture(scope="session", autouse=True)
def _clients_are_installed() -> None:
    missing = [
        name for name in ("dotnet", "nuget", "nuget2", "choco") if not (CLIENTS / "bin" / name).exists()
    ]
    if missing:
        pytest.exit(
            f"There is no {' and no '.join(missing)} here yet: run tests/clients/install.sh", returncode=1
        )


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """``packages("Contoso.Greeting", "1.1.0")`` is the .nupkg; its .snupkg lies beside it."""
    workspace = Workspace(tmp_path_factory.mktemp("packing"), "nowhere")
    projects, out = workspace.folder / "projects", workspace.folder / "out"
    shutil.copytree(HERE / "projects", projects)
    packed = workspace.dotnet.run(
        "msbuild", "packages.proj", "-nologo", "-v:q", f"-p:Out={out}", cwd=projects
    )
    assert packed.ok, packed.output

    def file(id: str, version: str) -> Path:
        return out / f"{id}.{version}.nupkg"

    return file


@pytest.fixture
def make_feed(tmp_path: Path) -> Iterator[Callable[..., Feed]]:
    """``make_feed(delete_policy="soft")`` is a running server with these settings."""
    with ExitStack() as stack:

        def make(kind: type[Feed] = Feed, **settings: object) -> Feed:
            return running(kind(fresh(tmp_path, "feed"), **settings), stack)

        yield make


@pytest.fixture
def feed(make_feed: Callable[..., Feed]) -> Feed:
    """A running server as it comes, with a key."""
    return make_feed()


@pytest.fixture
def free_port() -> int:
    """A port for one more server."""
    return some_port()


@pytest.fixture
def gunicorn_feed(make_feed: Callable[..., Feed]) -> Feed:
    """A running server of two worker processes."""
    return make_feed(GunicornFeed, workers=2)


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory, packages: Callable[[str, str], Path]) -> Iterator[Feed]:
    """A running server that holds all of ``packages``, for the stories that only read."""
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("stocked")
        feed = running(Feed(folder / "feed"), stack)
        everything = packages("Contoso.Greeting", "1.0.0").with_name("*.nupkg")
        pushed = Workspace(folder / "workspace", feed.index).dotnet.push(everything)
        assert pushed.ok, pushed.output
        yield feed


@pytest.fixture
def make_workspace(tmp_path: Path) -> Callable[..., Workspace]:
    """``make_workspace(feed.index)`` is one more machine that uses a feed."""

    def make(source: object, **options: str) -> Workspace:
        return Workspace(fresh(tmp_path, "workspace"), str(source), **options)

    return make


@pytest.fixture
def workspace(feed: Feed, make_workspace: Callable[..., Workspace]) -> Workspace:
    """A machine that uses ``feed``."""
    return make_workspace(feed.index)


@pytest.fixture
def reader(stocked: Feed, make_workspace: Callable[..., Workspace]) -> Workspace:
    """A machine that uses ``stocked``."""
    return make_workspace(stocked.index)
