"""Passwords, keys, tokens: what is stored gives nothing back, and only the right one is right."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sapwood.credentials import (
    TOKEN_PREFIX,
    check_password,
    digest_of_token,
    hash_password,
    make_token,
    read_public_key,
)
from sapwood.errors import InvalidCredentialError


def test_only_the_password_opens_its_hash() -> None:
    stored = hash_password("correct horse")
    assert "correct" not in stored
    assert check_password(stored, "correct horse")
    assert not check_password(stored, "correct horsE")


def test_two_hashes_of_one_password_differ() -> None:
    assert hash_password("correct horse") != hash_password("correct horse")


@pytest.mark.parametrize("stored", ["", "not a hash"])
def test_without_a_hash_no_password_is_right(stored: str) -> None:
    assert not check_password(stored, "")
    assert not check_password(stored, "anything at all")


@pytest.mark.parametrize("password", ["", "1234567", "x" * 257])
def test_a_password_too_short_or_too_long_is_refused(password: str) -> None:
    with pytest.raises(InvalidCredentialError, match="8 to 256"):
        hash_password(password)


def test_a_key_has_the_fingerprint_that_clients_compute() -> None:
    key = rsa.generate_private_key(65537, 2048).public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    expected = "SHA256:" + base64.b64encode(hashlib.sha256(der).digest()).decode()
    bare = "".join(pem.splitlines()[1:-1])
    assert read_public_key(pem).fingerprint == read_public_key(bare).fingerprint == expected


def test_other_kinds_of_keys_are_refused() -> None:
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    short = rsa.generate_private_key(65537, 1024).public_key()
    for key in (curve, short):
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        with pytest.raises(InvalidCredentialError, match="at least 2048 bits"):
            read_public_key(pem)
    with pytest.raises(InvalidCredentialError, match="not valid"):
        read_public_key("no key")


def test_tokens_are_known_by_their_prefix_and_never_equal() -> None:
    first, second = make_token(), make_token()
    assert first != second
    assert first.startswith(TOKEN_PREFIX)
    assert digest_of_token(first) == hashlib.sha256(first.encode()).hexdigest()
