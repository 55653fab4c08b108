"""Trust policies over HTTP: which build jobs are given keys for an hour, without having a secret."""

from __future__ import annotations

from nugetlite.actor import Actor
from nugetlite.management import Terms, parse_patterns, parse_scopes, plain
from nugetlite.management.jobs import Form
from nugetlite.web.current import parts
from nugetlite.web.manage import shapes


def list_trusts(who: Actor, name: str) -> shapes.Trusts:
    """List the trust policies of an account, the oldest first."""
    return {"trusts": list(map(plain.trust, parts().management.trusts.of(who, name)))}


def create_trust(who: Actor, name: str, told: shapes.TrustWanted) -> plain.Trust:
    """Give keys of an account to build jobs that prove who they are."""
    form = Form(
        github=told.github,
        gitlab=told.gitlab,
        azure=told.azure,
        organization_id=told.organization_id,
        issuer=told.issuer,
        workflow=told.workflow,
        environment=told.environment,
        ref=told.ref,
        protected=told.protected,
        claims=told.claims,
        binds=tuple(told.binds),
    )
    terms = Terms(
        told.name,
        form.jobs(),
        told.audience,
        parse_patterns(told.patterns),
        parse_scopes(told.actions),
        told.deletion,
        told.behalf,
    )
    return plain.trust(parts().management.trusts.create(who, name, terms))


def delete_trust(who: Actor, name: str, trust: str) -> plain.Trust:
    """Take a trust policy away; the keys that were given out through it stop working."""
    return plain.trust(parts().management.trusts.delete(who, name, trust))
