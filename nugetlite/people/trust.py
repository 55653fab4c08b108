"""A trust policy: which build jobs are given keys of an account, by what their build service says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from nugetlite.errors import Refused, quoted
from nugetlite.oidc.claims import Claims, says, texts
from nugetlite.package.package import Deletion
from nugetlite.package.patterns import Pattern
from nugetlite.people.values import Scope

if TYPE_CHECKING:
    from nugetlite.oidc.token import Proven

FIRST_USE = timedelta(days=7)  #: within which a policy has to be bound, as on nuget.org


@dataclass(frozen=True, slots=True)
class Trust:
    """One policy of an account."""

    number: int
    account: str  #: whose keys are given out, by key
    name: str
    behalf: str  #: for whom those act, by key: the account itself, or an organization of its
    issuer: str
    audience: str  #: for whom tokens have to be made
    claims: Mapping[str, str]  #: what they have to say, ``*`` for any text; the first says whose job it is
    binds: tuple[
        str, ...
    ]  #: claims of which the first token that is taken says what they have to be from then on
    patterns: tuple[Pattern, ...]
    scopes: frozenset[Scope]
    deletion: Deletion | None
    created: datetime

    def mismatches(self, told: Proven) -> list[str]:
        """Which claims are not as wanted; none if all is right."""
        wrong = [name for name, wanted in self.claims.items() if not says(told.claims, name, wanted)]
        return wrong if self.audience in told.audiences else [*wrong, "aud"]

    def suits(self, told: Proven) -> bool:
        """Whether it is about the job that a token is of: about its repository, say, whatever else is wrong."""
        first = next(iter(self.claims.items()))
        return says(told.claims, *first)

    def check(self, told: Proven, account: str, now: datetime) -> None:
        """Raise ``Refused``, with what is wrong, unless a token is as wanted.

        What is wanted is only told to a job that the policy is about.
        """
        wrong = self.mismatches(told)
        if not self.suits(told):
            raise Refused(
                f"No trust policy of {quoted(account)} is for jobs whose {wrong[0]} is {_told(told.claims, wrong[0])}"
            )
        if wrong:
            name = wrong[0]
            wanted = self.claims.get(name, self.audience)
            raise Refused(
                f"The trust policy {self.name} wants {name} to be {quoted(wanted)}, "
                f"and in this token it is {_told(told.claims, name)}"
            )
        if self.binds and now > self.created + FIRST_USE:
            raise Refused(
                f"The trust policy {self.name} was not used within {FIRST_USE.days} days, so it does not know yet "
                f"which {' and '.join(self.binds)} to trust; make it anew"
            )

    def bound(self, claims: Claims) -> Self:
        """The same, from now on for what this token says in the claims that it binds. Raises ``Refused``."""
        found = {name: next(texts(claims.get(name)), "") for name in self.binds}
        for name, value in found.items():
            if not value or "*" in value:
                raise Refused(f"The trust policy {self.name} wants {name}, and this token does not say it")
        return replace(self, claims={**self.claims, **found}, binds=())


def _told(claims: Claims, name: str) -> str:
    return " and ".join(map(quoted, texts(claims.get(name)))) or "not told"
