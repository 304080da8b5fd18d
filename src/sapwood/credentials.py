"""Passwords, public keys and access tokens: made, and compared in constant time. Knows no user and no catalogue.

Comes in: what a person or a client gives. Goes out: what may be stored (an argon2 hash, a key with its fingerprint, the
digest of a token), from which nothing can be had back.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from sapwood.errors import InvalidCredentialError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

TOKEN_PREFIX = "sapwood_pat_"
"""What every access token begins with, so that it is known for one in a password field, and by scanners of source code."""

_SHORTEST_PASSWORD = 8
_LONGEST_PASSWORD = 256
"""Characters, the vendor's limits. A longer text would only cost time."""
_SMALLEST_KEY = 2048
"""Bits of an RSA modulus."""
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP's least cost for argon2id: 19 MiB and two passes, some 25 ms."""
_AT_ONCE = threading.BoundedSemaphore(4)
"""A hash takes memory, so a crowd of attempts waits in line."""
_ARMOUR = re.compile(r"-----(BEGIN|END) PUBLIC KEY-----|\s")


@dataclass(frozen=True)
class PublicKey:
    """An RSA public key: `text` is the base64 of its DER, `fingerprint` SHA256:<base64 of the DER's digest>."""

    text: str
    fingerprint: str


def hash_password(password: str) -> str:
    """What is stored of a password. Raises InvalidCredentialError if it is too short or too long."""
    if not _SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
        raise InvalidCredentialError(
            f"SQL execution error: The password must have {_SHORTEST_PASSWORD} to {_LONGEST_PASSWORD} characters."
        )
    with _AT_ONCE:
        return _HASHER.hash(password)


def check_password(stored: str, password: str) -> bool:
    """Whether the password is the one that was hashed; an empty `stored` takes as long and is never right."""
    if len(password) > _LONGEST_PASSWORD:
        return False
    with _AT_ONCE:
        try:
            return _HASHER.verify(stored or _DECOY, password) and bool(stored)
        except (Argon2Error, InvalidHashError):
            return False


def read_public_key(text: str) -> PublicKey:
    """A public key in PEM, with or without its BEGIN and END lines. Raises InvalidCredentialError if it is none of RSA."""
    from cryptography.exceptions import UnsupportedAlgorithm  # most sessions meet no key, and need not wait for this
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

    try:
        der = base64.b64decode(_ARMOUR.sub("", text), validate=True)
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidCredentialError("SQL execution error: The RSA public key is not valid.", hint=_KEY_HINT) from None
    if not isinstance(key, RSAPublicKey) or key.key_size < _SMALLEST_KEY:
        raise InvalidCredentialError(
            f"SQL execution error: The public key must be an RSA key of at least {_SMALLEST_KEY} bits.", hint=_KEY_HINT
        )
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digest = base64.b64encode(hashlib.sha256(der).digest()).decode()
    return PublicKey(base64.b64encode(der).decode(), f"SHA256:{digest}")


_KEY_HINT = "Make one with: openssl rsa -in rsa_key.p8 -pubout; leave its first and last line out."


def public_key_of(text: str) -> RSAPublicKey:
    """The key behind a stored `PublicKey.text`."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    key = load_der_public_key(base64.b64decode(text))
    assert isinstance(key, RSAPublicKey), "only RSA keys are stored"
    return key


def make_password() -> str:
    """A password of 144 random bits."""
    return secrets.token_urlsafe(18)


def make_token() -> str:
    """The secret of a new access token, 256 random bits."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def digest_of_token(secret: str) -> str:
    """What is stored of a token and looked up. A random secret needs no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


_DECOY = "$argon2id$v=19$m=19456,t=2,p=1$c2Fwd29vZC1kZWNveS1zYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
"""Stands for the hash of a user who is not there or has no password: no text is known that it belongs to."""
