"""File format options of CSV: as written in SQL, in; one checked value, out.

Names, defaults and meanings: the vendor's page "CREATE FILE FORMAT". COPY's options go before the stage's, those before
the named format's.
"""

from __future__ import annotations

import codecs
import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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


def check_options(options: Mapping[str, Any]) -> None:
    """Raise for an unknown option or a bad value. Types other than CSV, JSON and PARQUET may be made, and are refused where they are used."""
    kind = str(options.get("TYPE", "CSV")).upper()
    if kind not in TYPES:
        raise _invalid("TYPE", options["TYPE"])
    if kind == "CSV":
        csv_format(options)


def csv_format(options: Mapping[str, Any]) -> CsvFormat:
    """The format; UnsupportedError for what is not served, ProgrammingError for what is wrong."""
    kind = str(options.get("TYPE", "CSV")).upper()
    if kind != "CSV":
        raise UnsupportedError(f"File format type {kind} is not supported", hint="Use CSV, JSON or PARQUET.")
    fields: dict[str, Any] = {}
    for name, value in options.items():
        if name != "TYPE":
            fields.update(_option(name.upper(), value))
    found = CsvFormat(**fields)
    _check_delimiters(found)
    return found


def _option(name: str, value: Any) -> dict[str, Any]:
    reader = _OPTIONS.get(name)
    if reader is None:
        near = difflib.get_close_matches(name, _OPTIONS, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(_OPTIONS)}."
        raise ProgrammingError(
            f"SQL compilation error:\ninvalid parameter '{name}'", errno=1006, sqlstate="22023", hint=hint
        )
    return reader(name, value)


def _check_delimiters(found: CsvFormat) -> None:
    field, record = found.field_delimiter, found.record_delimiter
    if field and record and (field in record or record in field):
        raise ProgrammingError(
            "SQL compilation error:\nFIELD_DELIMITER and RECORD_DELIMITER may not contain each other",
            errno=1008,
            sqlstate="22023",
        )


# Readers of one option: name and value in, fields of CsvFormat out ----------------------------------------------------


def _boolean(field: str) -> Any:
    def read(name: str, value: Any) -> dict[str, Any]:
        if isinstance(value, bool):
            return {field: value}
        if str(value).upper() not in ("TRUE", "FALSE"):
            raise _invalid(name, value)
        return {field: str(value).upper() == "TRUE"}

    return read


def _whole(field: str) -> Any:
    def read(name: str, value: Any) -> dict[str, Any]:
        if isinstance(value, bool) or not re.fullmatch(r"\d+", str(value)):
            raise _invalid(name, value)
        return {field: int(value)}

    return read


def _text(field: str) -> Any:
    return lambda name, value: {field: str(value)}


def _choice(field: str, choices: tuple[str, ...]) -> Any:
    def read(name: str, value: Any) -> dict[str, Any]:
        if str(value).upper() not in choices:
            raise _invalid(name, value)
        return {field: str(value).upper()}

    return read


def _character(field: str) -> Any:
    def read(name: str, value: Any) -> dict[str, Any]:
        decoded = _unescaped(str(value))
        if decoded.upper() == "NONE":
            return {field: None}
        if len(decoded) != 1:
            raise _invalid(name, value)
        return {field: decoded}

    return read


def _enclosure(name: str, value: Any) -> dict[str, Any]:
    decoded = _unescaped(str(value))
    if decoded.upper() == "NONE":
        return {"enclosure": None}
    if decoded not in ('"', "'"):
        raise _invalid(name, value)
    return {"enclosure": decoded}


def _field_delimiter(name: str, value: Any) -> dict[str, Any]:
    decoded = _unescaped(str(value))
    if not 1 <= len(decoded) <= 20:
        raise _invalid(name, value)
    return {"field_delimiter": None if decoded.upper() == "NONE" else decoded}


def _record_delimiter(name: str, value: Any) -> dict[str, Any]:
    decoded = _unescaped(str(value))
    if not 1 <= len(decoded) <= 20:
        raise _invalid(name, value)
    is_none = decoded.upper() == "NONE"
    return {"record_delimiter": None if is_none else decoded, "is_any_newline": decoded in ("\n", "\r\n")}


def _null_if(name: str, value: Any) -> dict[str, Any]:
    given = value if isinstance(value, (tuple, list)) else (value,)
    return {"null_if": tuple(_unescaped(str(one)) if str(one) != "\\N" else "\\N" for one in given)}


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


_OPTIONS: dict[str, Any] = {
    "COMPRESSION": _choice("compression", COMPRESSIONS),
    "RECORD_DELIMITER": _record_delimiter,
    "FIELD_DELIMITER": _field_delimiter,
    "MULTI_LINE": _boolean("multi_line"),
    "PARSE_HEADER": _boolean("parses_header"),
    "SKIP_HEADER": _whole("skip_header"),
    "SKIP_BLANK_LINES": _boolean("skip_blank_lines"),
    "DATE_FORMAT": _text("date_format"),
    "TIME_FORMAT": _text("time_format"),
    "TIMESTAMP_FORMAT": _text("timestamp_format"),
    "BINARY_FORMAT": _choice("binary_format", ("HEX", "BASE64", "UTF8", "UTF-8")),
    "ESCAPE": _character("escape"),
    "ESCAPE_UNENCLOSED_FIELD": _character("escape_unenclosed"),
    "TRIM_SPACE": _boolean("trim_space"),
    "FIELD_OPTIONALLY_ENCLOSED_BY": _enclosure,
    "NULL_IF": _null_if,
    "ERROR_ON_COLUMN_COUNT_MISMATCH": _boolean("error_on_column_count_mismatch"),
    "REPLACE_INVALID_CHARACTERS": _boolean("replace_invalid_characters"),
    "EMPTY_FIELD_AS_NULL": _boolean("empty_field_as_null"),
    "SKIP_BYTE_ORDER_MARK": _boolean("skip_byte_order_mark"),
    "ENCODING": _encoding,
}


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


def _invalid(name: str, value: Any) -> ProgrammingError:
    return ProgrammingError(
        f"SQL compilation error:\ninvalid value [{value}] for parameter '{name}'", errno=1008, sqlstate="22023"
    )
