"""Wants packages to say more of themselves. Settings: ``[plugin.required_metadata] elements = ["license"]``.

In the environment, with commas: ``NUGETLITE_PLUGIN_REQUIRED_METADATA_ELEMENTS=license,repository,readme``.
"""

from collections.abc import Callable, Iterator, Mapping

from nugetlite import Config, ConfigError, Embedded, Package, hookimpl

#: an element of the manifest: how to tell whether a package has it
ELEMENTS: Mapping[str, Callable[[Package], object]] = {
    "title": lambda package: package.manifest.title,
    "copyright": lambda package: package.manifest.copyright,
    "tags": lambda package: package.manifest.tags,
    "releaseNotes": lambda package: package.manifest.release_notes,
    "projectUrl": lambda package: package.manifest.project_url,
    "repository": lambda package: package.manifest.repository and package.manifest.repository.url,
    "license": lambda package: package.manifest.license or package.manifest.license_url,
    "icon": lambda package: Embedded.ICON in package.embedded,
    "readme": lambda package: Embedded.README in package.embedded,
}


@hookimpl
def nugetlite_validate(package: Package, config: Config) -> Iterator[str]:
    """Object to what is wanted and missing, all at once; an icon and a readme have to be in the package."""
    wanted = config.for_plugin("required_metadata").names("elements")
    if unknown := [element for element in wanted if element not in ELEMENTS]:
        raise ConfigError(f"plugin.required_metadata.elements: {unknown[0]} is none of {', '.join(ELEMENTS)}")
    if missing := [element for element in wanted if not ELEMENTS[element](package)]:
        yield f"This feed wants to know more of a package; missing: {', '.join(missing)}"
