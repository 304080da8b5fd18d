"""File format options of JSON and Parquet, whose records are documents: options as written in, one checked value out.

Names, defaults and meanings: the vendor's page "CREATE FILE FORMAT". Options that change no value here are read and
have no meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sapwood.engine.csv_format import CsvFormat, csv_format
from sapwood.errors import ProgrammingError, UnsupportedError


@dataclass(frozen=True)
class DocumentFormat:
    """How a file of documents is read. `kind` is JSON or PARQUET; `compression` that of the whole file."""

    kind: str
    compression: str = "AUTO"
    strips_outer_array: bool = False
    binary_as_text: bool = True


FileForm = CsvFormat | DocumentFormat


def file_form(options: Mapping[str, Any]) -> FileForm:
    """The format that options of any TYPE mean; UnsupportedError for a type that is not read."""
    kind = str(options.get("TYPE", "CSV")).upper()
    return document_format(kind, options) if kind in _KNOWN else csv_format(options)


def document_format(kind: str, options: Mapping[str, Any]) -> DocumentFormat:
    """The format of JSON or Parquet; ProgrammingError for an option that it does not have."""
    given = {name.upper(): value for name, value in options.items() if name.upper() != "TYPE"}
    for name in given:
        if name not in _KNOWN[kind]:
            raise ProgrammingError(f"SQL compilation error:\ninvalid parameter '{name}'", errno=1006, sqlstate="22023")
    for name in _REFUSED:
        if _flag(given, name, default=False):
            raise UnsupportedError(f"{name} = TRUE of {kind} files is not supported")
    return DocumentFormat(
        kind,
        compression=str(given.get("COMPRESSION", "AUTO")).upper() if kind == "JSON" else "NONE",
        strips_outer_array=_flag(given, "STRIP_OUTER_ARRAY", default=False),
        binary_as_text=_flag(given, "BINARY_AS_TEXT", default=True),
    )


_KNOWN = {
    "JSON": (
        "COMPRESSION", "STRIP_OUTER_ARRAY", "STRIP_NULL_VALUES", "ALLOW_DUPLICATE", "ENABLE_OCTAL", "IGNORE_UTF8_ERRORS", "TRIM_SPACE", "NULL_IF",
        "REPLACE_INVALID_CHARACTERS", "SKIP_BYTE_ORDER_MARK", "DATE_FORMAT", "TIME_FORMAT", "TIMESTAMP_FORMAT", "BINARY_FORMAT", "MULTI_LINE",
        "FILE_EXTENSION",
    ),
    "PARQUET": (
        "COMPRESSION", "SNAPPY_COMPRESSION", "BINARY_AS_TEXT", "USE_LOGICAL_TYPE", "TRIM_SPACE", "USE_VECTORIZED_SCANNER",
        "REPLACE_INVALID_CHARACTERS", "NULL_IF",
    ),
}  # fmt: skip
_REFUSED = ("STRIP_NULL_VALUES", "ENABLE_OCTAL")


def _flag(given: Mapping[str, Any], name: str, *, default: bool) -> bool:
    return str(given.get(name, default)).upper() == "TRUE"
