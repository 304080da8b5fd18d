"""DESCRIBE TABLE | VIEW | STAGE | FILE FORMAT | MODEL, with Snowflake's column names."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from sapwood.dialect.statements import Column, Describe, Name
from sapwood.dialect.types import text
from sapwood.engine.csv_format import CsvFormat
from sapwood.engine.identity import shown_default
from sapwood.engine.result import Rows, listing
from sapwood.engine.users import describe_user
from sapwood.engine.work import Work, unknown_object
from sapwood.errors import UnsupportedError


def describe_object(work: Work, statement: Describe) -> Rows:
    """DESCRIBE <kind> <name>."""
    handler = _KINDS.get(statement.kind)
    if handler is None:
        raise UnsupportedError(f"DESCRIBE {statement.kind} is not supported", hint=f"Served: {', '.join(_KINDS)}.")
    return handler(work, statement.name)


_TABLE_COLUMNS = (
    "name",
    "type",
    "kind",
    "null?",
    "default",
    "primary key",
    "unique key",
    "check",
    "expression",
    "comment",
    "policy name",
)


def _relation(work: Work, name: Name) -> Rows:
    table = work.the_table(name)
    rows = [_column_row(column) for column in table.columns]
    return _texts(_TABLE_COLUMNS, rows)


def _column_row(column: Column) -> tuple[str | None, ...]:
    about = (column.name, str(column.type), "COLUMN", "Y" if column.nullable else "N", shown_default(column.default))
    return (*about, "N", "N", None, None, column.comment or None, None)


def _stage(work: Work, name: Name) -> Rows:
    stage = work.stage(name)
    if stage is None:
        raise unknown_object("Stage", name, sqlstate="02000")
    rows = _properties("STAGE_FILE_FORMAT", {"FORMAT_NAME": stage.format_name} if stage.format_name else stage.options)
    url = json.dumps([stage.url]) if stage.url else ""
    rows.append(("STAGE_LOCATION", "URL", "String", url, ""))
    return _texts(("parent_property", "property", "property_type", "property_value", "property_default"), rows)


def _file_format(work: Work, name: Name) -> Rows:
    found = work.file_format(name)
    if found is None:
        raise unknown_object("File format", name, sqlstate="02000")
    rows = [row[1:] for row in _properties("", found.options)]
    return _texts(("property", "property_type", "property_value", "property_default"), rows)


def _model(work: Work, name: Name) -> Rows:
    model = work.parts.catalog.model(name.database, name.schema, name.name)
    if model is None:
        raise unknown_object("Model", name)
    about: Mapping[str, Any] = {
        "name": model.name,
        "model_type": "CORTEX_FINETUNED",
        "base_model": model.base_model,
        "base_digest": model.base_digest,
        "adapter_digest": model.adapter_digest,
        "version": model.version,
        "job_id": model.job_id,
        "metrics": json.dumps(dict(model.metrics)),
        "owner": model.owner,
        "comment": model.comment,
    }
    return _texts(("property", "value"), [(key, str(value)) for key, value in about.items()])


_KINDS: dict[str, Callable[[Work, Name], Rows]] = {
    "USER": describe_user,
    "TABLE": _relation,
    "VIEW": _relation,
    "STAGE": _stage,
    "FILE FORMAT": _file_format,
    "MODEL": _model,
}


def _properties(parent: str, options: Mapping[str, Any]) -> list[tuple[str, str, str, str, str]]:
    given = {"TYPE": "CSV", **options}
    kinds: dict[type, str] = {bool: "Boolean", int: "Integer", tuple: "List", list: "List"}
    return [
        (parent, name, kinds.get(type(value), "String"), _shown(value), _default(name)) for name, value in given.items()
    ]


def _default(option: str) -> str:
    names = {item.name: item.default for item in fields(CsvFormat)}
    special = {"TYPE": "CSV", "FIELD_OPTIONALLY_ENCLOSED_BY": None, "ESCAPE_UNENCLOSED_FIELD": "\\", "ENCODING": "UTF8"}
    return _shown(special[option]) if option in special else _shown(names.get(option.lower(), ""))


def _shown(value: Any) -> str:
    if value is None:
        return "NONE"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(str(one) for one in value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _texts(names: tuple[str, ...], rows: list[Any]) -> Rows:
    return listing("DESCRIBE", dict.fromkeys(names, text()), rows)
