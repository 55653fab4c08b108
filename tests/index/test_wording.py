import pytest
from hypothesis import given
from hypothesis import strategies as st

from nugetlite.index.wording import Wording, fingerprint, fold, humps, types_of, words
from nugetlite.package.identity import Identity
from nugetlite.package.manifest import Manifest, PackageType


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Json, XML and more", ["json", ",", "xml", "and", "more"]),
        ("C# 100%", ["c", "#", "100", "%"]),
        ("snake_case", ["snake", "_", "case"]),
        ("Élève naïve", ["eleve", "naive"]),
        ("cafe\u0301", ["cafe"]),
        ("GRÖSSE größe", ["grosse", "grosse"]),
        ("測試工具 ok", ["測", "試", "工", "具", "ok"]),
        ("a\0b\x07c\ud800d", ["a", "b", "c", "d"]),
        ("a\u00a0b\u3000c", ["a", "b", "c"]),
        ("ＡＢＣ", ["abc"]),
        ("", []),
    ],
)
def test_words(text, parts):
    assert words(text) == parts


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("JsonSchema", ["json", "schema"]),
        ("HTTPClient", ["http", "client"]),
        ("log4net", ["log", "4", "net"]),
        ("Contoso.AspNet", ["asp", "net"]),
        ("json", []),
        ("XML", []),
    ],
)
def test_humps(name, parts):
    assert humps(name) == parts


def test_an_id_is_found_by_every_part_of_it():
    wording = Wording.of(Manifest(Identity.parse("Contoso.Json-X", "1.0.0")), ["dependency"])
    tails = wording.tails.split()
    for start in range(len("contoso.json-x")):
        for end in range(start + 3, len("contoso.json-x") + 1):
            part = "contoso.json-x"[start:end].strip(".-_")
            assert len(part) < 3 or any(tail.startswith(part) for tail in tails)
    assert set(wording.names.split()) == {"contoso", ".", "json", "-", "x", "c", "co", "j", "js"}


@given(st.text())
def test_any_text_has_words_without_blanks_that_can_be_stored(text):
    for word in words(text):
        assert word
        assert not any(c.isspace() for c in word)
        word.encode()


@given(st.text())
def test_words_are_the_same_however_often_they_are_folded(text):
    assert words(" ".join(words(text))) == words(text)
    assert fold(fold(text)) == fold(text)


def test_a_fingerprint_is_that_of_the_wording():
    manifest = Manifest(Identity.parse("Contoso", "1.0.0"), description="json", release_notes="first")
    same = Manifest(Identity.parse("Contoso", "2.0.0-beta"), description="json", release_notes="second")
    assert fingerprint(manifest) == fingerprint(same)
    for other in (
        Manifest(Identity.parse("CONTOSO", "1.0.0"), description="json"),
        Manifest(Identity.parse("Contoso", "1.0.0"), summary="json"),
        Manifest(Identity.parse("Contoso", "1.0.0"), description="json", tags=("a",)),
        Manifest(Identity.parse("Contoso", "1.0.0"), description="json", package_types=(PackageType("a"),)),
    ):
        assert fingerprint(other) != fingerprint(manifest)


@pytest.mark.parametrize(
    ("names", "types"),
    [
        ([], ["dependency"]),
        (["DotnetTool"], ["dotnettool"]),
        (["DotnetTool", "dotnettool", "A"], ["a", "dotnettool"]),
        (["My Type"], ["mytype"]),
        (["  "], ["dependency"]),
    ],
)
def test_types(names, types):
    manifest = Manifest(Identity.parse("Contoso", "1.0.0"), package_types=tuple(map(PackageType, names)))
    assert types_of(manifest) == types
