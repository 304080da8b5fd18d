"""docs/loading.md has each option of the tables in the code, word for word."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from sapwood.engine.bucket import STORES
from sapwood.engine.copy_options import COPY_OPTIONS
from sapwood.engine.csv_format import CSV_OPTIONS
from sapwood.engine.document_format import DOCUMENT_OPTIONS
from sapwood.engine.files import PUT_OPTIONS
from sapwood.engine.option import Option
from sapwood.engine.unload import UNLOAD_OPTIONS

PAGE = Path(__file__).parents[2] / "docs" / "loading.md"
TABLES: Mapping[str, Mapping[str, Option]] = {
    "CSV files": CSV_OPTIONS,
    "JSON files": DOCUMENT_OPTIONS["JSON"],
    "Parquet files": DOCUMENT_OPTIONS["PARQUET"],
    "COPY INTO a table": COPY_OPTIONS,
    "COPY INTO a stage": UNLOAD_OPTIONS,
    "LIST, PUT, GET, REMOVE": PUT_OPTIONS,
}


def rows_of(options: Mapping[str, Option]) -> list[str]:
    return [f"| {name} | {option.default} | {option.meaning} |" for name, option in options.items()]


@pytest.mark.parametrize("heading", TABLES)
def test_a_table_of_options_is_that_of_the_code(heading: str) -> None:
    section = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    shown = [line for line in section.splitlines() if line.startswith("| ") and not line.startswith("| option ")]
    assert shown == rows_of(TABLES[heading])


def test_the_keys_of_buckets_are_named() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for store in STORES.values():
        assert all(f"`{key}`" in page for key in store.keys)
