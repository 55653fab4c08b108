"""Paths and query options, in every spelling: they are read into values, or refused with a sentence."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nugetlite.errors import BadQuery, FeedError
from nugetlite.odata.entity import Property
from nugetlite.odata.selection import PAGE, Cursor
from nugetlite.web.links import Links, V2Links
from nugetlite.web.v2.address import Address, unquoted
from nugetlite.web.v2.asked import MOST, SYSTEM, Options

TEXT = st.text(max_size=40)
NAMES = st.sampled_from(
    [*SYSTEM, "id", "searchterm", "includeprerelease", "semverlevel", "packageids", "versions"]
)
HERE = V2Links(Links("http://feed"), "/nuget")


def outcome(read):
    """What it reads, or the refusal."""
    try:
        return read()
    except FeedError as refusal:
        return refusal


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


@given(TEXT)
def test_what_is_quoted_comes_back(text):
    assert unquoted(quoted(text)) == text
    assert unquoted(f"  {quoted(text)} ") == text


@given(st.text(st.characters(exclude_characters="'"), max_size=40))
def test_quotes_can_be_left_out(text):
    assert unquoted(text) == text.strip()


QUOTES = "'" * 200


@given(TEXT, TEXT)
def test_a_key_may_hold_anything(id, version):
    address = Address.parse(f"Packages(Id={quoted(id)}, vErsion ={quoted(version)})/$value")

    assert address == Address("packages", {"id": id, "version": version}, ("$value",))


@given(st.text(alphabet="Packages()'=,/$Id1 .é\n", max_size=60))
def test_any_path_is_read_or_refused(path):
    read = outcome(lambda: Address.parse(path))

    if isinstance(read, Address):
        assert read.name == read.name.lower()
        assert "/" not in "".join(read.rest)
    else:
        assert read.status == 400


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("", Address("", {}, ())),
        ("/", Address("", {}, ())),
        ("Packages", Address("packages", {}, ())),
        ("Packages()/", Address("packages", {}, ())),
        ("Packages( )//$count", Address("packages", {}, ("$count",))),
        (
            "Packages(Id='a/b)',Version='(1')/Id",
            Address("packages", {"id": "a/b)", "version": "(1"}, ("Id",)),
        ),
        ("package/A/1.0", Address("package", {}, ("A", "1.0"))),
    ],
)
def test_a_path_is_a_name_a_key_and_the_rest(path, address):
    assert Address.parse(path) == address


@pytest.mark.parametrize("path", [f"Packages({QUOTES}(", f"Packages(Id={QUOTES}", f"Packages(Id={QUOTES}',)"])
def test_quotes_by_the_hundred_are_refused_without_trying_all_their_pairs(path):
    with pytest.raises(BadQuery):
        Address.parse(path)


@given(st.dictionaries(NAMES, TEXT))
def test_any_options_are_read_or_refused(told):
    options = Options(told)
    for read in (options.check, options.packages, options.search, options.updates, options.of_one_id):
        if isinstance(refusal := outcome(read), FeedError):
            assert refusal.status == 400
            assert " " in str(refusal)


@given(st.integers(0, MOST))
def test_a_number_is_read(number):
    assert Options({"$top": f" 00{number} "}).number("$top") == number
    assert Options({"$top": str(number)}).packages().top == min(number, PAGE)


@given(
    st.integers().filter(lambda number: not 0 <= number <= MOST)
    | st.floats()
    | st.text("0123456789-+eE. ٣", min_size=1)
)
def test_what_is_no_number_is_refused(text):
    told = str(text)
    if re.fullmatch("[0-9]{1,9}", told.strip()) or not told.strip():
        return
    with pytest.raises(BadQuery, match=r"\$skip is a whole number"):
        Options({"$skip": told}).number("$skip")


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("true", True),
        ("True", True),
        ("'TRUE'", True),
        ("1", True),
        ("false", False),
        ("0", False),
        ("", False),
        (" ", False),
    ],
)
def test_a_truth_is_read(text, truth):
    assert Options({"includeprerelease": text}).search().stable_only is not truth


@given(st.lists(st.sampled_from(list(Property)), min_size=1), st.booleans())
def test_what_is_selected_stands_in_the_order_of_the_entity(properties, loud):
    names = ",".join(each.value.upper() if loud else each.value for each in properties)

    assert Options({"$select": names}).select == tuple(each for each in Property if each in properties)


@given(
    st.dictionaries(st.sampled_from(["$filter", "searchterm", "id", "$orderby", "semverlevel"]), TEXT),
    st.none() | st.integers(0, MOST),
    st.integers(0, MOST),
)
def test_the_next_page_asks_the_same_further_on(told, top, skip):
    token = Cursor((), "contoso.json", "1~")
    asked = {**told, "$skip": str(skip), **({} if top is None else {"$top": str(top)})}

    further = Options(asked).next_page(token)

    if top is not None and top <= PAGE:
        assert further is None
    else:
        assert further == {
            **told,
            **({} if top is None else {"$top": str(top - PAGE)}),
            "$skiptoken": str(token),
        }


@given(st.dictionaries(st.sampled_from(["$filter", "searchterm", "versions"]), TEXT))
def test_an_option_in_a_url_comes_back_whole_even_if_it_is_unescaped_once_too_often(told):
    url = HERE.resource("Packages", told)

    query = url.partition("?")[2]
    assert not set(query) & set(" '\"<>#+\r\n")
    assert {
        name: unquote(value) for name, _, value in (pair.partition("=") for pair in query.split("&") if pair)
    } == told


def test_versions_whose_plus_became_a_blank_are_restored():
    wanted = Options(
        {
            "packageids": "'A|B'",
            "versions": "'1.0.0 build|2.0.0'",
            "targetframeworks": "'portable-net45 win8'",
        }
    )

    updates = wanted.updates().updates
    assert [str(each.identity) for each in updates.installed] == ["A 1.0.0+build", "B 2.0.0"]
    assert updates.frameworks == ("portable-net45+win8",)
