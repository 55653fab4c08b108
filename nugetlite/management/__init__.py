"""What is decided about people: accounts, keys, owners, reserved ids, trust. Who may is asked here, for all roads."""

from __future__ import annotations

from dataclasses import dataclass

from nugetlite.management.accounts import Accounts
from nugetlite.management.desk import Desk
from nugetlite.management.keys import Issued, Keys, Wanted, parse_patterns, parse_scopes
from nugetlite.management.owners import Owners
from nugetlite.management.prefixes import Prefixes
from nugetlite.management.trusts import Terms, Trusts

__all__ = [
    "Accounts",
    "Desk",
    "Issued",
    "Keys",
    "Management",
    "Owners",
    "Prefixes",
    "Terms",
    "Trusts",
    "Wanted",
    "parse_patterns",
    "parse_scopes",
]


@dataclass(frozen=True, slots=True)
class Management:
    """The rooms in which something is decided."""

    accounts: Accounts
    keys: Keys
    owners: Owners
    prefixes: Prefixes
    trusts: Trusts

    @classmethod
    def at(cls, desk: Desk, base_url: str = "") -> Management:
        """All of them, behind one desk; ``base_url`` is the feed's, if it is set."""
        keys = Keys(desk)
        trusts = Trusts(desk, keys, base_url)
        return cls(Accounts(desk), keys, Owners(desk), Prefixes(desk), trusts)
