"""DESCRIBE of objects, and of places by what they hold, with Snowflake's column names."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import fields
from typing import Any

from sapwood.dialect.statements import Column, Describe, Name
from sapwood.dialect.types import TIMESTAMP_LTZ, text
from sapwood.engine.container import SYSTEM_OBJECTS
from sapwood.engine.csv_format import CsvFormat
from sapwood.engine.definition import function_of, returned
from sapwood.engine.identity import shown_default
from sapwood.engine.information_schema import view_of
from sapwood.engine.keys import key_columns
from sapwood.engine.metadata import read_schemas, read_tables
from sapwood.engine.privileges import may_see
from sapwood.engine.result import Rows, listing
from sapwood.engine.schema_objects import FUNCTION, SEQUENCE, read_object
from sapwood.engine.show_relations import sequence_row
from sapwood.engine.table_functions import table_function
from sapwood.engine.users import describe_user
from sapwood.engine.work import Work, moment, unknown_object
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
    view = view_of(work, name)
    if view is not None:
        return _texts(_TABLE_COLUMNS, [_column_row(column, {"PRIMARY": (), "UNIQUE": ()}) for column in view.listed])
    table = work.the_table(name)
    keys = {kind: key_columns(work, table.name, kind) for kind in ("PRIMARY", "UNIQUE")}
    rows = [_column_row(column, keys) for column in table.columns]
    return _texts(_TABLE_COLUMNS, rows)


def _column_row(column: Column, keys: Mapping[str, Collection[str]]) -> tuple[str | None, ...]:
    about = (column.name, str(column.type), "COLUMN", "Y" if column.nullable else "N", shown_default(column.default))
    in_keys = ("Y" if column.name in columns else "N" for columns in keys.values())
    return (*about, *in_keys, None, None, column.comment or None, None)


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


_SEQUENCE_COLUMNS = (
    "name", "database_name", "schema_name", "next_value", "interval", "created_on", "owner", "comment", "ordered",
)  # fmt: skip


def _sequence(work: Work, name: Name) -> Rows:
    work.check_schema(name.database, name.schema)
    kept = read_object(work.cursor, SEQUENCE, name)
    if kept is None:
        raise unknown_object("Sequence", name)
    row = sequence_row(kept)
    return _texts(_SEQUENCE_COLUMNS, [tuple(str(row.get(each, "")) for each in _SEQUENCE_COLUMNS)])


def _function(work: Work, name: Name) -> Rows:
    kept = read_object(work.cursor, FUNCTION, name) if work.parts.databases.has(name.database) else None
    if kept is None:
        raise unknown_object("Function", name)
    function = function_of(kept)
    about = {
        "signature": f"({', '.join(f'{each.name} {each.type}' for each in function.parameters)})",
        "returns": returned(function),
        "language": "SQL",
        "body": function.body,
    }
    return _texts(("property", "value"), list(about.items()))


def _result(work: Work, name: Name) -> Rows:
    """The columns of an earlier statement's result, of the last one's if no query id is given."""
    found = table_function(work, "RESULT_SCAN", {"1": name.name} if name.name else {})
    columns = () if found is None else found.columns
    return _texts(_TABLE_COLUMNS, [_column_row(column, {"PRIMARY": (), "UNIQUE": ()}) for column in columns])


# Places ---------------------------------------------------------------------------------------------------------------


def _database(work: Work, name: Name) -> Rows:
    work.check_database(name.database)
    return _held((each.created_on, each.schema, "SCHEMA") for each in read_schemas(work.cursor, name.database))


def _schema(work: Work, name: Name) -> Rows:
    work.check_schema(name.database, name.schema)
    tables = read_tables(work.cursor, name.database, name.schema)
    return _held(
        (each.created_on, each.name.name, each.kind)
        for each in tables
        if may_see(work, work.rights, each.kind, each.name)
    )


def _warehouse(work: Work, name: Name) -> Rows:
    made = {each.name: each.created_on for each in work.parts.catalog.account_objects("WAREHOUSE")}
    if name.name not in {*made, *SYSTEM_OBJECTS["WAREHOUSE"]}:
        raise unknown_object("Warehouse", name)
    return _held([(made.get(name.name, 0), name.name, "WAREHOUSE")])


def _held(found: Iterable[tuple[int, str, str]]) -> Rows:
    columns = {"created_on": TIMESTAMP_LTZ, "name": text(), "kind": text()}
    rows = [(moment(created_on), name, kind) for created_on, name, kind in found]
    return listing("DESCRIBE", columns, sorted(rows, key=lambda row: row[1]))


_KINDS: dict[str, Callable[[Work, Name], Rows]] = {
    "USER": describe_user,
    "TABLE": _relation,
    "VIEW": _relation,
    "STAGE": _stage,
    "FILE FORMAT": _file_format,
    "MODEL": _model,
    "SEQUENCE": _sequence,
    "FUNCTION": _function,
    "RESULT": _result,
    "DATABASE": _database,
    "SCHEMA": _schema,
    "WAREHOUSE": _warehouse,
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
