"""API keys and passwords: how they are made, told apart, and turned into what may be stored.

A key is ``API-`` and 32 of ``A-Z0-9``: 26 that chance chose (134 bits), and 6 that follow from them, their CRC-32
modulo 36**6 in base 36. So a mistyped key is known as one without a look at the database, and a scanner can tell a key
that leaked from other text.
"""

from __future__ import annotations

import hmac
import re
from functools import cache
from hashlib import sha256
from secrets import choice, token_bytes
from zlib import crc32

from werkzeug.security import check_password_hash, generate_password_hash

from nugetlite.errors import NotUnderstood

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BEGINNING = "API-"
LENGTH = 26  #: characters that chance chooses
CHECKED_BY = 6  #: characters that follow from them
SHORTEST_PASSWORD = 8  #: characters
LONGEST_PASSWORD = 256  #: characters; more of them only cost time to hash
_KEY = re.compile(rf"{BEGINNING}([A-Z0-9]{{{LENGTH}}})([A-Z0-9]{{{CHECKED_BY}}})")
HASHED_BY = "scrypt"  #: how passwords are, at Werkzeug's usual cost


def new_key() -> str:
    """A key that nobody has."""
    text = "".join(choice(ALPHABET) for _ in range(LENGTH))
    return f"{BEGINNING}{text}{_check(text)}"


def digest(key: str) -> bytes:
    """What is stored of a key, and what it is found by: its SHA-256. It is long enough that nobody can guess it."""
    return sha256(key.encode(errors="surrogatepass")).digest()


def is_key(text: str) -> bool:
    """Whether a text has the form of our keys."""
    return _KEY.fullmatch(text) is not None


def is_mistyped(text: str) -> bool:
    """Whether a text has the form of our keys, and cannot be one."""
    found = _KEY.fullmatch(text)
    return found is not None and _check(found[1]) != found[2]


def hash_password(password: str) -> str:
    """A password as it may be stored: scrypt, with a salt. Raises ``NotUnderstood`` for one that is not wanted."""
    if is_key(password):
        raise NotUnderstood("A password does not look like an API key; choose another one")
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD or not password.isprintable():
        raise NotUnderstood(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} printable characters")
    return generate_password_hash(password, HASHED_BY)


def is_password(stored: str, password: str) -> bool:
    """Whether this is the password that was stored; it takes as long where there is none."""
    sound = (
        password[:LONGEST_PASSWORD].encode(errors="replace").decode()
    )  # what is no Unicode cannot be hashed
    fits = check_password_hash(stored or _nobodys(HASHED_BY), sound)
    return fits and bool(stored) and sound == password


class Recognition:
    """Tells again what was told before, without keeping it: by a secret of this process."""

    def __init__(self) -> None:
        self._secret = token_bytes(32)

    def mark(self, *texts: str) -> bytes:
        """The same for the same texts, as long as this process lives; nothing follows from it."""
        told = b"\0".join(text.encode(errors="surrogatepass") for text in texts)
        return hmac.digest(self._secret, told, "sha256")


@cache
def _nobodys(method: str) -> str:
    """What an unknown name is compared with, so that it takes as long as a known one."""
    return generate_password_hash(token_bytes(16).hex(), method)


def _check(text: str) -> str:
    number = crc32(text.encode()) % 36**CHECKED_BY
    digits = []
    for _ in range(CHECKED_BY):
        number, digit = divmod(number, 36)
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))
