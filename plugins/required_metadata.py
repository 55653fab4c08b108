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
    """Object to each element that is wanted and missing; an icon and a readme have to be in the package."""
    for element in config.for_plugin("required_metadata").names("elements"):
        if element not in ELEMENTS:
            raise ConfigError(
                f"plugin.required_metadata.elements: {element} is none of {', '.join(ELEMENTS)}"
            )
        if not ELEMENTS[element](package):
            yield f"This feed wants every package to have a {element}"
