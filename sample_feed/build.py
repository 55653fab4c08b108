"""Builds the sample share beside it, always the same bytes: ``python sample_feed/build.py``.

    Contoso.Text        1.0.0, 1.1.0, 2.0.0-beta.1 (a SemVer 2 version)   icon, readme, licence expression
    Contoso.Greetings   1.0.0, 1.2.0-rc (a prerelease)                    needs Contoso.Text
    Contoso.Legacy      0.9.0 (unlisted), 1.0.0                           licence file
    Contoso.Loose       1.0.0, dropped into the root: the first scan adopts it

Each is a source package: its C# is compiled into the project that refers to it, so one can really build with them.
"""

from __future__ import annotations

import os
import shutil
import struct
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from nugetlite import Identity
from nugetlite.builtin.storage_file import FileStorage
from nugetlite.package.archive import digest, read_package
from nugetlite.share import Share
from nugetlite.shelf import Mark
from nugetlite.testing import nupkg

HERE = Path(__file__).parent / "share"
WHEN = datetime(2026, 11, 1, 12, tzinfo=UTC)

TEXT = """namespace Contoso.Text
{
    internal static class Words
    {
        public static string Shout(string text) => text.ToUpperInvariant() + "!";
    }
}
"""
GREETINGS = """namespace Contoso.Greetings
{
    internal static class Greeting
    {
        public static string For(string name) => Contoso.Text.Words.Shout("Hello, " + name);
    }
}
"""
LEGACY = """namespace Contoso.Legacy
{
    internal static class Clock
    {
        public static int Century(int year) => (year + 99) / 100;
    }
}
"""
LOOSE = """namespace Contoso.Loose
{
    internal static class Ends
    {
        public static string Tie(string left, string right) => left + "-" + right;
    }
}
"""
README = """# Contoso.Text

Makes words louder.

    Contoso.Text.Words.Shout("hello")   // HELLO!
"""


def source_package(
    id: str, version: str, code: str, files: Mapping[str, bytes] | None = None, **manifest: object
) -> bytes:
    """A package whose C# file is compiled by whoever refers to it."""
    name = f"contentFiles/cs/any/{id}/{id.rpartition('.')[2]}.cs"
    return nupkg(
        id,
        version,
        files={name: code.encode(), **(files or {})},
        content_files="cs/any/**/*.cs",
        package_types=["Dependency"],
        tags="contoso sample",
        **manifest,
    )


def packages() -> list[bytes]:
    """Everything on the share, in the order in which it was pushed."""
    text = {
        "files": {"images/icon.png": icon(), "docs/README.md": README.encode()},
        "license": ("expression", "MIT"),
        "icon": "images/icon.png",
        "readme": "docs/README.md",
        "description": "Makes words louder.",
    }
    needs = {"": {"Contoso.Text": "1.0.0"}}
    return [
        source_package("Contoso.Text", "1.0.0", TEXT, **text),
        source_package("Contoso.Text", "1.1.0", TEXT, **text),
        source_package("Contoso.Text", "2.0.0-beta.1", TEXT, **text),
        source_package(
            "Contoso.Greetings", "1.0.0", GREETINGS, dependencies=needs, description="Greets people, loudly."
        ),
        source_package(
            "Contoso.Greetings",
            "1.2.0-rc",
            GREETINGS,
            dependencies=needs,
            description="Greets people, loudly.",
        ),
        source_package("Contoso.Legacy", "0.9.0", LEGACY, description="Knows which century it is, mostly."),
        source_package(
            "Contoso.Legacy",
            "1.0.0",
            LEGACY,
            description="Knows which century it is.",
            license=("file", "LICENSE.txt"),
            files={"LICENSE.txt": b"Do with it what you like.\n"},
        ),
    ]


def icon() -> bytes:
    """A small square picture: PNG, eight by eight pixels of one blue."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\0" + bytes((0, 85, 140)) * 8) * 8, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def build(root: Path) -> None:
    """Make the share at ``root``, which must not be there yet."""
    root.mkdir(parents=True)
    share = Share(FileStorage(root))
    share.storage.share_id()
    for content in packages():
        stream = BytesIO(content)
        package, archive = read_package(stream, digest(stream), WHEN)
        share.put(package, archive.manifest_bytes, stream)
    share.unlist(Mark(Identity.parse("Contoso.Legacy", "0.9.0"), WHEN, "sample", "1.0.0 counts right"))
    loose = source_package("Contoso.Loose", "1.0.0", LOOSE, description="Ties loose ends.")
    (root / "Contoso.Loose.1.0.0.nupkg").write_bytes(loose)
    (root / ".nugetlite" / "share.id").unlink()  # every copy is a share of its own
    for path in root.rglob("*"):
        os.utime(path, (WHEN.timestamp(), WHEN.timestamp()))


if __name__ == "__main__":
    shutil.rmtree(HERE, ignore_errors=True)
    build(HERE)
    print(f"built {HERE.name}: {len(packages()) + 1} packages")
