"""Decide whose package ids are."""

from __future__ import annotations

import click

from nugetlite.actor import OPERATOR
from nugetlite.cli.office import Office, at_the_office
from nugetlite.errors import InTheWay, NotThere
from nugetlite.management import plain
from nugetlite.package.identity import PackageId
from nugetlite.package.patterns import Pattern
from nugetlite.people.values import Owner


@click.group()
def owners() -> None:
    """Whose package ids are: who pushes a new id owns it, and only owners push its next versions."""


@owners.command("list")
@click.argument("id")
@at_the_office
def list_owners(office: Office, id: str) -> None:
    """Show the owners of an id, and who was asked to become one."""
    found = [
        (account.name, owner) for account, owner in office.management.owners.of(OPERATOR, PackageId.parse(id))
    ]
    office.table(
        ("Owner", "State", "Since"),
        [(name, _state(owner), f"{owner.since:%Y-%m-%d}") for name, owner in found],
        f"Nobody owns {id}; give it to somebody: nugetlite owners add {id} ACCOUNT",
    )
    office.telling.json({"owners": [plain.owner(owner, name) for name, owner in found]})


@owners.command("of")
@click.argument("account")
@at_the_office
def owned(office: Office, account: str) -> None:
    """Show what an account owns, and was asked to own."""
    found = office.management.owners.owned(OPERATOR, account)
    office.table(
        ("Id", "State", "Since"),
        [(owner.id, _state(owner), f"{owner.since:%Y-%m-%d}") for owner in found],
        f"{account} owns nothing",
    )
    office.telling.json({"owners": [plain.owner(owner, office.name(owner.account)) for owner in found]})


@owners.command()
@click.argument("id", metavar="ID|PATTERN")
@click.argument("account")
@click.option("--ownerless", is_flag=True, help="Only if nobody owns it yet.")
@at_the_office
def add(office: Office, id: str, account: str, ownerless: bool) -> None:
    """Make an account an owner of an id; by a pattern, of every id on the feed that fits: Contoso.*"""
    wanted = Pattern.parse(id)
    ids = [PackageId.parse(id)] if wanted.is_one_id else _on_the_feed(office, wanted)
    given = []
    for each in ids:
        names = [owner.account for owner in office.people.owners_of(each) if owner.confirmed]
        if ownerless and names:
            continue
        try:
            given.append(office.management.owners.add(OPERATOR, each, account))
        except InTheWay:  # it is an owner already
            if wanted.is_one_id:
                raise
    _tell(office, given)
    if wanted.is_one_id and ids[0] not in office.repository.ids():
        office.telling.say(f"There is no {id} on this feed yet; check how it is spelt")
    if not given:
        office.telling.say(f"There was nothing to give to {account}")


@owners.command()
@click.argument("id")
@click.argument("account")
@at_the_office
def remove(office: Office, id: str, account: str) -> None:
    """Take an owner, or an invitation, away."""
    package_id = PackageId.parse(id)
    office.management.owners.remove(OPERATOR, package_id, account)
    left = [(found.name, owner) for found, owner in office.management.owners.of(OPERATOR, package_id)]
    office.telling.json({"owners": [plain.owner(owner, name) for name, owner in left]})
    names = ", ".join(name for name, owner in left if owner.confirmed)
    office.telling.say(f"{account} is no owner of {id} any more; it belongs to {names or 'nobody'}")


@owners.command()
@click.argument("id")
@click.argument("giver", metavar="FROM")
@click.argument("account", metavar="TO")
@at_the_office
def transfer(office: Office, id: str, giver: str, account: str) -> None:
    """Hand an id over from one owner to another account."""
    _tell(office, [office.management.owners.transfer(OPERATOR, PackageId.parse(id), account, giver)])


def _on_the_feed(office: Office, wanted: Pattern) -> list[PackageId]:
    ids = [id for id in office.repository.ids() if wanted.fits(id.key)]
    if not ids:
        raise NotThere(
            f"There is nothing like {wanted} on this feed; reserve it instead: nugetlite prefixes reserve"
        )
    return ids


def _tell(office: Office, given: list[Owner]) -> None:
    office.telling.json({"owners": [plain.owner(owner, office.name(owner.account)) for owner in given]})
    for owner in given:
        office.telling.say(f"{office.name(owner.account)} is an owner of {owner.id} now")


def _state(owner: Owner) -> str:
    return "owner" if owner.confirmed else "invited"
