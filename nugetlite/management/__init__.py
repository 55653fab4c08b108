"""What is decided about people: accounts, keys, owners, reserved ids. Who may decide is asked here, for all roads."""

from __future__ import annotations

from dataclasses import dataclass

from nugetlite.management.accounts import Accounts
from nugetlite.management.desk import Desk
from nugetlite.management.keys import Issued, Keys, Wanted, parse_patterns, parse_scopes
from nugetlite.management.owners import Owners
from nugetlite.management.prefixes import Prefixes

__all__ = [
    "Accounts",
    "Desk",
    "Issued",
    "Keys",
    "Management",
    "Owners",
    "Prefixes",
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

    @classmethod
    def at(cls, desk: Desk) -> Management:
        """All of them, behind one desk."""
        return cls(Accounts(desk), Keys(desk), Owners(desk), Prefixes(desk))
