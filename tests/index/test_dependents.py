"""Who needs a version: whatever a restore of theirs takes today."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nugetlite.package.identity import Identity
from nugetlite.package.manifest import Dependency, DependencyGroup
from nugetlite.package.range import VersionRange
from nugetlite.package.version import Version

VERSIONS = [
    "1.0.0-beta",
    "1.0.0",
    "1.1.0-rc",
    "1.1.0",
    "1.2.0-a",
    "1.2.0-b.1",
    "2.0.0-beta",
    "2.0.0",
    "3.0.0+x",
]
bounds = st.sampled_from(["1.0.0-alpha", "1.0.0", "1.1.0", "1.2.0-a", "1.2.0", "2.0.0-0", "2.0.0", "3.0.0"])


def between(opening, one, other, closing):
    lower, upper = sorted((one, other), key=Version.parse)
    return f"{opening}{lower}, {upper}{closing}" if lower != upper else f"[{lower}]"


ranges = st.one_of(
    st.just("(, )"),
    bounds.map("[{}, )".format),
    bounds.map("(, {})".format),
    st.builds(between, st.sampled_from("[("), bounds, bounds, st.sampled_from("])")),
)


def group(*dependencies, framework=""):
    return DependencyGroup(framework, tuple(Dependency(id, range) for id, range in dependencies))


def needing(shelf, id, version):
    """Who needs a version, by what range, and what they would take instead."""
    return [
        (str(each.identity), str(each.range), str(each.instead) if each.instead else None)
        for each in shelf.index.dependents(Identity.parse(id, version))
    ]


def test_of_several_versions_that_would_do_the_lowest_is_needed(shelf):
    shelf.add("Contoso.Json", "1.2.0", "1.3.0")
    shelf.add("Contoso.App", "2.0.0", dependency_groups=(group(("contoso.JSON", "[1.0.0, )")),))
    shelf.add("Contoso.Tool", "1.0.0", dependency_groups=(group(("Contoso.Json", "[1.2.0, 1.3.0)")),))

    assert needing(shelf, "Contoso.Json", "1.2.0") == [
        ("Contoso.App 2.0.0", "[1.0.0, )", "1.3.0"),
        ("Contoso.Tool 1.0.0", "[1.2.0, 1.3.0)", None),
    ]
    assert needing(shelf, "Contoso.Json", "1.3.0") == []


def test_unlisted_versions_need_and_are_needed(shelf):
    shelf.add("Contoso.Json", "1.0.0", listed=False)
    shelf.add("Contoso.App", listed=False, dependency_groups=(group(("Contoso.Json", "[1.0.0, )")),))

    assert needing(shelf, "Contoso.Json", "1.0.0") == [("Contoso.App 1.0.0", "[1.0.0, )", None)]


def test_they_come_by_id_and_newest_first(shelf):
    shelf.add("Contoso.Json")
    for id in ("Fabrikam", "Contoso.App"):
        shelf.add(id, "1.10.0", "1.9.0", dependency_groups=(group(("Contoso.Json", "(, )")),))

    assert [who for who, *_ in needing(shelf, "Contoso.Json", "1.0.0")] == [
        "Contoso.App 1.10.0",
        "Contoso.App 1.9.0",
        "Fabrikam 1.10.0",
        "Fabrikam 1.9.0",
    ]


def test_what_a_package_says_for_several_frameworks_counts_once_unless_the_ranges_differ(shelf):
    shelf.add("Contoso.Json", "1.0.0")
    same, other = ("Contoso.Json", "[1.0.0, )"), ("Contoso.Json", "[1.0.0, 1.0.0]")
    groups = [group(wanted, framework=name) for name, wanted in [("a", same), ("b", same), ("c", other)]]
    shelf.add("Contoso.App", dependency_groups=tuple(groups))

    assert [range for _, range, _ in needing(shelf, "Contoso.Json", "1.0.0")] == [
        "[1.0.0, )",
        "[1.0.0, 1.0.0]",
    ]


def test_nobody_needs_what_is_not_here(shelf):
    shelf.add("Contoso.App", dependency_groups=(group(("Contoso.Json", "[1.0.0, )")),))

    assert needing(shelf, "Contoso.Json", "1.0.0") == []
    shelf.add("Contoso.Json", "2.0.0")
    assert needing(shelf, "Contoso.Json", "1.0.0") == []


def test_what_goes_needs_nothing_any_more_and_what_is_replaced_needs_what_it_says_now(shelf):
    shelf.add("Contoso.Json", "1.0.0")
    asks = (group(("Contoso.Json", "[1.0.0, )")),)
    app = shelf.add("Contoso.App", dependency_groups=asks)
    shelf.add("Contoso.Tool", dependency_groups=asks)
    shelf.add("Contoso.Web", dependency_groups=asks)

    shelf.remove("Contoso.Tool", "1.0.0")
    shelf.forget("Contoso.Web", "1.0.0")
    assert [who for who, *_ in needing(shelf, "Contoso.Json", "1.0.0")] == ["Contoso.App 1.0.0"]
    shelf.add("Contoso.App", app.identity.version.full)
    assert needing(shelf, "Contoso.Json", "1.0.0") == []


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(here=st.sets(st.sampled_from(VERSIONS), min_size=1), stated=st.lists(ranges, min_size=1, max_size=8))
def test_after_a_delete_just_they_get_another_version_or_none(shelf, here, stated):
    """Each restores what it can; take a version away, restore again: who got something else needed it."""
    shelf.add("Contoso.Json", *here)
    for number, range in enumerate(stated):
        shelf.add("Contoso.App", f"{number}.0.0", dependency_groups=(group(("Contoso.Json", range)),))

    def restore(range, versions):
        wanted = VersionRange.parse(range)
        ascending = sorted(map(Version.parse, versions))
        fit = [each for each in ascending if wanted.contains(each) and ("-" in range or "-" not in str(each))]
        return str(fit[0]) if fit else None

    for version in here:
        before = [restore(range, here) for range in stated]
        after = [restore(range, here - {version}) for range in stated]
        concerned = {
            f"Contoso.App {number}.0.0": now
            for number, (was, now) in enumerate(zip(before, after, strict=True))
            if was != now
        }
        assert {who: instead for who, _, instead in needing(shelf, "Contoso.Json", version)} == concerned

    shelf.forget("Contoso.Json", *here)
    shelf.forget("Contoso.App", *[f"{number}.0.0" for number, _ in enumerate(stated)])
