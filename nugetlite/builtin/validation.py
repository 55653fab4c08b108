"""What no feed wants on its package URL, however well-formed it is."""

from collections.abc import Iterator

from nugetlite import Package, hookimpl


@hookimpl
def nugetlite_validate(package: Package) -> Iterator[str]:
    """A symbols package taken for a package would be restored in its place."""
    if package.manifest.is_symbols:
        yield (
            "This is a symbols package; push it to the symbol URL of the service index, "
            "as `dotnet nuget push` does by itself"
        )
