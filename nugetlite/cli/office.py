"""What the commands about people have in common: they work at the feed of the settings, as its operator."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec

import click

from nugetlite import app, config
from nugetlite.cli.telling import Telling

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
        server = app.build(config.load(os.environ))
        office = Office(server.management, server.people, server.repository, Telling(json=as_json))
        work(office, *arguments, **options)

    return command


def in_words(grants: Grants) -> str:
    """Grants as people write them: ``reader, contoso.*=publisher``."""
    told = [f"{role}" if pattern.means_all else f"{pattern}={role}" for pattern, role in grants.items()]
    return ", ".join(told) or NOTHING
