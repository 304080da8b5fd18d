"""The DB-API shape: values, parameters, metadata, closed connections. The session is a fake that gives one table."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from sapwood.connection import Connection, DictCursor, literal, render
from sapwood.dialect.statements import Column
from sapwood.dialect.types import OBJECT, REAL, number, text
from sapwood.engine.result import Result
from sapwood.errors import InterfaceError, ProgrammingError

TABLE = pa.table(
    {
        "N": pa.array([Decimal(1), None], pa.decimal128(38, 0)),
        "D": pa.array([Decimal("1.50"), Decimal("2.25")], pa.decimal128(10, 2)),
        "F": [0.5, 1.5],
        "T": ["a", None],
        "O": ['{"a":1}', None],
    }
)
COLUMNS = (
    Column("N", number(38, 0)),
    Column("D", number(10, 2), nullable=False),
    Column("F", REAL),
    Column("T", text(60)),
    Column("O", OBJECT),
)


class FakeSession:
    def __init__(self) -> None:
        self.ran: list[str] = []
        self.closed = 0

    def execute(self, text: str, *, describe_only: bool = False) -> list[Result]:
        self.ran.append(text)
        return [Result("qid", "select", COLUMNS, TABLE, rowcount=2, statement=text)]

    def cancel(self) -> None: ...

    def close(self) -> None:
        self.closed += 1


def test_rows_are_python_values() -> None:
    cursor = Connection(FakeSession()).cursor().execute("select 1")
    rows = cursor.fetchall()
    assert rows == [(1, Decimal("1.50"), 0.5, "a", '{"a":1}'), (None, Decimal("2.25"), 1.5, None, None)]
    assert type(rows[0][0]) is int
    assert (cursor.sfqid, cursor.rowcount) == ("qid", 2)


def test_rows_can_be_had_one_by_one_and_as_dicts() -> None:
    cursor = Connection(FakeSession()).cursor(DictCursor).execute("select 1")
    assert cursor.fetchone()["T"] == "a"
    assert [row["F"] for row in cursor.fetchmany(5)] == [1.5]
    assert cursor.fetchone() is None


def test_the_description_has_the_connectors_codes() -> None:
    description = Connection(FakeSession()).cursor().execute("select 1").description
    assert description is not None
    assert [(column.name, column.type_code) for column in description] == [
        ("N", 0),
        ("D", 0),
        ("F", 1),
        ("T", 2),
        ("O", 9),
    ]
    assert (description[1].precision, description[1].scale, description[1].is_nullable) == (10, 2, False)
    assert description[3].internal_size == 60


def test_arrow_and_pandas_hold_all_rows() -> None:
    cursor = Connection(FakeSession()).cursor().execute("select 1")
    assert cursor.fetch_arrow_all().num_rows == 2
    assert list(cursor.fetch_pandas_all()["F"]) == [0.5, 1.5]


def test_two_statements_need_to_be_asked_for() -> None:
    session = FakeSession()
    cursor = Connection(session).cursor()
    with pytest.raises(ProgrammingError, match="Actual statement count 2") as error:
        cursor.execute("select 1; select 2")
    assert (error.value.errno, error.value.sqlstate, session.ran) == (8, "0A000", [])
    cursor.execute("select 1; select 2", num_statements=0)
    assert session.ran == ["select 1", "select 2"]


def test_an_empty_statement_is_an_error() -> None:
    with pytest.raises(ProgrammingError, match="Empty SQL statement"):
        Connection(FakeSession()).cursor().execute(" -- nothing\n")


def test_a_closed_connection_says_so() -> None:
    session, given_back = FakeSession(), list[int]()
    connection = Connection(session, on_close=lambda: given_back.append(1))
    cursor = connection.cursor()
    connection.close()
    connection.close()
    assert (session.closed, given_back, connection.is_closed()) == (1, [1], True)
    with pytest.raises(InterfaceError, match="closed"):
        cursor.execute("select 1")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "NULL"),
        (True, "TRUE"),
        (3, "3"),
        (Decimal("1.5"), "1.5"),
        ("it's \\ \n", r"'it\'s \\ \n'"),
        (b"\x01", "TO_BINARY('01')"),
        (dt.date(2024, 1, 2), "'2024-01-02'"),
        (dt.datetime(2024, 1, 2, 3, 4, 5), "'2024-01-02 03:04:05'"),
        ([1, "a"], "(1,'a')"),
    ],
)
def test_parameters_become_literals(value: object, expected: str) -> None:
    assert literal(value) == expected


def test_parameters_are_put_in_by_place_or_name() -> None:
    assert render("a %s b %s, 5 %%", ["x", 1]) == "a 'x' b 1, 5 %"
    assert render("a %(n)s", {"n": None}) == "a NULL"
    with pytest.raises(ProgrammingError, match="do not fit"):
        render("%s %s", [1])
