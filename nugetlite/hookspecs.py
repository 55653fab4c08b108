"""The hooks: what a plugin can be asked, and what it can hear. The plugin writer's manual.

A plugin is a module (or any object) with functions named as below and marked ``@hookimpl``. It names only
the parameters that it wants. The last plugin registered is asked first: a site's file before an installed
package, and that before what nugetlite brings along.

A hook that raises is logged with the plugin's name. It fails the request that it was asked for (503, or
what the plugin's own ``FeedError`` says), and nothing else. One that is asked at start keeps the server
from starting.

    At start        nugetlite_open_storage · nugetlite_delete_policy · nugetlite_blueprints
                    nugetlite_commands
    Each request    nugetlite_identify · nugetlite_authorize · nugetlite_sight
    Before a push   nugetlite_validate
    News            nugetlite_after_push · nugetlite_after_delete · nugetlite_after_relist
    Pages           nugetlite_portal_links
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import pluggy

if TYPE_CHECKING:
    import click
    from flask import Blueprint
    from werkzeug.wrappers import Request

    from nugetlite.actor import Action, Actor
    from nugetlite.config import Config
    from nugetlite.package.archive import Archive
    from nugetlite.package.identity import PackageId
    from nugetlite.package.package import Deletion, Package
    from nugetlite.package.sight import Sight
    from nugetlite.package.stored import StoredArchive
    from nugetlite.people import People
    from nugetlite.storage import Storage

hookspec = pluggy.HookspecMarker("nugetlite")
hookimpl = pluggy.HookimplMarker("nugetlite")

#: these are asked before the first request, so one that fails stops the start
AT_START = frozenset(
    {"nugetlite_open_storage", "nugetlite_delete_policy", "nugetlite_blueprints", "nugetlite_commands"}
)


@dataclass(frozen=True, slots=True)
class DeleteRequest:
    """One wish to delete a version, as a delete policy sees it."""

    package: Package | StoredArchive  #: both know their identity, size, published and is_prerelease
    actor: Actor
    requested: Deletion | None  #: what the request itself asked for, if it did
    open: Callable[[], BinaryIO]  #: the bytes of the file, for a policy that keeps a copy elsewhere first


DeletePolicy = Callable[[DeleteRequest], "Deletion"]


@hookspec(firstresult=True)
def nugetlite_open_storage(url: str, config: Config) -> Storage | None:
    """Open the storage that ``url`` names.

    Asked once, at start, with the setting ``packages`` (a plain path arrives as ``file://``). Answer
    ``None`` for a scheme that is not yours; the first answer counts, and if nobody answers, the server does
    not start. Do not touch the place yet: it may be away just now, and the server must start all the same.

        @hookimpl
        def nugetlite_open_storage(url):
            if url.startswith("scratch://"):
                return MemoryStorage()
    """


@hookspec(firstresult=True)
def nugetlite_delete_policy(name: str, config: Config) -> DeletePolicy | None:
    """Say how a package is deleted when the operator chose ``delete_policy = "NAME"``.

    Asked once for each name in the setting, at start. Answer ``None`` for a name that is not yours; the
    first answer counts, and if nobody answers, the server does not start. A policy is a function that is
    given one ``DeleteRequest`` and answers a ``Deletion``, or raises ``Refused``. The feed carries it out,
    so a policy cannot leave a package half deleted. ``HARD`` also needs the permission to ``erase``.
    Archives that Octopus's tools push (``.zip``, ``.tar.gz``, …) are deleted by the same policies;
    ``request.package`` is a ``StoredArchive`` then, which has no manifest.

        @hookimpl
        def nugetlite_delete_policy(name):
            if name == "keep-releases":
                return lambda request: Deletion.HARD if request.package.is_prerelease else Deletion.UNLIST
    """


@hookspec
def nugetlite_blueprints(config: Config) -> Blueprint | None:
    """Add pages of your own: a Flask blueprint.

    Asked once, at start; every plugin's is added, and ``None`` adds nothing. Nobody is asked who they are
    unless the blueprint does it, so put no secrets there.

        @hookimpl
        def nugetlite_blueprints():
            pages = Blueprint("hello", __name__)
            pages.add_url_rule("/hello", view_func=lambda: "Hello from a plugin")
            return pages
    """


@hookspec
def nugetlite_commands(config: Config) -> click.Command | None:
    """Add a command to ``nugetlite``: a click command or group.

    Asked when the command line is read; every plugin's is added, under its name, and ``None`` adds nothing.
    nugetlite's own commands keep their names.

        @hookimpl
        def nugetlite_commands():
            return click.Command("hello", callback=lambda: click.echo("Hello"))
    """


@hookspec(firstresult=True)
def nugetlite_identify(request: Request, people: People, config: Config) -> Actor | None:
    """Say who sends this request.

    Asked once for each request that needs to know. Answer ``None`` if you cannot tell; the first answer
    counts, and if nobody can tell it is ``ANONYMOUS``. Raise ``Refused`` for credentials that are yours and
    wrong. A key that nobody else answers for is refused. The body has not been read; leave it so. If you know who it
    is by name, ``people.actor(name)`` is the account of that name, with all that it was granted, or ``None``.

        @hookimpl
        def nugetlite_identify(request):
            if request.remote_addr == "10.0.0.7":
                return Actor("build-server", frozenset({"administrator"}))
    """


@hookspec
def nugetlite_authorize(
    actor: Actor, action: Action, package_id: PackageId | None, people: People, config: Config
) -> bool | None:
    """Vote on whether ``actor`` may do ``action`` to ``package_id``.

    Asked before anything is read or done, also for archives of other formats than NuGet's. ``None`` for the
    id asks: to any package at all? (before the body of a push is read, and for reads of lists). Answer
    ``True`` to permit, ``False`` to refuse, ``None`` to have no opinion. One refusal is enough, one permission
    is needed; raise ``Refused("why")`` to refuse with a reason. The role ``administrator`` is permitted
    everything unless somebody refuses; ``people.may`` says what accounts were granted, and nugetlite asks it itself.

        @hookimpl
        def nugetlite_authorize(action, package_id):
            if action.writes and package_id and package_id.key.startswith("vendor."):
                raise Refused("Vendor.* packages come from the mirror; push under another id")
    """


@hookspec
def nugetlite_sight(actor: Actor, people: People, config: Config) -> Sight | None:
    """Say which package ids ``actor`` sees.

    Asked for each request that reads. What is not seen is in no list, search, total or page of the catalog, and a
    request for it is answered as if it were not here; somebody anonymous is asked who they are. Answer ``None`` to
    have no opinion; what several plugins answer, all must let through. Of the patterns of a table, the most
    specific one decides.

        @hookimpl
        def nugetlite_sight(actor):
            if actor.is_anonymous:
                return Sight.of({Pattern.parse("*"): True, Pattern.parse("Secret.*"): False})
    """


@hookspec
def nugetlite_validate(
    package: Package, archive: Archive, actor: Actor, config: Config
) -> Iterable[str] | None:
    """Object to a package before it is stored.

    Called after the package was read and found safe. Answer sentences that say what is wrong with it; all
    objections of all plugins go into one answer (400), and none or ``None`` lets it pass. ``archive`` lists
    and reads the files inside. What somebody put on the share by hand is asked about too, with the actor
    ``OPERATOR``.

        @hookimpl
        def nugetlite_validate(package):
            if not package.manifest.repository:
                yield "The package does not say which repository it was built from"
    """


@hookspec
def nugetlite_after_push(package: Package, actor: Actor, replaced: bool, config: Config) -> None:
    """Hear that ``package`` is now on the feed: stored, indexed, and already being served.

    Every plugin hears it. One that raises is logged by name; the push stands and the others still hear. The
    client is waiting meanwhile, so hand long work to a thread of your own. What the scan finds on the share
    is told here too, with the actor ``OPERATOR``. ``replaced`` says that other bytes of the same version
    were there before.

        @hookimpl
        def nugetlite_after_push(package, actor):
            print(f"{actor.name} pushed {package.identity}")
    """


@hookspec
def nugetlite_after_delete(
    package: Package, deletion: Deletion, actor: Actor, why: str, config: Config
) -> None:
    """Hear that ``package`` was deleted, and what that came to.

    Told as ``nugetlite_after_push`` is. ``why`` is the reason that the request gave, or "".

        @hookimpl
        def nugetlite_after_delete(package, deletion):
            print(f"{package.identity}: {deletion}")
    """


@hookspec
def nugetlite_after_relist(package: Package, actor: Actor, config: Config) -> None:
    """Hear that ``package`` is listed again, or back from a soft delete.

    Told as ``nugetlite_after_push`` is.

        @hookimpl
        def nugetlite_after_relist(package):
            print(f"{package.identity} is back")
    """


@hookspec
def nugetlite_portal_links(
    actor: Actor, package: Package, config: Config
) -> Iterable[tuple[str, str]] | None:
    """Add links to a package's page: pairs of (text, http or https URL).

    Asked each time the page is shown; every plugin's links are added, in the order asked, and ``None`` adds
    none.

        @hookimpl
        def nugetlite_portal_links(package):
            yield "Build log", f"https://ci.example.com/{package.identity.id}/{package.identity.version}"
    """
