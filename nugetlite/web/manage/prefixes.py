"""Reserved package ids over HTTP."""

from __future__ import annotations

from nugetlite.actor import Actor
from nugetlite.management import plain
from nugetlite.package.patterns import Pattern
from nugetlite.web.current import parts
from nugetlite.web.manage import shapes


def list_prefixes(who: Actor) -> shapes.Prefixes:
    """List what is reserved: all of it, or what is reserved for oneself."""
    return {"prefixes": plain.prefixes(parts().management.prefixes.reserved(who))}


def reserve(who: Actor, pattern: str, name: str) -> shapes.Prefixes:
    """Reserve a pattern of ids for an account, beside those for whom it is reserved already."""
    parts().management.prefixes.reserve(who, Pattern.parse(pattern), name)
    return list_prefixes(who)


def release(who: Actor, pattern: str, name: str) -> shapes.Prefixes:
    """End that."""
    parts().management.prefixes.release(who, Pattern.parse(pattern), name)
    return list_prefixes(who)
