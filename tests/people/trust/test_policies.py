"""Who may trust whom with what, and what can be said of it."""

import pytest

from nugetlite import OPERATOR, Actor
from nugetlite.errors import FeedError, InTheWay, NotThere, NotUnderstood, Refused
from nugetlite.management.jobs import AZURE_AUDIENCE, GITHUB, GITLAB, Form, Jobs
from nugetlite.people.values import Kind

BUILD = Actor("build")

#: issuers and claims that do not say whose jobs are meant, or say it in a way that nobody reads
VAGUE = [
    (GITHUB, {}),
    (GITHUB, {"environment": "production"}),
    (GITHUB, {"job_workflow_ref": "contoso/json/.github/workflows/a.yml@*"}),
    (GITHUB, {"repository": "*"}),
    (GITHUB, {"repository": "contoso*"}),
    (GITHUB, {"repository": "*/json", "ref": "main"}),
    (GITHUB, {"sub": "repo:*"}),
    (GITLAB, {"project_path": "*/json"}),
    ("https://ci.example.com", {"sub": "*"}),
    ("https://ci.example.com", {"sub": ""}),
    ("https://ci.example.com", {"sub": "a\nb"}),
    ("https://ci.example.com", {"sub": "x" * 501}),
    ("https://ci.example.com", {"iss": "https://ci.example.com"}),
    ("https://ci.example.com", {"a b": "c"}),
    ("https://ci.example.com", {f"a{number}": "b" for number in range(21)}),
    ("http://ci.example.com", {"sub": "job"}),
]


class TestMaking:
    def test_is_for_the_account_itself_its_leaders_and_managers(self, town, make_trust):
        town.account("alice", "publisher")
        town.account("root", "administrator")
        github = Jobs(GITHUB, {"repository": "contoso/json"})

        make_trust(town, name="own", by=BUILD, jobs=github)
        make_trust(town, name="managed", by=Actor("root"), jobs=github)
        with pytest.raises(Refused):
            make_trust(town, name="foreign", by=Actor("alice"), jobs=github)

        assert [trust.name for trust in town.management.trusts.of(BUILD, "build")] == ["own", "managed"]
        with pytest.raises(Refused):
            town.management.trusts.of(Actor("alice"), "build")
        with pytest.raises(Refused):
            town.management.trusts.delete(Actor("alice"), "build", "own")

    def test_names_an_unknown_issuer_only_for_managers(self, town, make_trust, issuer):
        with pytest.raises(Refused):
            make_trust(town, by=BUILD)
        assert issuer.asked == []

        make_trust(town)
        make_trust(town, name="another", by=BUILD)

    def test_is_not_done_through_a_key(self, town, make_trust):
        town.key("build", scopes=["manage create push"])
        [(key, _)] = town.people.keys("build")
        github = Jobs(GITHUB, {"repository": "contoso/json"})

        with pytest.raises(Refused):
            make_trust(town, by=Actor("build", key="ci", credential=key), jobs=github)

    def test_of_the_same_name_twice_is_refused(self, town, make_trust):
        make_trust(town)

        with pytest.raises(InTheWay, match="has a trust policy"):
            make_trust(town)
        town.management.trusts.delete(OPERATOR, "build", "contoso-ci")
        make_trust(town)

    def test_wants_an_audience_unless_there_is_a_base_url(self, make_town, make_trust):
        town = make_town()
        town.account("build", kind=Kind.SERVICE)
        with pytest.raises(NotUnderstood, match="audience"):
            make_trust(town, audience="")

        town = make_town(base_url="https://feed.example.com/nuget")
        assert make_trust(town, audience="").audience == "https://feed.example.com/nuget"

    def test_for_an_organization_wants_a_member(self, town, make_trust):
        town.organization("contoso")

        with pytest.raises(NotUnderstood, match="is an organization"):
            make_trust(town, "contoso")
        with pytest.raises(Refused, match="is no member"):
            make_trust(town, behalf="contoso")

    def test_wants_to_know_whose_jobs_are_trusted(self, town, make_trust):
        for issuer, claims in VAGUE:
            with pytest.raises(NotUnderstood):
                pytest.fail(f"{claims} was taken: {make_trust(town, jobs=Jobs(issuer, claims))}")

    def test_puts_first_what_says_whose_they_are(self, town, make_trust):
        claims = {"ref": "refs/heads/main", "repository": "contoso/*"}

        assert list(make_trust(town, jobs=Jobs(GITHUB, claims)).claims) == ["repository", "ref"]


def test_what_is_not_there_cannot_be_deleted(town):
    with pytest.raises(NotThere, match="has no trust policy"):
        town.management.trusts.delete(OPERATOR, "build", "contoso-ci")


def test_a_key_that_was_given_out_is_not_made_anew_but_revoked(town, issuer, make_trust, exchange):
    make_trust(town)
    town.key("build", "contoso-ci")
    for _ in range(2):
        given_out = exchange(issuer.token()).json["apiKey"]
    town.management.keys.revoke(OPERATOR, "build", "contoso-ci")  # the one that was made
    assert town.client(given_out).push(b"").status_code == 400

    with pytest.raises(NotUnderstood, match="through the trust policy contoso-ci"):
        town.management.keys.regenerate(OPERATOR, "build", "contoso-ci")
    town.key("build", "contoso-ci")


class TestForms:
    def test_of_github(self):
        jobs = Form(
            github="https://github.com/contoso/json/",
            workflow=".github/workflows/release.yml",
            environment="production",
            ref="main",
        ).jobs()

        assert jobs == Jobs(
            GITHUB,
            {
                "repository": "contoso/json",
                "job_workflow_ref": "contoso/json/.github/workflows/release.yml@*",
                "environment": "production",
                "ref": "refs/heads/main",
            },
            ("repository_id", "repository_owner_id"),
        )

    def test_of_gitlab(self):
        jobs = Form(gitlab="contoso/libs/json", ref="main", protected=True, issuer="https://git.x").jobs()

        assert jobs == Jobs(
            "https://git.x",
            {
                "project_path": "contoso/libs/json",
                "ref": "main",
                "ref_type": "branch",
                "ref_protected": "true",
            },
            ("project_id", "namespace_id"),
        )

    def test_of_azure(self):
        jobs = Form(azure="contoso/json/release", organization_id=" ABC ", ref="refs/tags/v*").jobs()

        assert jobs == Jobs(
            "https://vstoken.dev.azure.com/abc",
            {"sub": "p://contoso/json/release", "rpo_ref": "refs/tags/v*"},
            ("prj_id", "def_id"),
            AZURE_AUDIENCE,
        )

    def test_of_anybody_and_claims_of_ones_own(self):
        jobs = Form(issuer="https://ci.x", claims={"sub": "a"}, binds=("id",)).jobs()
        assert jobs == Jobs("https://ci.x", {"sub": "a"}, ("id",))

        jobs = Form(github="contoso/json", claims={"repository_id": "1"}).jobs()
        assert jobs.claims == {"repository": "contoso/json", "repository_id": "1"}

    @pytest.mark.parametrize(
        "form",
        [
            {},
            {"claims": {"sub": "a"}},
            {"github": "a/b", "gitlab": "a/b"},
            {"github": "contoso"},
            {"github": "a/b/c"},
            {"gitlab": "a//b"},
            {"azure": "a/b/c"},
            {"azure": "a/b", "organization_id": "x"},
            {"github": "a/b", "protected": True},
            {"gitlab": "a/b", "workflow": "release.yml"},
            {"azure": "a/b/c", "organization_id": "x", "issuer": "https://x"},
            {"issuer": "https://x", "ref": "main"},
        ],
        ids=str,
    )
    def test_that_make_no_sense(self, form):
        with pytest.raises(FeedError):
            Form(**form).jobs()
