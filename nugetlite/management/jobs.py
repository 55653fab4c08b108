"""Ready-made forms of trust policies: what the jobs of well-known build services say of themselves.

Names can be given up and taken by somebody else, so each form binds the ids that stay: the first token decides them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from nugetlite.errors import NotUnderstood, quoted

GITHUB = "https://token.actions.githubusercontent.com"
GITLAB = "https://gitlab.com"
AZURE = "https://vstoken.dev.azure.com/"  #: and the id of an organization
AZURE_AUDIENCE = "api://AzureADTokenExchange"  #: Azure DevOps makes tokens for no other one
WORKFLOWS = ".github/workflows/"

#: who gives tokens to everybody, and the claims of which one has to say whose jobs are meant
SHARED: Mapping[str, tuple[str, ...]] = {
    GITHUB: ("repository", "repository_id", "repository_owner", "repository_owner_id", "sub"),
    GITLAB: ("project_path", "project_id", "namespace_path", "namespace_id", "sub"),
}


@dataclass(frozen=True, slots=True)
class Jobs:
    """Which jobs are meant."""

    issuer: str
    claims: Mapping[str, str] = field(default_factory=dict)
    binds: tuple[str, ...] = ()
    audience: str = ""  #: if tokens can be made for one only


def github(
    repository: str, *, workflow: str = "", environment: str = "", ref: str = "", issuer: str = ""
) -> Jobs:
    """GitHub Actions. ``workflow`` is the file in which the job stands; ``ref`` a branch, or ``refs/tags/…``.

    The claims are those that nuget.org's policies look at (NuGetGallery ``GitHubTokenPolicyValidator``).
    """
    path = _path(repository, "repository", "https://github.com/", parts=2)
    file = workflow.strip().removeprefix("/").removeprefix(WORKFLOWS)
    claims = {
        "repository": path,
        "job_workflow_ref": f"{path}/{WORKFLOWS}{file}@*" if file else "",
        "environment": environment,
        "ref": _branch(ref),
    }
    return Jobs(issuer or GITHUB, _said(claims), ("repository_id", "repository_owner_id"))


def gitlab(
    project: str, *, environment: str = "", ref: str = "", protected: bool = False, issuer: str = ""
) -> Jobs:
    """GitLab, the one at gitlab.com or another. ``ref`` is a branch (GitLab, "ID token authentication")."""
    claims = {
        "project_path": _path(project, "project", "https://gitlab.com/"),
        "environment": environment,
        "ref": ref,
        "ref_type": "branch" if ref else "",
        "ref_protected": "true" if protected else "",
    }
    return Jobs(issuer or GITLAB, _said(claims), ("project_id", "namespace_id"))


def azure(pipeline: str, organization_id: str, *, ref: str = "") -> Jobs:
    """Azure DevOps: ``ORGANIZATION/PROJECT/PIPELINE``, and the id by which the organization issues tokens."""
    if not organization_id.strip():
        raise NotUnderstood(
            "Say which id the organization has: https://dev.azure.com/ORGANIZATION/_apis/connectiondata shows it "
            "as instanceId"
        )
    path = _path(pipeline, "pipeline", "https://dev.azure.com/", parts=3)
    claims = {"sub": f"p://{path}", "rpo_ref": _branch(ref)}
    issuer = f"{AZURE}{organization_id.strip().lower()}"
    return Jobs(issuer, _said(claims), ("prj_id", "def_id"), AZURE_AUDIENCE)


def is_well_known(issuer: str) -> bool:
    """Whether an issuer is one of those whose tokens any feed may look at."""
    return issuer in SHARED or issuer.startswith(AZURE)


def in_order(jobs: Jobs) -> Jobs:
    """The same, with what says whose jobs are meant before the rest.

    Raises ``NotUnderstood`` if nothing does: where an issuer gives tokens to everybody, the owner in full.
    """
    whose = SHARED.get(jobs.issuer, ())
    if whose and not any("*" not in jobs.claims.get(name, "*").partition("/")[0] for name in whose):
        raise NotUnderstood(
            f"Everybody's jobs have tokens of {jobs.issuer}; say whose are trusted, at least the owner in full: "
            f"{whose[0]}=OWNER/NAME"
        )
    if not any(wanted.strip("*") for wanted in jobs.claims.values()):
        raise NotUnderstood("Say which jobs are trusted, by a claim of their tokens: sub=TEXT")
    return replace(jobs, claims=dict(sorted(jobs.claims.items(), key=lambda claim: claim[0] not in whose)))


@dataclass(frozen=True, slots=True)
class Form:
    """Which jobs are meant, as people say it: by one of the build services, or by an issuer and its claims."""

    github: str = ""  #: ``OWNER/NAME``
    gitlab: str = ""  #: ``GROUP/PROJECT``
    azure: str = ""  #: ``ORGANIZATION/PROJECT/PIPELINE``
    issuer: str = ""  #: of another build service, or of one's own GitHub or GitLab
    workflow: str = ""
    environment: str = ""
    ref: str = ""
    protected: bool = False
    organization_id: str = ""
    claims: Mapping[str, str] = field(default_factory=dict)  #: more of them, or others
    binds: tuple[str, ...] = ()  #: the same

    def jobs(self) -> Jobs:
        """What it comes to. Raises ``NotUnderstood``."""
        found = self._found()
        return replace(found, claims={**found.claims, **self.claims}, binds=(*found.binds, *self.binds))

    def _found(self) -> Jobs:
        match bool(self.github), bool(self.gitlab), bool(self.azure):
            case True, False, False:
                self._check("workflow", "environment", "ref", "issuer")
                return github(
                    self.github,
                    workflow=self.workflow,
                    environment=self.environment,
                    ref=self.ref,
                    issuer=self.issuer,
                )
            case False, True, False:
                self._check("environment", "ref", "protected", "issuer")
                return gitlab(
                    self.gitlab,
                    environment=self.environment,
                    ref=self.ref,
                    protected=self.protected,
                    issuer=self.issuer,
                )
            case False, False, True:
                self._check("ref", "organization_id")
                return azure(self.azure, self.organization_id, ref=self.ref)
            case False, False, False if self.issuer:
                self._check("issuer")
                return Jobs(self.issuer)
        raise NotUnderstood(
            "Say whose jobs are trusted: one of github, gitlab and azure, or an issuer and claims"
        )

    def _check(self, *known: str) -> None:
        """Raise ``NotUnderstood`` if more is told than what a build service knows."""
        others = {"workflow", "environment", "ref", "protected", "organization_id", "issuer"} - set(known)
        if wrong := [name for name in sorted(others) if getattr(self, name)]:
            raise NotUnderstood(
                f"{wrong[0].replace('_', '-')} says nothing about these jobs; leave it out, or give a claim"
            )


def _path(text: str, what: str, service: str, parts: int = 0) -> str:
    path = text.strip().removeprefix(service).strip("/")
    found = path.split("/")
    if not all(found) or len(found) < 2 or (parts and len(found) != parts):
        shape = "/".join(("OWNER", "PROJECT", "PIPELINE")[:parts]) if parts else "GROUP/PROJECT"
        raise NotUnderstood(f"{quoted(path)} is no {what}; give it as {shape}")
    return path


def _branch(text: str) -> str:
    return f"refs/heads/{text}" if text and not text.startswith("refs/") else text


def _said(claims: Mapping[str, str]) -> dict[str, str]:
    return {name: wanted.strip() for name, wanted in claims.items() if wanted.strip()}
