"""Real packages, made on the spot: ``nupkg("Contoso.Json", "1.2.0")`` is the bytes of a ``.nupkg``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from lxml import etree

NUSPEC = "http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"
CONTENT_TYPES = (
    b'<?xml version="1.0" encoding="utf-8"?>'
    b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    b'<Default Extension="nuspec" ContentType="application/octet"/></Types>'
)


def nuspec(
    id: str,
    version: str,
    *,
    dependencies: Mapping[str, Mapping[str, str]] | None = None,
    package_types: Sequence[str] = (),
    license: tuple[str, str] | None = None,
    content_files: str = "",
    namespace: str = NUSPEC,
    authors: str = "Contoso",
    description: str = "",
    **more: str,
) -> bytes:
    """The bytes of a manifest.

    ``dependencies`` maps a target framework ("" for any) to {id: range}; ``license`` is ("expression", "MIT") or
    ("file", "LICENSE.txt"); ``content_files`` is a glob of source files that consumers compile; ``more`` are
    further elements of ``metadata`` by their name, such as ``tags="json"``.
    """

    def child(
        parent: etree._Element, name: str, text: str | None = None, /, **attributes: str
    ) -> etree._Element:
        element = etree.SubElement(parent, f"{{{namespace}}}{name}" if namespace else name, attributes)
        element.text = text
        return element

    package = etree.fromstring(f'<package xmlns="{namespace}"/>' if namespace else "<package/>")
    metadata = child(package, "metadata")
    for name, text in {"id": id, "version": version, "authors": authors}.items():
        child(metadata, name, text)
    child(metadata, "description", description or f"What {id} is for.")
    for name, text in more.items():
        child(metadata, name, text)
    if license:
        child(metadata, "license", license[1], type=license[0])
    if package_types:
        types = child(metadata, "packageTypes")
        for name in package_types:
            child(types, "packageType", name=name)
    if dependencies is not None:
        groups = child(metadata, "dependencies")
        for framework, wanted in dependencies.items():
            group = child(groups, "group", **({"targetFramework": framework} if framework else {}))
            for dependency, versions in wanted.items():
                child(group, "dependency", id=dependency, **({"version": versions} if versions else {}))
    if content_files:
        child(child(metadata, "contentFiles"), "files", include=content_files, buildAction="Compile")
    return etree.tostring(package, xml_declaration=True, encoding="utf-8")


def nupkg(
    id: str = "Contoso.Json",
    version: str = "1.0.0",
    *,
    files: Mapping[str, bytes] | None = None,
    manifest: bytes | None = None,
    **more: Any,
) -> bytes:
    """The bytes of a package: a manifest, the OPC part that NuGet expects, and ``files`` (name in the zip: bytes).

    ``manifest`` takes the place of the one that ``nuspec(id, version, **more)`` would make.
    """
    archive = BytesIO()
    entries = {
        "[Content_Types].xml": CONTENT_TYPES,
        f"{id}.nuspec": nuspec(id, version, **more) if manifest is None else manifest,
        **(files or {}),
    }
    with ZipFile(archive, "w") as zip:
        for name, content in entries.items():
            zip.writestr(
                ZipInfo(name), content, ZIP_DEFLATED
            )  # dated 1980, so equal packages are equal bytes
    return archive.getvalue()
