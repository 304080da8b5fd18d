"""Who somebody is: a login in, a principal or an AuthenticationError out. Knows nothing of HTTP.

A password, a JWT signed with the user's key, or a programmatic access token opens the door; a token may stand in the
password field too. The error is the same for a wrong password, an unknown user and a disabled one, and takes as long.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from sapwood.credentials import TOKEN_PREFIX, check_password, digest_of_token, hash_password, public_key_of
from sapwood.dialect.names import parts
from sapwood.errors import AuthenticationError
from sapwood.server.throttling import Throttle
from sapwood.server.tickets import Tickets
from sapwood.store.catalog import Catalog
from sapwood.store.records import User

PASSWORD, KEY_PAIR, ACCESS_TOKEN = "SNOWFLAKE", "SNOWFLAKE_JWT", "PROGRAMMATIC_ACCESS_TOKEN"
"""The authenticators that are served, as clients name them."""

_LIFETIME_S = 3600
"""A JWT is good for an hour at most, whatever it says."""
_LEEWAY_S = 60
"""Seconds that two clocks may differ."""
_LONGEST_TOKEN = 16_384
"""Characters of a token that are looked at."""


@dataclass(frozen=True)
class Login:
    """What a client says of itself. `peer` is its address; `role` the one it asks for, if any, in Snowflake's spelling.

    `new_password` takes the place of one that has to be changed; `ticket` says that this one was shown already.
    """

    user: str
    authenticator: str = PASSWORD
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    new_password: str | None = field(default=None, repr=False)
    ticket: str | None = field(default=None, repr=False)
    peer: str = ""
    role: str | None = None


@dataclass(frozen=True)
class Principal:
    """Who it is, and how their session begins.

    `has_all_roles` says that secondary roles are on. `is_role_fixed` belongs to a token that is restricted to its role,
    `is_by_token` to any access token: such a session makes no further tokens.
    """

    user: str
    role: str
    warehouse: str | None = None
    database: str | None = None
    schema: str | None = None
    has_all_roles: bool = False
    is_role_fixed: bool = False
    is_by_token: bool = False


class PasswordExpiredError(AuthenticationError):
    """The password is right, and must be changed before anything else. Source of number and text: the public connectors.

    `ticket` stands for the password when the client comes back with a new one.
    """

    errno = 390106
    hint = (
        "Give the connector a `password_callback`, or have the password set anew: ALTER USER ... SET PASSWORD = '...'."
    )

    def __init__(self, ticket: str) -> None:
        super().__init__("Specified password has expired. Password must be changed.")
        self.ticket = ticket


class Authenticator:
    """Checks logins against the catalogue's users. Safe for threads; `clock` gives epoch milliseconds."""

    def __init__(self, catalog: Catalog, clock: Callable[[], int]) -> None:
        self._catalog = catalog
        self._clock = clock
        self._throttle = Throttle(clock)
        self._tickets = Tickets(clock)
        self._checks: Mapping[str, Callable[[Login], Principal | None]] = {
            PASSWORD: self._by_password,
            KEY_PAIR: self._by_key,
            ACCESS_TOKEN: self._by_token,
        }

    def verify(self, login: Login) -> Principal:
        """The principal. Raises AuthenticationError, which says no more than that it failed."""
        check = self._checks.get(login.authenticator.upper() or PASSWORD)
        if check is None:
            raise AuthenticationError(
                f"The authenticator '{login.authenticator}' is not served.",
                hint=f"Served: {', '.join(self._checks)}.",
                errno=390403,
            )
        principal = self._throttled(check, login) if login.user else check(login)
        if principal is None:
            raise _refusal(login)
        return self._with_role(principal, login.role)

    def is_welcome(self, principal: Principal) -> bool:
        """Whether a session that began with this principal may go on: the user is there and not disabled."""
        user = self._catalog.user(principal.user)
        return user is not None and not user.disabled

    def _throttled(self, check: Callable[[Login], Principal | None], login: Login) -> Principal | None:
        """A token that comes without a user name can't be guessed, and is not counted."""
        key = (login.user.upper(), login.peer)
        if self._throttle.wait_ms(key):
            return None
        principal = check(login)
        if principal is None:
            self._throttle.failed(key)
        else:
            self._throttle.succeeded(key)
        return principal

    # The three ways in -----------------------------------------------------------------------------------------------

    def _by_password(self, login: Login) -> Principal | None:
        given = login.password or ""
        if given.startswith(TOKEN_PREFIX):
            return self._by_secret(given, login.user)
        user = self._catalog.user_of_login(login.user)
        has_ticket = bool(user and login.ticket and self._tickets.take(login.ticket, user.name))
        is_right = has_ticket or check_password(user.password_hash if user else "", given)
        if user is None or not is_right or user.disabled:
            return None
        if user.must_change_password:
            self._change_password(user, login)
        return _principal(user)

    def _change_password(self, user: User, login: Login) -> None:
        """Give the user the new password that comes with the login; PasswordExpiredError if it has no other one."""
        if not login.new_password or check_password(user.password_hash, login.new_password):
            raise PasswordExpiredError(self._tickets.give(user.name))
        changed = replace(user, password_hash=hash_password(login.new_password), must_change_password=False)
        self._catalog.replace_user(user, changed)

    def _by_token(self, login: Login) -> Principal | None:
        return self._by_secret(login.token or login.password or "", login.user)

    def _by_secret(self, secret: str, login_name: str) -> Principal | None:
        """The owner of an access token; a login name that is given must be theirs."""
        if len(secret) > _LONGEST_TOKEN:
            return None
        token = self._catalog.token_of_digest(digest_of_token(secret))
        if token is None or token.expires_on <= self._clock():
            return None
        user = self._catalog.user(token.user)
        if user is None or user.disabled or login_name.upper() not in ("", user.login_name):
            return None
        return _principal(user, is_by_token=True, fixed_role=token.role)

    def _by_key(self, login: Login) -> Principal | None:
        text = login.token or ""
        claims = _unverified(text)
        name, fingerprint = _subject(claims)
        user = self._catalog.user_of_login(name) if name else None
        key = _key(user, fingerprint)
        is_right = _is_signed(text, key or self._decoy) and key is not None and self._is_in_time(claims)
        if user is None or not is_right or user.disabled or login.user.upper() not in ("", user.login_name):
            return None
        return _principal(user)

    def _is_in_time(self, claims: Mapping[str, Any]) -> bool:
        issued, expires = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, (int, float)) or not isinstance(expires, (int, float)):
            return False
        now = self._clock() / 1000
        return issued - _LEEWAY_S <= now < min(expires, issued + _LIFETIME_S)

    @cached_property
    def _decoy(self) -> rsa.RSAPublicKey:
        """Stands for the key of a user who is not there, so that both take as long."""
        return rsa.generate_private_key(65537, 2048).public_key()

    # The role --------------------------------------------------------------------------------------------------------

    def _with_role(self, principal: Principal, asked: str | None) -> Principal:
        """The principal with the role that was asked for; without one the default, or PUBLIC if that was revoked."""
        held = self._catalog.roles_of_user(principal.user)
        role = asked or principal.role
        if asked and (role not in held or (principal.is_role_fixed and role != principal.role)):
            raise AuthenticationError(
                f"Role '{role}' specified in the connect string does not exist or not authorized. Contact your local system "
                "administrator, or attempt to login with another role, e.g. PUBLIC.",
                errno=390189,
            )
        if role in held:
            return replace(principal, role=role)
        if principal.is_role_fixed:
            raise AuthenticationError("Programmatic access token is invalid.")
        return replace(principal, role="PUBLIC")


def _refusal(login: Login) -> AuthenticationError:
    if login.authenticator.upper() == KEY_PAIR:
        return AuthenticationError(f"JWT token is invalid. [{uuid.uuid4()}]", errno=390144)
    if login.authenticator.upper() == ACCESS_TOKEN:
        return AuthenticationError("Programmatic access token is invalid.")
    return AuthenticationError("Incorrect username or password was specified.")


def _principal(user: User, *, is_by_token: bool = False, fixed_role: str = "") -> Principal:
    database, schema = (*parts(user.default_namespace), None, None)[:2]
    return Principal(
        user.name,
        fixed_role or user.default_role or "PUBLIC",
        warehouse=user.default_warehouse or None,
        database=database,
        schema=schema,
        has_all_roles=user.secondary_roles == "ALL" and not fixed_role,
        is_role_fixed=bool(fixed_role),
        is_by_token=is_by_token,
    )


# JWT -----------------------------------------------------------------------------------------------------------------


def _unverified(text: str) -> Mapping[str, Any]:
    """The claims as they stand; only the choice of the key may rest on them."""
    if len(text) > _LONGEST_TOKEN:
        return {}
    try:
        return jwt.decode(text, options={"verify_signature": False})
    except jwt.PyJWTError:
        return {}


def _subject(claims: Mapping[str, Any]) -> tuple[str, str]:
    """User and fingerprint of iss = ACCOUNT.USER.SHA256:fp; '' if iss and sub don't agree."""
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not isinstance(issuer, str) or not isinstance(subject, str):
        return "", ""
    account_and_user, separator, fingerprint = issuer.partition(".SHA256:")
    account, dot, user = subject.partition(".")
    if not separator or not dot or not account or account_and_user != subject:
        return "", ""
    return user, f"SHA256:{fingerprint}"


def _key(user: User | None, fingerprint: str) -> rsa.RSAPublicKey | None:
    """That of the user's two keys which has the fingerprint."""
    if user is None:
        return None
    keys = {user.rsa_public_key_fp: user.rsa_public_key, user.rsa_public_key_2_fp: user.rsa_public_key_2}
    text = keys.get(fingerprint)
    return public_key_of(text) if text else None


def _is_signed(text: str, key: rsa.RSAPublicKey) -> bool:
    """Whether the key signed it, by RS256 and nothing else. Times are the caller's, by their own clock."""
    try:
        jwt.decode(text, key, algorithms=["RS256"], options={"verify_exp": False, "verify_iat": False})
    except jwt.PyJWTError:
        return False
    return True
