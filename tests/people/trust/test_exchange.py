"""A build job exchanges its identity token for a key: what it gets, and what those hear who get none."""

import base64
import hmac
import json
import time
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from threading import Thread

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st
from jwt.warnings import InsecureKeyLengthWarning

from nugetlite import OPERATOR, Deletion
from nugetlite.errors import Refused
from nugetlite.oidc.token import Token
from nugetlite.people.values import Kind
from nugetlite.testing import nupkg

#: claims of a token, and how it is refused
WRONG = [
    (
        {"aud": "https://www.nuget.org"},
        'The trust policy contoso-ci wants aud to be "https://feed.example.com", '
        'and in this token it is "https://www.nuget.org"',
    ),
    ({"aud": ["https://www.nuget.org", "a"]}, 'it is "https://www.nuget.org" and "a"'),
    ({"aud": None}, "This token does not have the claim aud"),
    ({"exp": 1000}, "This token has expired"),
    ({"exp": None}, "This token does not have the claim exp"),
    ({"exp": 10**12}, "lives for more than a day"),
    ({"exp": 10**40}, "lives for more than a day"),
    ({"exp": "soon"}, "cannot be verified"),
    ({"nbf": 10**11}, "not valid yet"),
    ({"iat": 10**11}, "not valid yet"),
    ({"jti": 7}, "cannot be verified"),
    (
        {"ref": "refs/heads/other"},
        'The trust policy contoso-ci wants ref to be "refs/heads/main", '
        'and in this token it is "refs/heads/other"',
    ),
    ({"ref": None}, 'wants ref to be "refs/heads/main", and in this token it is not told'),
    ({"ref": ["other", {"a": "b"}]}, 'it is "other"'),
    ({"ref": "refs/heads/MAIN"}, 'it is "refs/heads/MAIN"'),
    (
        {"job_workflow_ref": "contoso/json/.github/workflows/test.yml@refs/heads/main"},
        "wants job_workflow_ref to be",
    ),
    (
        {"repository": "evil/json", "ref": "other"},
        'No trust policy of "build" is for jobs whose repository is "evil/json"',
    ),
]


class TestAJob:
    def test_gets_a_key_for_an_hour_and_pushes_within_its_patterns(self, town, issuer, make_trust, exchange):
        make_trust(town, patterns=["Contoso.*"])

        answer = exchange(issuer.token())

        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.json["tokenType"] == "ApiKey"
        expires = datetime.fromisoformat(answer.json["expires"])
        assert 3500 < (expires - datetime.now(UTC)).total_seconds() <= 3600
        client = town.client(answer.json["apiKey"])
        assert client.push(nupkg("Contoso.Json", "1.0.0")).status_code == 201
        elsewhere = client.push(nupkg("Fabrikam.Json", "1.0.0"))
        assert elsewhere.json["error"] == "The API key contoso-ci is for contoso.*, and not for Fabrikam.Json"
        assert town.owners("Contoso.Json") == ["build"]

    def test_has_a_key_for_what_the_policy_allows_only(self, town, issuer, make_trust, exchange):
        town.account("root", "administrator", kind=Kind.SERVICE)
        make_trust(town, "root", scopes=["push delete"], deletion=Deletion.SOFT)
        town.client(town.key("root")).push(nupkg("Contoso.Json", "1.0.0"))
        client = town.client(exchange(issuer.token(), "root").json["apiKey"])

        assert client.push(nupkg("Contoso.New", "1.0.0")).status_code == 403
        assert client.push(nupkg("Contoso.Json", "1.0.1")).status_code == 201
        assert client.delete("Contoso.Json", "1.0.1").headers["X-NuGetLite-Deletion"] == "soft"

    def test_publishes_for_an_organization_as_long_as_its_account_belongs_to_it(
        self, town, issuer, make_trust, exchange, refusal
    ):
        town.organization("contoso", "build")
        make_trust(town, behalf="contoso")
        town.client(exchange(issuer.token()).json["apiKey"]).push(nupkg("Contoso.Json", "1.0.0"))

        assert town.owners("Contoso.Json") == ["contoso"]
        town.management.accounts.remove_member(OPERATOR, "contoso", "build")
        assert "No trust policy" in refusal(issuer.token())

    def test_has_no_key_any_more_when_the_hour_is_over_and_it_is_soon_forgotten(
        self, town, issuer, make_trust, exchange
    ):
        make_trust(town)
        key = exchange(issuer.token()).json["apiKey"]
        town.client(key).push(nupkg("Contoso.Json", "1.0.0"))
        town.days_later(0.1)
        assert "expired on" in town.client(key).push(nupkg("Contoso.Json", "1.0.1")).json["error"]

        town.days_later(2)
        again = exchange(issuer.token()).json["apiKey"]

        assert [key.origin for key, _ in town.people.keys("build")] == ["contoso-ci"]
        assert "not one that this feed knows" in town.client(key).push(nupkg("A", "1.0.0")).json["error"]
        assert town.client(again).push(nupkg("Contoso.Json", "1.0.2")).status_code == 201

    def test_stands_in_the_record_whether_it_got_a_key_or_not(self, town, issuer, make_trust, exchange):
        make_trust(town)
        exchange(issuer.token())
        exchange(issuer.token(repository="evil/json"))
        exchange(issuer.token(), "API-SECRET")

        records = town.app.extensions["nugetlite"].audit.backwards()
        lost, refused, done = [next(records) for _ in range(3)]

        assert (done.actor, done.action, done.subject) == ("build", "exchange token", "build")
        assert done.address == "127.0.0.1"
        assert done.detail == {"trust": "contoso-ci", "job": "repo:contoso/json:ref:refs/heads/main"}
        assert (refused.actor, refused.subject, refused.outcome) == ("anonymous", "build", "refused")
        assert "evil/json" in refused.detail["why"]
        assert "SECRET" not in str(lost)

    def test_gets_no_key_of_an_account_that_is_disabled_or_not_there(self, town, issuer, make_trust, refusal):
        make_trust(town)
        town.management.accounts.enable(OPERATOR, "build", enabled=False)

        for name in ("build", "nobody"):
            assert refusal(issuer.token(), username=name) == (
                f'No trust policy of "{name}" is for tokens of "{issuer.url}"'
            )


class TestAToken:
    @pytest.fixture(autouse=True)
    def trust(self, town, make_trust):
        make_trust(town, form={"workflow": "release.yml", "ref": "main"})

    def test_is_exchanged_once_also_at_another_worker(self, town, make_town, issuer, exchange, refusal):
        other = make_town()  # the same share and database
        token = issuer.token()

        assert exchange(token).status_code == 200
        for each in (town, other):
            assert refusal(token, town=each) == (
                "This token was exchanged already; have the job ask for a new one"
            )
        assert exchange(issuer.token(), town=other).status_code == 200

    def test_is_exchanged_once_also_by_many_at_a_time(self, town, make_town, issuer, exchange):
        towns, token, codes = [town, make_town()], issuer.token(), []
        threads = [
            Thread(target=lambda each=each: codes.append(exchange(token, town=each).status_code))
            for each in towns * 3
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(codes) == [200] + [403] * 5

    def test_without_an_id_is_exchanged_once_as_well(self, issuer, exchange, refusal):
        token = issuer.token(jti=None)

        assert exchange(token).status_code == 200
        assert "exchanged already" in refusal(token)

    def test_that_is_refused_is_not_spent(self, town, issuer, make_trust, exchange, refusal):
        token = issuer.token(environment="staging", ref="refs/heads/other")
        refusal(token)

        make_trust(town, name="staging", claims={"repository": "contoso/json", "environment": "staging"})

        assert exchange(token).status_code == 200

    def test_that_is_not_as_wanted_is_refused_with_the_reason(self, issuer, refusal):
        for claims, reason in WRONG:
            assert reason in refusal(issuer.token(**claims))

    def test_may_write_the_repository_in_another_letter_case(self, issuer, exchange):
        workflow = "Contoso/Json/.github/workflows/release.yml@refs/heads/main"

        assert exchange(issuer.token(repository="Contoso/Json", job_workflow_ref=workflow)).status_code == 200

    def test_of_another_issuer_is_refused_and_that_one_is_not_asked(self, issuer, other_issuer, refusal):
        assert refusal(other_issuer.token()) == (
            f'No trust policy of "build" is for tokens of "{other_issuer.url}"'
        )
        assert refusal(other_issuer.token(iss=issuer.url)).startswith(f"{issuer.url} has no key")
        assert other_issuer.asked == []

    def test_signed_by_another_key_of_the_same_name_is_refused(self, issuer, other_issuer, refusal):
        other_issuer.rotate("RS256")
        token = issuer.token(key=other_issuer.keys[0], headers={"kid": "first"})

        assert refusal(token) == "The signature of this token is not right"

    def test_that_was_changed_is_refused(self, issuer, refusal):
        header, _, signature = issuer.token().split(".")
        _, payload, _ = issuer.token(repository="evil/json").split(".")

        assert refusal(f"{header}.{payload}.{signature}") == "The signature of this token is not right"

    def test_that_is_not_signed_is_refused(self, issuer, refusal):
        claims = jwt.decode(issuer.token(), options={"verify_signature": False})
        for name in ("none", "None"):
            header = base64.urlsafe_b64encode(json.dumps({"alg": name, "kid": "first"}).encode())
            payload = base64.urlsafe_b64encode(json.dumps(claims).encode())
            token = f"{header.decode().strip('=')}.{payload.decode().strip('=')}."

            assert f'signed by "{name}", which is not taken' in refusal(token)

    def test_signed_with_the_public_key_as_a_secret_is_refused(self, issuer, refusal):
        public = issuer.keys[0].private.public_key()
        for form in (serialization.Encoding.PEM, serialization.Encoding.DER):
            secret = public.public_bytes(form, serialization.PublicFormat.SubjectPublicKeyInfo)
            _, payload, _ = issuer.token().split(".")
            header = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"first"}').decode().strip("=")
            signature = hmac.digest(secret, f"{header}.{payload}".encode(), sha256)
            token = f"{header}.{payload}.{base64.urlsafe_b64encode(signature).decode().strip('=')}"

            assert 'signed by "HS256", which is not taken' in refusal(token)

    def test_signed_in_a_way_that_is_not_the_keys_is_refused(self, issuer, refusal):
        issuer.rotate()
        elliptic = issuer.keys[0]
        issuer.rotate("RS256")
        token = issuer.token(key=elliptic, headers={"kid": issuer.keys[0].id})

        assert "does not sign by ES256" in refusal(token)

    def test_may_be_signed_by_any_good_key(self, issuer, exchange):
        issuer.sign_by("RS512", "PS256", "ES256", "ES384", "EdDSA")

        for key in issuer.keys:
            assert exchange(issuer.token(key=key)).status_code == 200

    def test_signed_by_a_key_that_is_too_short_is_refused(self, issuer, refusal):
        issuer.keys = [issuer.weak_key()]
        issuer.publish()

        with pytest.warns(InsecureKeyLengthWarning):
            token = issuer.token()

        assert "cannot be verified" in refusal(token)

    def test_has_to_come_as_bearer(self, issuer, refusal, exchange):
        assert refusal("", 401) == "Send the job's identity token as Authorization: Bearer TOKEN"
        assert exchange("").headers["WWW-Authenticate"] == "Bearer"

    def test_has_to_be_told_of_as_nuget_does(self, issuer, refusal, exchange):
        assert "with username" in refusal(issuer.token(), 400, username="")
        assert "tokenType is ApiKey" in refusal(issuer.token(), 400, tokenType="Cookie")
        assert exchange(issuer.token(), pad="x" * 100_000).status_code == 413

    def test_that_is_none_is_refused(self, issuer, refusal):
        assert "This is no identity token" in refusal("API-0123456789")
        assert "more than 16384 characters" in refusal(issuer.token(pad="x" * 20_000))

    def test_that_fits_no_policy_again_and_again_makes_its_sender_wait(self, issuer, exchange):
        token = issuer.token(repository="evil/json")

        codes = [exchange(token).status_code for _ in range(21)]

        assert codes == [403] * 20 + [429]


@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(st.binary(max_size=30).map(base64.urlsafe_b64encode), min_size=2, max_size=4).map(
            lambda parts: b".".join(parts).decode()
        ),
        st.tuples(
            st.dictionaries(st.sampled_from(["alg", "kid", "crit", "b64", "typ"]), st.text()), st.text()
        ).map(
            lambda told: (
                ".".join(
                    base64.urlsafe_b64encode(json.dumps(each).encode()).decode().strip("=") for each in told
                )
                + ".AAAA"
            )
        ),
    )
)
def test_whatever_is_sent_as_a_token_is_read_or_refused(text):
    with suppress(Refused):
        Token.read(text)


class TestAPolicy:
    def test_is_bound_to_the_ids_of_the_first_token(self, town, issuer, make_trust, exchange, refusal):
        make_trust(town)
        assert exchange(issuer.token()).status_code == 200

        renamed = issuer.token(repository_id="999")

        assert refusal(renamed) == (
            'The trust policy contoso-ci wants repository_id to be "123", and in this token it is "999"'
        )
        assert exchange(issuer.token()).status_code == 200
        [trust] = town.management.trusts.of(OPERATOR, "build")
        assert trust.binds == ()
        assert trust.claims == {
            "repository": "contoso/json",
            "repository_id": "123",
            "repository_owner_id": "45",
        }

    def test_is_not_bound_by_a_token_that_is_refused_or_says_nothing(
        self, town, issuer, make_trust, exchange, refusal
    ):
        make_trust(town)
        refusal(issuer.token(repository="evil/json", repository_id="666"))
        assert "wants repository_id, and this token does not say it" in refusal(
            issuer.token(repository_id=None)
        )

        assert exchange(issuer.token()).status_code == 200

    def test_that_was_never_bound_ends_after_a_week(self, town, issuer, make_trust, refusal):
        make_trust(town)
        town.days_later(8)

        assert "was not used within 7 days" in refusal(issuer.token())

    def test_that_is_deleted_takes_its_keys_with_it(self, town, issuer, make_trust, exchange, refusal):
        make_trust(town)
        key = exchange(issuer.token()).json["apiKey"]

        town.management.trusts.delete(OPERATOR, "build", "contoso-ci")

        assert "was revoked on" in town.client(key).push(nupkg("Contoso.Json", "1.0.0")).json["error"]
        assert "No trust policy" in refusal(issuer.token())

    def test_counts_if_it_fits_even_if_others_do_not(self, town, issuer, make_trust, exchange):
        make_trust(town, name="other", claims={"repository": "contoso/xml"})
        make_trust(town, name="production", patterns=["A"], form={"environment": "production"})
        make_trust(town, name="any", patterns=["B"])

        key = exchange(issuer.token()).json["apiKey"]

        assert town.client(key).push(nupkg("B", "1.0.0")).status_code == 201

    def test_of_an_account_ends_with_it(self, town, issuer, make_trust, refusal):
        make_trust(town)
        town.management.accounts.delete(OPERATOR, "build")
        town.account("build", "publisher", kind=Kind.SERVICE)

        assert "No trust policy" in refusal(issuer.token())


def test_a_clock_that_is_a_little_off_does_no_harm(town, issuer, make_trust, exchange):
    make_trust(town)
    now = int(time.time())

    assert exchange(issuer.token(exp=now - 30)).status_code == 200
    assert exchange(issuer.token(nbf=now + 30, iat=now + 30)).status_code == 200
