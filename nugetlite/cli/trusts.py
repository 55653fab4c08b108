"""Make trust policies, look at them, end them: which build jobs are given keys without having a secret."""

from __future__ import annotations

from typing import Any

import click

from nugetlite.actor import OPERATOR
from nugetlite.cli.office import Office, at_the_office, key_limits
from nugetlite.errors import NotUnderstood, quoted
from nugetlite.management import Terms, parse_patterns, parse_scopes, plain
from nugetlite.management.jobs import Form
from nugetlite.management.trusts import in_words
from nugetlite.package.package import Deletion
from nugetlite.people.trust import Trust
from nugetlite.people.values import Scope


@click.group()
def trusts() -> None:
    """Trusted publishing: build jobs exchange their identity tokens for keys that live for an hour."""


@trusts.command()
@click.argument("account")
@click.argument("name")
@click.option("--github", default="", metavar="OWNER/NAME", help="Jobs of a repository in GitHub Actions.")
@click.option("--gitlab", default="", metavar="GROUP/PROJECT", help="Jobs of a project in GitLab.")
@click.option(
    "--azure", default="", metavar="ORG/PROJECT/PIPELINE", help="Jobs of a pipeline in Azure DevOps."
)
@click.option(
    "--organization-id", default="", metavar="ID", help="The id of the organization in Azure DevOps."
)
@click.option(
    "--issuer",
    default="",
    metavar="URL",
    help="Jobs of another build service, or of your own GitHub or GitLab.",
)
@click.option("--workflow", default="", metavar="FILE", help="Only those in this workflow file (GitHub).")
@click.option(
    "--environment", default="", metavar="NAME", help="Only those for this environment (GitHub, GitLab)."
)
@click.option("--ref", default="", metavar="BRANCH", help="Only those of this branch, or of refs/tags/v*.")
@click.option("--protected", is_flag=True, help="Only those of protected branches and tags (GitLab).")
@click.option(
    "--claim",
    "claims",
    multiple=True,
    metavar="NAME=TEXT",
    help="Only those whose token says so; * stands for any text.",
)
@click.option(
    "--bind",
    "binds",
    multiple=True,
    metavar="NAME",
    help="From the first token on, this claim stays as it is.",
)
@click.option("--audience", default="", metavar="URL", help="For whom tokens are made; else base_url.")
@key_limits
@at_the_office
def create(
    office: Office,
    /,
    account: str,
    name: str,
    claims: tuple[str, ...],
    audience: str,
    patterns: tuple[str, ...],
    scopes: tuple[str, ...],
    deletion: str | None,
    behalf: str,
    **form: Any,  # the fields of a form, by their names
) -> None:
    """Give keys of an account to build jobs that prove who they are."""
    terms = Terms(
        name,
        Form(claims=dict(map(_claim, claims)), **form).jobs(),
        audience,
        parse_patterns(patterns),
        parse_scopes(scopes),
        Deletion(deletion.lower()) if deletion else None,
        behalf,
    )
    trust = office.management.trusts.create(OPERATOR, account, terms)
    office.telling.json(plain.trust(trust))
    office.telling.say(
        f"Jobs with a token of {trust.issuer} in which {in_words(trust.claims)} are given keys of "
        f"{office.name(trust.account)} for {_patterns(trust)}"
    )
    if trust.binds:
        office.telling.say(
            f"The first of them decides {' and '.join(trust.binds)}; it has to come within 7 days"
        )
    office.telling.say(
        f"They ask for a token with the audience {trust.audience}, and exchange it at FEED/api/v2/token "
        f"as {office.name(trust.account)}"
    )


@trusts.command("list")
@click.argument("account")
@at_the_office
def list_trusts(office: Office, account: str) -> None:
    """Show the trust policies of an account."""
    found = office.management.trusts.of(OPERATOR, account)
    office.table(
        ("Name", "Issuer", "Audience", "Jobs", "For", "May", "On behalf of"),
        [_row(office, trust) for trust in found],
        f"{account} has no trust policies; make one: nugetlite trusts create {account} NAME --github OWNER/NAME",
    )
    office.telling.json({"trusts": [plain.trust(trust) for trust in found]})


@trusts.command()
@click.argument("account")
@click.argument("name")
@at_the_office
def delete(office: Office, account: str, name: str) -> None:
    """Take a trust policy away; the keys that were given out through it stop working at once."""
    trust = office.management.trusts.delete(OPERATOR, account, name)
    office.telling.json(plain.trust(trust))
    office.telling.say(f"Nobody is given keys of {office.name(trust.account)} by {trust.name} any more")


def _claim(text: str) -> tuple[str, str]:
    name, equals, wanted = text.partition("=")
    if not equals:
        raise NotUnderstood(f"{quoted(text)} is no claim; give it as NAME=TEXT")
    return name.strip(), wanted.strip()


def _row(office: Office, trust: Trust) -> tuple[str, ...]:
    behalf = office.name(trust.behalf) if trust.behalf != trust.account else ""
    bound = [f"{name} of the first" for name in trust.binds]
    jobs = ", ".join([in_words(trust.claims), *bound])
    scopes = ", ".join(scope for scope in Scope if scope in trust.scopes)
    return trust.name, trust.issuer, trust.audience, jobs, _patterns(trust), scopes, behalf


def _patterns(trust: Trust) -> str:
    return ", ".join(map(str, trust.patterns))
