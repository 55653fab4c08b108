"""API keys over HTTP. A key is in one answer only, the one to whoever made it."""

from __future__ import annotations

from datetime import timedelta

from nugetlite.actor import Actor
from nugetlite.management import Wanted, parse_patterns, parse_scopes, plain
from nugetlite.web.current import parts
from nugetlite.web.manage import shapes


def list_keys(who: Actor, name: str) -> shapes.Keys:
    """List the keys of an account; those that ended lately, too."""
    return {"keys": [plain.key(*each) for each in parts().management.keys.of(who, name)]}


def create_key(who: Actor, name: str, told: shapes.KeyWanted) -> plain.NewKey:
    """Make a key. It is shown this once."""
    wanted = Wanted(
        told.name,
        parse_patterns(told.patterns),
        parse_scopes(told.actions),
        None if told.days is None else timedelta(days=told.days),
        told.deletion,
        told.behalf,
    )
    return plain.issued(parts().management.keys.create(who, name, wanted))


def regenerate_key(who: Actor, name: str, key: str) -> plain.NewKey:
    """Put another key in the place of one, which stops working at once. It is shown this once."""
    return plain.issued(parts().management.keys.regenerate(who, name, key))


def revoke_key(who: Actor, name: str, key: str) -> plain.Key:
    """End a key, at once and for good. Who has a key may end that one by itself: it may have leaked."""
    return plain.key(parts().management.keys.revoke(who, name, key))
