"""What one can do with trust policies: make them, end them, and exchange a build job's identity token for a key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from nugetlite.actor import Actor
from nugetlite.errors import InTheWay, NotThere, NotUnderstood, Refused, quoted
from nugetlite.management.desk import Desk
from nugetlite.management.jobs import Jobs, in_order, is_well_known
from nugetlite.management.keys import Issued, Keys, Wanted, check
from nugetlite.oidc.claims import texts
from nugetlite.oidc.issuers import Issuers, issuer_url
from nugetlite.package.package import Deletion
from nugetlite.package.patterns import ALL, Pattern
from nugetlite.people import reading, writing
from nugetlite.people.known import key_of
from nugetlite.people.trust import Trust
from nugetlite.people.values import USUAL_SCOPES, Account, Scope, key_name

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nugetlite.oidc.token import Proven

LIFE = timedelta(hours=1)  #: of a key that is given out, as on nuget.org
MOST_TRUSTS = 100  #: of one account: each is looked at in each exchange
MOST_CLAIMS = 20
LONGEST = 500  #: characters of an audience, and of what a claim is to be
_CLAIM = re.compile(r"[A-Za-z0-9_.:/-]{1,200}")
OURS = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti"})  #: claims that are looked at in any case


@dataclass(frozen=True, slots=True)
class Terms:
    """What a trust policy is to be."""

    name: str
    jobs: Jobs
    audience: str = ""  #: "": the only one that there is, or else this feed's URL
    patterns: tuple[Pattern, ...] = (ALL,)
    scopes: frozenset[Scope] = USUAL_SCOPES
    deletion: Deletion | None = None  #: as of a key
    behalf: str = ""  #: as of a key


class Trusts:
    """The trust policies of a feed: which build jobs are given keys of which accounts."""

    def __init__(self, desk: Desk, keys: Keys, base_url: str = "") -> None:
        self._desk = desk
        self._keys = keys
        self._base_url = base_url
        self.issuers = Issuers()

    def create(self, actor: Actor, account: str, terms: Terms) -> Trust:
        """Make one. Raises ``InTheWay`` if the account has one of that name, ``NotUnderstood``.

        Two things are only for those who manage the feed: to name an issuer that is neither well known nor named by
        another policy, as the feed asks it for its keys; and to make a policy through an API key, as it would
        outlive one that leaked.
        """
        owner = self._desk.decided(actor, account)
        trust = self._drafted(owner, terms)
        is_new = not is_well_known(trust.issuer) and trust.issuer not in self._desk.people.issuers()
        if is_new or key_of(actor):
            self._desk.require_manager(actor)
        with self._desk.change(
            actor,
            "create trust",
            owner.name,
            trust=trust.name,
            issuer=trust.issuer,
            claims=in_words(trust.claims),
            patterns=" ".join(map(str, trust.patterns)),
            actions=" ".join(sorted(trust.scopes)),
        ) as connection:
            there = reading.read_trusts(connection, self._desk.account(account).key)  # if it still is
            if any(each.name == trust.name for each in there):
                raise InTheWay(
                    f"{owner.name} has a trust policy {quoted(trust.name)} already; delete it first"
                )
            if len(there) >= MOST_TRUSTS:
                raise InTheWay(f"{owner.name} has {MOST_TRUSTS} trust policies; delete one first")
            trust = replace(trust, number=writing.next_trust_number(connection))
            writing.write_trust(connection, trust)
        return trust

    def of(self, actor: Actor, account: str) -> list[Trust]:
        """The trust policies of an account, the oldest first."""
        return self._desk.people.trusts(self._desk.decided(actor, account).key)

    def delete(self, actor: Actor, account: str, name: str) -> Trust:
        """Take one away. The keys that were given out through it stop working."""
        owner = self._desk.decided(actor, account)
        trust = next(
            (each for each in self._desk.people.trusts(owner.key) if each.name == name.strip()), None
        )
        if not trust:
            raise NotThere(f"{owner.name} has no trust policy {quoted(name)}")
        with self._desk.change(actor, "delete trust", owner.name, trust=trust.name) as connection:
            writing.erase_trust(connection, trust)
            writing.revoke_keys_of_trust(connection, trust, self._desk.now())
        return trust

    def exchange(self, name: str, text: str, address: str = "") -> Issued:
        """A key of an account for one of its build jobs, which proves by an identity token that it is one.

        No issuer is asked for its keys unless a policy of the account names it. If several policies fit, the oldest
        counts. Raises ``Refused``, which says what is wrong, or ``IssuerUnavailable``.
        """
        from nugetlite.oidc.token import Token  # a server that gets no tokens starts without cryptography

        token = Token.read(text)
        account = self._desk.people.known().account(name.strip())
        trusts = self._desk.people.trusts(account.key) if account else []
        trusts = [trust for trust in trusts if trust.issuer == token.issuer]
        if not account or not trusts:
            raise Refused(f"No trust policy of {quoted(name)} is for tokens of {quoted(token.issuer)}")
        proven = token.proven_by(self.issuers.key(token.issuer, token.key_id))
        trust = min(trusts, key=lambda each: (not each.suits(proven), len(each.mismatches(proven))))
        actor = Actor(account.name, address=address)
        job = " ".join(texts(proven.claims.get("sub")))
        with self._desk.change(
            actor, "exchange token", account.name, trust=trust.name, job=job
        ) as connection:
            trust = self._confirmed(connection, trust, proven)
            self._spend(connection, proven)
            wanted = Wanted(
                trust.name,
                trust.patterns,
                trust.scopes,
                LIFE,
                trust.deletion,
                trust.behalf,
                origin=trust.name,
            )
            return self._keys.issue(connection, account, wanted)

    def _confirmed(self, connection: Connection, trust: Trust, proven: Proven) -> Trust:
        """The policy as it is now that nobody else changes anything, if the token is as it wants; bound to it."""
        found = reading.read_trusts(connection, trust.account)
        trust = next((each for each in found if each.number == trust.number), trust)
        if trust not in found:
            raise Refused(f"The trust policy {trust.name} was deleted just now")
        trust.check(proven, trust.account, self._desk.now())
        if trust.binds:
            trust = trust.bound(proven.claims)
            writing.write_trust(connection, trust)
        return trust

    def _spend(self, connection: Connection, proven: Proven) -> None:
        if reading.is_spent(connection, proven.mark):
            raise Refused("This token was exchanged already; have the job ask for a new one")
        writing.spend(connection, proven.mark, proven.expires, self._desk.now())

    def _drafted(self, owner: Account, terms: Terms) -> Trust:
        """The policy, without a number. Raises ``NotUnderstood``."""
        jobs = in_order(
            replace(terms.jobs, issuer=issuer_url(terms.jobs.issuer), claims=_claims(terms.jobs.claims))
        )
        check(owner, terms.patterns, terms.scopes)
        audience = terms.audience.strip() or jobs.audience or self._base_url
        if not audience:
            raise NotUnderstood(
                "Say for which audience tokens have to be made, such as https://feed.example.com, or set base_url"
            )
        return Trust(
            number=0,
            account=owner.key,
            name=key_name(terms.name),
            behalf=self._desk.behalf(owner, terms.behalf),
            issuer=jobs.issuer,
            audience=_short("The audience", audience),
            claims=jobs.claims,
            binds=tuple(name for name in _names(jobs.binds) if name not in jobs.claims),
            patterns=terms.patterns,
            scopes=terms.scopes,
            deletion=terms.deletion,
            created=self._desk.now(),
        )


def in_words(claims: Mapping[str, str]) -> str:
    """Claims and what they have to be, for people."""
    return ", ".join(f"{name}={wanted}" for name, wanted in claims.items())


def _claims(told: Mapping[str, str]) -> dict[str, str]:
    if not 1 <= len(told) <= MOST_CLAIMS:
        raise NotUnderstood(f"A trust policy looks at 1 to {MOST_CLAIMS} claims")
    return {
        name: _short(f"The claim {name}", wanted)
        for name, wanted in zip(_names(told), told.values(), strict=True)
    }


def _names(told: Mapping[str, str] | tuple[str, ...]) -> tuple[str, ...]:
    for name in told:
        if name in OURS or not _CLAIM.fullmatch(name):
            raise NotUnderstood(f"{quoted(name)} is no claim that a trust policy can look at")
    return tuple(dict.fromkeys(told))


def _short(what: str, text: str) -> str:
    if not text.strip() or len(text) > LONGEST or not text.isprintable():
        raise NotUnderstood(f"{what} is 1 to {LONGEST} printable characters")
    return text.strip()
