"""Results as tables, CSV and JSON lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from sapwood.connection import python_rows
from sapwood.engine.result import Result

MAX_TABLE_ROWS = 1000
"""Rows of a result that a table on the terminal shows; CSV and JSON always give all."""


def write_table(result: Result, out: TextIO) -> None:
    """A result as a table, with a line that counts the rows. One too wide for the terminal is written a record at a time."""
    console = Console(file=out)
    names = [column.name for column in result.columns]
    rows = [[_cell(value) for value in row] for row in islice(python_rows(result), MAX_TABLE_ROWS)]
    width = _width(names, rows)
    if console.is_terminal and _narrowest(names) > console.width:
        _write_records(console, names, rows)
    else:
        if not console.is_terminal:
            console.width = max(width, console.width)
        table = Table(*names)
        for row in rows:
            table.add_row(*row)
        console.print(table)
    total = result.table.num_rows
    note = f" (first {len(rows)} shown; --format csv gives all)" if len(rows) < total else ""
    console.print(f"{total} row{'' if total == 1 else 's'}{note}", style="dim", highlight=False)


def _width(names: list[str], rows: list[list[str]]) -> int:
    """Characters that the table takes if nothing is cut or wrapped."""
    cells = [max(cell_len(line) for row in [names, *rows] for line in row[i].split("\n")) for i in range(len(names))]
    return sum(cells) + 3 * len(names) + 1


def _narrowest(names: list[str]) -> int:
    """Characters that the table takes at the least for a reader: the names whole."""
    return sum(cell_len(name) for name in names) + 3 * len(names) + 1


def _write_records(console: Console, names: list[str], rows: list[list[str]]) -> None:
    for index, row in enumerate(rows, start=1):
        console.rule(f"row {index}", align="left")
        grid = Table.grid(padding=(0, 2))
        for name, cell in zip(names, row, strict=True):
            grid.add_row(f"[bold]{name}[/bold]", cell)
        console.print(grid)


def write_json(result: Result, out: TextIO) -> None:
    """A result as one line: an array with an object a row. NUMBER and FLOAT are numbers, semi-structured values are values."""
    names = [column.name for column in result.columns]
    semi = [column.type.name in ("VARIANT", "OBJECT", "ARRAY") for column in result.columns]
    rows = [
        {
            name: _json_value(json.loads(value) if is_semi and value is not None else value)
            for name, value, is_semi in zip(names, row, semi, strict=True)
        }
        for row in python_rows(result)
    ]
    out.write(json.dumps(rows, ensure_ascii=False) + "\n")


def write_csv(result: Result, out: TextIO) -> None:
    """A result as CSV with a header; NULL is an empty field."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(column.name for column in result.columns)
    for row in python_rows(result):
        writer.writerow("" if value is None else value for value in row)


FORMATS: Mapping[str, Callable[[Result, TextIO], None]] = {"table": write_table, "json": write_json, "csv": write_csv}


def _cell(value: Any) -> str:
    return "[dim]NULL[/dim]" if value is None else str(value).replace("[", "\\[")


def _json_value(value: Any) -> Any:
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() and value.as_tuple().exponent == 0 else float(value)
        case datetime() | date() | time():
            return str(value)
        case bytes():
            return value.hex()
        case _:
            return value
