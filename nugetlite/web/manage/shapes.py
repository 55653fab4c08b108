"""What one sends to manage people, and what is answered. A type says it once: it reads, it checks, it is described.

What stands for a thing itself, as the command line tells it too, is in ``management.plain``.
"""

from __future__ import annotations

from typing import Annotated, TypedDict

from msgspec import UNSET, Meta, Struct, UnsetType

from nugetlite.actor import Action
from nugetlite.management import plain
from nugetlite.management.keys import LONGEST_LIFE, USUAL_LIFE
from nugetlite.package.package import Deletion
from nugetlite.people.values import Kind, Role, Scope

Grants = Annotated[
    dict[str, Role],
    Meta(
        description="Roles, by pattern of package ids. The most specific pattern decides.",
        examples=[{"*": "reader", "Contoso.*": "publisher"}],
    ),
]
Days = Annotated[int, Meta(ge=1, le=LONGEST_LIFE.days)]


class Body(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What may be sent. A member that is not known is refused, as it may be a known one, mistyped."""


class Nothing(Body, frozen=True):
    """Nothing is left to say."""


class AccountWanted(Body, frozen=True):
    """An account to be made. Without grants it may read; an organization gives its members what it is granted."""

    name: str
    kind: Kind = Kind.PERSON
    grants: Grants | None = None
    password: str = ""


class AccountChange(Body, frozen=True):
    """What is to be another way; what is not told stays."""

    grants: Grants | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class PasswordChange(Body, frozen=True):
    """Another password. Who gives themselves one tells the old one."""

    password: str
    old: str = ""


class Membership(Body, frozen=True):
    """How somebody belongs to an organization."""

    leads: bool = False


class KeyWanted(Body, frozen=True):
    """An API key to be made. Without patterns it is for all ids, without actions for the usual: read, create, push."""

    name: str
    patterns: list[str] = []
    actions: list[Scope] = []
    days: Annotated[Days | None, Meta(description="How long it lives; null: until it is revoked.")] = (
        USUAL_LIFE.days
    )
    deletion: Annotated[
        Deletion | None,
        Meta(description="What a delete through it comes to; null: what the feed's policy says."),
    ] = None
    behalf: Annotated[str, Meta(description="The organization for which it acts, if for one.")] = ""


class TrustWanted(Body, frozen=True):
    """A trust policy to be made: jobs of one build service, by its form or by issuer and claims."""

    name: str
    github: Annotated[str, Meta(description="OWNER/NAME of a repository, for GitHub Actions.")] = ""
    gitlab: Annotated[str, Meta(description="GROUP/PROJECT, for GitLab.")] = ""
    azure: Annotated[str, Meta(description="ORG/PROJECT/PIPELINE, for Azure DevOps.")] = ""
    organization_id: Annotated[str, Meta(description="The id of the organization in Azure DevOps.")] = ""
    issuer: Annotated[str, Meta(description="The URL of another build service.")] = ""
    workflow: str = ""
    environment: str = ""
    ref: str = ""
    protected: bool = False
    claims: Annotated[
        dict[str, str], Meta(description="What tokens have to say; * stands for any text.")
    ] = {}
    binds: Annotated[list[str], Meta(description="Claims that stay as the first token has them.")] = []
    audience: Annotated[str, Meta(description="For whom tokens are made; else the feed's base URL.")] = ""
    patterns: list[str] = []
    actions: list[Scope] = []
    deletion: Deletion | None = None
    behalf: str = ""


class Transfer(Body, frozen=True, rename={"giver": "from"}):
    """To whom a package id is handed over, and by whom, if not by whoever asks."""

    to: str
    giver: str = ""


class GrantsWanted(Body, frozen=True):
    """What is to be granted, in place of what was."""

    grants: Grants


class Problem(TypedDict):
    """Why something was not done, in one sentence."""

    error: str


class Me(TypedDict):
    """Who asks, and what they may do: to the package id that was asked about, or to any at all."""

    name: str
    account: plain.Account | None
    key: plain.Key | None
    manages: Annotated[bool, Meta(description="Whether they decide about accounts, and everything else.")]
    actions: list[Action]


class Accounts(TypedDict):
    """Accounts, by name."""

    accounts: list[plain.Account]


class Keys(TypedDict):
    """The keys of an account, by name."""

    keys: list[plain.Key]


class Trusts(TypedDict):
    """The trust policies of an account."""

    trusts: list[plain.Trust]


class Owners(TypedDict):
    """Who owns what, or was asked to."""

    owners: list[plain.Owner]


class Prefixes(TypedDict):
    """What is reserved."""

    prefixes: list[plain.Prefix]


class Granted(TypedDict):
    """What was granted to somebody."""

    name: str
    grants: plain.Grants


class Left(TypedDict):
    """What nobody owns now."""

    ownerless: list[str]
