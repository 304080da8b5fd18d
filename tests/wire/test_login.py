"""Logging in and out with the official connectors, and what the sessions are then."""

from __future__ import annotations

from wire_bench import ClientPython


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
