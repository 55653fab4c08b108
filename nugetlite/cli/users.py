"""Decide who may do what: accounts, their grants and passwords, members of organizations."""

from __future__ import annotations

import sys
from getpass import GetPassWarning
from typing import TYPE_CHECKING
from warnings import catch_warnings, simplefilter

import click

from nugetlite.actor import OPERATOR
from nugetlite.cli.office import Office, at_the_office, in_words
from nugetlite.management import plain
from nugetlite.management.accounts import usual_grants
from nugetlite.package.patterns import ALL
from nugetlite.people.secret import LONGEST_PASSWORD
from nugetlite.people.values import EVERYBODY, Account, Grants, Kind, Role, parse_grants

if TYPE_CHECKING:
    pass

password_from_input = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input, one line."
)


@click.group()
def users() -> None:
    """Who may do what: people, services, organizations.

    A GRANT is a role, for all packages, or PATTERN=ROLE for the ids that fit: Contoso.*=publisher. The most specific
    pattern decides. Roles are none, reader, publisher and administrator. "everybody" stands for whoever asks.
    """


@users.command()
@click.argument("name")
@click.option("--admin", is_flag=True, help="An administrator, who may do everything.")
@click.option(
    "--service", "kind", flag_value=Kind.SERVICE, type=Kind, help="A service: it has keys, and no password."
)
@click.option(
    "--organization",
    "kind",
    flag_value=Kind.ORGANIZATION,
    type=Kind,
    help="An organization, which has members.",
)
@click.option("--grant", "grants", multiple=True, metavar="GRANT", help="What it may do; else it may read.")
@password_from_input
@click.option("--no-password", is_flag=True, help="Without a password: it may be given one later.")
@at_the_office
def create(
    office: Office,
    name: str,
    admin: bool,
    kind: Kind | None,
    grants: tuple[str, ...],
    password_stdin: bool,
    no_password: bool,
) -> None:
    """Make an account. Of a person the password is asked for."""
    kind = kind or Kind.PERSON
    granted = parse_grants(grants)
    if admin:
        granted = {ALL: Role.ADMINISTRATOR, **granted}
    password = ""
    if password_stdin or (kind is Kind.PERSON and not no_password):
        password = _password(name, from_input=password_stdin)
    account = office.management.accounts.create(OPERATOR, name, kind, granted or usual_grants(kind), password)
    office.telling.json(plain.account(account))
    office.telling.say(f"Made {account.name}, {_article(kind)}: {in_words(account.grants)}")
    if kind is Kind.SERVICE or no_password:
        office.telling.say(f"Make a key for it: nugetlite keys create {account.name} NAME")


@users.command("list")
@at_the_office
def list_accounts(office: Office) -> None:
    """Show all accounts, and what everybody may do."""
    accounts = office.management.accounts
    found, everybody = accounts.seen(OPERATOR), accounts.everybody(OPERATOR)
    rows = [_row(account) for account in found]
    office.table(
        ("Name", "Kind", "Grants", "Belongs to", "State"),
        [*rows, (EVERYBODY, "", in_words(everybody), "", "")],
        "",
    )
    office.telling.json(
        {"accounts": [plain.account(account) for account in found], "everybody": plain.grants(everybody)}
    )


@users.command()
@click.argument("name")
@at_the_office
def show(office: Office, name: str) -> None:
    """Show one account, or what everybody may do."""
    if name.lower() == EVERYBODY:
        _tell_grants(office, EVERYBODY, office.management.accounts.everybody(OPERATOR))
        return
    account = office.management.accounts.get(OPERATOR, name)
    office.telling.json(plain.account(account))
    told = {
        "Name": account.name,
        "Kind": account.kind,
        "State": _state(account),
        "Password": "yes" if account.password else "no",
        "Grants": in_words(account.grants),
        "Belongs to": ", ".join(map(office.name, sorted(account.organizations))),
        "Members": ", ".join(_member(office, *each) for each in sorted(account.members.items())),
        "Since": f"{account.created:%Y-%m-%d}",
    }
    for title, text in told.items():
        office.telling.say(f"{title:<12}{text}") if text else None


@users.command()
@click.argument("name")
@click.argument("grants", nargs=-1, required=True, metavar="GRANT...")
@click.option("--add", is_flag=True, help="Beside what was granted before, instead of in its place.")
@at_the_office
def grant(office: Office, name: str, grants: tuple[str, ...], add: bool) -> None:
    """Say what an account may do, in place of what was granted before. NAME may be "everybody"."""
    accounts, wanted = office.management.accounts, parse_grants(grants)
    if add:
        is_everybody = name.lower() == EVERYBODY
        before = accounts.everybody(OPERATOR) if is_everybody else accounts.get(OPERATOR, name).grants
        wanted = {**before, **wanted}
    granted = accounts.grant(OPERATOR, name, wanted)
    _tell_grants(office, name, granted)


@users.command()
@click.argument("name")
@password_from_input
@at_the_office
def password(office: Office, name: str, password_stdin: bool) -> None:
    """Give somebody another password, which ends their sessions. It is asked for."""
    account = office.management.accounts.get(OPERATOR, name)
    told = _password(account.name, from_input=password_stdin)
    office.management.accounts.set_password(OPERATOR, account.name, told)
    office.telling.json(plain.account(office.management.accounts.get(OPERATOR, name)))
    office.telling.say(f"{account.name} has another password now")


@users.command()
@click.argument("name")
@at_the_office
def disable(office: Office, name: str) -> None:
    """Keep an account from acting: its password, sessions and keys do not count."""
    account = office.management.accounts.enable(OPERATOR, name, enabled=False)
    office.telling.json(plain.account(account))
    office.telling.say(f"{account.name} may not act any more, until: nugetlite users enable {account.name}")


@users.command()
@click.argument("name")
@at_the_office
def enable(office: Office, name: str) -> None:
    """Let an account act again."""
    account = office.management.accounts.enable(OPERATOR, name, enabled=True)
    office.telling.json(plain.account(account))
    office.telling.say(f"{account.name} may act again")


@users.command()
@click.argument("name")
@at_the_office
def delete(office: Office, name: str) -> None:
    """Take an account away for good, with its keys and grants."""
    account = office.management.accounts.get(OPERATOR, name)
    ownerless = office.management.accounts.delete(OPERATOR, account.name)
    office.telling.json({"ownerless": ownerless})
    office.telling.say(f"Deleted {account.name}")
    if ownerless:
        office.telling.say(
            f"Nobody owns these any more: {', '.join(ownerless)}; give them to somebody: nugetlite owners add"
        )


@users.command()
@click.argument("organization")
@click.argument("name")
@click.option("--leads", is_flag=True, help="They choose members, and decide for the organization.")
@at_the_office
def add_member(office: Office, organization: str, name: str, leads: bool) -> None:
    """Make somebody a member of an organization, or change whether they lead it."""
    group = office.management.accounts.add_member(OPERATOR, organization, name, leads=leads)
    _tell_members(office, group)


@users.command()
@click.argument("organization")
@click.argument("name")
@at_the_office
def remove_member(office: Office, organization: str, name: str) -> None:
    """End a membership, and the keys by which the member acts for the organization."""
    group = office.management.accounts.remove_member(OPERATOR, organization, name)
    _tell_members(office, group)


def _password(name: str, *, from_input: bool) -> str:
    """A password, never from the command line, which others can see."""
    try:
        with catch_warnings():
            simplefilter("error", GetPassWarning)  # rather than to show what is typed
            told: str = (
                sys.stdin.readline(LONGEST_PASSWORD + 2).rstrip("\r\n")
                if from_input
                else click.prompt(f"Password for {name}", hide_input=True, confirmation_prompt=True, err=True)
            )
    except (click.Abort, GetPassWarning):
        told = ""
    if not told:
        raise click.ClickException(
            "No password was given; type one at a terminal, or send one with --password-stdin"
        )
    return told


def _tell_grants(office: Office, name: str, grants: Grants) -> None:
    office.telling.json({"name": name, "grants": plain.grants(grants)})
    office.telling.say(f"{name}: {in_words(grants)}")


def _tell_members(office: Office, group: Account) -> None:
    office.telling.json(plain.account(group))
    members = ", ".join(_member(office, *each) for each in sorted(group.members.items()))
    office.telling.say(f"Members of {group.name}: {members or 'nobody'}")


def _row(account: Account) -> tuple[str, ...]:
    return (
        account.name,
        account.kind,
        in_words(account.grants),
        ", ".join(sorted(account.organizations)),
        _state(account),
    )


def _state(account: Account) -> str:
    return "" if account.enabled else "disabled"


def _member(office: Office, key: str, leads: bool) -> str:
    return f"{office.name(key)} (leads)" if leads else office.name(key)


def _article(kind: Kind) -> str:
    return f"an {kind}" if kind is Kind.ORGANIZATION else f"a {kind}"
