"""File format options of CSV: as written in SQL, in; one checked value, out.

Names, defaults and meanings: https://docs.snowflake.com/en/sql-reference/sql/create-file-format. COPY's options go before the stage's, those before
the named format's.
"""

from __future__ import annotations

import codecs
import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sapwood.dialect.conventions import AUTO
from sapwood.engine.option import (
    Option,
    OptionReader,
    choice,
    flag,
    invalid_value,
    text_value,
    unknown_option,
    whole_number,
)
from sapwood.errors import ProgrammingError, UnsupportedError

TYPES = ("CSV", "JSON", "AVRO", "ORC", "PARQUET", "XML", "CUSTOM")
COMPRESSIONS = ("AUTO", "GZIP", "BZ2", "BROTLI", "ZSTD", "DEFLATE", "RAW_DEFLATE", "NONE")


@dataclass(frozen=True)
class CsvFormat:
    """How a CSV file is read. A delimiter or character of None is NONE; `record_delimiter` None too.

    With `is_any_newline`, the default, both a line feed and one with a carriage return before it end a record.
    """

    compression: str = "AUTO"
    record_delimiter: str | None = "\n"
    is_any_newline: bool = True
    field_delimiter: str | None = ","
    multi_line: bool = True
    skip_header: int = 0
    skip_blank_lines: bool = False
    date_format: str = "AUTO"
    time_format: str = "AUTO"
    timestamp_format: str = "AUTO"
    binary_format: str = "HEX"
    escape: str | None = None
    escape_unenclosed: str | None = "\\"
    trim_space: bool = False
    enclosure: str | None = None
    null_if: tuple[str, ...] = ("\\N",)
    error_on_column_count_mismatch: bool = True
    replace_invalid_characters: bool = False
    empty_field_as_null: bool = True
    skip_byte_order_mark: bool = True
    encoding: str = "utf-8"
    parses_header: bool = False

    def read_by(self, formats: Mapping[str, str]) -> CsvFormat:
        """The format, with those of a session in place of AUTO: of DATE, TIME and TIMESTAMP."""
        fields = {f"{name.lower()}_format": form for name, form in formats.items()}
        return replace(self, **{name: form for name, form in fields.items() if getattr(self, name).upper() == AUTO})

    file_extension: str | None = None

    @property
    def is_utf8(self) -> bool:
        """Whether a file's bytes are its text already."""
        return self.encoding == "utf-8" and not self.replace_invalid_characters


def merged(*layers: Mapping[str, Any] | None) -> dict[str, Any]:
    """Options in one mapping; a later layer goes before an earlier one. A layer of another TYPE starts anew."""
    options: dict[str, Any] = {}
    for layer in layers:
        given = {name.upper(): value for name, value in (layer or {}).items()}
        kind = str(given.get("TYPE", options.get("TYPE", "CSV"))).upper()
        if kind != str(options.get("TYPE", kind)).upper():
            options = {}
        options.update(given)
    return options


def csv_format(options: Mapping[str, Any]) -> CsvFormat:
    """The format; UnsupportedError for what is not served, ProgrammingError for what is wrong."""
    kind = str(options.get("TYPE", "CSV")).upper()
    if kind != "CSV":
        raise UnsupportedError(f"File format type {kind} is not supported", hint="Use CSV, JSON or PARQUET.")
    fields: dict[str, Any] = {}
    for name, value in options.items():
        if name.upper() != "TYPE":
            fields.update(_option(name.upper()).read(name.upper(), value))
    found = CsvFormat(**fields)
    _check_delimiters(found)
    if found.parses_header and found.skip_header:
        raise ProgrammingError(
            "SQL compilation error:\nPARSE_HEADER and SKIP_HEADER can't be given together", errno=1008, sqlstate="22023"
        )
    return found


def _option(name: str) -> Option:
    option = CSV_OPTIONS.get(name)
    if option is None:
        near = difflib.get_close_matches(name, CSV_OPTIONS, n=1)
        raise unknown_option(name, f"Did you mean {near[0]}?" if near else f"Known: {', '.join(CSV_OPTIONS)}.")
    return option


def _check_delimiters(found: CsvFormat) -> None:
    field, record = found.field_delimiter, found.record_delimiter
    if field and record and (field in record or record in field):
        raise ProgrammingError(
            "SQL compilation error:\nFIELD_DELIMITER and RECORD_DELIMITER may not contain each other",
            errno=1008,
            sqlstate="22023",
        )


# Readers of one option: name and value in, fields of CsvFormat out ----------------------------------------------------


def _character(field: str, allowed: str = "") -> OptionReader:
    """One character, or NONE."""

    def read(name: str, value: Any) -> dict[str, Any]:
        decoded = _unescaped(str(value))
        if decoded.upper() == "NONE":
            return {field: None}
        if len(decoded) != 1 or (allowed and decoded not in allowed):
            raise invalid_value(name, value)
        return {field: decoded}

    return read


def _delimiter(field: str) -> OptionReader:
    """Up to twenty characters, or NONE."""

    def read(name: str, value: Any) -> dict[str, Any]:
        decoded = _unescaped(str(value))
        if not 1 <= len(decoded) <= 20:
            raise invalid_value(name, value)
        return {field: None if decoded.upper() == "NONE" else decoded}

    return read


def _record_delimiter(name: str, value: Any) -> dict[str, Any]:
    read = _delimiter("record_delimiter")(name, value)
    return {**read, "is_any_newline": read["record_delimiter"] in ("\n", "\r\n")}


def null_if(field: str) -> OptionReader:
    """A text or a list of texts."""

    def read(name: str, value: Any) -> dict[str, Any]:
        given: Sequence[Any] = value if isinstance(value, (tuple, list)) else (value,)
        return {field: tuple(_unescaped(str(one)) if str(one) != "\\N" else "\\N" for one in given)}

    return read


def _encoding(name: str, value: Any) -> dict[str, Any]:
    written = str(value).upper().replace("-", "").replace("_", "")
    codec = re.sub(r"^ISO8859(\d+)$", r"iso8859-\1", written)
    codec = re.sub(r"^WINDOWS(\d+)$", r"cp\1", codec)
    try:
        return {"encoding": codecs.lookup(_CODECS.get(codec, codec)).name}
    except LookupError:
        raise UnsupportedError(f"ENCODING = {value} is not supported", hint="Save the file as UTF8.") from None


_CODECS = {"UTF16": "utf-16", "UTF16BE": "utf-16-be", "UTF16LE": "utf-16-le", "UTF32": "utf-32", "UTF32BE": "utf-32-be", "UTF32LE": "utf-32-le",
           "EUCJP": "euc_jp", "EUCKR": "euc_kr", "SHIFTJIS": "shift_jis", "KOI8R": "koi8_r", "IBM949": "cp949"}  # fmt: skip


CSV_OPTIONS: Mapping[str, Option] = {
    "COMPRESSION": Option(
        "AUTO",
        "`GZIP`, `BZ2`, `BROTLI`, `ZSTD`, `DEFLATE`, `RAW_DEFLATE` or `NONE`; AUTO goes by the file's suffix",
        choice("compression", *COMPRESSIONS),
    ),
    "RECORD_DELIMITER": Option(
        "newline", "what ends a record, or `NONE`; a newline may have a carriage return before it", _record_delimiter
    ),
    "FIELD_DELIMITER": Option("`,`", "what stands between fields, or `NONE`", _delimiter("field_delimiter")),
    "MULTI_LINE": Option("TRUE", "an enclosed field may go over lines; else it is an error", flag("multi_line")),
    "PARSE_HEADER": Option(
        "FALSE", "the first record names the columns, for MATCH_BY_COLUMN_NAME and INFER_SCHEMA", flag("parses_header")
    ),
    "SKIP_HEADER": Option("0", "lines to skip at the start", whole_number("skip_header")),
    "SKIP_BLANK_LINES": Option("FALSE", "skip lines without anything; else they are records", flag("skip_blank_lines")),
    "DATE_FORMAT": Option("AUTO", "how dates are written", text_value("date_format")),
    "TIME_FORMAT": Option("AUTO", "how times are written", text_value("time_format")),
    "TIMESTAMP_FORMAT": Option("AUTO", "how timestamps are written", text_value("timestamp_format")),
    "BINARY_FORMAT": Option(
        "HEX", "`HEX`, `BASE64` or `UTF8`", choice("binary_format", "HEX", "BASE64", "UTF8", "UTF-8")
    ),
    "ESCAPE": Option(
        "NONE", "the character that escapes another one in enclosed fields, and in the others too", _character("escape")
    ),
    "ESCAPE_UNENCLOSED_FIELD": Option(
        "`\\\\`",
        "the character that escapes another one in fields that are not enclosed",
        _character("escape_unenclosed"),
    ),
    "TRIM_SPACE": Option("FALSE", "take blanks off both ends of fields", flag("trim_space")),
    "FIELD_OPTIONALLY_ENCLOSED_BY": Option(
        "NONE", "`'` or `\"`; two of them inside a field are one", _character("enclosure", "'\"")
    ),
    "NULL_IF": Option("`\\N`", "texts that mean NULL", null_if("null_if")),
    "ERROR_ON_COLUMN_COUNT_MISMATCH": Option(
        "TRUE", "a record with more or fewer fields than columns is an error", flag("error_on_column_count_mismatch")
    ),
    "REPLACE_INVALID_CHARACTERS": Option(
        "FALSE",
        "put the replacement character in place of bytes that are not in the encoding",
        flag("replace_invalid_characters"),
    ),
    "EMPTY_FIELD_AS_NULL": Option(
        "TRUE", "nothing between two delimiters is NULL; else an empty text", flag("empty_field_as_null")
    ),
    "SKIP_BYTE_ORDER_MARK": Option("TRUE", "skip a byte order mark", flag("skip_byte_order_mark")),
    "ENCODING": Option("UTF8", "the file's encoding", _encoding),
    "FILE_EXTENSION": Option("", "suffix of unloaded files", text_value("file_extension")),
}
"""Each option with its default, its meaning, and what reads it. docs/loading.md shows this table."""


def _unescaped(text: str) -> str:
    r"""A character that may be written as \t, \x09, 0x09 or \011.

    >>> _unescaped("\\t"), _unescaped("0x7C"), _unescaped("\\174")
    ('\t', '|', '|')
    """
    if re.fullmatch(r"(\\x|0x)([0-9a-fA-F]{2})+", text):
        return bytes.fromhex(text[2:].replace("\\x", "")).decode("latin-1")
    if re.fullmatch(r"\\[0-7]{3}", text):
        return chr(int(text[1:], 8))
    for written, character in (("\\t", "\t"), ("\\n", "\n"), ("\\r", "\r"), ("\\\\", "\\"), ("\\'", "'")):
        text = text.replace(written, character)
    return text
