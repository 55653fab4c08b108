from hypothesis import given
from hypothesis import strategies as st

from nugetlite.index.slices import SLICES, Version, documents_of, slice_of, slices_that_see
from nugetlite.package.identity import Identity
from nugetlite.package.manifest import Manifest

TYPES = [("dependency",), ("tool",), ("dependency", "tool"), ("template",)]


@st.composite
def some_versions(draw):
    """Versions of a package. Those of one wording are of the same types: types are part of it."""
    wordings = st.integers(0, 2 * len(TYPES) - 1)
    told = draw(st.lists(st.tuples(st.sampled_from([0b1111, 0b1010, 0b1100, 0b1000]), wordings), max_size=8))
    return [
        Version(number, slices, wording, TYPES[wording % len(TYPES)])
        for number, (slices, wording) in enumerate(told, start=1)
    ]


def newest(versions, slice, type=None):
    """What search should find, said in one line."""
    return max(
        (
            each.number
            for each in versions
            if each.slices >> slice & 1 and (type is None or type in each.types)
        ),
        default=0,
    )


@given(some_versions())
def test_each_slice_finds_the_newest_version_that_it_sees(versions):
    documents = documents_of(versions)
    for slice in SLICES:
        tops = [each.tops[slice] for each in documents if each.bits >> slice & 1]
        assert tops == [top for top in [newest(versions, slice)] if top]


@given(some_versions())
def test_each_type_finds_its_newest_version(versions):
    documents = documents_of(versions)
    for slice in SLICES:
        for type in ("dependency", "tool", "template"):
            tops = [each.tops[slice] for each in documents if type in each.types and each.tops[slice]]
            assert tops == [top for top in [newest(versions, slice, type)] if top]


@given(some_versions())
def test_a_document_speaks_for_versions_of_its_wording_only(versions):
    wordings = {each.number: each.wording for each in versions}
    for document in documents_of(versions):
        assert {wordings[top] for top in document.tops if top} == {document.wording}


@given(some_versions())
def test_versions_that_are_no_tops_do_not_matter(versions):
    if len({each.types for each in versions}) == 1:
        tops = {newest(versions, slice) for slice in SLICES}
        assert documents_of([each for each in versions if each.number in tops]) == documents_of(versions)


def test_who_sees_what():
    def seen(version, dependencies=False):
        manifest = Manifest(Identity.parse("Contoso", version), semver2_dependencies=dependencies)
        return {
            (prerelease, semver2)
            for prerelease in (False, True)
            for semver2 in (False, True)
            if slices_that_see(manifest) >> slice_of(prerelease, semver2) & 1
        }

    everyone = {(False, False), (True, False), (False, True), (True, True)}
    assert seen("1.0.0") == everyone
    assert seen("1.0.0-beta") == {(True, False), (True, True)}
    assert seen("1.0.0+build") == {(False, True), (True, True)}
    assert seen("1.0.0", dependencies=True) == {(False, True), (True, True)}
    assert seen("1.0.0-beta.1") == {(True, True)}
