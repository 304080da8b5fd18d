"""Users in SQL: secrets come in and are never seen again."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from sapwood.credentials import check_password, digest_of_token
from sapwood.engine.engine import Engine
from sapwood.engine.session import Session
from sapwood.errors import Error, InvalidCredentialError, ObjectExistsError, ParseError, ProgrammingError

WORD = "correct horse battery"


def rows(session: Session, sql: str) -> list[dict[str, Any]]:
    return session.execute(sql)[-1].table.to_pylist()


def test_a_user_is_made_changed_and_dropped(engine: Engine, session: Session) -> None:
    catalog = engine.parts.catalog
    session.execute(
        f"create user anna password = '{WORD}' default_role = public default_namespace = db.s email = 'a@b.c' comment = 'x'"
    )
    anna = catalog.user("ANNA")
    assert anna is not None
    assert check_password(anna.password_hash, WORD)
    assert (anna.default_role, anna.default_namespace, anna.email) == ("PUBLIC", '"DB"."S"', "a@b.c")
    session.execute("alter user anna set disabled = true email = 'c@d.e'; alter user anna unset comment")
    changed = catalog.user("ANNA")
    assert changed is not None
    assert (changed.disabled, changed.email, changed.comment) == (True, "c@d.e", "")
    session.execute("alter user anna rename to eva; drop user eva; drop user if exists eva")
    assert catalog.user("EVA") is None


def test_a_second_user_of_the_name_is_refused(session: Session) -> None:
    session.execute("create user anna; create user if not exists anna")
    with pytest.raises(ObjectExistsError):
        session.execute("create user anna")
    with pytest.raises(ObjectExistsError):
        session.execute("create user eva login_name = 'Anna'")


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("create user u password = 'short77'", InvalidCredentialError),
        ("create user u rsa_public_key = 'bm8ga2V5'", InvalidCredentialError),
        ("create user u password 'a secret word'", ParseError),
        ("alter user nobody set comment = 'x'", ProgrammingError),
        ("drop user admin", ProgrammingError),
        ("alter user admin rename to root", ProgrammingError),
        ("alter user admin add pat p days_to_expiry = 366", ProgrammingError),
        ("alter user admin remove pat nonesuch", ProgrammingError),
    ],
)
def test_what_can_not_be_is_refused(session: Session, sql: str, error: type[Error]) -> None:
    with pytest.raises(error):
        session.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        f"create user anna password = '{WORD}'",
        f"create user anna password '{WORD}'",
        f"create user anna password = '{WORD}' nonesuch = 1",
        f"alter user nobody set password = $${WORD}$$",
        f"create user anna password = '{WORD}",
        f"/* a */ create /* b */ user anna password = '{WORD}'",
        f"alter user set password='{WORD}'",
    ],
)
def test_a_password_never_reaches_the_history(engine: Engine, session: Session, sql: str) -> None:
    with contextlib.suppress(Error):
        session.execute(sql)
    kept = engine.parts.catalog.queries()
    assert WORD not in repr(kept)
    assert "battery" not in repr(kept)


def test_a_token_is_shown_once_and_kept_as_a_digest(engine: Engine, session: Session) -> None:
    made = rows(session, "alter user admin add programmatic access token ci days_to_expiry = 2 comment = 'for CI'")
    secret = made[0]["token_secret"]
    (token,) = engine.parts.catalog.tokens("ADMIN")
    assert token.digest == digest_of_token(secret)
    assert token.expires_on - token.created_on == 2 * 86_400_000
    (shown,) = rows(session, "show user programmatic access tokens")
    assert (shown["name"], shown["status"], shown["comment"]) == ("CI", "ACTIVE", "for CI")
    assert secret not in repr(shown)
    assert secret not in repr(engine.parts.catalog.queries())
    session.execute("alter user remove programmatic access token ci")
    assert engine.parts.catalog.token_of_digest(digest_of_token(secret)) is None


def test_a_rotated_token_goes_on_for_a_while(engine: Engine, session: Session) -> None:
    old = rows(session, "alter user add pat ci")[0]["token_secret"]
    made = rows(session, "alter user rotate pat ci expire_rotated_token_after_hours = 1")[0]
    known = {name: engine.parts.catalog.token_of_digest(digest_of_token(secret)) for name, secret in
             (("old", old), ("new", made["token_secret"]))}  # fmt: skip
    assert known["new"] is not None
    assert known["new"].name == "CI"
    assert known["old"] is not None
    assert known["old"].name == made["rotated_token_name"]
    assert known["old"].expires_on < known["new"].expires_on


def test_a_described_user_has_no_password(session: Session) -> None:
    session.execute(f"create user anna password = '{WORD}'")
    shown = {row["property"]: row["value"] for row in rows(session, "describe user anna")}
    assert shown["PASSWORD"] == "********"
    assert shown["LOGIN_NAME"] == "ANNA"
    assert "argon2" not in repr(shown) + repr(rows(session, "show users"))


@pytest.mark.parametrize(
    "given", ["must_change_password = true password = '{}'", "password = '{}' must_change_password = true"]
)
def test_a_password_that_must_be_changed_is_so_whatever_the_order(engine: Engine, session: Session, given: str) -> None:
    session.execute(f"create user anna {given.format(WORD)}")
    user = engine.parts.catalog.user("ANNA")
    assert user is not None and user.must_change_password
    session.execute("alter user anna set password = 'another password'")
    user = engine.parts.catalog.user("ANNA")
    assert user is not None and not user.must_change_password
