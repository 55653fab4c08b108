"""What requests of Octopus's clients have in common."""

from __future__ import annotations

from urllib.parse import urlsplit

from nugetlite.errors import NotUnderstood, quoted
from nugetlite.web.current import links, parameters
from nugetlite.web.octopus.documents import Documents

TAKE = 30
MOST_TAKEN = 1000  #: clients that ask for 2147483647 follow the link to the next page


def documents() -> Documents:
    """The documents as the client of the current request sees them."""
    return Documents(urlsplit(links().root).path)


def stretch() -> tuple[int, int]:
    """How much of a list to skip, and how much to take. Raises ``NotUnderstood``."""
    return _number("skip", 0), min(max(_number("take", TAKE), 1), MOST_TAKEN)


def is_true(name: str) -> bool:
    """Whether the URL switches something on."""
    return parameters().get(name, "").strip().lower() == "true"


def names(name: str) -> list[str]:
    """What a parameter lists, separated by commas."""
    return [each.strip() for each in parameters().get(name, "").split(",") if each.strip()]


def _number(name: str, default: int) -> int:
    text = parameters().get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise NotUnderstood(f"{name} is a number from 0 on; {quoted(text)} is none")
    return int(text)
