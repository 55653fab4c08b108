"""Identity tokens: read as somebody sends them, and proven by a key of their issuer.

Only asymmetric signatures count, each with keys of its own kind, so that nobody signs with a public key as if it were
a secret (RFC 8725).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import jwt

from nugetlite.errors import Refused, quoted
from nugetlite.oidc.claims import Claims, texts

LONGEST = 16 * 1024  #: characters; GitHub's have some two thousand
LEEWAY = timedelta(seconds=60)  #: by which clocks may differ
LONGEST_LIFE = timedelta(days=1)  #: that a token may still have; so long it is remembered that it was used

Jwk = Mapping[str, str]  #: the public part of a JSON Web Key

#: by type and curve of a key, what it can have signed
ALGORITHMS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("RSA", ""): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
SIGNATURES = tuple(name for names in ALGORITHMS.values() for name in names)


@dataclass(frozen=True, slots=True)
class Proven:
    """What an issuer says of a job, now that it is sure that it is the issuer who says so."""

    claims: Claims
    expires: datetime  #: when it would not be taken any more
    mark: bytes  #: the same for the same token

    @property
    def audiences(self) -> list[str]:
        """For whom it was made."""
        return list(texts(self.claims.get("aud")))


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it came: so far, what it says is only said."""

    issuer: str
    algorithm: str
    key_id: str  #: which key of the issuer it says to be signed with; "" if it does not
    text: str = field(repr=False)

    @classmethod
    def read(cls, text: str) -> Token:
        """Read one. Raises ``Refused``."""
        if len(text) > LONGEST:
            raise Refused(f"This identity token has more than {LONGEST} characters")
        try:
            told = jwt.decode_complete(text, options={"verify_signature": False})
        except jwt.PyJWTError as error:
            raise Refused(
                "This is no identity token; send the signed JWT that the build service gave to the job"
            ) from error
        header, issuer = told["header"], told["payload"].get("iss")
        algorithm, key_id = header.get("alg"), header.get("kid", "")
        if algorithm not in SIGNATURES:
            raise Refused(
                f"This token is signed by {quoted(str(algorithm))}, which is not taken here; "
                f"it has to be one of {', '.join(SIGNATURES)}"
            )
        if not isinstance(issuer, str) or not isinstance(key_id, str):
            raise Refused("This token does not say who issued it (iss, kid)")
        return cls(issuer, algorithm, key_id, text)

    def proven_by(self, key: Jwk) -> Proven:
        """What it says, if this key of its issuer signed it, and its time has come and not passed.

        For whom it was made is left to whoever asks. Raises ``Refused``.
        """
        self._check_kind(key)
        try:
            claims = jwt.decode(
                self.text,
                jwt.PyJWK(dict(key), self.algorithm),
                [self.algorithm],
                issuer=self.issuer,
                leeway=LEEWAY,
                options={
                    "require": ["iss", "aud", "exp"],
                    "verify_aud": False,
                    "enforce_minimum_key_length": True,
                },
            )
        except jwt.PyJWTError as error:
            raise Refused(_in_words(error)) from error
        return self._proven(claims, int(claims["exp"]))

    def _check_kind(self, key: Jwk) -> None:
        """Raise ``Refused`` unless this key can be meant to sign so."""
        kind = key.get("kty", ""), key.get("crv", "")
        declared = key.get("alg", self.algorithm)
        if self.algorithm not in ALGORITHMS.get(kind, ()) or declared != self.algorithm:
            raise Refused(f"The key {quoted(self.key_id)} of {self.issuer} does not sign by {self.algorithm}")

    def _proven(self, claims: Claims, ends: int) -> Proven:
        if ends > (datetime.now(UTC) + LONGEST_LIFE).timestamp():
            raise Refused("This token lives for more than a day; have the issuer make shorter ones")
        id = (
            claims.get("jti") or self.text.rpartition(".")[0]
        )  # without the signature, which can be written twice
        mark = sha256(f"{self.issuer}\0{id}".encode(errors="surrogatepass")).digest()
        return Proven(claims, datetime.fromtimestamp(ends, UTC) + LEEWAY, mark)


def _in_words(error: jwt.PyJWTError) -> str:
    match error:
        case jwt.ExpiredSignatureError():
            return "This token has expired; have the job ask for one right before it is exchanged"
        case jwt.ImmatureSignatureError():
            return "This token is not valid yet; the clock of its issuer, or of this feed, is wrong"
        case jwt.MissingRequiredClaimError():
            return f"This token does not have the claim {error.claim}"
        case jwt.InvalidSignatureError():
            return "The signature of this token is not right"
    return "This token cannot be verified; its issuer made it in a way that is not taken here"
