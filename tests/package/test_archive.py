"""Packages as tools really write them: opened, listed, read and hashed."""

import base64
import hashlib
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pytest

from nugetlite.errors import BadArchive, NoSuchEntry, TooLarge
from nugetlite.package.archive import EMBEDDED_LIMIT, Archive, Digest, copy, digest, read_package
from nugetlite.package.identity import Identity
from nugetlite.package.package import Embedded
from nugetlite.testing.packages import nupkg, nuspec

NOW = datetime(2026, 11, 21, tzinfo=UTC)
DEBIAN = Path("/usr/share/nupkg")  # the Debian packages nupkg-newtonsoft.json.6.0.8 and nupkg-nunit.2.6.4


def archive(**more):
    return Archive(BytesIO(nupkg(**more)))


def sha512(content):
    return base64.b64encode(hashlib.sha512(content).digest()).decode()


class TestOpening:
    def test_a_package_tells_what_it_is_and_what_is_in_it(self):
        opened = archive(files={"lib/net8.0/Contoso.Json.dll": b"MZ"})

        assert opened.manifest.identity == Identity.parse("Contoso.Json", "1.0.0")
        assert opened.manifest_bytes == nuspec("Contoso.Json", "1.0.0")
        assert opened.names == ("[Content_Types].xml", "Contoso.Json.nuspec", "lib/net8.0/Contoso.Json.dll")

    @pytest.mark.parametrize(
        "name", ["Other.nuspec", "CONTOSO.JSON.NUSPEC", ".nuspec", "Contoso%2EJson.nuspec"]
    )
    def test_the_manifest_may_have_any_name(self, name):
        content = zipped({name: nuspec("Contoso.Json", "1.0.0"), "lib/": b"", "content/Other.nuspec": b"?"})

        assert Archive(BytesIO(content)).manifest.identity == Identity.parse("Contoso.Json", "1.0.0")

    def test_names_are_those_that_a_client_unpacks(self):
        opened = archive(
            files={"lib\\a.dll": b"", "my%20file.txt": b"", "50%25.txt": b"", "ümlaut.txt": b"", "a..b": b""}
        )

        assert opened.names[2:] == ("lib/a.dll", "my file.txt", "50%.txt", "ümlaut.txt", "a..b")

    def test_folders_are_not_listed(self):
        content = zipped(
            {"lib/": b"", "a.nuspec": nuspec("A", "1"), "lib/net8.0/": b"", "lib/net8.0/a.dll": b""}
        )

        assert Archive(BytesIO(content)).names == ("a.nuspec", "lib/net8.0/a.dll")


def zipped(files, method=ZIP_DEFLATED, comment=b""):
    content = BytesIO()
    with ZipFile(content, "w", method) as zip:
        zip.comment = comment
        for name, data in files.items():
            zip.writestr(name, data)
    return content.getvalue()


class OneWay(BytesIO):
    """A pipe: what is written to it cannot be gone back to."""

    def seekable(self):
        return False

    def seek(self, *_):
        raise OSError("a pipe does not seek")

    tell = seek


FILES = {"a.nuspec": nuspec("A", "1.0"), "lib/a.dll": bytes(range(256)) * 1000, "empty.txt": b""}


def read_all(content):
    opened = Archive(BytesIO(content))
    return {name: opened.read(name, 1_000_000) for name in opened.names}


class TestHowToolsWriteThem:
    def test_stored(self):
        assert read_all(zipped(FILES, ZIP_STORED)) == FILES

    @pytest.mark.parametrize("comment", [b"made by Contoso", b"x" * 65535])
    def test_with_a_comment(self, comment):
        assert read_all(zipped(FILES, comment=comment)) == FILES

    @pytest.mark.parametrize("method", [ZIP_STORED, ZIP_DEFLATED])
    def test_with_sizes_after_the_data(self, method):
        """As System.IO.Packaging writes to a stream that does not seek."""
        pipe = OneWay()
        with ZipFile(pipe, "w", method) as zip:
            for name, data in FILES.items():
                zip.writestr(name, data)

        assert read_all(pipe.getvalue()) == FILES

    def test_with_64_bit_sizes(self):
        content = BytesIO()
        with ZipFile(content, "w", ZIP_DEFLATED) as zip:
            for name, data in FILES.items():
                with zip.open(name, "w", force_zip64=True) as entry:
                    entry.write(data)

        assert read_all(content.getvalue()) == FILES

    def test_with_links_and_rights_of_unix(self):
        link = ZipInfo("tools/link")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        content = BytesIO(zipped(FILES))
        with ZipFile(content, "a") as zip:
            zip.writestr(link, b"/etc/passwd")

        assert read_all(content.getvalue())["tools/link"] == b"/etc/passwd"  # bytes like any other


class TestReading:
    def test_a_file_that_is_not_there(self):
        opened = archive()
        for name in ["lib/none.dll", "contoso.json.nuspec", "../Contoso.Json.nuspec", ""]:
            with pytest.raises(NoSuchEntry):
                opened.read(name, 100)
            with pytest.raises(NoSuchEntry):
                opened.open(name)

    def test_no_more_than_the_limit(self):
        opened = archive(files={"a.txt": b"12345"})

        assert opened.size("a.txt") == 5
        assert opened.read("a.txt", 5) == b"12345"
        with pytest.raises(BadArchive, match="larger than 4 bytes"):
            opened.read("a.txt", 4)

    @pytest.mark.parametrize("method", [ZIP_STORED, ZIP_DEFLATED])
    def test_a_large_file_as_a_stream(self, method):
        large = bytes(range(256)) * 4000
        content = zipped({"a.nuspec": nuspec("A", "1.0"), "large": large}, method)

        with Archive(BytesIO(content)).open("large") as stream:
            assert stream.read(10) == large[:10]
            assert stream.read(100_000) == large[10:100_010]
            assert stream.read() == large[100_010:]
            assert stream.read() == b""

    def test_two_streams_at_a_time(self):
        opened = archive(files={"a": b"a" * 300_000, "b": b"b" * 300_000})

        with opened.open("a") as a, opened.open("b") as b:
            both = [(a.read(70_000), b.read(70_000)) for _ in range(5)]

        assert b"".join(part for part, _ in both) == b"a" * 300_000
        assert b"".join(part for _, part in both) == b"b" * 300_000


class TestWhatIsShown:
    def test_files_that_the_manifest_names(self):
        opened = archive(
            icon="images/icon.png",
            readme="README.md",
            license=("file", "LICENSE.txt"),
            files={"images/icon.png": b"PNG", "README.md": b"# Read me", "LICENSE.txt": b"MIT"},
        )

        assert opened.embedded == set(Embedded)
        assert opened.file(Embedded.ICON) == b"PNG"
        assert opened.file(Embedded.README) == b"# Read me"
        assert opened.file(Embedded.LICENSE) == b"MIT"

    @pytest.mark.parametrize(
        ("named", "packed"),
        [
            ("images\\icon.png", "images/icon.png"),
            ("images/icon.png", "images\\icon.png"),
            ("Images/Icon.PNG", "images/icon.png"),
            ("my icon.png", "my%20icon.png"),
        ],
    )
    def test_names_are_found_as_clients_find_them(self, named, packed):
        assert archive(icon=named, files={packed: b"PNG"}).file(Embedded.ICON) == b"PNG"

    def test_of_names_in_other_letter_case_the_same_one_is_taken(self):
        opened = archive(readme="README.md", files={"readme.md": b"other", "README.md": b"this"})

        assert opened.file(Embedded.README) == b"this"

    @pytest.mark.parametrize(
        "named", ["../README.md", "/README.md", "lib", "lib/", "missing", "C:\\README.md", "."]
    )
    def test_a_name_is_never_a_path(self, named):
        opened = archive(readme=named, files={"README.md": b"# Read me", "lib/a.dll": b""})

        assert opened.embedded == frozenset()
        with pytest.raises(NoSuchEntry):
            opened.file(Embedded.README)

    def test_what_is_too_large_is_not_shown(self):
        size = EMBEDDED_LIMIT
        fits = archive(readme="README.md", files={"README.md": b" " * size})
        too_large = archive(readme="README.md", files={"README.md": b" " * (size + 1)})

        assert len(fits.file(Embedded.README)) == size
        assert too_large.embedded == frozenset()
        with pytest.raises(NoSuchEntry):
            too_large.file(Embedded.README)

    def test_a_licence_expression_is_no_file(self):
        assert archive(license=("expression", "MIT"), files={"MIT": b""}).embedded == frozenset()


class TestHashing:
    CONTENT = bytes(range(256)) * 3000

    def test_a_digest_is_that_of_the_whole_stream(self):
        stream = BytesIO(self.CONTENT)
        stream.read(100)

        assert digest(stream) == Digest(len(self.CONTENT), sha512(self.CONTENT))
        assert digest(BytesIO()) == Digest(0, sha512(b""))

    def test_a_copy_tells_what_it_copied(self):
        target = BytesIO()

        assert copy(BytesIO(self.CONTENT), target) == digest(target)
        assert target.getvalue() == self.CONTENT

    def test_a_copy_stops_at_its_limit(self):
        size = len(self.CONTENT)
        assert copy(BytesIO(self.CONTENT), BytesIO(), size).size == size

        target = BytesIO()
        with pytest.raises(TooLarge, match=f"larger than the {size - 1} bytes"):
            copy(BytesIO(self.CONTENT), target, size - 1)
        assert len(target.getvalue()) < size


class TestReadPackage:
    def test_a_package_is_what_its_manifest_and_its_bytes_say(self):
        stream = BytesIO(
            nupkg("Contoso.Json", "1.2.0-beta", readme="README.md", files={"README.md": b"# Read me"})
        )

        package, opened = read_package(stream, digest(stream), NOW)

        assert package.manifest == opened.manifest
        assert str(package.identity) == "Contoso.Json 1.2.0-beta"
        assert package.size == len(stream.getvalue())
        assert package.sha512 == sha512(stream.getvalue())
        assert package.published == NOW
        assert package.embedded == {Embedded.README}
        assert package.listed

    def test_a_file_that_would_be_shown_must_be_whole(self):
        manifest = nuspec("A", "1.0", readme="README.md")
        content = zipped({"a.nuspec": manifest, "README.md": b"# Read me"}, ZIP_STORED)
        broken = BytesIO(content.replace(b"# Read me", b"# Read ME"))

        with pytest.raises(BadArchive, match="checksum"):
            read_package(broken, digest(broken), NOW)

    def test_the_stream_stays_open(self):
        stream = BytesIO(nupkg())
        read_package(stream, digest(stream), NOW)

        assert not stream.closed


@pytest.mark.client
@pytest.mark.parametrize(
    ("file", "identity"),
    [("Newtonsoft.Json.6.0.8.nupkg", "Newtonsoft.Json 6.0.8"), ("NUnit.2.6.4.nupkg", "NUnit 2.6.4")],
)
def test_packages_of_debian_are_read_whole(file, identity):
    with (DEBIAN / file).open("rb") as stream:
        package, opened = read_package(stream, digest(stream), NOW)

        assert str(package.identity) == identity
        assert package.manifest.authors
        assert package.manifest.tags
        assert all(len(opened.read(name, 10_000_000)) == opened.size(name) for name in opened.names)
