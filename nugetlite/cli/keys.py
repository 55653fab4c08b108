"""Make API keys, look at them, end them."""

from __future__ import annotations

from datetime import timedelta

import click

from nugetlite.actor import OPERATOR
from nugetlite.cli.office import Office, at_the_office, key_limits
from nugetlite.errors import NotUnderstood
from nugetlite.management import Issued, Wanted, parse_patterns, parse_scopes, plain
from nugetlite.management.keys import LONGEST_LIFE, USUAL_LIFE
from nugetlite.package.package import Deletion
from nugetlite.people.values import ApiKey, Scope, Use


@click.group()
def keys() -> None:
    """API keys: what each may be used for, when it was used last, when it ends."""


@keys.command()
@click.argument("account")
@click.argument("name")
@key_limits
@click.option(
    "--days",
    type=click.IntRange(1, LONGEST_LIFE.days),
    default=USUAL_LIFE.days,
    show_default=True,
    help="How long it lives.",
)
@click.option("--never-expires", is_flag=True, help="It lives until it is revoked.")
@at_the_office
def create(
    office: Office,
    account: str,
    name: str,
    patterns: tuple[str, ...],
    scopes: tuple[str, ...],
    days: int,
    never_expires: bool,
    deletion: str | None,
    behalf: str,
) -> None:
    """Make a key for an account, and print it: this once, and alone, so that KEY=$(nugetlite keys create ...) works."""
    if never_expires and _is_told("days"):
        raise NotUnderstood("Give either --days or --never-expires")
    wanted = Wanted(
        name,
        parse_patterns(patterns),
        parse_scopes(scopes),
        None if never_expires else timedelta(days=days),
        Deletion(deletion.lower()) if deletion else None,
        behalf,
    )
    _hand_over(office, office.management.keys.create(OPERATOR, account, wanted))


@keys.command("list")
@click.argument("account")
@at_the_office
def list_keys(office: Office, account: str) -> None:
    """Show the keys of an account; those that ended lately, too."""
    found = office.management.keys.of(OPERATOR, account)
    office.table(
        ("Name", "For", "May", "On behalf of", "Used", "From", "Ends"),
        [_row(office, *each) for each in found],
        f"{account} has no keys; make one: nugetlite keys create {account} NAME",
    )
    office.telling.json({"keys": [plain.key(*each) for each in found]})


@keys.command()
@click.argument("account")
@click.argument("name")
@at_the_office
def regenerate(office: Office, account: str, name: str) -> None:
    """Put another key in the place of one, which stops working at once, and print it, as `create` does."""
    _hand_over(office, office.management.keys.regenerate(OPERATOR, account, name))


@keys.command()
@click.argument("account")
@click.argument("name")
@at_the_office
def revoke(office: Office, account: str, name: str) -> None:
    """End a key, at once and for good."""
    key = office.management.keys.revoke(OPERATOR, account, name)
    office.telling.json(plain.key(key))
    office.telling.say(f"The key {key.name} of {office.name(key.account)} does not work any more")


def _hand_over(office: Office, issued: Issued) -> None:
    """The one time that a key is shown."""
    key = issued.key
    if office.telling.is_json:
        office.telling.json(plain.issued(issued))
        return
    click.echo(issued.text)
    until = f"expires on {key.expires:%Y-%m-%d}" if key.expires else "does not expire"
    click.echo(
        f"This is the key {key.name} of {office.name(key.account)}. It is shown this once, is for {_patterns(key)}, "
        f"may be used to {_scopes(key)}, and {until}",
        err=True,
    )


def _row(office: Office, key: ApiKey, use: Use | None) -> tuple[str, ...]:
    behalf = office.name(key.behalf) if key.behalf != key.account else ""
    used = (f"{use.when:%Y-%m-%d %H:%M}", use.address) if use else ("never", "")
    return key.name, _patterns(key), _scopes(key), behalf, *used, _end(office, key)


def _end(office: Office, key: ApiKey) -> str:
    if key.revoked:
        return f"revoked {key.revoked:%Y-%m-%d}"
    return f"{key.expires:%Y-%m-%d}" if key.expires else "never"


def _patterns(key: ApiKey) -> str:
    return ", ".join(map(str, key.patterns))


def _scopes(key: ApiKey) -> str:
    return ", ".join(scope for scope in Scope if scope in key.scopes)


def _is_told(option: str) -> bool:
    source = click.get_current_context().get_parameter_source(option)
    return source is click.core.ParameterSource.COMMANDLINE
