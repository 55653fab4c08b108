"""Reserve package ids."""

from __future__ import annotations

import click

from nugetlite.actor import OPERATOR
from nugetlite.cli.office import Office, at_the_office
from nugetlite.management import plain
from nugetlite.package.patterns import Pattern


@click.group()
def prefixes() -> None:
    """Reserved ids: only those for whom Contoso.* is reserved push what fits it."""


@prefixes.command("list")
@at_the_office
def list_prefixes(office: Office) -> None:
    """Show what is reserved, and for whom."""
    found = office.management.prefixes.reserved(OPERATOR)
    office.table(
        ("Pattern", "Reserved for"),
        [(str(pattern), ", ".join(names)) for pattern, names in found.items()],
        "Nothing is reserved",
    )
    office.telling.json({"prefixes": plain.prefixes(found)})


@prefixes.command()
@click.argument("pattern")
@click.argument("account")
@at_the_office
def reserve(office: Office, pattern: str, account: str) -> None:
    """Reserve a pattern for an account, beside those for whom it is reserved already."""
    office.management.prefixes.reserve(OPERATOR, Pattern.parse(pattern), account)
    _tell(office, Pattern.parse(pattern))


@prefixes.command()
@click.argument("pattern")
@click.argument("account")
@at_the_office
def release(office: Office, pattern: str, account: str) -> None:
    """End that."""
    office.management.prefixes.release(OPERATOR, Pattern.parse(pattern), account)
    _tell(office, Pattern.parse(pattern))


def _tell(office: Office, pattern: Pattern) -> None:
    names = office.management.prefixes.reserved(OPERATOR).get(pattern, ())
    office.telling.json({"prefixes": plain.prefixes({pattern: names} if names else {})})
    office.telling.say(f"{pattern} is reserved for {', '.join(names) or 'nobody'}")
