"""Columns on the wire: Arrow forms, JSON texts and rowtype, where a client's test would be too coarse."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa

from sapwood.dialect.statements import Column
from sapwood.dialect.types import BOOLEAN, DATE, TIME, TIMESTAMP_NTZ, TIMESTAMP_TZ, SnowType, number, text
from sapwood.engine.arrow import arrow_type
from sapwood.server.columns import json_rows, row_type, wire_table


def table(values: pa.Array, column: Column) -> pa.Table:
    return pa.table({column.name: values})


def test_a_number_with_a_scale_travels_as_its_digits() -> None:
    column = Column("N", number(10, 2))
    sent = wire_table(
        table(pa.array([Decimal("1.50"), None, Decimal("-0.01")], pa.decimal128(10, 2)), column), [column]
    )
    assert sent.column(0).to_pylist() == [150, None, -1]
    metadata = sent.schema.field(0).metadata
    assert (metadata[b"logicalType"], metadata[b"precision"], metadata[b"scale"]) == (b"FIXED", b"10", b"2")


def test_digits_that_are_too_many_travel_as_a_decimal() -> None:
    column = Column("N", number(38, 2))
    values = pa.array([Decimal("123456789012345678901234.50")], pa.decimal128(38, 2))
    assert wire_table(table(values, column), [column]).column(0).to_pylist() == values.to_pylist()


def test_a_timestamp_before_1970_has_a_fraction_above_its_second() -> None:
    column = Column("T", TIMESTAMP_NTZ)
    values = pa.array([datetime(1969, 12, 31, 23, 59, 59, 999_999), None], pa.timestamp("us"))
    sent = wire_table(table(values, column), [column])
    assert sent.column(0).to_pylist() == [{"epoch": -1, "fraction": 999_999_000}, None]


def test_a_time_counts_in_the_unit_of_its_last_digit() -> None:
    values = pa.array([time(0, 0, 1, 500_000)], pa.time64("us"))
    for scale, count in ((0, 1), (3, 1_500), (9, 1_500_000_000)):
        column = Column("T", SnowType("TIME", scale=scale))
        assert wire_table(table(values, column), [column]).column(0).to_pylist() == [count]


def test_a_slice_of_a_table_is_sent_as_that_slice() -> None:
    column = Column("N", number(10, 2))
    values = pa.array([Decimal(index) for index in range(10)], pa.decimal128(10, 2))
    sent = wire_table(table(values, column).slice(3, 2), [column])
    assert sent.column(0).to_pylist() == [300, 400]


def test_json_has_the_protocols_texts() -> None:
    columns = [Column("B", BOOLEAN), Column("D", DATE), Column("M", TIME), Column("Z", TIMESTAMP_TZ)]
    rows = pa.table(
        {
            "B": [True, None],
            "D": pa.array([date(1970, 1, 11), None]),
            "M": pa.array([time(0, 1, 1, 5), None], pa.time64("us")),
            "Z": pa.array(
                [{"moment": datetime(1970, 1, 1, 0, 1, tzinfo=UTC), "minutes": -90}, None], arrow_type(TIMESTAMP_TZ)
            ),
        }
    )
    assert json_rows(rows, columns) == [["1", "10", "61.000005000", "60.000000000 1350"], [None] * 4]


def test_a_moment_shows_its_own_offset() -> None:
    """The protocol adds a day's 1440 minutes. A slice of a table is sent as what it is."""
    column = Column("Z", TIMESTAMP_TZ)
    moments = [
        {"moment": datetime(2024, 7, 1, tzinfo=UTC), "minutes": -240},
        {"moment": datetime(2024, 1, 1, tzinfo=UTC), "minutes": 330},
        None,
    ]
    rows = table(pa.array([None, *moments], arrow_type(TIMESTAMP_TZ)), column).slice(1)
    sent = wire_table(rows, [column]).column(0).to_pylist()
    assert [each and (each["epoch"], each["timezone"]) for each in sent] == [
        (1719792000, 1200),
        (1704067200, 1770),
        None,
    ]
    assert json_rows(rows, [column]) == [["1719792000.000000000 1200"], ["1704067200.000000000 1770"], [None]]


def test_rowtype_says_length_precision_and_scale() -> None:
    assert row_type(Column("A", text(60), nullable=False)) | {} == {
        "name": "A", "type": "text", "nullable": False, "precision": None, "scale": None, "length": 60, "byteLength": 240,
        "collation": None, "database": "", "schema": "", "table": "",
    }  # fmt: skip
    fixed = row_type(Column("N", number(12, 3)))
    assert (fixed["type"], fixed["precision"], fixed["scale"], fixed["length"]) == ("fixed", 12, 3, None)
