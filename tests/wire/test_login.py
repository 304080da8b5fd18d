"""Logging in and out with the official connectors, and what the sessions are then."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, PublicFormat
from wire_bench import ClientPython, Server, pasted


def test_what_the_server_prints_connects(client: ClientPython, server: Server) -> None:
    query = "select current_user(), current_database(), current_schema()"
    out = client.run(
        f"{pasted(server, 'Python connector')}out['row'] = connection.cursor().execute({query!r}).fetchone()"
    )
    assert out == {"row": ["ADMIN", "CORTEX_FINETUNING_DB", "PUBLIC"]}


def test_a_password_opens_a_session_that_runs_statements(client: ClientPython) -> None:
    out = client.run(
        """
        with connect(role="accountadmin", session_parameters={"QUERY_TAG": "wire"}) as connection:
            cursor = connection.cursor()
            out["one"] = cursor.execute("select 1 as a").fetchall()
            out["place"] = cursor.execute("select current_user(), current_role(), current_database(), current_schema()").fetchone()
            out["known"] = [connection.database, connection.schema, connection.role]
            out["tag"] = [row[1] for row in cursor.execute("show parameters like 'QUERY_TAG'").fetchall()]
            out["closed_before"] = connection.is_closed()
        out["closed_after"] = connection.is_closed()
        """
    )
    assert out == {
        "one": [[1]],
        "place": ["ADMIN", "ACCOUNTADMIN", "CORTEX_FINETUNING_DB", "PUBLIC"],
        "known": ["CORTEX_FINETUNING_DB", "PUBLIC", "ACCOUNTADMIN"],
        "tag": ["wire"],
        "closed_before": False,
        "closed_after": True,
    }


def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(client: ClientPython) -> None:
    out = client.run(
        """
        for who, change in {"password": {"password": "wrong"}, "user": {"user": "nobody"}}.items():
            try:
                connect(**change)
            except snowflake.connector.errors.Error as error:
                out[who] = [type(error).__name__, error.errno, error.sqlstate, str(error).count("nobody")]
        """
    )
    assert out["password"] == out["user"] == ["DatabaseError", 390100, "28000", 0]


def test_a_key_pair_and_an_access_token_open_too(client: ClientPython, tmp_path: Path) -> None:
    """The token also where a password is expected."""
    key = rsa.generate_private_key(65537, 2048)
    (tmp_path / "key.p8").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"locked"))
    )
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    out = client.run(
        f"""
        name, key = "keeper_{client.line}", {str(tmp_path / "key.p8")!r}
        cursor = connect().cursor()
        cursor.execute(f"create or replace user {{name}} rsa_public_key = {public!r}")
        token = cursor.execute(f"alter user {{name}} add programmatic access token wire").fetchone()[1]
        def attempt(**login):
            try:
                made = snowflake.connector.connect(**{{**settings, "user": name, "password": None, **login}})
                return made.cursor().execute("select current_user()").fetchone()[0]
            except snowflake.connector.errors.DatabaseError as error:
                return error.errno
        signed = dict(authenticator="SNOWFLAKE_JWT", private_key_file=key, private_key_file_pwd="locked")
        out["key"] = attempt(**signed)
        out["token"] = attempt(authenticator="PROGRAMMATIC_ACCESS_TOKEN", token=token)
        out["as password"] = attempt(password=token)
        cursor.execute(f"alter user {{name}} remove programmatic access token wire")
        cursor.execute(f"alter user {{name}} unset rsa_public_key")
        out["later"] = [attempt(password=token), attempt(**signed)]
        """
    )
    name = f"KEEPER_{client.line}"
    assert out == {"key": name, "token": name, "as password": name, "later": [390100, 390144]}


def test_a_password_that_must_be_changed_is_asked_for(client: ClientPython) -> None:
    """The older connector asks a callback for the new one; the newer has no such thing and is told."""
    out = client.run(
        f"""
        name = "fresh_{client.line}"
        connect().cursor().execute(f"create or replace user {{name}} password = 'the first word' must_change_password = true")
        def attempt(password, **more):
            try:
                return connect(user=name, password=password, **more).cursor().execute("select current_user()").fetchone()[0]
            except snowflake.connector.errors.DatabaseError as error:
                return error.errno
        out["refused"] = attempt("the first word")
        if snowflake.connector.__version__ < "5":
            out["changed"] = attempt("the first word", password_callback=lambda: "another word")
            out["later"] = attempt("another word")
        """
    )
    later = {"changed": "FRESH_4", "later": "FRESH_4"} if client.line == 4 else {}
    assert out == {"refused": 390106, **later}
