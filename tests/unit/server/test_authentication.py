"""Logins: each way in, and each way in which it must not open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sapwood.credentials import digest_of_token, hash_password, make_token, read_public_key
from sapwood.errors import AuthenticationError, InvalidCredentialError
from sapwood.server.authentication import ACCESS_TOKEN, KEY_PAIR, Authenticator, Login, PasswordExpiredError
from sapwood.server.tickets import LIFETIME_MS
from sapwood.store.catalog import Catalog
from sapwood.store.records import AccessToken, RoleGrant, User

NOW_S = 1_800_000_000
PRIVATE = rsa.generate_private_key(65537, 2048)
KEY = read_public_key(PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
WORD = "correct horse battery"
ANNA = User(
    "ANNA",
    "ANNA",
    password_hash=hash_password(WORD),
    default_role="ANALYST",
    default_namespace='SALES."my schema"',
    rsa_public_key_2=KEY.text,
    rsa_public_key_2_fp=KEY.fingerprint,
)
SECRET = make_token()


class Clock:
    """Epoch milliseconds that only a test moves."""

    def __init__(self) -> None:
        self.now = NOW_S * 1000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def catalog(tmp_path: Path, clock: Clock) -> Iterator[Catalog]:
    made = Catalog(f"sqlite:///{tmp_path}/catalog.sqlite", clock=clock)
    made.put_user(ANNA)
    made.grant_role(RoleGrant("ROLE", "ANALYST", "USER", "ANNA"))
    made.grant_role(RoleGrant("ROLE", "READER", "ROLE", "ANALYST"))
    made.add_token(AccessToken("ANNA", "CI", digest_of_token(SECRET), 0, (NOW_S + 60) * 1000))
    yield made
    made.close()


@pytest.fixture
def door(catalog: Catalog, clock: Clock) -> Authenticator:
    return Authenticator(catalog, clock)


def signed(key: Any = PRIVATE, algorithm: str = "RS256", **claims: Any) -> str:
    standard = {"iss": f"ACC.ANNA.{KEY.fingerprint}", "sub": "ACC.ANNA", "iat": NOW_S, "exp": NOW_S + 60}
    return jwt.encode({**standard, **claims}, key, algorithm=algorithm)


def refusal(door: Authenticator, login: Login) -> AuthenticationError:
    with pytest.raises(AuthenticationError) as caught:
        door.verify(login)
    assert caught.value.sqlstate == "28000"
    return caught.value


# Passwords -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ANNA", "anna"])
def test_a_password_opens(door: Authenticator, name: str) -> None:
    principal = door.verify(Login(name, password=WORD))
    assert (principal.user, principal.role) == ("ANNA", "ANALYST")
    assert (principal.database, principal.schema) == ("SALES", "my schema")


def test_a_password_that_must_be_changed_opens_with_a_new_one(door: Authenticator, catalog: Catalog) -> None:
    catalog.put_user(replace(ANNA, must_change_password=True), or_replace=True)
    catalog.grant_role(RoleGrant("ROLE", "ANALYST", "USER", "ANNA"))
    expired = refusal(door, Login("ANNA", password=WORD))
    assert isinstance(expired, PasswordExpiredError) and expired.errno == 390106
    assert refusal(door, Login("ANNA", new_password="another one", ticket="guess")).errno == 390100
    assert refusal(door, Login("NOBODY", new_password="another one", ticket=expired.ticket)).errno == 390100
    assert refusal(door, Login("ANNA", password="wrong horse battery", new_password="another one")).errno == 390100
    assert refusal(door, Login("ANNA", password=WORD, new_password=WORD)).errno == 390106
    with pytest.raises(InvalidCredentialError):
        door.verify(Login("ANNA", password=WORD, new_password="short"))
    assert door.verify(Login("ANNA", password=WORD, new_password="another one")).user == "ANNA"
    assert refusal(door, Login("ANNA", password=WORD)).errno == 390100
    assert door.verify(Login("ANNA", password="another one")).user == "ANNA"


def test_a_ticket_stands_for_the_old_password_once_and_for_some_minutes(
    door: Authenticator, catalog: Catalog, clock: Clock
) -> None:
    def ticket() -> str:
        catalog.put_user(replace(ANNA, must_change_password=True), or_replace=True)
        expired = refusal(door, Login("ANNA", password=WORD))
        assert isinstance(expired, PasswordExpiredError)
        return expired.ticket

    first = ticket()
    clock.now += LIFETIME_MS
    assert refusal(door, Login("ANNA", new_password="another one", ticket=first)).errno == 390100
    second = ticket()
    assert door.verify(Login("ANNA", new_password="another one", ticket=second)).user == "ANNA"
    assert refusal(door, Login("ANNA", new_password="a third one", ticket=second)).errno == 390100


def test_unknown_wrong_and_disabled_are_told_alike(door: Authenticator, catalog: Catalog) -> None:
    catalog.put_user(replace(ANNA, name="OFF", login_name="OFF", disabled=True))
    errors = [
        refusal(door, Login("ANNA", password="wrong horse battery")),
        refusal(door, Login("NOBODY", password=WORD)),
        refusal(door, Login("OFF", password=WORD)),
        refusal(door, Login("ANNA", password="")),
        refusal(door, Login("ADMIN", password="")),
    ]
    assert {(error.errno, error.msg) for error in errors} == {(390100, "Incorrect username or password was specified.")}


def test_after_some_failures_even_the_right_password_waits(door: Authenticator, clock: Clock) -> None:
    for _ in range(5):
        refusal(door, Login("ANNA", password="wrong", peer="10.0.0.1"))
    refusal(door, Login("ANNA", password=WORD, peer="10.0.0.1"))
    assert door.verify(Login("ANNA", password=WORD, peer="10.0.0.2")).user == "ANNA"
    clock.now += 1000
    assert door.verify(Login("ANNA", password=WORD, peer="10.0.0.1")).user == "ANNA"


def test_an_unknown_authenticator_is_named(door: Authenticator) -> None:
    with pytest.raises(AuthenticationError, match="EXTERNALBROWSER"):
        door.verify(Login("ANNA", authenticator="EXTERNALBROWSER"))


# Key pairs -----------------------------------------------------------------------------------------------------------


def test_a_signed_token_opens(door: Authenticator) -> None:
    assert door.verify(Login("anna", KEY_PAIR, token=signed())).user == "ANNA"
    assert door.verify(Login("", KEY_PAIR, token=signed())).user == "ANNA"


FORGED = {
    "another key": lambda: signed(rsa.generate_private_key(65537, 2048)),
    "no algorithm": lambda: signed("", "none"),
    "the public key as a shared secret": lambda: signed(KEY.text, "HS256"),
    "expired": lambda: signed(exp=NOW_S - 1),
    "no end": lambda: signed(exp=None),
    "no beginning": lambda: signed(iat=None),
    "from the future": lambda: signed(iat=NOW_S + 3600, exp=NOW_S + 7200),
    "longer than an hour": lambda: signed(iat=NOW_S - 3601, exp=NOW_S + 3600),
    "another user's name": lambda: signed(sub="ACC.ADMIN", iss=f"ACC.ADMIN.{KEY.fingerprint}"),
    "issuer and subject differ": lambda: signed(sub="ACC.ADMIN"),
    "unknown fingerprint": lambda: signed(iss="ACC.ANNA.SHA256:AAAA"),
    "empty fingerprint": lambda: signed(iss="ACC.ANNA.SHA256:"),
    "no claims": lambda: jwt.encode({}, PRIVATE, algorithm="RS256"),
    "no subject": lambda: jwt.encode({"iss": "ACC.ANNA", "iat": NOW_S}, PRIVATE, algorithm="RS256"),
    "no token": lambda: "",
    "garbage": lambda: "a.b.c",
    "a huge one": lambda: signed(padding="x" * 20_000),
}


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("what", FORGED)
def test_a_forged_or_stale_token_does_not(door: Authenticator, what: str) -> None:
    assert refusal(door, Login("", KEY_PAIR, token=FORGED[what]())).errno == 390144


def test_a_token_of_one_user_is_not_another_ones(door: Authenticator) -> None:
    assert refusal(door, Login("ADMIN", KEY_PAIR, token=signed())).errno == 390144


def test_a_key_that_was_taken_away_is_none(door: Authenticator, catalog: Catalog) -> None:
    catalog.replace_user(ANNA, replace(ANNA, rsa_public_key_2="", rsa_public_key_2_fp=""))
    assert refusal(door, Login("", KEY_PAIR, token=signed())).errno == 390144


# Access tokens -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "login",
    [
        Login("ANNA", ACCESS_TOKEN, token=SECRET),
        Login("", ACCESS_TOKEN, token=SECRET),
        Login("ANNA", ACCESS_TOKEN, password=SECRET),
        Login("ANNA", password=SECRET),
    ],
    ids=["token", "no user", "token as password", "password field"],
)
def test_an_access_token_opens(door: Authenticator, login: Login) -> None:
    assert door.verify(login).is_by_token


def test_an_access_token_that_is_over_revoked_or_somebody_elses_does_not(
    door: Authenticator, catalog: Catalog, clock: Clock
) -> None:
    refusal(door, Login("ADMIN", ACCESS_TOKEN, token=SECRET))
    refusal(door, Login("ANNA", ACCESS_TOKEN, token=SECRET[:-1]))
    clock.now += 60_000
    refusal(door, Login("ANNA", ACCESS_TOKEN, token=SECRET))
    clock.now -= 60_000
    catalog.drop_token("ANNA", "CI")
    refusal(door, Login("ANNA", ACCESS_TOKEN, token=SECRET))


def test_a_restricted_token_has_its_role_and_no_other(door: Authenticator, catalog: Catalog) -> None:
    catalog.replace_token(AccessToken("ANNA", "CI", digest_of_token(SECRET), 0, (NOW_S + 60) * 1000, role="READER"))
    principal = door.verify(Login("ANNA", ACCESS_TOKEN, token=SECRET))
    assert (principal.role, principal.is_role_fixed, principal.has_all_roles) == ("READER", True, False)
    assert refusal(door, Login("ANNA", ACCESS_TOKEN, token=SECRET, role="ANALYST")).errno == 390189
    catalog.revoke_role("ROLE", "READER", grantee_kind="ROLE", grantee="ANALYST")
    refusal(door, Login("ANNA", ACCESS_TOKEN, token=SECRET))


# Roles ---------------------------------------------------------------------------------------------------------------


def test_a_role_that_the_user_has_can_be_asked_for(door: Authenticator) -> None:
    assert door.verify(Login("ANNA", password=WORD, role="READER")).role == "READER"
    assert door.verify(Login("ANNA", password=WORD, role="PUBLIC")).role == "PUBLIC"


def test_another_role_is_refused(door: Authenticator) -> None:
    assert refusal(door, Login("ANNA", password=WORD, role="ACCOUNTADMIN")).errno == 390189


def test_who_lost_the_default_role_is_in_public(door: Authenticator, catalog: Catalog) -> None:
    catalog.revoke_role("ROLE", "ANALYST", grantee_kind="USER", grantee="ANNA")
    assert door.verify(Login("ANNA", password=WORD)).role == "PUBLIC"


def test_who_was_disabled_or_dropped_is_not_welcome_any_more(door: Authenticator, catalog: Catalog) -> None:
    principal = door.verify(Login("ANNA", password=WORD))
    assert door.is_welcome(principal)
    catalog.replace_user(ANNA, replace(ANNA, disabled=True))
    assert not door.is_welcome(principal)
    catalog.drop_user("ANNA")
    assert not door.is_welcome(principal)
