"""Values that travel beside the text: `?`, typed, and many rows at once."""

from __future__ import annotations

from wire_bench import ClientPython

QMARK = """
import datetime as dt, decimal
snowflake.connector.paramstyle = "qmark"
cursor = connect().cursor()
"""


def test_each_python_type_comes_back_as_it_was(client: ClientPython) -> None:
    out = client.run(
        QMARK
        + """
values = [1, -5, 1.5, decimal.Decimal("-12.345"), "it's ? %s", True, None, dt.date(2024, 2, 29), dt.time(1, 2, 3, 456),
          dt.datetime(2024, 1, 2, 3, 4, 5, 678901), b"\\x00\\xff", 2**70]
row = cursor.execute("select " + ",".join("?" * len(values)) + ", '?' -- ?", values).fetchone()
out["same"] = [bytes(a) == b if isinstance(b, bytes) else a == b for a, b in zip(row, values)]
out["last"] = row[-1]
out["model"] = cursor.execute("select snowflake.cortex.complete(?, ?)", ("mistral-7b", "hello")).fetchone()
out["cast"] = cursor.execute("select ?::int, ?::date", ("7", "2024-02-29")).fetchone()
out["limited"] = cursor.execute("select ticket_id from support_tickets where ticket_id > ? order by 1 limit ?", ("TR0002", 2)).fetchall()
"""
    )
    assert out == {
        "same": [True] * 12, "last": "?", "model": ["hello"], "cast": [7, "2024-02-29"], "limited": [["TR0003"], ["TR0004"]],
    }  # fmt: skip


def test_a_time_keeps_its_own_offset_where_the_client_sends_it(client: ClientPython) -> None:
    """Connector 5 sends the moment alone."""
    out = client.run(
        QMARK
        + """
times = [dt.datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=dt.timezone(dt.timedelta(minutes=minutes))) for minutes in (330, -480)]
row = cursor.execute("select ?, ?", [("TIMESTAMP_TZ", each) for each in times]).fetchone()
cursor.execute("create or replace temporary table offsets (n int, at timestamp_tz)")
cursor.executemany("insert into offsets values (?, ?)", [(n, ("TIMESTAMP_TZ", each)) for n, each in enumerate([*times, None])])
*many, nothing = [at for at, in cursor.execute("select at from offsets order by n")]
out["same"] = [list(row) == times, many == times, nothing]
sends_offset = snowflake.connector.__version__.startswith("4.")
out["minutes"] = [[at.utcoffset() / dt.timedelta(minutes=1) for at in found] for found in (row, many)] if sends_offset else None
"""
    )
    assert out["same"] == [True, True, None]
    assert out["minutes"] in (None, [[330, -480], [330, -480]])


def test_a_value_that_is_missing_is_an_error(client: ClientPython) -> None:
    out = client.run(
        QMARK
        + """
try:
    cursor.execute("select ?, ?", (1,))
except snowflake.connector.errors.ProgrammingError as error:
    out["error"] = [error.errno, "Bind variable ? not set" in str(error)]
"""
    )
    assert out == {"error": [2049, True]}


def test_seventy_thousand_rows_are_inserted_in_seconds(client: ClientPython) -> None:
    out = client.run(
        QMARK
        + """
import time
cursor.execute("create or replace temporary table bulk (a int, b varchar, c float, d date, e timestamp_ntz, f number(12,3), g boolean, h time)")
rows = [(i, f"row {i}", i / 8, dt.date(2020, 1, 1), dt.datetime(2020, 1, 1, 1, 1, 1, i), decimal.Decimal(i) / 8, i % 2 == 0, dt.time(i % 24))
        for i in range(70_000)]
rows[3] = (None,) * 7 + rows[3][7:]
begun = time.monotonic()
cursor.executemany("insert into bulk values (?,?,?,?,?,?,?,?)", rows)
out["seconds"] = time.monotonic() - begun
out["count"] = cursor.rowcount
text = "select count(*), count(a), sum(a), max(d), max(e), max(f), count_if(g), max(h) from bulk"
out["sums"] = [str(each) for each in cursor.execute(text).fetchone()]
cursor.executemany("insert into bulk (b, a) select upper(?), ?", [("x", 1), ("y", 2)])
out["selected"] = cursor.execute("select a, b from bulk where b in ('X', 'Y') order by a").fetchall()
cursor.executemany("update bulk set b = ? where a = ?", [("z", 69_999), ("zz", 69_998)])
out["updated"] = cursor.execute("select count(*) from bulk where b in ('z', 'zz')").fetchone()
"""
    )
    assert out.pop("seconds") < 20
    assert out == {
        "count": 70_000,
        # the numbers below 70,000 but 3; the even ones among them; times of 0 to 23 o'clock
        "sums": ["70000", "69999", str(70_000 * 69_999 // 2 - 3), "2020-01-01", "2020-01-01 01:01:01.069999", "8749.875", "35000", "23:00:00"],
        "selected": [[1, "X"], [2, "Y"]],
        "updated": [2],
    }  # fmt: skip


def test_values_may_come_by_a_stage(client: ClientPython) -> None:
    out = client.run(
        QMARK
        + """
columns = "a int, b varchar, c float, d date, e timestamp_ntz, f number(12,3), g boolean, h time, i binary"
cursor.execute(f"create or replace temporary table staged ({columns})")
rows = [(1, 'a,"b"\\n\\\\c', 0.5, dt.date(2020, 1, 31), dt.datetime(2020, 1, 1, 1, 1, 1, 5), decimal.Decimal("1.125"), True,
         dt.time(1, 2, 3, 4), b"\\x00\\xff"),
        (2, "", None, dt.date(2999, 1, 1), None, None, False, dt.time(0), b""),
        (3, None, *[None] * 7)]
cursor.execute("alter session set client_stage_array_binding_threshold = 20")
cursor.executemany("insert into staged values (?,?,?,?,?,?,?,?,?)", rows)
out["count"] = cursor.rowcount
found = cursor.execute("select * from staged order by a").fetchall()
out["same"] = [[bytes(a) == b if isinstance(b, bytes) else a == b for a, b in zip(*pair)] for pair in zip(found, rows)]
stages = [row[1] for row in cursor.execute("show stages").fetchall()]
out["staged"] = any("BIND" in name for name in stages)
numbered = connect(paramstyle="numeric").cursor()
numbered.execute("create or replace temporary table pairs (a int, b varchar)")
numbered.execute("alter session set client_stage_array_binding_threshold = 2")
numbered.executemany("insert into pairs values (:1, :2)", [(1, "x"), (2, None)])
out["numbered"] = [list(row) for row in numbered.execute("select * from pairs order by a")]
"""
    )
    assert out == {"count": 3, "same": [[True] * 9] * 3, "staged": True, "numbered": [[1, "x"], [2, None]]}


def test_a_bulk_insert_is_all_or_nothing(client: ClientPython) -> None:
    out = client.run(
        QMARK
        + """
cursor.execute("create or replace temporary table short (a varchar(3))")
try:
    cursor.executemany("insert into short values (?)", [("abc",), ("abcd",)])
except snowflake.connector.errors.ProgrammingError as error:
    out["errno"] = error.errno
out["rows"] = cursor.execute("select count(*) from short").fetchone()
"""
    )
    assert out == {"errno": 100078, "rows": [0]}
