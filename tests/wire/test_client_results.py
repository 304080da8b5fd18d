"""Results as the official connectors read them: every type, Arrow and JSON, large ones, and after a restart."""

from __future__ import annotations

from pathlib import Path

from wire_bench import ClientPython, start_server

ROW = """select 1.50::number(10,2) as n, 12345678901234567890123456789012345678 as big, 1.5::float as f, 'x' as t, true as b,
  '2024-02-29'::date as d, '12:13:14.5'::time as tm, '2024-01-02 03:04:05.678'::timestamp_ntz as ts,
  '1969-12-31 23:59:59.999999'::timestamp_ntz as old, '2024-01-02 03:04:05'::timestamp_ltz as l,
  '2024-01-02 03:04:05 -0330'::timestamp_tz as z, to_binary('00FF') as bi, parse_json('{"a":1}') as v, array_construct(1, 2) as ar,
  object_construct('k', 1) as o, null::int as nothing"""
EXPECTED = [
    "1.50", "12345678901234567890123456789012345678", "1.5", "x", "True", "2024-02-29", "12:13:14.500000", "2024-01-02 03:04:05.678000",
    "1969-12-31 23:59:59.999999", "2024-01-02 03:04:05+00:00", "2024-01-02 03:04:05-03:30", "00ff", {"a": 1}, [1, 2], {"k": 1}, None,
]  # fmt: skip
CODES = [0, 0, 1, 2, 13, 3, 12, 8, 8, 6, 7, 11, 5, 10, 9, 0]
"""The DB-API type codes of the connector's documentation, column by column."""


def test_every_type_comes_through_arrow_and_json(client: ClientPython) -> None:
    out = client.run(
        f"""
        cursor = connect().cursor()
        def plain(index, value):
            if isinstance(value, (bytes, bytearray)):
                return value.hex()
            return json.loads(value) if index in (12, 13, 14) else None if value is None else str(value)
        for form in ("ARROW", "JSON"):
            cursor.execute(f"alter session set python_connector_query_result_format = '{{form}}'")
            row = cursor.execute({ROW!r}).fetchone()
            out[form] = [plain(index, value) for index, value in enumerate(row)]
            out[form + " codes"] = [each.type_code for each in cursor.description]
        """
    )
    assert out["ARROW"] == EXPECTED
    assert out["JSON"] == EXPECTED
    assert out["ARROW codes"] == out["JSON codes"] == CODES


def test_pandas_reads_numbers_dates_and_empty_results(client: ClientPython) -> None:
    out = client.run(
        """
        cursor = connect().cursor()
        cursor.execute("select 1 as i, 1.5::number(10,2) as n, 2.5::float as f, 'x' as t, '2024-01-02 03:04:05'::timestamp_ntz as s")
        frame = cursor.fetch_pandas_all()
        out["row"] = [str(value) for value in frame.iloc[0]]
        text = "select ticket_id, length(request) as n from support_tickets where 1 = 0"
        out["rows"] = cursor.execute(text).fetchall()
        frame = cursor.execute(text).fetch_pandas_all()
        out["empty"] = [len(frame), list(frame.columns)]
        """
    )
    assert out == {"row": ["1", "1.5", "2.5", "x", "2024-01-02 03:04:05"], "rows": [], "empty": [0, ["TICKET_ID", "N"]]}


def test_a_large_result_arrives_whole_and_in_order(client: ClientPython) -> None:
    out = client.run(
        """
        cursor = connect().cursor()
        text = '''select a.ticket_id, row_number() over (order by a.ticket_id, b.ticket_id) as n
          from support_tickets a, support_tickets b where b.ticket_id < 'TR0251' order by n'''
        frame = cursor.execute(text).fetch_pandas_all()
        out["pandas"] = [len(frame), int(frame["N"].iloc[-1]), bool((frame["N"].diff().dropna() == 1).all())]
        cursor.execute(text)
        first = cursor.fetchmany(10_000)
        out["rows"] = [first[0][1], first[-1][1], cursor.rowcount]
        """
    )
    assert out == {"pandas": [250_000, 250_000, True], "rows": [1, 10_000, 250_000]}


def test_a_result_outlives_the_server(client: ClientPython, tmp_path: Path) -> None:
    first = start_server(tmp_path / "data")
    out = client.run(
        """
        connection = connect()
        out["query"] = connection.cursor().execute("select seq4() as n from table(generator(rowcount => 20000)) order by n").sfqid
        """,
        server=first,
    )
    assert first.stop() == 0
    second = start_server(tmp_path / "data")
    try:
        out = client.run(
            f"""
            connection = connect()
            cursor = connection.cursor()
            cursor.get_results_from_sfqid("{out["query"]}")
            rows = cursor.fetchall()
            out["rows"] = [len(rows), rows[0][0], rows[-1][0]]
            """,
            server=second,
        )
    finally:
        assert second.stop() == 0
        for server in (first, second):
            assert server.process.stdout is not None
            server.process.stdout.close()
    assert out["rows"] == [20_000, 0, 19_999]
