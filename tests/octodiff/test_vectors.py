"""The format, byte for byte: files that the reference implementation made."""

import struct
from hashlib import sha1
from io import BytesIO

import pytest

from nugetlite.errors import BadDelta, BadSignature, NotADelta
from nugetlite.octodiff.checksum import Checksum
from nugetlite.octodiff.delta import Delta
from nugetlite.octodiff.rebuilt import Rebuilt
from nugetlite.octodiff.signature import CHUNK, Signature, sign

BASE = bytes((7 * i + i // 256) & 0xFF for i in range(600))
NEW = BASE[:200] + b"INSERTED" + BASE[200:520]
V1, V2 = Checksum.V1, Checksum.V2
START = {
    V1: bytes.fromhex("4f43544f5349470104534841310741646c657233323e3e3e"),
    V2: bytes.fromhex("4f43544f5349470104534841310941646c6572333256323e3e3e"),
}
BASE_V1_128 = (
    "8000413b4083516846cd40bd1fe431119c3b0a0f362957992ee88000414440e30a44ac02432f6ead67d86fcb70a4d8ce589e50ec"
    "8000c13a806c22485dc0d1e1d6e9e93e4a2a4667b8e9794563798000c1448003342f6d75d48060e28bcffec0654f55171b4dd61b"
    "58005d27349a4e8476c2afafe579503cf04d7c723ca8ff4b39ec"
)
BASE_V2_128 = (
    "8000413b1284516846cd40bd1fe431119c3b0a0f362957992ee88000414430e40a44ac02432f6ead67d86fcb70a4d8ce589e50ec"
    "8000c13a526d22485dc0d1e1d6e9e93e4a2a4667b8e9794563798000c1447f04342f6d75d48060e28bcffec0654f55171b4dd61b"
    "58005d278e9a4e8476c2afafe579503cf04d7c723ca8ff4b39ec"
)
HELLO_DELTA = bytes.fromhex(
    "4f43544f44454c5441010453484131140000002aae6c35c94fcfb415dbe95f408b9ce91ee846ed3e3e3e"
    "6000000000000000000500000000000000"
    "80060000000000000020776f726c64"
)
BASE_DELTA = bytes.fromhex(
    "4f43544f44454c54410104534841311400000054523f04fcb6248be94b7cb9b637515d84d78bdc3e3e3e"
    "6000000000000000008000000000000000"
    "80880000000000000080878e959ca3aab1b8bfc6cdd4dbe2e9f0f7fe050c131a21282f363d444b525960676e757c838a91989fa6ad"
    "b4bbc2c9d0d7dee5ecf3fa01080f161d242b323940474e555c636a71494e534552544544787f868d949ba2a9b0b7bec5ccd3dae1e8"
    "eff6fd040b121920272e353c434a51585f666d747b828990979ea5acb3bac1c8cfd6dde4ebf2f9"
    "6000010000000000000001000000000000"
    "800800000000000000020910171e252c33"
)
EMPTY_DELTA = bytes.fromhex(
    "4f43544f44454c544101045348413114000000da39a3ee5e6b4b0d3255bfef95601890afd807093e3e3e"
)
DELTAS = [(HELLO_DELTA, b"hello", b"hello world"), (BASE_DELTA, BASE, NEW), (EMPTY_DELTA, b"hello", b"")]
HASH_AT = 19
COMMANDS_AT = 42


def signature(content, chunk_size=CHUNK, checksum=V1):
    return b"".join(sign(BytesIO(content), chunk_size, checksum))


def delta(signature, new):
    return b"".join(Delta(Signature.parse(signature), BytesIO(new)))


def rebuilt(delta, old):
    stream = Rebuilt(BytesIO(delta), BytesIO(old))
    return b"".join(iter(lambda: stream.read(100), b""))


def test_the_files_of_these_vectors():
    assert sha1(BASE).hexdigest() == "617c666c28e4757283caabf957fb80a06a0f2b62"
    assert sha1(NEW).hexdigest() == "54523f04fcb6248be94b7cb9b637515d84d78bdc"


@pytest.mark.parametrize(
    ("chunk", "v1", "v2"),
    [
        (b"hello", 0x062C0215, 0x062C0215),
        (b"a" * 300, 0xD4CA71AD, 0xD8A871AD),
        (bytes(range(256)) * 4, 0xAE00FE01, 0xE4C9FE10),
        (BASE[:128], 0x83403B41, 0x84123B41),
        (BASE[1:129], 0xBF003BC1, 0xBFD23BC1),
    ],
)
def test_checksums(chunk, v1, v2):
    assert (V1.of(chunk), V2.of(chunk)) == (v1, v2)


@pytest.mark.parametrize(
    ("content", "chunk_size", "checksum", "records"),
    [
        (b"", CHUNK, V1, ""),
        (b"", CHUNK, V2, ""),
        (b"hello", CHUNK, V1, "050015022c06aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"),
        (
            b"a" * 300,
            128,
            V1,
            "80008130c038ad5b3fdbcb526778c2839d2f151ea753995e26a0"
            "80008130c038ad5b3fdbcb526778c2839d2f151ea753995e26a0"
            "2c00ad104a77df51a19b291586bf46450aec1d775f3e02799b55",
        ),
        (b"a" * 300, CHUNK, V2, "2c01ad71a8d8003ef1ba9ea9f2f4dab3a2004e505ca8a4e7e5a3"),
        (BASE, CHUNK, V1, "58025d26b498617c666c28e4757283caabf957fb80a06a0f2b62"),
        (BASE, CHUNK, V2, "58026c26cdac617c666c28e4757283caabf957fb80a06a0f2b62"),
        (BASE, 128, V1, BASE_V1_128),
        (BASE, 128, V2, BASE_V2_128),
    ],
)
def test_signatures(content, chunk_size, checksum, records):
    expected = START[checksum] + bytes.fromhex(records)

    assert signature(content, chunk_size, checksum) == expected
    read = Signature.parse(expected)
    assert (read.checksum, read.old_size) == (checksum, len(content))


def test_deltas():
    assert delta(signature(b"hello"), b"hello world") == HELLO_DELTA
    assert delta(signature(BASE, 128), NEW) == BASE_DELTA
    assert delta(signature(b"hello"), b"") == EMPTY_DELTA


def test_the_second_checksum_finds_shifted_data_as_well():
    assert delta(signature(BASE, 128, V2), NEW) == BASE_DELTA


@pytest.mark.parametrize(("delta", "old", "new"), DELTAS)
def test_files_are_rebuilt(delta, old, new):
    assert rebuilt(delta, old) == new


def test_neighbouring_copies_need_not_be_merged():
    apart = (
        HELLO_DELTA[:COMMANDS_AT] + _copy(0, 2) + _copy(2, 0) + _copy(2, 3) + HELLO_DELTA[COMMANDS_AT + 17 :]
    )

    assert rebuilt(apart, b"hello") == b"hello world"


@pytest.mark.parametrize(("delta", "old", "new"), DELTAS)
def test_another_hash_is_refused(delta, old, new):
    wrong = bytearray(delta)
    wrong[HASH_AT] ^= 1

    with pytest.raises(BadDelta, match="not the file that it was made from"):
        rebuilt(wrong, old)


@pytest.mark.parametrize(
    ("offset", "length"),
    [(0x0001000000000000, 5), (1, 5), (-1, 2), (6, 0), (2**63 - 1, 2**63 - 1), (0, 2**63 - 1), (-(2**63), 1)],
)
def test_a_copy_from_outside_the_old_file_is_refused(offset, length):
    with pytest.raises(BadDelta, match="not in the old file"):
        rebuilt(HELLO_DELTA[:COMMANDS_AT] + _copy(offset, length), b"hello")


@pytest.mark.parametrize("command", [b"\x80" + struct.pack("<q", -1), b"\x60" + struct.pack("<qq", 0, -1)])
def test_negative_lengths_are_refused(command):
    with pytest.raises(BadDelta, match="negative"):
        rebuilt(HELLO_DELTA[:COMMANDS_AT] + command, b"hello")


@pytest.mark.parametrize("end", range(len(HELLO_DELTA)))
def test_a_delta_that_breaks_off_anywhere_is_refused(end):
    with pytest.raises(NotADelta if end < COMMANDS_AT else BadDelta):
        rebuilt(HELLO_DELTA[:end], b"hello")


def test_unknown_commands_are_refused():
    with pytest.raises(BadDelta, match="61"):
        rebuilt(HELLO_DELTA[:COMMANDS_AT] + b"\x61", b"hello")


@pytest.mark.parametrize("at", [*range(HASH_AT), *range(HASH_AT + 20, COMMANDS_AT)])
def test_every_byte_of_the_frame_is_looked_at(at):
    wrong = bytearray(HELLO_DELTA)
    wrong[at] ^= 1

    with pytest.raises(NotADelta):
        rebuilt(wrong, b"hello")


def test_what_failed_cannot_be_read_on_as_if_it_had_ended():
    stream = Rebuilt(BytesIO(HELLO_DELTA[:-1]), BytesIO(b"hello"))
    with pytest.raises(BadDelta):
        list(iter(lambda: stream.read(100), b""))

    with pytest.raises(StopIteration):
        stream.read(100)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"OCTOSIG",
        START[V1].replace(b"\1", b"\2"),
        START[V1].replace(b"SHA1", b"SHA9"),
        START[V1].replace(b"Adler32", b"Adler64"),
        START[V1] + bytes(25),
        START[V1] + bytes(26),
        START[V1] + struct.pack("<hL20s", -1, 0, bytes(20)),
        START[V1] + struct.pack("<hL20s", 128, 0, bytes(20)) + struct.pack("<hL20s", 256, 0, bytes(20)),
        START[V1]
        + struct.pack("<hL20s", 128, 0, bytes(20)) * 2
        + struct.pack("<hL20s", 64, 0, bytes(20)) * 2,
    ],
)
def test_what_is_no_signature_is_refused(content):
    with pytest.raises(BadSignature):
        Signature.parse(content)


def _copy(offset, length):
    return b"\x60" + struct.pack("<qq", offset, length)
