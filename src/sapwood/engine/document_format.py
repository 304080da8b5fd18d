"""File format options of JSON and Parquet, whose records are documents: options as written in, one checked value out.

Names, defaults and meanings: https://docs.snowflake.com/en/sql-reference/sql/create-file-format
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sapwood.engine.csv_format import COMPRESSIONS, TYPES, CsvFormat, csv_format, null_if
from sapwood.engine.option import (
    Option,
    OptionReader,
    choice,
    flag,
    invalid_value,
    no_meaning,
    text_value,
    unknown_option,
)
from sapwood.errors import UnsupportedError


@dataclass(frozen=True)
class DocumentFormat:
    """How a file of documents is read. `kind` is JSON or PARQUET; `compression` that of the whole file.

    `null_if` and `trims` are about texts that are loaded into columns by name.
    """

    kind: str
    compression: str = "AUTO"
    strips_outer_array: bool = False
    strips_null_values: bool = False
    allows_duplicates: bool = False
    replaces_invalid: bool = False
    skips_mark: bool = True
    trims: bool = False
    null_if: tuple[str, ...] = ("\\N",)
    binary_as_text: bool = True
    uses_logical_type: bool = False
    file_extension: str | None = None


FileForm = CsvFormat | DocumentFormat


def file_form(options: Mapping[str, Any]) -> FileForm:
    """The format that options of any TYPE mean; UnsupportedError for a type that is not read."""
    kind = str(options.get("TYPE", "CSV")).upper()
    return document_format(kind, options) if kind in DOCUMENT_OPTIONS else csv_format(options)


def check_options(options: Mapping[str, Any]) -> None:
    """Raise for an unknown option or a bad value. A type that is not read may be named, and is refused where it is used."""
    kind = str(options.get("TYPE", "CSV")).upper()
    if kind not in TYPES:
        raise invalid_value("TYPE", options["TYPE"])
    if kind == "CSV" or kind in DOCUMENT_OPTIONS:
        file_form(options)


def document_format(kind: str, options: Mapping[str, Any]) -> DocumentFormat:
    """The format of JSON or Parquet; ProgrammingError for an option that it does not have."""
    fields: dict[str, Any] = {}
    for name, value in options.items():
        option = DOCUMENT_OPTIONS[kind].get(name.upper())
        if option is not None:
            fields.update(option.read(name.upper(), value))
        elif name.upper() != "TYPE":
            raise unknown_option(name.upper())
    return DocumentFormat(kind, **fields)


def _only(served: str) -> OptionReader:
    """An option that can only have one value."""

    def read(name: str, value: Any) -> dict[str, Any]:
        if str(value).upper() != served:
            raise UnsupportedError(f"{name} = {value} is not supported", hint=f"{served} is.")
        return {}

    return read


def _snappy(name: str, value: Any) -> dict[str, Any]:
    return {} if flag("is_on")(name, value)["is_on"] else {"compression": "NONE"}


_REPLACED = Option(
    "FALSE", "put the replacement character in place of bytes that are no UTF-8", flag("replaces_invalid")
)
_BY_NAME = "of texts that MATCH_BY_COLUMN_NAME puts into columns"
_TRIM = Option("FALSE", f"take blanks off both ends {_BY_NAME}", flag("trims"))
_NULL_IF = Option("`\\N`", f"texts that mean NULL, {_BY_NAME}", null_if("null_if"))
_AUTO = Option("AUTO", f"another value is refused; {_BY_NAME}", _only("AUTO"))
DOCUMENT_OPTIONS: Mapping[str, Mapping[str, Option]] = {
    "JSON": {
        "COMPRESSION": Option("AUTO", "as of CSV", choice("compression", *COMPRESSIONS)),
        "STRIP_OUTER_ARRAY": Option("FALSE", "each element of an outer array is a record", flag("strips_outer_array")),
        "STRIP_NULL_VALUES": Option("FALSE", "leave out fields and elements that are null", flag("strips_null_values")),
        "ALLOW_DUPLICATE": Option(
            "FALSE", "of fields of one name the last one counts; else they are an error", flag("allows_duplicates")
        ),
        "ENABLE_OCTAL": Option("FALSE", "TRUE is refused", _only("FALSE")),
        "IGNORE_UTF8_ERRORS": _REPLACED,
        "REPLACE_INVALID_CHARACTERS": _REPLACED,
        "SKIP_BYTE_ORDER_MARK": Option("TRUE", "skip a byte order mark", flag("skips_mark")),
        "TRIM_SPACE": _TRIM,
        "NULL_IF": _NULL_IF,
        "DATE_FORMAT": _AUTO,
        "TIME_FORMAT": _AUTO,
        "TIMESTAMP_FORMAT": _AUTO,
        "BINARY_FORMAT": Option("HEX", f"another value is refused; {_BY_NAME}", _only("HEX")),
        "MULTI_LINE": Option("TRUE", "documents may go over lines", no_meaning),
        "FILE_EXTENSION": Option("", "suffix of unloaded files", text_value("file_extension")),
    },
    "PARQUET": {
        "COMPRESSION": Option(
            "AUTO",
            "of unloaded files: AUTO and SNAPPY are snappy, NONE none; GZIP is what write_pandas says, and loads as all do",
            choice("compression", "AUTO", "SNAPPY", "GZIP", "NONE"),
        ),
        "SNAPPY_COMPRESSION": Option("TRUE", "FALSE is COMPRESSION = NONE", _snappy),
        "BINARY_AS_TEXT": Option(
            "TRUE", "bytes without a logical type are text; else hexadecimal digits", flag("binary_as_text")
        ),
        "USE_LOGICAL_TYPE": Option("FALSE", "has no meaning: logical types are always used", no_meaning),
        "USE_VECTORIZED_SCANNER": Option("FALSE", "has no meaning", no_meaning),
        "REPLACE_INVALID_CHARACTERS": Option("FALSE", "has no meaning: texts in Parquet files are UTF-8", no_meaning),
        "TRIM_SPACE": _TRIM,
        "NULL_IF": _NULL_IF,
    },
}
"""The options of each kind, with default and meaning. docs/loading.md shows these tables."""
