"""What the commands about people have in common: they work at the feed of the settings, as its operator."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec

import click

from nugetlite.cli.here import feed_here
from nugetlite.cli.telling import Telling
from nugetlite.package.package import Deletion
from nugetlite.people.values import USUAL_SCOPES, Scope

if TYPE_CHECKING:
    from nugetlite.management import Management
    from nugetlite.people import People
    from nugetlite.people.values import Grants
    from nugetlite.repository import Repository

P = ParamSpec("P")

NOTHING = "(nothing)"


@dataclass(frozen=True, slots=True)
class Office:
    """Where an operator decides about people. With JSON wanted, standard output has nothing else on it."""

    management: Management
    people: People
    repository: Repository
    telling: Telling

    def table(self, columns: Iterable[str], rows: Iterable[Iterable[str]], nothing: str) -> None:
        """Answer with a table, or with a sentence if there is nothing in it."""
        told = [list(row) for row in rows]
        self.telling.table(list(columns), told)
        if not told:
            self.telling.say(nothing)

    def name(self, key: str) -> str:
        """The name of an account, by its key."""
        return self.people.known().named([key])


def at_the_office(work: Callable[Concatenate[Office, P], None]) -> Callable[..., None]:
    """Hand a command the office, and give it the option ``--json``."""

    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON, with the names of the JSON API.")
    @wraps(work)
    def command(as_json: bool, *arguments: P.args, **options: P.kwargs) -> None:
        server = feed_here()
        office = Office(server.management, server.people, server.repository, Telling(json=as_json))
        work(office, *arguments, **options)

    return command


def in_words(grants: Grants) -> str:
    """Grants as people write them: ``reader, contoso.*=publisher``."""
    told = [f"{role}" if pattern.means_all else f"{pattern}={role}" for pattern, role in grants.items()]
    return ", ".join(told) or NOTHING


def key_limits(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take what keys may be used for: ``patterns``, ``scopes``, ``deletion`` and ``behalf``."""
    usual = ", ".join(sorted(USUAL_SCOPES))
    for option in (
        click.option(
            "--on-behalf-of", "behalf", default="", metavar="ORG", help="The organization to act for."
        ),
        click.option(
            "--delete-policy",
            "deletion",
            type=click.Choice([str(each) for each in Deletion], case_sensitive=False),
            help="What a delete comes to; else what the feed's policy says.",
        ),
        click.option(
            "--may",
            "scopes",
            multiple=True,
            metavar="ACTION,...",
            help=f"What is allowed, of {', '.join(Scope)}; else {usual}.",
        ),
        click.option(
            "--for",
            "patterns",
            multiple=True,
            metavar="PATTERN",
            help="The ids that are allowed, such as Contoso.*; else all.",
        ),
    ):
        command = option(command)
    return command
