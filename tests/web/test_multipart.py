"""What clients write as multipart bodies, and what nobody should."""

import re
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nugetlite.errors import BadUpload
from nugetlite.web.multipart import BLOCK, HEADERS, PARTS, PREAMBLE, Multipart

FORM = "multipart/form-data; boundary="
PACKAGE = b"PK\x03\x04 any bytes \r\n--\r\n\n--not-it PK\x05\x06\x00\x00"


class Trickle:
    """A body that comes in pieces of the sizes given, over and over."""

    def __init__(self, data, sizes):
        self.stream = BytesIO(data)
        self.sizes = sizes
        self.turn = 0

    def read(self, size):
        self.turn += 1
        return self.stream.read(min(size, self.sizes[self.turn % len(self.sizes)]))


def parts_of(content_type, body):
    return [(part.name, part.filename, part.read()) for part in Multipart(content_type, BytesIO(body))]


def form(content, boundary=b"limes", head=b'Content-Disposition: form-data; name="package"'):
    return b"--%b\r\n%b\r\n\r\n%b\r\n--%b--\r\n" % (boundary, head, content, boundary)


# ---- as clients write it


@pytest.mark.parametrize(
    ("content_type", "before", "after", "name", "filename"),
    [
        pytest.param(
            'multipart/form-data; boundary="9f2d5c0e-7f62-4be9-8f0c-6a2d1d3c5a11"',
            b"--9f2d5c0e-7f62-4be9-8f0c-6a2d1d3c5a11\r\n"
            b"Content-Type: application/octet-stream\r\n"
            b"Content-Disposition: form-data; name=package; filename=package.nupkg; "
            b"filename*=utf-8''package.nupkg\r\n\r\n",
            b"\r\n--9f2d5c0e-7f62-4be9-8f0c-6a2d1d3c5a11--\r\n",
            "package",
            "package.nupkg",
            id="dotnet nuget push",
        ),
        pytest.param(
            "multipart/form-data; boundary=---------------------------8d92c2a1b3f4e60",
            b"-----------------------------8d92c2a1b3f4e60\r\n"
            b'Content-Disposition: form-data; name="package"; filename="package"\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n",
            b"\n-----------------------------8d92c2a1b3f4e60--\n",
            "package",
            "package",
            id="nuget.exe 2.8 on Mono",
        ),
        pytest.param(
            "multipart/form-data; boundary=---------------------------8d92c2a1b3f4e60",
            b"-----------------------------8d92c2a1b3f4e60\r\n"
            b'Content-Disposition: form-data; name="package"; filename="package"\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n",
            b"\r\n-----------------------------8d92c2a1b3f4e60--\r\n",
            "package",
            "package",
            id="nuget.exe 2.8 on Windows",
        ),
        pytest.param(
            "multipart/form-data; boundary=------------------------b5f4e6e2c8f7a1d0",
            b"--------------------------b5f4e6e2c8f7a1d0\r\n"
            b'Content-Disposition: form-data; name="data"; filename="Contoso.Json.1.2.0.nupkg"\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n",
            b"\r\n--------------------------b5f4e6e2c8f7a1d0--\r\n",
            "data",
            "Contoso.Json.1.2.0.nupkg",
            id="curl -F data=@file",
        ),
        pytest.param(
            "multipart/form-data; boundary=------------------------b5f4e6e2c8f7a1d0",
            b"--------------------------b5f4e6e2c8f7a1d0\r\n"
            b'Content-Disposition: form-data; name="package"\r\n\r\n',
            b"\r\n--------------------------b5f4e6e2c8f7a1d0--\r\n",
            "package",
            "",
            id="curl -F package=<file",
        ),
        pytest.param(
            "multipart/form-data; boundary=--------------------------642175087512964203958132",
            b"----------------------------642175087512964203958132\r\n"
            b'Content-Disposition: form-data; name="file"; filename="Contoso.Web.1.0.zip"\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n",
            b"\r\n----------------------------642175087512964203958132--\r\n",
            "file",
            "Contoso.Web.1.0.zip",
            id="octopackjs",
        ),
        pytest.param(
            'multipart/form-data; boundary="8c4f6ab1-b8e6-4f83-9d57-0d1d2f2b5b1a"',
            b"--8c4f6ab1-b8e6-4f83-9d57-0d1d2f2b5b1a\r\n"
            b"Content-Type: application/octet-stream\r\n"
            b"Content-Disposition: form-data; name=file; filename=Contoso.Web.1.0.zip; "
            b"filename*=utf-8''Contoso.Web.1.0.zip\r\n\r\n",
            b"\r\n--8c4f6ab1-b8e6-4f83-9d57-0d1d2f2b5b1a--\r\n",
            "file",
            "Contoso.Web.1.0.zip",
            id="HttpClient of .NET",
        ),
        pytest.param(
            "multipart/form-data; boundary=0d9f3b8c0a5b4b8e9a0fb3cf4a7c0c2a1d6b7e8f9a0b1c2d3e4f5a6b7c8d",
            b"--0d9f3b8c0a5b4b8e9a0fb3cf4a7c0c2a1d6b7e8f9a0b1c2d3e4f5a6b7c8d\r\n"
            b'Content-Disposition: form-data; name="file"; filename="Contoso.Web.1.0.zip"\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n",
            b"\r\n--0d9f3b8c0a5b4b8e9a0fb3cf4a7c0c2a1d6b7e8f9a0b1c2d3e4f5a6b7c8d--\r\n",
            "file",
            "Contoso.Web.1.0.zip",
            id="Go",
        ),
    ],
)
def test_every_client_is_understood(content_type, before, after, name, filename):
    assert parts_of(content_type, before + PACKAGE + after) == [(name, filename, PACKAGE)]


@pytest.mark.parametrize(
    ("disposition", "name", "filename"),
    [
        ('form-data; name="a"; filename="b \\"c\\".zip"', "a", 'b "c".zip'),
        ('form-data; name="a"; filename="C:\\builds\\c.zip"', "a", "c.zip"),
        ('form-data; name="a"; filename="../../c.zip"', "a", "c.zip"),
        (
            'form-data; name="a"; filename="old.zip"; filename*=UTF-8\'en\'na%C3%AFve%20%3B.zip',
            "a",
            "naïve ;.zip",
        ),
        ("form-data; name=a; filename*=latin-9000''x.zip; filename=fallback.zip", "a", "fallback.zip"),
        ("form-data; name=a; filename*=x.zip", "a", ""),
        ('form-data;name="a;b";filename="c;d.zip"', "a;b", "c;d.zip"),
        ('form-data; NAME="a"; name="b"', "a", ""),
        ('form-data; name="naïve"', "naïve", ""),
        ("form-data", "", ""),
        ("", "", ""),
    ],
)
def test_a_part_is_called_what_its_disposition_says(disposition, name, filename):
    body = form(PACKAGE, head=b"Content-Disposition: " + disposition.encode())
    assert parts_of(FORM + "limes", body) == [(name, filename, PACKAGE)]


def test_a_part_needs_no_headers():
    assert parts_of(FORM + "limes", b"--limes\r\n\r\nPK\r\n--limes--") == [("", "", b"PK")]


def test_a_part_may_be_all_headers():
    body = b"--limes\r\nContent-Disposition: form-data; name=a\r\n\r\n--limes\r\n\r\nPK\r\n--limes--"
    assert parts_of(FORM + "limes", body) == [("a", "", b""), ("", "", b"PK")]


def test_the_preamble_and_the_epilogue_are_nobodys():
    body = b"This is a MIME message.\r\n--limes?\r\n" + form(PACKAGE) + b"\r\nThat was it.\r\n--limes\r\n"
    assert parts_of(FORM + "limes", body) == [("package", "", PACKAGE)]


def test_a_longer_word_that_begins_like_the_boundary_is_content():
    content = b"\r\n--limestone\r\n--limes-\r\n--limes -- \r\n --limes\r\n--limes" + b" " * 65 + b"\r\n"
    assert parts_of(FORM + "limes", form(content)) == [("package", "", content)]


def test_what_is_left_of_a_part_is_skipped():
    body = form(b"x" * 3 * BLOCK)[:-4] + b"\r\n\r\nsecond\r\n--limes--\r\n"
    starts = [part.read(1) for part in Multipart(FORM + "limes", BytesIO(body))]
    assert starts == [b"x", b"s"]


def test_a_part_cannot_be_read_when_it_is_over():
    parts = list(Multipart(FORM + "limes", BytesIO(form(b"first")[:-4] + b"\r\n\r\nsecond\r\n--limes--")))
    with pytest.raises(ValueError, match="went on"):
        parts[0].read(1)


def test_a_part_is_a_file_for_whoever_wants_one():
    part = next(iter(Multipart(FORM + "limes", BytesIO(form(PACKAGE)))))
    buffer = bytearray(4)
    assert part.readable()
    assert part.readinto(buffer) == 4
    assert bytes(buffer) + part.read() == PACKAGE


# ---- any of it

LINE_ENDS = st.sampled_from([b"\r\n", b"\n"])
BOUNDARIES = st.text("-abAB01'()+_,./:=?", min_size=1, max_size=20)
SIZES = st.lists(st.integers(1, 60) | st.just(BLOCK), min_size=1, max_size=5)


def contents(boundary):
    """Bytes that are as much like the boundary as a part may be."""
    mark = b"--" + boundary.encode()
    pieces = [
        b"\r",
        b"\n",
        b"\r\n",
        b"-",
        b"--",
        mark,
        mark[:-1],
        b"\r\n" + mark,
        mark + b"-",
        mark + b"x",
        b" ",
    ]
    ends = re.compile(rb"(\A|\n)%b(--)?[ \t]*(\r?\n|\Z)" % re.escape(mark))
    joined = st.lists(st.sampled_from(pieces) | st.binary(max_size=20), max_size=12).map(b"".join)
    return joined.filter(lambda content: not ends.search(content))


@st.composite
def bodies(draw):
    """A boundary, the contents of some parts, and the body that somebody could make of them."""
    boundary = draw(BOUNDARIES)
    line_end = draw(LINE_ENDS)
    content = contents(boundary)
    if line_end == b"\n":  # then nobody could tell whose a carriage return at the end is
        content = content.filter(lambda content: not content.endswith(b"\r"))
    parts = draw(st.lists(content, max_size=4))
    mark = b"--" + boundary.encode()
    body = draw(content.map(lambda preamble: preamble and preamble + line_end))
    for number, part in enumerate(parts):
        blanks = draw(st.sampled_from([b"", b" ", b"\t "]))
        body += mark + blanks + line_end + b"X-N: %d" % number + line_end + line_end + part + line_end
    epilogue = draw(st.just(b"") | st.binary(max_size=20).map(lambda text: line_end + text))
    return boundary, parts, body + mark + b"--" + epilogue


@settings(deadline=None, max_examples=150)
@given(bodies(), SIZES, SIZES, st.booleans())
def test_any_parts_come_out_as_they_went_in(written, arrivals, reads, quoted):
    boundary, contents, body = written
    content_type = f'{FORM}"{boundary}"' if quoted else FORM + boundary

    found = []
    for part in Multipart(content_type, Trickle(body, arrivals)):
        turn = iter(reads * (len(body) + 1))
        found.append((part.headers, b"".join(iter(lambda part=part, turn=turn: part.read(next(turn)), b""))))

    assert found == [({"x-n": str(n)}, content) for n, content in enumerate(contents)]


NOISE = [
    b"--limes",
    b"--limes--",
    b"\r\n",
    b"\n",
    b"\r",
    b": ",
    b";",
    b"Content-Disposition",
    b'"',
    b"=",
    b"''",
]
TYPES = [FORM + "limes", FORM + '"limes"', FORM, "multipart/form-data"]


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.sampled_from(NOISE) | st.binary(max_size=30), max_size=30).map(b"".join),
    st.sampled_from(TYPES) | st.text(max_size=40),
    SIZES,
)
def test_hostile_bytes_are_refused_or_read_and_nothing_else(body, content_type, arrivals):
    with suppress(BadUpload):
        for part in Multipart(content_type, Trickle(body, arrivals)):
            part.read()


@settings(deadline=None)
@given(bodies(), st.data())
def test_a_body_that_breaks_off_never_looks_whole(written, data):
    boundary, _, body = written
    last = re.compile(rb"(\A|\n)--%b--[ \t]*(\r?\n|\Z)" % re.escape(boundary.encode()))
    cut = data.draw(st.integers(0, len(body) - 1).filter(lambda cut: not last.search(body[:cut])))
    with pytest.raises(BadUpload):
        parts_of(FORM + boundary, body[:cut])


# ---- as nobody should write it


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", FORM, FORM + '""', FORM + "x" * 201, "multipart/form-data; limits=limes"],
)
def test_without_a_boundary_there_is_nothing_to_read(content_type):
    with pytest.raises(BadUpload, match="names no boundary"):
        Multipart(content_type, BytesIO(form(PACKAGE)))


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "no file"),
        (PACKAGE, "no file"),
        (form(PACKAGE, boundary=b"other"), "no file"),
        (b"\n--limes\n", "no file"),
        (b"\n--limes\nContent-Disposition: form-data", "no file"),
        (form(PACKAGE)[:-6], "broke off"),
        (form(PACKAGE)[:-4] + b"\r\n", "broke off"),
        (form(PACKAGE)[:-4] + b"\r\n\r\n", "broke off"),
        (b"--limes\r\nno header\r\n\r\n", "header that is none"),
        (b"--limes\r\n" + b"X: y\r\n" * HEADERS, "without end"),
        (b"--limes\r\n" + b"X: y\r\n" * HEADERS + b"\r\nPK\r\n--limes--", "without end"),
        (b"--limes\r\nX: " + b"y" * (HEADERS + 1), "without end"),
        (b"--limes\r\n\r\n\r\n" * 20_000 + b"--limes--", f"more than {PARTS} parts"),
        (b"x" * (PREAMBLE + 1) + b"\r\n" + form(PACKAGE), "not where this upload begins"),
    ],
)
def test_what_is_no_multipart_body_is_refused(body, complaint):
    with pytest.raises(BadUpload, match=complaint):
        parts_of(FORM + "limes", body)


def test_as_many_parts_as_are_allowed_are_read():
    body = b"--limes\r\n\r\n\r\n" * PARTS + b"--limes--"
    assert len(parts_of(FORM + "limes", body)) == PARTS


@pytest.mark.parametrize("filling", [b"\x00", b"\n", b"\n--limes-", b"\r\n--limestone"])
def test_a_large_part_is_handed_on_as_it_comes(filling):
    """However much of it is like the boundary, little more than what was just read is ever kept."""

    class Endless:
        given = 0
        head = b"--limes\r\n\r\n"
        block = (filling * BLOCK)[:BLOCK] + b"x"

        def read(self, size):
            block, self.head = self.head or self.block, b""
            self.given += len(block)
            return block

    body = Endless()
    part = next(iter(Multipart(FORM + "limes", body)))
    read = 0
    for _ in range(20):
        read += len(part.read(BLOCK))
        assert body.given - read < 3 * BLOCK
    assert read > 10 * BLOCK
