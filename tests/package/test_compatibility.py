"""What surely does not run on a framework, and what may."""

import pytest

from nugetlite.package.compatibility import fits, runs_on
from nugetlite.package.identity import Identity
from nugetlite.package.manifest import DependencyGroup, Manifest


@pytest.mark.parametrize(
    ("made_for", "target", "runs"),
    [
        ("net45", "net45", True),
        ("net40", "net472", True),
        ("net472", "net45", False),
        ("net461", "net48", True),
        ("net8.0", "net9.0", True),
        ("net9.0", "net8.0", False),
        ("netcoreapp3.1", "net6.0", True),
        ("net6.0", "netcoreapp3.1", False),
        ("net45", "net8.0", False),
        ("net8.0", "net48", False),
        ("net6.0-windows7.0", "net6.0", False),
        ("net6.0-windows7.0", "net8.0-windows10.0.19041", True),
        ("netstandard2.0", "net472", True),
        ("netstandard2.0", "net45", False),
        ("netstandard1.1", "net45", True),
        ("netstandard2.1", "net48", False),
        ("netstandard2.1", "netcoreapp3.1", True),
        ("netstandard2.1", "net8.0", True),
        ("netstandard2.0", "netstandard1.3", False),
        ("netstandard2.0", "uap10.0", True),
        ("sl5", "net45", False),
        ("portable-net45+win8", "net46", True),
        ("portable-sl4+wp71", "net46", False),
        ("native", "net45", True),
        ("whatever", "net45", True),
        ("net45", "unsupported", True),
        ("net45", "net", True),
        ("netstandard2.0", "net", True),
        ("10.0", "net45", True),
    ],
)
def test_what_runs_where(made_for, target, runs):
    assert runs_on(made_for, target) is runs


@pytest.mark.parametrize(
    ("groups", "targets", "may"),
    [
        ([], ["net45"], True),
        (["net8.0"], [], True),
        (["net8.0"], ["net45"], False),
        (["net8.0", "net40"], ["net45"], True),
        (["net8.0"], ["net45", "net9.0"], True),
        ([""], ["net45"], True),
    ],
)
def test_a_package_fits_if_one_of_its_frameworks_does(groups, targets, may):
    manifest = Manifest(Identity.parse("a", "1.0"), dependency_groups=tuple(map(DependencyGroup, groups)))

    assert fits(manifest, targets) is may
