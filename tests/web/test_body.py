"""How much of a request is let in, what counts as its end, and where the package is in it."""

from io import BytesIO

import pytest
from gunicorn.http.errors import ChunkMissingTerminator, InvalidChunkSize, NoMoreData
from hypothesis import given, settings
from hypothesis import strategies as st

from nugetlite.errors import BadUpload, TooLarge
from nugetlite.web.body import FRAMING, SHORT_REST, SMALL, Body, body_of, package_stream

PACKAGE = b"PK\x03\x04 some package PK\x05\x06"
OCTETS = "application/octet-stream"
FORM = "multipart/form-data; boundary=limes"
MUCH = 10**9


def part(content, filename="package.nupkg"):
    named = f'; filename="{filename}"'.encode() if filename else b""
    return (
        b"--limes\r\nContent-Disposition: form-data; name=package" + named + b"\r\n\r\n" + content + b"\r\n"
    )


def request(body, content_type=OCTETS, *, length=None, chunked=False):
    """A request with this body. ``length`` is what it declares, in place of what is true."""
    framing = {"HTTP_TRANSFER_ENCODING": "chunked"} if chunked else {}
    framing |= {} if chunked else {"CONTENT_LENGTH": str(len(body) if length is None else length)}
    stream = body if hasattr(body, "read") else BytesIO(body)
    return {"wsgi.input": stream, "CONTENT_TYPE": content_type, **framing}


class Breaking:
    """A body that comes for a while and then goes wrong."""

    def __init__(self, data, error):
        self.stream = BytesIO(data)
        self.error = error

    def __len__(self):
        return 10_000

    def read(self, size):
        if data := self.stream.read(size):
            return data
        raise self.error


# ---- where the package is


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(
    "content_type", [OCTETS, "", "application/zip", "application/x-www.nupkg; version=1"]
)
def test_a_body_that_is_no_form_is_the_package(content_type, chunked):
    upload = package_stream(request(PACKAGE, content_type, chunked=chunked), MUCH)
    assert (upload.read(), upload.filename) == (PACKAGE, "")


@pytest.mark.parametrize("chunked", [False, True])
def test_the_first_part_of_a_form_is_the_package(chunked):
    body = part(PACKAGE, "") + part(b"a second") + b"--limes--\r\n"
    assert package_stream(request(body, FORM, chunked=chunked), MUCH).read() == PACKAGE


def test_where_names_count_the_first_part_with_a_file_name_is_the_package():
    body = (
        part(b"true", "")
        + part(PACKAGE, "Contoso.Web.1.0.zip")
        + part(b"a second", "b.zip")
        + b"--limes--\r\n"
    )
    upload = package_stream(request(body, FORM), MUCH, named=True)
    assert (upload.read(), upload.filename) == (PACKAGE, "Contoso.Web.1.0.zip")


def test_the_type_of_a_form_is_known_in_any_spelling():
    body = part(PACKAGE) + b"--limes--\r\n"
    assert package_stream(request(body, 'Multipart/Form-Data ;boundary="limes"'), MUCH).read() == PACKAGE


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-8",
        "application/problem+json",
        "text/plain",
        "TEXT/XML",
    ],
)
def test_what_is_declared_to_be_something_else_is_no_package(content_type):
    with pytest.raises(BadUpload, match="send one as multipart/form-data or application/octet-stream"):
        package_stream(request(PACKAGE, content_type), MUCH)


@pytest.mark.parametrize(
    "environ",
    [
        request(b""),
        request(b"", chunked=True),
        {"wsgi.input": BytesIO(b"of the next request")},
        request(b"--limes--\r\n", FORM),
        request(b"", FORM),
        request(part(b"") + b"--limes--\r\n", FORM),
        request(part(PACKAGE, "") + b"--limes--\r\n", FORM),
    ],
)
def test_without_a_package_there_is_nothing_to_push(environ):
    with pytest.raises(BadUpload, match=r"There is no (package|file) in this upload"):
        package_stream(environ, MUCH, named=True).read()


# ---- how much is let in


def test_more_than_is_let_in_is_refused_before_it_is_read():
    environ = request(Breaking(b"", AssertionError("it was read")), length=1001)
    with pytest.raises(TooLarge, match="more than the 1000 bytes"):
        package_stream(environ, 1000)


def test_more_than_is_let_in_is_refused_when_it_has_come():
    upload = package_stream(request(b"x" * 1001, chunked=True), 1000)
    with pytest.raises(TooLarge):
        upload.read()


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("content_type", [OCTETS, FORM])
def test_exactly_as_much_as_is_let_in_gets_in(content_type, chunked):
    body = b"x" * 1000 if content_type == OCTETS else part(b"x" * 1000) + b"--limes--\r\n"
    assert package_stream(request(body, content_type, chunked=chunked), 1000).read() == b"x" * 1000


def test_a_form_may_add_a_little():
    with pytest.raises(TooLarge):
        package_stream(request(b"", FORM, length=1000 + FRAMING + 1), 1000)


def test_where_nobody_expects_a_package_little_is_let_in():
    with pytest.raises(TooLarge, match="more than the 1 MB"):
        Body(request(b"x" * (SMALL + 1), chunked=True)).read()


@pytest.mark.parametrize(
    ("limit", "words"),
    [(2 * 1024**3, "2 GB"), (250 * 1024**2, "250 MB"), (1536, "1.5 KB"), (1000, "1000 bytes")],
)
def test_a_limit_is_told_in_words(limit, words):
    with pytest.raises(TooLarge, match=f"^This is more than the {words} that may be sent here$"):
        body_of(request(b"", length=limit + 1), limit)


# ---- where it ends


def test_nothing_behind_the_declared_length_is_read():
    environ = request(PACKAGE + b"GET /next HTTP/1.1", length=len(PACKAGE))
    upload = package_stream(environ, MUCH)
    assert upload.read() == PACKAGE
    assert upload.read(1) == b""


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (OCTETS, PACKAGE),
        (FORM, part(PACKAGE) + b"--limes--\r\n"),
        (FORM, part(PACKAGE) + b"--limes--\r\n" + b"an epilogue" * 20),
    ],
)
def test_a_body_shorter_than_declared_is_refused_even_if_the_package_is_whole(content_type, body):
    upload = package_stream(request(body, content_type, length=len(body) + 2), MUCH)
    with pytest.raises(BadUpload, match="broke off 2 bytes before its end"):
        upload.read()


def test_a_form_that_ends_without_its_last_boundary_is_refused_even_if_the_package_is_whole():
    upload = package_stream(request(part(PACKAGE) + b"--limes\r\n", FORM, chunked=True), MUCH)
    with pytest.raises(BadUpload, match="broke off"):
        upload.read()


@pytest.mark.parametrize(
    "error",
    [
        NoMoreData(),
        InvalidChunkSize(b"zz"),
        ChunkMissingTerminator(b"xx"),
        ConnectionResetError(),
        TimeoutError(),
        BlockingIOError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_goes_wrong_on_the_way_is_one_refusal(error):
    upload = package_stream(request(Breaking(PACKAGE, error), chunked=True), MUCH)
    with pytest.raises(BadUpload, match="broke off, or its chunks are wrong") as refusal:
        upload.read()
    assert refusal.value.__cause__ is error


# ---- what is left of it


@pytest.mark.parametrize(
    ("environ", "read", "ends"),
    [
        (request(b""), 0, False),
        (request(b"x" * 10), 0, False),
        (request(b"x" * SHORT_REST), 0, False),
        (request(b"x" * (SHORT_REST + 1)), 0, True),
        (request(b"x" * (SHORT_REST + 1)), SHORT_REST + 1, False),
        (request(b"", chunked=True), 0, True),
        (request(b"x", chunked=True), 1, True),
        (request(b"x", chunked=True), -1, False),
    ],
)
def test_a_connection_ends_with_a_body_that_nobody_will_read_to_its_end(environ, read, ends):
    body = body_of(environ, MUCH)
    body.read(read)
    assert body.ends_connection is ends


def test_a_connection_ends_with_a_body_that_broke():
    body = body_of(request(b"x", length=10), MUCH)
    with pytest.raises(BadUpload):
        body.read()
    assert body.ends_connection


def test_a_body_is_the_same_whoever_asks_for_it():
    environ = request(b"x" * 10)
    assert body_of(environ, MUCH).read(4) == b"xxxx"
    assert body_of(environ, MUCH).read() == b"x" * 6


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=200), st.booleans(), st.lists(st.integers(1, 50), min_size=1, max_size=4))
def test_a_body_is_the_same_in_whatever_pieces_it_is_read(data, chunked, sizes):
    body = body_of(request(data, chunked=chunked), MUCH)
    turn = iter(sizes * (len(data) + 1))
    assert b"".join(iter(lambda: body.read(next(turn)), b"")) == data
    assert not body.ends_connection
