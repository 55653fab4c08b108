"""Octopus's documents as plain values. Names are its own; what they say is this server's.

Links are paths, URI templates some of them (RFC 6570), under the prefix that the client sees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from nugetlite.package.filename import NUPKG
from nugetlite.package.package import Package

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from nugetlite.actor import Actor
    from nugetlite.repository import Item

Json = dict[str, Any]

SPACE = "Spaces-1"  #: the only one
SPACE_NAME = "Default"
FEED = "feeds-builtin"
PREFIX = "packages-"  #: of a package's id in Octopus

#: Clients compare these with versions of Octopus. .NET stops unless the interface is 3.0.x; older servers than
#: 2020.5 lack what clients expect.
API_VERSION = "3.0.0"
VERSION = "2024.1.0"


class Documents:
    """The documents under one prefix: "" or ``/feed``, as the client sees it."""

    def __init__(self, prefix: str) -> None:
        self._api = f"{prefix}/api"
        self._web = f"{prefix}/"
        self._space = f"{self._api}/{SPACE}"

    def root(self, installation: UUID) -> Json:
        """What every client asks for first; where it finds everything else."""
        return {
            "Application": "nugetlite",
            "Version": VERSION,
            "ApiVersion": API_VERSION,
            "InstallationId": str(installation),
            "IsEarlyAccessProgram": False,
            "HasLongTermSupport": False,
            "Links": {
                "Self": self._api,
                "Web": self._web,
                "CurrentUser": f"{self._api}/users/me",
                "Users": f"{self._api}/users{{/id}}{{?skip,take,ids,filter}}",
                "SignIn": f"{self._api}/users/login{{?returnUrl}}",
                "SignOut": f"{self._api}/users/logout",
                "SpaceHome": f"{self._api}/{{spaceId}}",
                "Spaces": f"{self._api}/spaces{{/id}}{{?name,skip,ids,take,partialName}}",
                "BuiltInFeedStats": f"{self._api}/feeds/stats",
                **self._package_links(),
            },
        }

    def space_home(self) -> Json:
        """Where things are in the space."""
        return {
            "Id": SPACE,
            "Links": {"Self": self._space, "SpaceHome": self._space, **self._package_links()},
        }

    def _package_links(self) -> Json:
        """A client that does not read ``overwriteMode`` in a link sends the older ``replace`` instead."""
        packages = f"{self._space}/packages"
        return {
            "Feeds": f"{self._space}/feeds{{/id}}",
            "Packages": f"{packages}{{/id}}{{?nuGetPackageId,filter,latest,skip,take,includeNotes}}",
            "PackagesBulk": f"{packages}/bulk{{?ids}}",
            "PackageNotesList": f"{packages}/notes{{?packageIds}}",
            "PackageUpload": f"{packages}/raw{{?replace,overwriteMode}}",
            "PackageDeltaSignature": f"{packages}/{{packageId}}/{{version}}/delta-signature",
            "PackageDeltaUpload": f"{packages}/{{packageId}}/{{baseVersion}}/delta{{?replace,overwriteMode}}",
        }

    def space(self) -> Json:
        """The only space."""
        return {
            "Id": SPACE,
            "Name": SPACE_NAME,
            "Slug": SPACE_NAME.lower(),
            "Description": "",
            "IsDefault": True,
            "IsPrivate": False,
            "TaskQueueStopped": False,
            "SpaceManagersTeams": [],
            "SpaceManagersTeamMembers": [],
            "Links": {"Self": f"{self._api}/spaces/{SPACE}", "SpaceHome": self._space, "Web": self._web},
        }

    def user(self, actor: Actor, *, signed_in: bool) -> Json:
        """Somebody, as far as this server knows them."""
        id = user_id(actor)
        here = f"{self._api}/users/{quote(id, safe='')}"
        return {
            "Id": id,
            "Username": actor.name,
            "DisplayName": actor.name,
            "IsActive": True,
            "IsService": not signed_in,
            "EmailAddress": "",
            "CanPasswordBeEdited": False,
            "IsRequestor": True,
            "Identities": [],
            "Links": {
                "Self": here,
                "Spaces": f"{here}/spaces",
                "ApiKeys": f"{here}/apikeys{{/id}}{{?skip,take}}",
            },
        }

    def package(self, item: Item, sha1: str, *, notes: bool = True) -> Json:
        """One version. ``notes`` leaves its release notes out, where Go's client takes them for a date."""
        identity = item.identity
        id, version = identity.id.text, identity.version.original
        self_link = self.self_link(item)
        told = _told(item)
        return {
            "Id": octopus_id(item),
            "PackageSizeBytes": item.size,
            "Hash": sha1 or None,
            "NuGetPackageId": id,
            "PackageId": id,
            "NuGetFeedId": FEED,
            "FeedId": FEED,
            "Title": told["Title"] or id,
            "Summary": told["Summary"] or None,
            "Version": version,
            "Description": told["Description"] or None,
            "Published": item.published.isoformat(timespec="milliseconds"),
            "ReleaseNotes": (told["ReleaseNotes"] or None) if notes else None,
            "FileExtension": extension(item),
            "PackageVersionBuildInformation": None,
            "Links": {
                "Self": self_link,
                "AllVersions": f"{self._space}/packages?{urlencode({'nuGetPackageId': id})}",
                "Feed": f"{self._space}/feeds/{FEED}",
                "Raw": f"{self_link}/raw",
            },
        }

    def self_link(self, item: Item) -> str:
        """Where that document is."""
        return f"{self._space}/packages/{quote(octopus_id(item), safe='')}"

    def package_page(self, items: Sequence[Json], total: int, skip: int, take: int, asked: Json) -> Json:
        """A page of packages, for a client that asked so."""
        return _page("Package", f"{self._space}/packages", items, total, skip, take, asked)

    def space_page(self, items: Sequence[Json], skip: int, take: int, asked: Json) -> Json:
        """A page of spaces."""
        return _page("Space", f"{self._api}/spaces", items, len(items), skip, take, asked)

    def notes(self, found: Sequence[tuple[str, Item | None]]) -> Json:
        """The release notes of packages that were asked for by id, whether they are there or not."""
        return {"Packages": [_notes(id, item) for id, item in found], "Links": {}}

    def feed(self) -> Json:
        """The feed that the packages are in."""
        here = f"{self._space}/feeds/{FEED}"
        return {
            "Id": FEED,
            "Name": "nugetlite (built-in)",
            "FeedType": "BuiltIn",
            "DeleteUnreleasedPackagesAfterDays": None,
            "IsBuiltInRepoSyncEnabled": True,
            "Links": {"Self": here},
        }


def user_id(actor: Actor) -> str:
    """How Octopus's clients know somebody."""
    return f"Users-{actor.name}"


def octopus_id(item: Item) -> str:
    """``packages-Acme.Web.1.2.0``."""
    return f"{PREFIX}{item.identity.id.text}.{item.identity.version.original}"


def extension(item: Item) -> str:
    """``.tar.gz``."""
    return NUPKG if isinstance(item, Package) else item.name.extension


def file_name(item: Item) -> str:
    """What its file is called when it is downloaded."""
    return f"{octopus_id(item).removeprefix(PREFIX)}{extension(item)}"


def _told(item: Item) -> dict[str, str]:
    """What it says of itself: only a NuGet package does."""
    if not isinstance(item, Package):
        return dict.fromkeys(("Title", "Summary", "Description", "ReleaseNotes"), "")
    manifest = item.manifest
    return {
        "Title": manifest.title,
        "Summary": manifest.summary,
        "Description": manifest.description,
        "ReleaseNotes": manifest.release_notes,
    }


def _notes(id: str, item: Item | None) -> Json:
    notes = _told(item)["ReleaseNotes"] if item else ""
    reason = None if item else "It is not on this feed"
    return {
        "PackageId": item.identity.id.text if item else id,
        "Version": item.identity.version.original if item else "",
        "FeedId": FEED,
        "Notes": {
            "Notes": notes or None,
            "Succeeded": item is not None,
            "FailureReason": reason,
            "DisplayMessage": notes or reason or "",
        },
    }


def _page(kind: str, url: str, items: Sequence[Json], total: int, skip: int, take: int, asked: Json) -> Json:
    """Clients follow ``Page.Next`` as long as there is one."""
    last = max(total - 1, 0) // take

    def at(skip: int, take: int) -> str:
        return f"{url}?{urlencode({**asked, 'skip': skip, 'take': take})}"

    links = {
        "Self": at(skip, take),
        "Template": f"{url}{{?skip,take}}",
        "Page.All": at(0, 2147483647),
        "Page.Current": at(skip, take),
        "Page.Last": at(last * take, take),
    }
    if skip + take < total:
        links["Page.Next"] = at(skip + take, take)
    return {
        "ItemType": kind,
        "TotalResults": total,
        "ItemsPerPage": take,
        "NumberOfPages": last + 1,
        "LastPageNumber": last,
        "IsStale": False,
        "Items": list(items),
        "Links": links,
    }
