"""Package ids: what NuGet allows, narrowed to what is safe on every file share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nugetlite.errors import BadPackageId, BadVersion
from nugetlite.package.identity import Identity, PackageId
from nugetlite.package.version import Version

IDS = st.from_regex(r"\A[A-Za-z0-9_]{1,9}([.-][A-Za-z0-9_]{1,9}){0,4}\Z")
DEVICES = {"con", "prn", "aux", "nul", *(port + digit for port in ("com", "lpt") for digit in "0123456789")}


@pytest.mark.parametrize(
    "text",
    [
        "Newtonsoft.Json",
        "a",
        "7",
        "_",
        "jQuery.UI.Combined",
        "system.io.abstractions-x_y",
        "2sxc",
        "__a.__b",
        "Console",
        "Contoso.Con",
        "com10",
        "A" * 100,
    ],
)
def test_an_id_that_nuget_takes_is_taken(text):
    assert str(PackageId.parse(text)) == text


def test_blanks_around_an_id_are_trimmed():
    assert PackageId.parse("  Contoso.Json\r\n").text == "Contoso.Json"


def test_ids_that_differ_in_letter_case_are_one_id():
    shouted, usual = PackageId.parse("CONTOSO.JSON"), PackageId.parse("Contoso.Json")

    assert shouted == usual
    assert hash(shouted) == hash(usual)
    assert shouted.key == usual.key == "contoso.json"
    assert (str(shouted), str(usual)) == ("CONTOSO.JSON", "Contoso.Json")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        (" \t", "it is empty"),
        ("A" * 101, "at most 100 characters are allowed, and it has 101"),
        ("Contoso Json", '" " is not allowed in it'),
        ("Contoso/Json", '"/" is not allowed in it'),
        ("..\\Contoso", r'"\" is not allowed in it'),
        ("Contoso#1", '"#" is not allowed in it'),
        ("Contoso%2fJson", '"%" is not allowed in it'),
        ("Contoso\nJson", r'"\n" is not allowed in it'),
        ("Contoso\0", r'"\x00" is not allowed in it'),
        ("Größe", r'"\xf6" is not allowed in it'),
        ("Contoso.١", r'"\u0661" is not allowed in it'),
        ("Conto\u017fo", r'"\u017f" is not allowed in it'),  # a long s, which some upper-case to S
        ("..", "each . and - must stand between letters, digits or _"),
        (".nugetlite", "each . and - must stand between letters, digits or _"),
        ("Contoso.", "each . and - must stand between letters, digits or _"),
        ("Contoso..Json", "each . and - must stand between letters, digits or _"),
        ("Contoso.-Json", "each . and - must stand between letters, digits or _"),
        ("-", "each . and - must stand between letters, digits or _"),
        ("CON", 'Windows keeps the name "CON" for a device'),
        ("nul.Tools", 'Windows keeps the name "nul" for a device'),
        ("Aux.1.2", 'Windows keeps the name "Aux" for a device'),
        ("Com0", 'Windows keeps the name "Com0" for a device'),
        ("LPT9.x", 'Windows keeps the name "LPT9" for a device'),
    ],
)
def test_what_is_no_id_is_refused_with_the_reason(text, why):
    with pytest.raises(BadPackageId) as refusal:
        PackageId.parse(text)

    assert f" is not a package id: {why}" in str(refusal.value)
    assert str(refusal.value).isascii()


def test_a_refusal_shows_only_a_printable_beginning_of_the_text():
    with pytest.raises(BadPackageId) as refusal:
        PackageId.parse("<b>\r\n" * 1_000_000)

    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 200


@given(IDS)
def test_an_id_is_a_safe_folder_name_or_is_refused(text):
    device = text.lower().split(".")[0] in DEVICES
    try:
        id = PackageId.parse(text)
    except BadPackageId:
        assert device
    else:
        assert not device
        assert id == PackageId.parse(id.key) == PackageId.parse(text.upper())


@given(st.text(max_size=20))
def test_what_is_taken_is_ascii_without_separators(text):
    try:
        key = PackageId.parse(text).key
    except BadPackageId:
        return
    assert key.isascii()
    assert not set(key) & set('/\\:*?"<>| \0')
    assert key[0] not in ".-"
    assert key[-1] not in ".-"


def test_an_identity_is_one_version_of_one_package():
    identity = Identity.parse("Contoso.Json", "1.2+build")

    assert identity == Identity(PackageId.parse("contoso.json"), Version.parse("1.2.0.0"))
    assert str(identity) == "Contoso.Json 1.2.0+build"
    assert len({identity, Identity.parse("CONTOSO.json", "1.2")}) == 1
    assert identity != Identity.parse("Contoso.Json", "1.2.1")


def test_an_identity_is_refused_for_either_part():
    with pytest.raises(BadPackageId):
        Identity.parse("..", "1.0")
    with pytest.raises(BadVersion):
        Identity.parse("Contoso.Json", "..")
