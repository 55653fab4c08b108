"""What holds for all files: the way there and back, checksums by their definition, and that hostile deltas end."""

from contextlib import suppress
from io import BytesIO
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nugetlite.errors import BadDelta, FeedError
from nugetlite.octodiff import delta as making
from nugetlite.octodiff.checksum import Checksum
from nugetlite.octodiff.commands import Copy, Data
from nugetlite.octodiff.delta import Delta
from nugetlite.octodiff.rebuilt import Rebuilt
from nugetlite.octodiff.signature import Signature, sign

pieces = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 300)), max_size=8)
checksums = st.sampled_from(Checksum)


def made_of(pieces):
    """Files that share pieces of some hundred bytes, runs of one byte among them."""
    sources = [bytes((i * i * (k + 3) >> 3) & 0xFF for i in range(300)) for k in range(6)] + [
        b"\0" * 300,
        b"z" * 300,
    ]
    return b"".join(sources[which][:length] for which, length in pieces)


def a_signature(old, size, checksum=Checksum.V1):
    return Signature.parse(b"".join(sign(BytesIO(old), size, checksum)))


def read(stream, size=1000):
    return b"".join(iter(lambda: stream.read(size), b""))


@settings(deadline=None)
@given(st.binary(max_size=3000), checksums)
@example(b"\xff" * 31744, Checksum.V1)
@example(b"\xff" * 2048, Checksum.V1)
@example(b"", Checksum.V1)
def test_a_checksum_is_what_it_is_defined_to_be(chunk, checksum):
    a, b = 1, 0
    for byte in chunk:
        a = (a + byte) % checksum.modulus
        b = (b + a) % checksum.modulus

    assert checksum.of(chunk) == b << 16 | a


@settings(deadline=None)
@given(pieces, pieces, st.sampled_from([128, 129, 200]), checksums)
def test_a_delta_leads_to_the_new_file(old, new, size, checksum):
    old, new = made_of(old), made_of(new)
    delta = b"".join(Delta(a_signature(old, size, checksum), BytesIO(new)))

    assert read(Rebuilt(BytesIO(delta), BytesIO(old))) == new


@settings(deadline=None)
@given(pieces, pieces)
def test_no_command_could_be_joined_with_the_next(old, new):
    commands = list(Delta(a_signature(made_of(old), 128), BytesIO(made_of(new))).commands())

    for one, next in pairwise(commands):
        match one, next:
            case Data(), Data():
                pytest.fail("two pieces of new data in a row")
            case Copy(), Copy():
                assert one.offset + one.length != next.offset
    assert all(command.length > 0 for command in commands)


@settings(deadline=None)
@given(pieces, pieces, st.data())
def test_a_delta_with_a_wrong_bit_leads_nowhere_else(old, new, data):
    old, new = made_of(old), made_of(new)
    delta = bytearray(b"".join(Delta(a_signature(old, 128), BytesIO(new))))
    delta[data.draw(st.integers(0, len(delta) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    with suppress(FeedError):
        assert read(Rebuilt(BytesIO(delta), BytesIO(old))) == new  # a piece may be in the old file twice


@settings(deadline=None)
@given(pieces, st.lists(st.one_of(st.binary(max_size=20), st.sampled_from([b"\x60", b"\x80", bytes(8)]))))
def test_any_delta_comes_to_an_end(old, commands):
    start = b"".join(Delta(a_signature(b"", 128), BytesIO(b"")))

    with suppress(BadDelta):
        read(Rebuilt(BytesIO(start + b"".join(commands)), BytesIO(made_of(old))))


@pytest.fixture
def hasty(monkeypatch):
    """A search that gives up looking at every byte almost at once."""
    monkeypatch.setattr(making, "THOROUGH", 512)
    monkeypatch.setattr(making, "_PIECE", 100)


def noise(length, seed):
    numbers = iter(range(seed, seed + length))
    return bytes((n * 2654435761 >> 13) * (n | 1) >> 7 & 0xFF for n in numbers)


@pytest.mark.parametrize("before", [0, 1, 700, 5001])
@pytest.mark.parametrize("after", [0, 3, 2000])
def test_what_follows_a_long_new_stretch_is_found_from_its_beginning(hasty, before, after):
    old = noise(20_000, 7)
    new = noise(before, 500_000) + old + noise(after, 900_000)
    commands = list(Delta(a_signature(old, 128), BytesIO(new)).commands())

    copied = sum(command.length for command in commands if isinstance(command, Copy))
    assert copied >= len(old) - 128
    assert read(Rebuilt(BytesIO(b"".join(Delta(a_signature(old, 128), BytesIO(new)))), BytesIO(old))) == new


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 9000), st.integers(0, 9000), st.integers(0, 9000))
def test_hasty_deltas_lead_to_the_new_file_too(cut, more, end):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "THOROUGH", 512)
        old = noise(9000, 7)
        new = old[:cut] + noise(more, 500_000) + old[cut:end] + old[:end]
        delta = b"".join(Delta(a_signature(old, 128), BytesIO(new)))

    assert read(Rebuilt(BytesIO(delta), BytesIO(old))) == new
