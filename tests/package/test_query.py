import pytest
from hypothesis import given
from hypothesis import strategies as st

from nugetlite.package.query import TERM_LIMIT, Term, parse_terms

FIELDS = {"", "id", "packageid", "version", "title", "tags", "author", "description", "summary", "owner"}


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", ()),
        ("  \t ", ()),
        ("json", (Term("", "json"),)),
        ("newtonsoft  json", (Term("", "newtonsoft"), Term("", "json"))),
        ('"two words"', (Term("", "two words"),)),
        ('tags:"two words" x', (Term("tags", "two words"), Term("", "x"))),
        ("id:json", (Term("id", "json"),)),
        ("ID:json PackageId:A.B", (Term("id", "json"), Term("packageid", "A.B"))),
        (
            "tag:PSModule authors:ann owners:bob",
            (Term("tags", "PSModule"), Term("author", "ann"), Term("owner", "bob")),
        ),
        ("version:1.0.0-beta", (Term("version", "1.0.0-beta"),)),
        ("unknown:json", (Term("", "unknown:json"),)),
        ("https://contoso.com", (Term("", "https://contoso.com"),)),
        ("xid:json", (Term("", "xid:json"),)),
        ("id:", (Term("", "id:"),)),
        ("id: json", (Term("", "id:"), Term("", "json"))),
        ("id:a:b", (Term("id", "a:b"),)),
        ('id:"open json', (Term("id", "open json"),)),
        ('""', ()),
        ('id:"" x', (Term("", "x"),)),
        ("a\0b", (Term("", "a"), Term("", "b"))),
        ("\0", ()),
    ],
)
def test_what_is_typed_becomes_terms(text, terms):
    assert parse_terms(text) == terms


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from('":idtags \0'))))
def test_any_text_can_be_typed(text):
    for term in parse_terms(text):
        assert term.field in FIELDS
        assert term.text.strip()
        assert "\0" not in term.text


def test_there_is_an_end_to_terms():
    assert len(parse_terms("word " * 10_000)) == TERM_LIMIT
