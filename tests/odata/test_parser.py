"""The grammar of ``$filter`` and ``$orderby``: what is read as what, and what is refused with which sentence."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nugetlite.errors import BadQuery
from nugetlite.odata.entity import Edm, Property
from nugetlite.odata.expressions import (
    All,
    Any,
    Arithmetic,
    Call,
    Comparison,
    Function,
    Literal,
    Negative,
    Not,
    Operation,
    Read,
    Relation,
)
from nugetlite.odata.parser import parse_filter, parse_orderby
from nugetlite.odata.selection import Order
from nugetlite.package.version import Version

ID, VERSION, TITLE, TAGS = map(Read, (Property.ID, Property.VERSION, Property.TITLE, Property.TAGS))
LISTED, LATEST = Read(Property.LISTED), Read(Property.IS_LATEST_VERSION)
DOWNLOADS, PUBLISHED = Read(Property.DOWNLOAD_COUNT), Read(Property.PUBLISHED)
TRUE, FALSE = Literal(True, Edm.BOOLEAN), Literal(False, Edm.BOOLEAN)


def number(value, type=Edm.INT32):
    return Literal(value, type)


def text(value):
    return Literal(value, Edm.STRING)


def equal(left, right):
    return Comparison(Relation.EQ, left, right)


def refusal(told):
    with pytest.raises(BadQuery) as caught:
        parse_filter(told)
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "literal"),
    [
        ("'a'", text("a")),
        ("''", text("")),
        ("'it''s'", text("it's")),
        ("''''", text("'")),
        ("'é%_*\"'", text('é%_*"')),
        ("5", number(5)),
        ("2147483647", number(2147483647)),
        ("2147483648", number(2147483648, Edm.INT64)),
        ("5L", number(5, Edm.INT64)),
        ("5l", number(5, Edm.INT64)),
        ("2.5", number(2.5, Edm.DOUBLE)),
        ("2.5d", number(2.5, Edm.DOUBLE)),
        ("1e3", number(1000.0, Edm.DOUBLE)),
        ("1.5E-1", number(0.15, Edm.DOUBLE)),
        ("2f", number(2.0, Edm.SINGLE)),
        ("2.50m", number(2.5, Edm.DECIMAL)),
        ("2M", number(2.0, Edm.DECIMAL)),
        ("-5", number(-5)),
        ("- 5", number(-5)),
        ("true", TRUE),
        ("FALSE", FALSE),
        ("null", Literal(None, Edm.NULL)),
        ("datetime'2013-08-01'", Literal(datetime(2013, 8, 1, tzinfo=UTC), Edm.DATETIME)),
        ("datetime'2013-08-01T12:30'", Literal(datetime(2013, 8, 1, 12, 30, tzinfo=UTC), Edm.DATETIME)),
        (
            "DateTime'2013-08-01T12:30:15.1234567Z'",
            Literal(datetime(2013, 8, 1, 12, 30, 15, 123456, tzinfo=UTC), Edm.DATETIME),
        ),
        (
            "datetimeoffset'2013-08-01T12:30:00+02:00'",
            Literal(datetime(2013, 8, 1, 10, 30, tzinfo=UTC), Edm.DATETIMEOFFSET),
        ),
        (
            "datetimeoffset'2013-08-01T12:30:00 02:00'",  # as a query string leaves the +
            Literal(datetime(2013, 8, 1, 10, 30, tzinfo=UTC), Edm.DATETIMEOFFSET),
        ),
        (
            "guid'01234567-89AB-cdef-0123-456789abcdef'",
            Literal("01234567-89ab-cdef-0123-456789abcdef", Edm.GUID),
        ),
        ("time'PT1H30M'", Literal("PT1H30M", Edm.TIME)),
        ("binary'00FF'", Literal("00FF", Edm.BINARY)),
        ("X'00FF'", Literal("00FF", Edm.BINARY)),
    ],
)
def test_a_literal_of_each_type(written, literal):
    assert parse_filter(f"{written} ne {written}") == Comparison(Relation.NE, literal, literal)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("datetime'2013-13-01'", "there is no such time"),
        ("datetime'yesterday'", "datetime'2013-08-01T12:30:00'"),
        ("datetimeoffset'2013-08-01T12:30:00'", "+02:00"),
        ("datetimeoffset'0001-01-01T00:00:00+14:00'", "there is no such time"),
        ("guid'5'", "01234567-89ab"),
        ("time'soon'", "PT1H30M"),
        ("X'0'", "pairs of hexadecimal digits"),
        ("money'5'", "there is no type of literals money"),
        ("9223372036854775808", "too large"),
        ("9" * 5000, "too large"),
        ("1e999", "too large"),
        ("2.5L", "only a whole number may end with L"),
        ("5x", "this is no number"),
        ("1.2.3", "this is no number"),
    ],
)
def test_a_literal_that_is_none_is_named_with_its_place(written, why):
    said = refusal(f"Id eq {written}")

    assert "at character 7, " in said
    assert why in said


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("listed", LISTED),
        ("ISLATESTVERSION", LATEST),
        ("IsLatestVersion eq true", LATEST),
        ("true eq IsLatestVersion", equal(TRUE, LATEST)),
        ("not Listed", Not(LISTED)),
        ("not(Listed)", Not(LISTED)),
        ("NOT Listed AND IsLatestVersion", All((Not(LISTED), LATEST))),
        ("Listed or Listed and IsLatestVersion", Any((LISTED, All((LISTED, LATEST))))),
        ("(Listed or Listed) and IsLatestVersion", All((Any((LISTED, LISTED)), LATEST))),
        ("Listed and (Listed and (Listed and Listed))", All((LISTED,) * 4)),
        ("not Id eq 'x'", Not(equal(ID, text("x")))),
        ("id EQ 'X'", equal(ID, text("X"))),
        ("tolower(Id) eq 'x'", equal(ID, text("x"))),  # letter case never counts
        ("Title eq null", equal(TITLE, Literal(None, Edm.NULL))),
        (
            "1 add 2 mul 3 eq 7",
            equal(
                Arithmetic(
                    Operation.ADD,
                    number(1),
                    Arithmetic(Operation.MUL, number(2), number(3), Edm.INT32),
                    Edm.INT32,
                ),
                number(7),
            ),
        ),
        (
            "7 sub 2 sub 1 eq 4",
            equal(
                Arithmetic(
                    Operation.SUB,
                    Arithmetic(Operation.SUB, number(7), number(2), Edm.INT32),
                    number(1),
                    Edm.INT32,
                ),
                number(4),
            ),
        ),
        (
            "-DownloadCount lt 5 div 2.0",
            Comparison(
                Relation.LT,
                Negative(DOWNLOADS),
                Arithmetic(Operation.DIV, number(5), number(2.0, Edm.DOUBLE), Edm.DOUBLE),
            ),
        ),
        ("1 lt 2 eq true", Comparison(Relation.LT, number(1), number(2))),
        ("substringof('x', Tags)", Call(Function.SUBSTRINGOF, (text("x"), TAGS), Edm.BOOLEAN)),
        (
            "length(trim(Title)) gt indexof(Title,'a')",
            Comparison(
                Relation.GT,
                Call(Function.LENGTH, (Call(Function.TRIM, (TITLE,), Edm.STRING),), Edm.INT32),
                Call(Function.INDEXOF, (TITLE, text("a")), Edm.INT32),
            ),
        ),
        ("year(Published) eq 2020", equal(Call(Function.YEAR, (PUBLISHED,), Edm.INT32), number(2020))),
        ("Version gt '1.0.0-Beta1'", Comparison(Relation.GT, VERSION, text(Version.parse("1.0.0-beta1")))),
        ("'1.0' gt version", Comparison(Relation.LT, VERSION, text(Version.parse("1.0.0")))),
        ("Version eq '1.0.0 build'", equal(VERSION, text(Version.parse("1.0.0+build")))),
        ("Version eq 'newest'", FALSE),
        ("Version ne 'newest'", TRUE),
        ("", TRUE),
        ("  ", TRUE),
    ],
)
def test_what_is_written_and_what_is_meant(written, meant):
    assert parse_filter(written) == meant


@pytest.mark.parametrize(
    "call",
    [
        "substringof('a',Id)",
        "startswith(Id,'a')",
        "endswith(Id,'a')",
        "tolower(Id) eq 'a'",
        "toupper(Id) eq 'A'",
        "trim(Id) eq 'a'",
        "concat(Id,'a') eq 'a'",
        "replace(Id,'a','b') eq 'b'",
        "substring(Id,1) eq 'b'",
        "substring(Id,1,2) eq 'b'",
        "indexof(Id,'a') eq 0",
        "length(Id) eq 1",
        "year(Created) eq 1",
        "month(Created) eq 1",
        "day(Created) eq 1",
        "hour(Created) eq 1",
        "minute(Created) eq 1",
        "second(LastUpdated) eq 1",
        "round(2.5) eq 3",
        "floor(2.5) eq 2",
        "ceiling(2.5m) eq 3",
    ],
)
def test_every_function_is_known_in_any_letter_case(call):
    name = call.partition("(")[0]

    assert parse_filter(call) == parse_filter(call.replace(name, name.upper()))


@pytest.mark.parametrize(
    ("written", "place", "why"),
    [
        ("Id gt 5", 'character 4, "gt 5"', "a text does not compare with a number"),
        ("5 eq Title", "character 3", "a number does not compare with a text"),
        ("Listed gt true", "character 8", "true or false comes in no order"),
        ("Published eq 'x'", "character 11", "a time does not compare with a text"),
        ("Id eq guid'01234567-89ab-cdef-0123-456789abcdef'", "character 4", "a GUID"),
        ("Id", "character 1", "true or false is wanted, and this is a text"),
        ("null", "character 1", "this is null"),
        ("Id and Listed", "character 4", "this is a text"),
        ("Listed or 5", "character 8", "this is a number"),
        ("not Id", "character 1", "this is a text"),
        ("-Id eq 5", "character 1", "a number is wanted, and this is a text"),
        ("Id add 1 eq 2", "character 4", "a number is wanted, and this is a text"),
        ("DownloadCount mod 2.5 eq 1", "character 15", "mod takes whole numbers only"),
        ("Colour eq 'red'", 'character 1, "Colour', 'there is no property "Colour"'),
        ("soundex(Id) eq 'x'", "character 1", 'there is no function "soundex"'),
        ("isof('Edm.String')", "character 1", "isof is not supported"),
        ("Listed and cast(Id,'Edm.Int32') eq 5", "character 12", "cast is not supported"),
        ("Dependencies eq 'x'", "character 1", "cannot look for Dependencies, only show it"),
        ("Version gt 'newest'", "character 9", '"newest" is no version'),
        ("length(Id,1) eq 2", "character 1", "length takes a text; arguments given: 2"),
        ("substringof('a')", "character 1", "substringof takes a text and a text; arguments given: 1"),
        ("startswith(Id,5)", "character 1", "wants a text as argument 2, and this is a number"),
        ("year(Id) eq 5", "character 1", "wants a time as argument 1"),
        ("substring(Id,1.5) eq 'x'", "character 1", "whole numbers"),
        ("Id eq 'abc", "character 7", "has no end; write a quote in it twice"),
        ("Id eq abc'd'", "character 7", "there is no type of literals abc"),
        ("(Listed", "its end", ") was expected"),
        ("Listed)", 'character 7, ")"', "nothing was expected here any more"),
        ("Listed Listed", "character 8", "nothing was expected here any more"),
        ("substringof('a',Id", "its end", ", was expected"),
        ("substringof('a' Id)", "character 17", ", was expected"),
        ("Id eq", "its end", "was expected"),
        ("eq 'x'", "character 1", "no property"),
        ("Id/Length eq 5", "character 3", "belongs to no name, number or text"),
        ("Id eq 'x'; DROP TABLE versions", "character 10", "belongs to no name"),
        ("Id eq @p", "character 7", "belongs to no name"),
        ("Id eq 'a\0b'", "character 9", "no text holds such a character"),
        ("Id eq '\ud800'", "character 8", "no text holds such a character"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(written, place, why):
    said = refusal(written)

    assert said.startswith("The $filter is not understood at ")
    assert place in said
    assert why in said


@pytest.mark.parametrize(
    "written",
    [
        "(" * 1000 + "Listed" + ")" * 1000,
        "(" * 8000,
        "not " * 4000 + "Listed",
        "-" * 16000 + "5 eq 5",
        "concat(" * 2000,
        "Listed or " * 1500 + "Listed",
        "Listed and (Listed or " * 45 + "Listed" + ")" * 45,
        "1 add " * 2000 + "1 eq 1",
        "Id eq '" + "x" * 100_000 + "'",
        "'" + "''" * 100_000,
        "x" * 16_000,
        "9" * 16_000,
        "(1" * 5_000,
    ],
)
def test_what_is_too_long_too_deep_or_too_wide_is_refused_at_once(written):
    began = time.process_time()

    assert len(refusal(written)) < 300
    assert time.process_time() - began < 0.5


def test_parentheses_around_parentheses_are_nothing():
    assert parse_filter("(" * 90 + "Listed" + ")" * 90) == LISTED


def test_many_ids_at_a_time_are_one_flat_choice():
    ids = [f"(tolower(Id) eq 'contoso.{number}')" for number in range(250)]

    assert len(parse_filter(" or ".join(ids)).operands) == 250


WORDS = [
    *(
        "Id",
        "Listed",
        "Version",
        "(",
        ")",
        ",",
        "'x'",
        "5",
        "-",
        "not",
        "and",
        "or",
        "eq",
        "gt",
        "add",
        "div",
    ),
    *("substringof(", "length(", "null", "true", "datetime'2013-08-01'", "'", "%", "é"),
]


@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
def test_any_words_are_a_filter_or_a_refusal(words):
    try:
        found = parse_filter(words)
    except BadQuery:
        return
    assert found.type is Edm.BOOLEAN


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("", ()),
        ("Id", (Order(ID),)),
        ("id ASC", (Order(ID),)),
        ("DownloadCount desc,Id", (Order(DOWNLOADS, descending=True), Order(ID))),
        ("Version desc , Title asc", (Order(VERSION, descending=True), Order(TITLE))),
        (
            "concat(Title,Id),Id",  # Visual Studio's order by name
            (Order(Call(Function.CONCAT, (TITLE, ID), Edm.STRING)), Order(ID)),
        ),
    ],
)
def test_orders(written, meant):
    assert parse_orderby(written) == meant


@pytest.mark.parametrize(
    ("written", "place", "why"),
    [
        ("Colour", "character 1", "there is no property"),
        ("Id down", "character 4", "nothing was expected"),
        ("Id,", "its end", "was expected"),
        ("null", "character 1", "nothing is ordered by null"),
        (",".join(["Id"] * 6), "character 16", "at most 5 things"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(written, place, why):
    with pytest.raises(BadQuery, match="not understood at") as caught:
        parse_orderby(written)

    assert "$orderby" in str(caught.value)
    assert place in str(caught.value)
    assert why in str(caught.value)
