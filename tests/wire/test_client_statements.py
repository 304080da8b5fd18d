"""Statements through the official connectors: errors, several statements, describe, asynchronous queries, cancel."""

from __future__ import annotations

from wire_bench import ClientPython


def test_errors_have_snowflakes_number_state_and_query_id(client: ClientPython) -> None:
    out = client.run(
        """
        cursor = connect().cursor()
        for text in ["selec 1", "select * from nope", "select nope from support_tickets", "select 1/0", "select foo(1)",
                     "create table support_tickets (a int)", "select 1; select 2", " -- nothing"]:
            try:
                cursor.execute(text)
            except snowflake.connector.errors.ProgrammingError as error:
                out[text] = [error.errno, error.sqlstate, len(error.sfqid or "")]
        out["after"] = cursor.execute("select 1").fetchone()
        """
    )
    assert out.pop("after") == [1]
    assert out == {
        "selec 1": [1003, "42000", 36],
        "select * from nope": [2003, "42S02", 36],
        "select nope from support_tickets": [904, "42000", 36],
        "select 1/0": [100051, "22012", 36],
        "select foo(1)": [2140, "42601", 36],
        "create table support_tickets (a int)": [2002, "42710", 36],
        "select 1; select 2": [8, "0A000", 36],
        " -- nothing": [900, "42601", 36],
    }


def test_several_statements_in_one_text_have_a_result_each(client: ClientPython) -> None:
    out = client.run(
        """
        cursor = connect().cursor()
        cursor.execute("select 1 as a; select 2 as b, 3; select 'x'", num_statements=0)
        out["rows"] = [cursor.fetchall()]
        while cursor.nextset():
            out["rows"].append(cursor.fetchall())
        """
    )
    assert out["rows"] == [[[1]], [[2, 3]], [["x"]]]


def test_a_statement_is_described_without_being_run(client: ClientPython) -> None:
    out = client.run(
        """
        cursor = connect().cursor()
        found = cursor.describe("select ticket_id, 1.50 as price, request from support_tickets")
        out["columns"] = [[each.name, each.type_code, each.internal_size, each.precision, each.scale] for each in found]
        cursor.describe("create table never_made (a int)")
        out["tables"] = cursor.execute("show tables like 'NEVER_MADE'").fetchall()
        """
    )
    assert out["columns"] == [
        ["TICKET_ID", 2, 60, None, None],
        ["PRICE", 0, None, 3, 2],
        ["REQUEST", 2, 16777216, None, None],
    ]
    assert out["tables"] == []


def test_changes_tell_how_many_rows(client: ClientPython) -> None:
    out = client.run(
        """
        cursor = connect().cursor()
        cursor.execute("create or replace temporary table counted (a int)")
        out["counts"] = [cursor.execute(text).rowcount for text in (
            "insert into counted values (1), (2), (3)", "update counted set a = a + 1 where a > 1", "delete from counted where a = 1")]
        out["left"] = cursor.execute("select a from counted order by a").fetchall()
        """
    )
    assert out == {"counts": [3, 2, 1], "left": [[3], [4]]}


def test_an_asynchronous_query_is_watched_and_fetched_later_from_another_connection(client: ClientPython) -> None:
    out = client.run(
        """
        import time
        connection = connect()
        cursor = connection.cursor()
        begun = time.monotonic()
        cursor.execute_async("select snowflake.cortex.complete('mistral-7b', '#sleep: 1500')")
        out["submitted_at_once"] = time.monotonic() - begun < 1
        query = cursor.sfqid
        out["first"] = connection.is_still_running(connection.get_query_status(query))
        while connection.is_still_running(connection.get_query_status(query)):
            time.sleep(0.1)
        out["last"] = connection.get_query_status(query).name
        with connect() as other:
            reader = other.cursor()
            reader.get_results_from_sfqid(query)
            out["rows"] = reader.fetchall()
        """
    )
    assert out == {"submitted_at_once": True, "first": True, "last": "SUCCESS", "rows": [["#sleep: 1500"]]}


def test_an_asynchronous_query_that_fails_says_why(client: ClientPython) -> None:
    out = client.run(
        """
        import time
        connection = connect()
        cursor = connection.cursor()
        cursor.execute_async("select 1 / (select count(*) from support_tickets where ticket_id = 'x')")
        query = cursor.sfqid
        while connection.is_still_running(connection.get_query_status(query)):
            time.sleep(0.1)
        out["status"] = connection.get_query_status(query).name
        try:
            cursor.get_results_from_sfqid(query)
            cursor.fetchall()
        except snowflake.connector.errors.ProgrammingError as error:
            out["errno"] = error.errno
        """
    )
    assert out == {"status": "FAILED_WITH_ERROR", "errno": 100051}


def test_a_running_query_is_cancelled_and_the_session_goes_on(client: ClientPython) -> None:
    out = client.run(
        """
        import time
        connection = connect()
        cursor = connection.cursor()
        cursor.execute_async("select snowflake.cortex.complete('mistral-7b', '#sleep: 60000')")
        query = cursor.sfqid
        time.sleep(0.5)
        begun = time.monotonic()
        out["aborted"] = cursor.abort_query(query)
        out["soon"] = time.monotonic() - begun < 5
        out["status"] = connection.get_query_status(query).name
        out["after"] = cursor.execute("select 1").fetchone()
        """
    )
    assert out == {"aborted": True, "soon": True, "status": "FAILED_WITH_ERROR", "after": [1]}


def test_a_time_limit_ends_a_statement(client: ClientPython) -> None:
    out = client.run(
        """
        cursor = connect().cursor()
        cursor.execute("alter session set statement_timeout_in_seconds = 1")
        try:
            cursor.execute("select snowflake.cortex.complete('mistral-7b', '#sleep: 60000 ')")
        except snowflake.connector.errors.ProgrammingError as error:
            out["errno"] = error.errno
        """
    )
    assert out == {"errno": 630}
