"""Packages made to hurt, byte by byte: each is refused with a reason, or read, and costs little."""

import random
import struct
import time
import tracemalloc
import zlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nugetlite.errors import BadArchive, BadManifest, FeedError
from nugetlite.package.archive import Archive, digest, read_package
from nugetlite.package.manifest import MANIFEST_LIMIT
from nugetlite.package.zip import ENTRY_LIMIT
from nugetlite.testing.packages import nupkg, nuspec

NUSPEC = nuspec("Contoso.Json", "1.2.0", readme="README.md")
NO_ZIP = "The package is not a valid zip file."
FULL16, FULL32 = 0xFFFF, 0xFFFFFFFF


def deflated(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


@dataclass
class Part:
    """An entry; ``local`` and ``central`` are what its two headers say other than the truth."""

    name: bytes = b"Contoso.Json.nuspec"
    data: bytes = NUSPEC
    method: int = 8
    flags: int = 0
    packed: bytes | None = None
    gap: bytes = b""  #: behind its data
    local: dict = field(default_factory=dict)
    central: dict = field(default_factory=dict)

    def __post_init__(self):
        if self.packed is None:
            self.packed = deflated(self.data) if self.method == 8 else self.data

    def truth(self, offset):
        return {
            "signature": b"PK\1\2",
            "flags": self.flags,
            "method": self.method,
            "checksum": zlib.crc32(self.data),
            "packed": len(self.packed),
            "size": len(self.data),
            "name": self.name,
            "extra": b"",
            "comment": b"",
            "disk": 0,
            "offset": offset,
        }

    def local_header(self):
        h = self.truth(0) | {"signature": b"PK\3\4"} | self.local
        fixed = struct.pack(
            "<4s5H3L2H",
            *(h["signature"], 20, h["flags"], h["method"], 0, 33, h["checksum"], h["packed"], h["size"]),
            *(len(h["name"]), len(h["extra"])),
        )
        return fixed + h["name"] + h["extra"]

    def record(self, offset):
        h = self.truth(offset) | self.central
        fixed = struct.pack(
            "<4s6H3L5H2L",
            *(h["signature"], 20, 20, h["flags"], h["method"], 0, 33, h["checksum"], h["packed"], h["size"]),
            *(len(h["name"]), len(h["extra"]), len(h["comment"]), h["disk"], 0, 0, h["offset"]),
        )
        return fixed + h["name"] + h["extra"] + h["comment"]


def zipped(*parts, before=b"", comment=b"", after=b"", zip64=None, **says):
    """A zip of these parts. ``says`` and ``zip64`` are what its two end records say other than the truth."""
    data, directory = bytearray(before), bytearray()
    for part in parts:
        directory += part.record(len(data))
        data += part.local_header() + part.packed + part.gap
    truth = {"disk": 0, "here": len(parts), "count": len(parts), "size": len(directory), "offset": len(data)}
    end64 = b""
    if zip64 is not None:
        large = (
            truth | {"signature": b"PK\6\6", "length": 44, "at": len(data + directory), "disks": 1} | zip64
        )
        end64 = struct.pack(
            "<4sQ2H2L4Q",
            *(large["signature"], large["length"], 45, 45, large["disk"], large["disk"]),
            *(large["here"], large["count"], large["size"], large["offset"]),
        ) + struct.pack("<4sLQL", b"PK\6\7", 0, large["at"], large["disks"])
        truth |= {"here": FULL16, "count": FULL16, "size": FULL32, "offset": FULL32}
    end = truth | {"comment": len(comment)} | says
    record = struct.pack(
        "<4s4H2LH",
        *(b"PK\5\6", end["disk"], end["disk"], end["here"], end["count"], end["size"], end["offset"]),
        end["comment"],
    )
    return bytes(data + directory) + end64 + record + comment + after


def read(content):
    stream = BytesIO(content)
    return read_package(stream, digest(stream), None)


def refusal(content):
    """The sentence with which a package is refused."""
    with pytest.raises((BadArchive, BadManifest)) as refused:
        read(content)
    sentence = str(refused.value)
    assert len(sentence) <= 200
    assert "\n" not in sentence
    return sentence


def file(name=b"lib/a.dll", data=b"MZ", **more):
    return Part(name, data, **more)


WHOLE = zipped(Part(), file())


def test_the_zips_made_here_are_good_ones():
    assert str(read(WHOLE)[0].identity) == "Contoso.Json 1.2.0"
    with ZipFile(BytesIO(WHOLE)) as other_reader:
        assert other_reader.testzip() is None


class TestNoZip:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"P",
            b"PK\5\6",
            b"This is a text and no zip.",
            b"\x1f\x8b\x08\0\0\0\0\0\0\3" + b"\0" * 100,
            b"PK\3\4" + b"\0" * 100,
            b"\0" * 200_000,
            random.Random(1).randbytes(100_000),
            WHOLE[:-1],
            WHOLE[:-22],
            WHOLE[: len(WHOLE) // 2],
            WHOLE[1:],
            WHOLE[:-2] + b"\1\0",  # a comment that is not there
        ],
        ids=lambda content: f"{len(content)} bytes",
    )
    def test_it_is_refused(self, content):
        assert refusal(content).startswith(NO_ZIP)

    @pytest.mark.parametrize(
        "says",
        [
            {"offset": 0},
            {"offset": len(WHOLE) + 1},
            {"offset": FULL32},
            {"size": 0},
            {"size": FULL32},
            {"count": 1, "here": 1},
            {"count": 3, "here": 3},
            {"count": 0, "here": 0},
            {"here": 1},
            {"disk": 1},
        ],
        ids=str,
    )
    def test_an_end_record_that_is_wrong(self, says):
        assert refusal(zipped(Part(), file(), **says)).startswith(NO_ZIP)

    @pytest.mark.parametrize(
        "zip64",
        [
            {"signature": b"PK\6\5"},
            {"length": 45},
            {"length": 2**64 - 1},
            {"at": 0},
            {"at": 2**64 - 1},
            {"offset": 2**64 - 1},
            {"size": 2**64 - 1},
            {"count": 1, "here": 1},
            {"here": 1},
            {"disk": 1},
            {"disks": 2},
        ],
        ids=str,
    )
    def test_a_zip64_end_record_that_is_wrong(self, zip64):
        assert refusal(zipped(Part(), file(), zip64=zip64)).startswith(NO_ZIP)

    def test_two_end_records_that_do_not_agree(self):
        assert refusal(zipped(Part(), file(), zip64={}, count=1)).startswith(NO_ZIP)

    @pytest.mark.parametrize(
        "content",
        [
            zipped(Part(), after=b"\n"),
            zipped(Part(), after=b"PK\5\6"),
            zipped(Part(), comment=b"PK\5\6" + b"\0" * 18),
            zipped(Part(), comment=b"a PK\5\6 b"),
            zipped(Part(), before=b"#!/bin/sh\n"),
            b"MZ" + zipped(Part()),
            zipped(Part()) + zipped(Part(data=nuspec("Evil", "1.0"))),
            zipped(Part()) * 2,
        ],
        ids=[
            "line feed",
            "end",
            "zip as comment",
            "end in comment",
            "script",
            "program",
            "two zips",
            "twice",
        ],
    )
    def test_two_files_in_one(self, content):
        assert refusal(content).startswith(NO_ZIP)


class TestZip64:
    def test_it_is_read(self):
        assert read(zipped(Part(), file(), zip64={}))

    def test_numbers_may_be_in_both_end_records(self):
        assert read(zipped(Part(), file(), zip64={}, count=2, here=2))

    def test_sizes_may_be_in_the_extra_fields(self):
        sizes = {"packed": FULL32, "size": FULL32}
        length, packed = len(NUSPEC), len(deflated(NUSPEC))
        extra = struct.pack("<2H2L", 7, 8, 1, 2) + struct.pack("<2H2Q", 1, 16, length, packed)

        assert read(zipped(Part(local=sizes | {"extra": extra}, central=sizes | {"extra": extra})))
        for broken in [b"", b"\1", extra[:-1], extra[:-8], struct.pack("<2H2Q", 1, 16, length, packed + 1)]:
            assert refusal(zipped(Part(central=sizes | {"extra": broken}))).startswith(NO_ZIP)
            assert refusal(zipped(Part(local=sizes | {"extra": broken}))).startswith(NO_ZIP)

    def test_an_offset_may_be_in_an_extra_field(self):
        at = len(Part().local_header() + Part().packed)

        def zip(offset):
            return zipped(
                Part(), file(central={"offset": FULL32, "extra": struct.pack("<2HQ", 1, 8, offset)})
            )

        assert read(zip(at))
        for wrong in [0, at + 1, 2**63, 2**64 - 1]:
            assert refusal(zip(wrong)).startswith(NO_ZIP)

    def test_offsets_beyond_the_end_of_the_file(self):
        far = [
            file(name, central={"offset": FULL32, "extra": struct.pack("<2HQ", 1, 8, offset)})
            for name, offset in [(b"a", 2**62), (b"b", 2**63), (b"c", 2**64 - 1)]
        ]

        assert refusal(zipped(Part(), *far)).startswith(NO_ZIP)


class TestHeadersThatLie:
    @pytest.mark.parametrize(
        "part",
        [
            Part(local={"name": b"Contoso.Evil.nuspec"}),
            Part(local={"name": b"Contoso.Json.nuspe"}),
            Part(local={"name": b"Contoso.Json.nuspec2"}),
            Part(local={"method": 0}),
            Part(local={"size": 1}),
            Part(local={"packed": 1}),
            Part(local={"checksum": 1}),
            Part(local={"flags": 1}),
            Part(local={"signature": b"PK\1\2"}),
            Part(flags=8, local={"extra": b"x" * 100}, central={"packed": len(deflated(NUSPEC)) + 50}),
            Part(central={"signature": b"PK\3\4"}),
            Part(central={"name": b"x" * 60_000}),
            Part(central={"packed": 5000}),
            Part(central={"packed": FULL32 - 1}),
            Part(central={"offset": 1}),
            Part(central={"offset": FULL32 - 1}),
            Part(central={"disk": 1}),
        ],
        ids=lambda part: f"local {part.local} central {part.central}"[:60],
    )
    def test_a_frame_that_does_not_hold_together(self, part):
        assert refusal(zipped(part, file())).startswith(NO_ZIP)

    @pytest.mark.parametrize(
        ("lie", "sentence"),
        [
            ({"size": len(NUSPEC) - 1}, "is larger than its header says"),
            ({"size": 0}, "is larger than its header says"),
            ({"size": len(NUSPEC) + 1}, "is smaller than its header says"),
            ({"checksum": 1}, "does not have the checksum that its header says"),
            ({"method": 1}, "is packed by method 1"),
            ({"method": 9}, "is packed by method 9"),
            ({"method": 99}, "is packed by method 99"),
            ({"flags": 1}, "is encrypted"),
        ],
        ids=str,
    )
    def test_both_headers_may_lie_alike(self, lie, sentence):
        assert sentence in refusal(zipped(Part(local=lie, central=lie)))

    @pytest.mark.parametrize(
        ("packed", "sentence"),
        [
            (b"\xff" * 50, "cannot be inflated"),
            (deflated(NUSPEC)[:-1], "cannot be inflated"),
            (b"", "cannot be inflated"),
            (deflated(NUSPEC) + b"more", "takes more room"),
        ],
        ids=["garbage", "cut", "nothing", "more"],
    )
    def test_data_that_is_no_deflated_data(self, packed, sentence):
        assert sentence in refusal(zipped(Part(packed=packed)))

    def test_stored_data_is_checked_too(self):
        assert "checksum" in refusal(zipped(Part(method=0, packed=NUSPEC.replace(b"Contoso", b"Evilcom"))))
        assert "smaller" in refusal(zipped(Part(method=0, packed=NUSPEC[:-1])))

    def test_sizes_that_follow_the_data_may_be_missing_before_it(self):
        nothing = {"checksum": 0, "packed": 0, "size": 0}
        descriptor = struct.pack("<4s3L", b"PK\7\x08", zlib.crc32(NUSPEC), len(deflated(NUSPEC)), len(NUSPEC))

        assert read(zipped(Part(flags=8, local=nothing, gap=descriptor), file()))
        assert refusal(zipped(Part(flags=0, local=nothing, gap=descriptor), file())).startswith(NO_ZIP)

    def test_entries_that_share_their_bytes(self):
        """So a bomb is built from one small kernel."""
        bomb = [file(b"%d" % n, central={"offset": 0, "name": b"%d" % n}) for n in range(10)]

        assert refusal(zipped(*bomb, Part())).startswith(NO_ZIP)

    def test_an_entry_inside_another(self):
        inner = file(b"inner").local_header() + b"MZ"
        outer = Part(b"outer", inner, method=0)
        inside = file(b"inner", method=0, central={"offset": len(outer.local_header())})

        assert refusal(zipped(Part(b"outer", inner, method=0), inside, Part())).startswith(NO_ZIP)

    def test_what_is_never_read_may_be_as_it_likes(self):
        archive = read(
            zipped(Part(), file(flags=1, method=99), file(b"b", packed=b"\xff"), file(b"c", b"x", method=14))
        )

        assert archive[1].names == ("Contoso.Json.nuspec", "lib/a.dll", "b", "c")


class TestTheManifest:
    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (zipped(), "no manifest"),
            (zipped(file()), "no manifest"),
            (zipped(Part(b"lib/Contoso.Json.nuspec")), "no manifest"),
            (zipped(Part(b"lib\\Contoso.Json.nuspec")), "no manifest"),
            (zipped(Part(b"lib%2FContoso.Json.nuspec")), "no manifest"),
            (zipped(Part(b"Contoso.Json.nuspec/", b"")), "no manifest"),
            (zipped(Part(b"Contoso.Json.nuspec.txt")), "no manifest"),
            (zipped(file(b"inner.nupkg", WHOLE)), "no manifest"),
            (zipped(Part(), Part(b"Other.nuspec")), "more than one manifest"),
            (zipped(Part(), Part(b"contoso.json.NUSPEC")), "more than one manifest"),
            (zipped(Part(), Part(b"Other%2Enuspec")), "more than one manifest"),
            (zipped(Part(data=b" " * (MANIFEST_LIMIT + 1))), "larger than 1048576 bytes"),
            (zipped(Part(data=b"<html/>")), "starts with <html>"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_it_is_one_and_at_the_root(self, content, sentence):
        assert sentence in refusal(content)

    def test_another_in_a_folder_does_not_matter(self):
        assert read(zipped(Part(), Part(b"content/Other.nuspec", b"?")))

    def test_it_is_read_up_to_its_limit(self):
        padded = NUSPEC + b" " * (MANIFEST_LIMIT - len(NUSPEC))

        assert read(zipped(Part(data=padded)))


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "../evil",
            "lib/../../evil",
            "lib/..",
            "..",
            ".. /evil",
            "lib/.../evil",
            "/etc/passwd",
            "//server/share/evil",
            "\\\\server\\share\\evil",
            "\\\\?\\C:\\evil",
            "\\evil",
            "..\\evil",
            "lib\\..\\..\\evil",
            "lib/..\\../evil",
            "C:\\evil",
            "c:/evil",
            "C:evil",
            "%2e%2e/evil",
            "%2E%2E%2Fevil",
            "..%2fevil",
            "..%5Cevil",
            "lib%2f..%2f..%2fevil",
            "%2Fetc/passwd",
            "%5c%5cserver%5cshare",
            "C%3A%5Cevil",
            "evil%00.txt",
            "evil\0.txt",
            "\0",
            "lib//evil",
            "lib/./evil",
            "./evil",
            ".",
        ],
    )
    def test_one_that_leads_a_client_out_is_refused(self, name):
        assert "no safe name" in refusal(zipped(Part(), file(name.encode())))

    @pytest.mark.parametrize(
        "name",
        [
            "lib/..a/b..c/d..",
            "a...b",
            ".signature.p7s",
            ".hidden/.file",
            "%252e%252e/once-is-enough",
            "100%.txt",
            "%zz",
            "with:colon",
            "CON",
            "a" * 60_000,
            "line\nfeed",
            "\x1b[31m",
            "\u202etxt.exe",
            "\N{GRINNING FACE}",
            " ",
            "",
        ],
        ids=lambda name: name[:20],
    )
    def test_any_other_is_kept(self, name):
        _, archive = read(zipped(Part(), file(name.encode())))

        assert len(archive.names) == 2
        assert archive.read(archive.names[1], 10) == b"MZ"

    @pytest.mark.parametrize("name", [b"\xff\xfe\xfd", b"\xc0\xae\xc0\xae/evil", b"\xed\xa0\x80", b"caf\x82"])
    def test_bytes_that_are_no_text_are_read_as_zips_once_were(self, name):
        _, archive = read(zipped(Part(), file(name)))

        assert archive.names[1] == name.decode("cp437")

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (b"lib/a.dll", b"lib/a.dll"),
            (b"lib/a.dll", b"lib\\a.dll"),
            (b"lib/a.dll", b"lib%2Fa.dll"),
            (b"my file", b"my%20file"),
            (b"lib", b"lib/"),
            (b"lib/", b"lib/"),
            (b"Contoso.Json.nuspec/", b"x"),
        ],
    )
    def test_two_that_a_client_takes_for_one_are_refused(self, one, other):
        assert "twice" in refusal(zipped(Part(), file(one), file(other)))

    def test_two_that_differ_by_case_are_two(self):
        assert read(zipped(Part(), file(b"lib/a"), file(b"lib/A")))[1].names[1:] == ("lib/a", "lib/A")


BOMB = deflated(b"\0" * 50_000_000)


@contextmanager
def at_little_cost():
    tracemalloc.start()
    began = time.monotonic()
    yield
    spent = time.monotonic() - began
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert spent < 5
    assert peak < 64 * 1024 * 1024


class TestBombs:
    """None of these costs much, however much it would inflate to."""

    def test_a_manifest_that_says_how_large_it_is(self):
        content = zipped(Part(data=b"\0" * 30_000_000))

        with at_little_cost():
            assert "larger than 1048576 bytes" in refusal(content)

    def test_a_manifest_that_lies_about_it(self):
        lie = {"size": 1000}
        content = zipped(Part(packed=BOMB, local=lie, central=lie))

        with at_little_cost():
            assert "is larger than its header says" in refusal(content)

    def test_a_manifest_of_much_that_inflates_to_nothing(self):
        content = zipped(Part(packed=b"\0\0\0\xff\xff" * 2_000_000 + deflated(NUSPEC)))

        with at_little_cost():
            assert "takes more room" in refusal(content)

    def test_files_that_nobody_asks_for_are_not_inflated(self):
        lie = {"size": FULL32 - 1}
        parts = [file(b"%d" % n, packed=BOMB, local=lie, central=lie) for n in range(50)]
        content = zipped(Part(), *parts)

        with at_little_cost():
            assert len(read(content)[1].names) == 51

    def test_a_readme_that_lies_about_its_size(self):
        lie = {"size": 1000}
        content = zipped(Part(), file(b"README.md", packed=BOMB, local=lie, central=lie))

        with at_little_cost():
            assert "is larger than its header says" in refusal(content)

    def test_a_large_readme_is_not_shown(self):
        content = zipped(Part(), file(b"README.md", b"\0" * 50_000_000))

        with at_little_cost():
            assert read(content)[0].embedded == frozenset()

    def test_a_stream_gives_no_more_than_it_said(self):
        lie = {"size": 1_000_000}
        _, archive = read(zipped(Part(), file(b"large", packed=BOMB, local=lie, central=lie)))

        given_out = []
        with at_little_cost(), archive.open("large") as stream, pytest.raises(BadArchive):
            given_out.extend(iter(lambda: stream.read(100_000), b""))
        assert sum(map(len, given_out)) <= 1_000_000

    def test_as_many_entries_as_are_allowed(self):
        content = zipped(Part(), *[file(b"%d" % n, b"", method=0) for n in range(ENTRY_LIMIT - 1)])

        with at_little_cost():
            assert len(read(content)[1].names) == ENTRY_LIMIT

    @pytest.mark.parametrize("count", [ENTRY_LIMIT + 1, 2**63])
    def test_more_entries_are_refused_before_they_are_listed(self, count):
        content = zipped(Part(), zip64={"count": count, "here": count})

        with at_little_cost():
            assert f"has {count} entries" in refusal(content)

    def test_a_directory_of_nothing_but_comments(self):
        parts = [file(b"%d" % n, b"", central={"comment": b"x" * 60_000}) for n in range(300)]
        content = zipped(Part(), *parts)

        with at_little_cost():
            assert "directory of" in refusal(content)


class Counting:
    """A file that counts what is read of it."""

    def __init__(self, file):
        self.file = file
        self.bytes = 0

    def seek(self, *place):
        return self.file.seek(*place)

    def read(self, length):
        content = self.file.read(length)
        self.bytes += len(content)
        return content


def test_of_a_large_archive_only_a_little_is_read(tmp_path):
    """3 GB on paper: the file has a hole."""
    large = 3_000_000_000
    manifest = Part()
    says = {"packed": large, "size": large, "checksum": 0}
    hole = Part(b"content/large.bin", b"", method=0, local=says, central=says)
    at = len(manifest.local_header() + manifest.packed)
    directory = manifest.record(0) + hole.record(at)
    ends = at + len(hole.local_header()) + large
    with (tmp_path / "large.nupkg").open("w+b") as sparse:
        sparse.write(manifest.local_header() + manifest.packed + hole.local_header())
        sparse.seek(ends)
        sparse.write(directory + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 2, 2, len(directory), ends, 0))
        counting = Counting(sparse)

        archive = Archive(counting)

    assert archive.names == ("Contoso.Json.nuspec", "content/large.bin")
    assert counting.bytes < 10_000


def test_a_fault_of_the_disk_is_not_blamed_on_the_package():
    class Failing(BytesIO):
        def read(self, *_):
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"):
        Archive(Failing(WHOLE))


def test_a_file_that_shrinks_while_it_is_read_is_refused():
    class Shrinking(BytesIO):
        def read(self, length=-1):
            return super().read(length)[:-1]

    with pytest.raises(BadArchive, match="cut short"):
        Archive(Shrinking(WHOLE))


REAL = [
    nupkg(readme="README.md", files={"README.md": b"# Read me", "lib/net8.0/a.dll": bytes(range(256)) * 4}),
    zipped(Part(), file(), file(b"README.md", b"# Read me", method=0), zip64={}, comment=b"by hand"),
]


@given(st.sampled_from(REAL), st.data())
@settings(max_examples=300)
def test_a_damaged_package_is_read_or_refused_and_nothing_else(content, data):
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged)))
        length = data.draw(st.sampled_from([0, 1, 1, 2, 4, 100]))
        damaged[at : at + length] = data.draw(
            st.binary(max_size=8) | st.sampled_from([b"\xff" * 4, b"\0" * 4, b"PK\5\6", b"PK\6\7", b"PK\3\4"])
        )
    with suppress(FeedError):
        package, archive = read(bytes(damaged))
        for what in package.embedded:
            archive.file(what)
        for name in archive.names:
            archive.read(name, 100_000)


@given(st.binary(max_size=300))
@settings(max_examples=100)
def test_any_bytes_at_all_are_refused(content):
    refusal(content)
