"""Doors open downhill only: which room of nugetlite may import which, read from the imports themselves."""

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

import nugetlite

HOUSE = Path(__file__).parent.parent

# From the cellar to the roof. A room may enter the rooms of lower floors. Where it only names a type, in an
# annotation, no door is needed.
FLOORS = (
    {"errors"},
    {"package"},
    {"octodiff", "odata", "guard"},
    {"actor", "config", "hookspecs", "storage", "layout", "gate", "bell", "client"},
    {"sqlite", "postgres", "shelf", "statement", "sighting", "oidc"},
    {"database", "plugins", "access", "deletion", "share", "archive_share", "sources", "later"},
    {"remembered"},
    {"index", "history", "audit", "people", "downloads"},
    {"feed", "archives", "management"},
    {"repository"},
    {"upkeep", "web", "builtin"},
    {"app"},
    {"serving"},
    {"cli", "testing"},
)

# The web calls the feed, and never what is behind it, not even for a type. What the feed answers with, it may name.
BEHIND_THE_FEED = {
    "storage",
    "layout",
    "shelf",
    "share",
    "archive_share",
    "archives",
    "database",
    "sqlite",
    "postgres",
    "statement",
    "index",
    "history",
    "downloads",
    "sources",
}
ANSWERS_OF_THE_FEED = {"Hit", "Event", "Wanted", "Listed"}

# These are written as a stranger would write them, with the public names, each other, and nothing else.
STRANGERS = {"builtin", "testing", "plugins of the site"}

RELATIVE = "somewhere near"  #: where ``from .`` leads


@dataclass(frozen=True)
class Door:
    """One import: from where, to where, for which names."""

    file: str
    line: int
    room: str
    to: str  #: a room, or "" for the public names
    name: str
    for_types: bool  #: under ``if TYPE_CHECKING``

    def __str__(self) -> str:
        return f"{self.file}:{self.line} takes {self.name} from {self.to or 'the public names'}"


def doors(file, source):
    """Every import of something of nugetlite's in a file, wherever in the file it stands."""
    tree = ast.parse(source)
    inside = Path(file).parts
    room = Path(inside[1]).stem if inside[0] == "nugetlite" else "plugins of the site"
    for_types = {
        each
        for test in ast.walk(tree)
        if isinstance(test, ast.If) and ast.unparse(test.test) == "TYPE_CHECKING"
        for statement in test.body
        for each in ast.walk(statement)
    }
    for node in ast.walk(tree):
        for module, name in _imported(node):
            to = module.split(".")[1] if "." in module else ""
            yield Door(file, node.lineno, room, to, name, node in for_types)


def _imported(node):
    """(module, name) of each thing of ours that a statement imports."""
    match node:
        case ast.Import(names=names):
            return [(each.name, "*") for each in names if each.name.split(".")[0] == "nugetlite"]
        case ast.ImportFrom(module="nugetlite", level=0, names=names):
            return [_room_or_public(each.name) for each in names]
        case ast.ImportFrom(module=str(module), level=0, names=names) if module.startswith("nugetlite."):
            return [(module, each.name) for each in names]
        case ast.ImportFrom(level=level) if level:
            return [(f"nugetlite.{RELATIVE}", "." * level)]
    return []


def _room_or_public(name):
    is_room = (HOUSE / f"nugetlite/{name}.py").exists() or (HOUSE / f"nugetlite/{name}").is_dir()
    return (f"nugetlite.{name}", name) if is_room else ("nugetlite", name)


def climbs(door):
    """What is wrong with a door, in words; nothing if it leads downhill."""
    if door.to == RELATIVE:
        return "but a door is written in full, so that it can be read"
    if door.to == door.room:
        return ""
    if door.room in STRANGERS:
        public = not door.to and door.name in nugetlite.__all__
        return "" if public else "but a plugin has the public names only"
    if door.room == "web" and door.to in BEHIND_THE_FEED and door.name not in ANSWERS_OF_THE_FEED:
        return "but the web asks the feed"
    if door.for_types:
        return ""
    if door.room == "hookspecs":
        return "but a hook may name types only"
    if door.room == "package" and door.to != "errors":
        return "but package/ knows nothing of the rest"
    if not door.to:
        return "but inside the house, it is taken from where it is"
    return "" if floor(door.to) < floor(door.room) else "and climbs"


def floor(room):
    """How high a room lies."""
    for height, rooms in enumerate(FLOORS):
        if room in rooms:
            return height
    raise LookupError(f"say in FLOORS how high {room} lies")


def files():
    """The sources of the house, and of the plugins beside it; ``__init__`` itself is the list of public names."""
    found = [*(HOUSE / "nugetlite").rglob("*.py"), *(HOUSE / "plugins").rglob("*.py")]
    return sorted(str(path.relative_to(HOUSE)) for path in found if path != HOUSE / "nugetlite/__init__.py")


@pytest.mark.parametrize("file", files())
def test_doors_open_downhill_only(file):
    wrong = [
        f"{door}, {why}" for door in doors(file, (HOUSE / file).read_text("utf-8")) if (why := climbs(door))
    ]

    assert not wrong, "\n".join(wrong)


def test_every_room_has_a_floor():
    rooms = {Path(file).parts[1].removesuffix(".py") for file in files() if file.startswith("nugetlite/")}

    for room in rooms:
        assert floor(room) >= 0


def test_no_room_has_two_floors():
    assert sum(len(rooms) for rooms in FLOORS) == len(set().union(*FLOORS))


def test_the_public_names_are_all_there():
    assert sorted(nugetlite.__all__) == sorted(set(nugetlite.__all__))
    assert all(hasattr(nugetlite, name) for name in nugetlite.__all__)


@pytest.mark.parametrize(
    ("file", "source", "why"),
    [
        ("nugetlite/feed.py", "from nugetlite import layout", ""),
        ("nugetlite/feed.py", "from nugetlite.web.links import Links", "climbs"),
        ("nugetlite/feed.py", "import nugetlite.app", "climbs"),
        ("nugetlite/feed.py", "from nugetlite import Package", "taken from where it is"),
        ("nugetlite/feed.py", "def late():\n    from nugetlite import app", "climbs"),
        ("nugetlite/feed.py", "if TYPE_CHECKING:\n    from nugetlite.upkeep import Upkeep", ""),
        ("nugetlite/feed.py", "from . import upkeep", "written in full"),
        ("nugetlite/index/rows.py", "from nugetlite.history import Event", "climbs"),
        ("nugetlite/index/rows.py", "from nugetlite.index.schema import versions", ""),
        ("nugetlite/package/archive.py", "from nugetlite.errors import BadArchive", ""),
        ("nugetlite/package/archive.py", "from nugetlite.config import Config", "knows nothing of the rest"),
        ("nugetlite/client/v3.py", "from nugetlite.package.version import Version", ""),
        ("nugetlite/client/v3.py", "from nugetlite.web.links import Links", "climbs"),
        ("nugetlite/client/v3.py", "from nugetlite.config import Config", "climbs"),
        ("nugetlite/hookspecs.py", "from nugetlite.package.package import Package", "types only"),
        ("nugetlite/web/v3/search.py", "from nugetlite.index import Hit", ""),
        ("nugetlite/web/v3/search.py", "from nugetlite.index import Index", "asks the feed"),
        ("nugetlite/web/ops.py", "if TYPE_CHECKING:\n    from nugetlite.share import Share", "asks the feed"),
        ("nugetlite/builtin/access.py", "from nugetlite import Actor", ""),
        ("nugetlite/builtin/access.py", "from nugetlite.builtin.paths import is_name", ""),
        ("nugetlite/builtin/access.py", "from nugetlite.access import Actor", "public names only"),
        ("nugetlite/builtin/access.py", "from nugetlite import layout", "public names only"),
        ("nugetlite/testing/client.py", "if TYPE_CHECKING:\n    import nugetlite.app", "public names only"),
        ("plugins/webhook.py", "import json\nfrom nugetlite import hookimpl", ""),
        ("plugins/webhook.py", "from nugetlite.feed import Feed", "public names only"),
    ],
)
def test_the_reader_sees_what_climbs(file, source, why):
    found = " ".join(climbs(door) for door in doors(file, source)).strip()

    assert why in found
    assert bool(why) == bool(found)
