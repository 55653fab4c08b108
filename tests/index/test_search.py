import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nugetlite.package.query import Query, Term, parse_terms


@pytest.mark.parametrize(
    "text",
    [
        "json",  # a word of the id
        "newtonsoft json",  # all of them
        "Newtonsoft.Json",
        "NEWTONSOFT.JSON",
        "newton",  # what is typed so far
        "n",
        "ne",
        "soft",  # a part of the id
        "soft.js",
        "tonsoft json",  # a part and a word
        "serializer",  # the title
        "JamesNewtonKing",  # the author, in one
        "linq",  # a tag
        "popular",  # the description
        "fast linq pop",  # words of several fields, the last one not typed to its end
        "brief",  # the summary
    ],
)
def test_a_package_is_found_by_what_it_says_of_itself(shelf, text):
    shelf.add(
        "Newtonsoft.Json",
        title="Json Serializer",
        authors="JamesNewtonKing",
        tags=("fast", "linq"),
        description="A popular framework",
        summary="In brief",
    )
    shelf.add("Contoso.Xml", description="Something else")
    assert shelf.found(text) == ["Newtonsoft.Json"]


@pytest.mark.parametrize("text", ["opular", "frame pop", "xml", "jsonx", "newtonsoft xml", "st"])
def test_a_package_is_not_found_by_anything_else(shelf, text):
    shelf.add("Newtonsoft.Json", description="A popular framework")
    assert shelf.found(text) == []


def test_words_that_are_written_together_are_words(shelf):
    shelf.add("Contoso.AspNetCore2.HTTPClient")
    for text in ("asp", "net", "core", "http", "client", "aspnetcore2", "AspNet", "httpClient"):
        assert shelf.found(text) == ["Contoso.AspNetCore2.HTTPClient"], text


def test_the_id_itself_comes_first_then_what_begins_so_then_names_then_descriptions(shelf):
    shelf.add("Json")
    shelf.add("Json.Net")
    shelf.add("JsonSchema")
    shelf.add("Contoso.Json")
    shelf.add("Fabrikam", tags=("json",))
    shelf.add("Alpha", description="reads json")
    shelf.download("Alpha", times=1_000_000)
    shelf.download("Fabrikam", times=1000)
    shelf.download("JsonSchema", times=10)
    assert shelf.found("json") == ["Json", "JsonSchema", "Json.Net", "Fabrikam", "Contoso.Json", "Alpha"]


def test_free_words_may_spell_an_id(shelf):
    shelf.add("Other", title="Contoso Json", description="contoso json")
    shelf.add("Contoso.Json.Extras")
    shelf.add("Contoso.Json")
    shelf.download("Other", times=100)
    assert shelf.found("contoso json") == ["Contoso.Json", "Contoso.Json.Extras", "Other"]


def test_among_equals_the_more_downloaded_comes_first_then_the_id_decides(shelf):
    for id in ("Delta", "charlie", "Bravo", "alpha"):
        shelf.add(id, "1.0.0", "2.0.0", description="tool")
    shelf.download("charlie", "1.0.0", times=2)
    shelf.download("charlie", "2.0.0", times=2)
    shelf.download("Delta", "1.0.0", times=3)
    assert shelf.found("tool") == ["charlie", "Delta", "alpha", "Bravo"]
    assert shelf.found("") == ["charlie", "Delta", "alpha", "Bravo"]


@pytest.mark.parametrize("text", ["", "json", "json id:json", "a"])
def test_pages_follow_each_other_without_gap_or_repetition(shelf, text):
    names = ["Json", "Json.A", "JsonB", "Contoso.Json", "A.Json", "Contoso.A"]
    for id in names:
        shelf.add(id, tags=("json", "a"))
    for id in ("Alpha", "Beta"):
        shelf.add(id, description="a json thing")
    whole = shelf.found(text)
    for size in (1, 2, 3, 7):
        pages = [shelf.search(text, skip=skip, take=size) for skip in range(0, 12, size)]
        assert [hit.package.identity.id.text for page in pages for hit in page.hits] == whole
        assert {page.total for page in pages} == {len(whole)}


def test_nothing_on_a_page_is_still_counted(shelf):
    shelf.add("Contoso.Json")
    assert shelf.search("contoso", take=0).total == 1
    assert shelf.search("contoso", take=0).hits == ()
    assert shelf.search("contoso", skip=5).total == 1


def test_a_hit_shows_its_newest_version_and_all_that_the_client_may_see(shelf):
    shelf.add("Contoso.Json", "1.10.0", "1.9.0", "2.0.0-beta", "1.11.0+build.5")
    shelf.add("Contoso.Json", "3.0.0", listed=False)
    shelf.download("Contoso.Json", "1.9.0", times=7)
    shelf.download("Contoso.Json", "3.0.0", times=2)

    def seen(**who):
        [hit] = shelf.search("contoso", **who).hits
        return hit.package.identity.version.full, hit.versions, hit.downloads

    stable = (("1.9.0", 7), ("1.10.0", 0))
    with_semver2 = (*stable, ("1.11.0+build.5", 0))
    assert seen(prerelease=False, semver2=False) == ("1.10.0", stable, 9)
    assert seen(prerelease=True, semver2=False) == ("2.0.0-beta", (*stable, ("2.0.0-beta", 0)), 9)
    assert seen(prerelease=False, semver2=True) == ("1.11.0+build.5", with_semver2, 9)
    assert seen(prerelease=True, semver2=True) == ("2.0.0-beta", (*with_semver2, ("2.0.0-beta", 0)), 9)


def test_a_dependency_on_a_semver2_version_hides_a_package_from_old_clients(shelf):
    shelf.add("Contoso.Json", dependency="semver2")
    assert shelf.found("contoso", semver2=False) == []
    assert shelf.found("contoso", semver2=True) == ["Contoso.Json"]


def test_a_client_finds_a_package_by_the_version_that_it_sees(shelf):
    shelf.add("Contoso.Json", "1.0.0", description="reads json")
    shelf.add("Contoso.Json", "2.0.0-beta", description="writes json")
    assert shelf.found("reads", prerelease=False) == ["Contoso.Json"]
    assert shelf.found("writes", prerelease=False) == []
    assert shelf.found("reads", prerelease=True) == []
    assert shelf.found("writes", prerelease=True) == ["Contoso.Json"]


def test_a_newer_version_that_says_the_same_takes_over(shelf):
    shelf.add("Contoso.Json", "1.0.0", description="reads json")
    shelf.add("Contoso.Json", "1.1.0", description="reads json")
    shelf.add("Contoso.Json", "1.0.1", description="reads json")
    [hit] = shelf.search("reads").hits
    assert hit.package.identity.version.full == "1.1.0"
    shelf.forget("Contoso.Json", "1.1.0")
    [hit] = shelf.search("reads").hits
    assert hit.package.identity.version.full == "1.0.1"


def test_what_a_package_says_anew_takes_the_place_of_the_old(shelf):
    shelf.add("Contoso.Json", "1.0.0", description="reads json")
    shelf.add("Contoso.Json", "1.1.0", description="writes yaml")
    assert shelf.found("reads") == []
    assert shelf.found("yaml") == ["Contoso.Json"]
    shelf.forget("Contoso.Json", "1.1.0")
    assert shelf.found("reads") == ["Contoso.Json"]
    assert shelf.found("yaml") == []


def test_unlisted_versions_are_never_found(shelf):
    shelf.add("Contoso.Json", "1.0.0", description="reads json")
    shelf.add("Contoso.Json", "2.0.0", description="writes json")
    shelf.restate("Contoso.Json", "2.0.0", listed=False)
    [hit] = shelf.search("contoso").hits
    assert hit.package.identity.version.full == "1.0.0"
    assert shelf.found("writes") == []
    shelf.restate("Contoso.Json", "1.0.0", listed=False)
    assert shelf.search("").total == 0
    assert shelf.completed("contoso") == []
    shelf.restate("Contoso.Json", "2.0.0", listed=True)
    assert shelf.found("writes") == ["Contoso.Json"]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("id:json", ["Json.Net", "Contoso.Json"]),
        ("id:Json.Net", ["Json.Net"]),
        ("packageid:contoso.json", ["Contoso.Json"]),
        ("packageid:contoso", []),
        ("packageid:Contoso.Json packageid:fabrikam", ["Contoso.Json", "Fabrikam"]),
        ("title:writer", ["Fabrikam"]),
        ("title:contoso.json", ["Contoso.Json"]),  # what has no title is shown by its id
        ("tags:json", ["Fabrikam"]),
        ("tag:unit-testing", ["Json.Net"]),
        ('tags:"json writer"', ["Fabrikam"]),
        ("author:ann", ["Contoso.Json"]),
        ("author:ann author:bob", ["Contoso.Json", "Fabrikam"]),
        ("author:ann tags:json", []),
        ("owner:initech", ["Json.Net"]),
        ("initech", []),  # an owner in a manifest is no more than a claim
        ("description:json", ["Contoso.Json"]),
        ("summary:short", ["Fabrikam"]),
        ("version:2.0", ["Json.Net"]),
        ("version:1.0.0.0 author:bob", ["Fabrikam"]),
        ("version:nonsense", []),
        ("json author:bob", ["Fabrikam"]),
        ("json -id:contoso", []),  # there is no "not": - is a sign like others
    ],
)
def test_fields(shelf, text, ids):
    shelf.add("Contoso.Json", authors="Ann", description="json")
    shelf.add("Fabrikam", title="A writer", authors="Bob", tags=("json", "writer"), summary="short")
    shelf.add("Json.Net", "2.0.0", owners="Initech", tags=("unit-testing",), authors="Carol")
    assert shelf.found(text) == ids


def test_types(shelf):
    shelf.add("Contoso.Json")
    shelf.add("Contoso.Tool", types=["DotnetTool"])
    shelf.add("Contoso.Both", types=["dotnettool", "Dependency"])
    assert shelf.found("", package_type="DOTNETTOOL") == ["Contoso.Both", "Contoso.Tool"]
    assert shelf.found("contoso", package_type="dependency") == ["Contoso.Both", "Contoso.Json"]
    assert shelf.found("json", package_type="DotnetTool") == []
    assert shelf.found("", package_type="Template") == []
    assert shelf.completed("contoso", package_type="DotnetTool") == ["Contoso.Both", "Contoso.Tool"]
    assert shelf.found("dotnettool") == []


def test_of_a_package_that_changed_its_type_the_newest_of_the_wanted_type_is_found(shelf):
    shelf.add("Contoso", "1.0.0", "1.1.0", types=["DotnetTool"], description="a tool")
    shelf.add("Contoso", "2.0.0", description="a library")

    def versions(**query):
        return [hit.package.identity.version.full for hit in shelf.search(**query).hits]

    assert versions() == ["2.0.0"]
    assert versions(package_type="dependency") == ["2.0.0"]
    [hit] = shelf.search(package_type="DotnetTool").hits
    assert hit.package.identity.version.full == "1.1.0"
    assert [version for version, _ in hit.versions] == ["1.0.0", "1.1.0"]
    assert versions(text="tool", package_type="DotnetTool") == ["1.1.0"]
    assert versions(text="tool") == []
    assert shelf.search().total == 1


@pytest.mark.parametrize("sign", [*"%_\\'#+*()[]{}^~:-.,;!?@&|<>=/$`€“"])  # " groups words
def test_a_sign_is_found_where_it_is(shelf, sign):
    shelf.add("With", description=f"100{sign} sure")
    shelf.add("Without", description="100 sure")
    assert shelf.found(sign) == ["With"]


@pytest.mark.parametrize("text", ["100%", "c#", "C++", "50% off"])
def test_a_sign_at_a_word_is_meant(shelf, text):
    shelf.add("With", description="100% c# c++ 50% off")
    shelf.add("Without", description="100 c 50 off")
    assert shelf.found(text) == ["With"]


def test_signs_that_only_part_words_are_not_looked_for(shelf):
    shelf.add("Contoso", description="fast and small")
    assert shelf.found('"fast", (small)!') == ["Contoso"]


@pytest.mark.parametrize(
    "text",
    [
        '"',
        "*",
        "json*",
        "NEAR(a b)",
        "a AND b",
        "tails : json",
        "NOT",
        "{a b} : c",
        "json\0xml",
        "'; DROP TABLE words; --",
        "^json",
        "a+b",
        '"" ""',
        " ".join(["word"] * 600),
        "id:" * 50,
        "x" * 10_000,
        "\ud800",
        "packageid:\ud800",
        "packageid:\ud800 packageid:contoso",
        "version:\ud800",
        " ".join(f"packageid:p{number}" for number in range(600)),
    ],
)
def test_no_text_is_taken_for_syntax(shelf, text):
    shelf.add("Contoso.Json")
    shelf.search(text)
    shelf.completed(text)
    assert shelf.found("contoso") == ["Contoso.Json"]


def test_at_most_twenty_words_are_looked_at(shelf):
    shelf.add("Contoso.Json")
    assert shelf.found("contoso json " * 10 + "nonsense " * 580) == ["Contoso.Json"]


@pytest.mark.parametrize("text", ["\ud800", "tags:\ud800", "version:1.x", "packageid:%"])
def test_words_that_nothing_can_have_find_nothing(shelf, text):
    shelf.add("Contoso.Json")
    assert shelf.search(text).total == 0


def test_letter_case_and_accents_do_not_count(shelf):
    shelf.add("Contoso", description="Élève GRÖSSE naïve 測試工具")
    for text in ("eleve", "ÉLÈVE", "grösse", "groSSe", "NAIVE", "測試", "工具"):
        assert shelf.found(text) == ["Contoso"], text


def test_completion_offers_ids_that_go_on_as_typed(shelf):
    for id in ("Contoso", "Contoso.Json", "Contoso.Xml", "Fabrikam.Contoso", "Json.Net", "MyContoso"):
        shelf.add(id, tags=("contoso",))
    shelf.download("Contoso.Xml", times=5)
    shelf.download("Fabrikam.Contoso", times=9)
    assert shelf.completed("conto") == [
        "Contoso.Xml",
        "Contoso",
        "Contoso.Json",
        "Fabrikam.Contoso",
        "MyContoso",
    ]
    assert shelf.completed("contoso.")[:2] == ["Contoso.Xml", "Contoso.Json"]
    assert shelf.completed("contoso.j") == ["Contoso.Json"]
    assert shelf.completed("contoso", take=1, skip=1) == ["Contoso.Xml"]
    assert len(shelf.completed("")) == 6
    assert shelf.completed("nonsense") == []


def test_completion_counts_all_and_knows_what_the_client_sees(shelf):
    shelf.add("Contoso.Json", "1.0.0-beta")
    shelf.add("Contoso.Xml")
    whole = shelf.index.complete(Query(parse_terms("contoso"), prerelease=True, take=1))
    assert (whole.total, len(whole.ids)) == (2, 1)
    assert shelf.completed("contoso", prerelease=False) == ["Contoso.Xml"]


WORDS = st.sampled_from(
    ["json", "js", "j", "contoso", "Contoso.Json", "c#", "%", "net.js", "JsonNet", "on", "_", "-"]
)
QUERIES = st.lists(st.one_of(WORDS, st.text(max_size=6)), max_size=5).map(" ".join)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(QUERIES, st.booleans(), st.booleans(), st.sampled_from(["", "dependency", "%", "\ud800", "a b"]))
def test_any_text_can_be_searched_and_the_pages_agree_with_the_total(shelf, text, prerelease, semver2, type):
    if not shelf.index.counts().packages:
        for id in ("Contoso.Json", "Contoso.JsonNet", "Json", "Net_Js", "C.Sharp", "Contoso"):
            shelf.add(id, description="json % c# contoso", tags=("net.js", "js"))
    query = Query(parse_terms(text), prerelease, semver2, type)
    for ask in (shelf.index.search, shelf.index.complete):
        answer = ask(query)
        assert answer.total == len(getattr(answer, "hits", ()) or getattr(answer, "ids", ()))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_whatever_begins_an_id_finds_it_before_all_that_do_not_begin_so(shelf, data):
    ids = ["Contoso.Json", "Contoso.JsonNet", "Json_Contoso", "Net-Js.Contoso", "C", "_x", "A1b2", "a.b.c.d"]
    if not shelf.index.counts().packages:
        for id in ids:
            shelf.add(id, description=" ".join(ids))
    id = data.draw(st.sampled_from(ids)).lower()
    typed = id[: data.draw(st.integers(1, len(id)))]
    begin = sorted(each for each in ids if each.lower().startswith(typed.replace(" ", ".")))
    for text in (typed, typed.replace(".", " ")):
        assert sorted(shelf.found(text)[: len(begin)]) == begin
        assert sorted(shelf.completed(text)[: len(begin)]) == begin


def test_a_field_asked_for_by_hand_need_not_be_known(shelf):
    shelf.add("Contoso.Json")
    assert shelf.index.search(Query((Term("nonsense", "json"),))).total == 1
