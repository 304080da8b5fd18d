"""CLONE of a schema or a database: a copy of what lies in it, which goes its own way from then on.

Comes in: the schemas and where each goes. Goes out: their tables with rows, views, functions, sequences, tags and keys, all in the
caller's transaction; then, in the catalogue, file formats and stages of URLs. What refers to a copied schema refers to the copy.
Files of internal stages, models and load histories stay where they are, as the vendor's page "Cloning considerations" has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from sapwood.dialect.names import quoted
from sapwood.dialect.statements import Column, Name
from sapwood.engine.definition import copy_sequence
from sapwood.engine.metadata import read_tables
from sapwood.engine.schema_objects import FUNCTION, KEYS, SEQUENCE, TAG, TAGS, SchemaObject, read_objects, write_object
from sapwood.engine.table import copy_table
from sapwood.engine.work import Work, now_ms

Places = Mapping[tuple[str, str], tuple[str, str]]
"""Schemas that are copied, each as (database, schema), and where each goes."""


def copy_schemas(work: Work, places: Places) -> None:
    """All that the files of databases hold of some schemas, into others that are there and empty."""
    for database, schema in places:
        for held in read_objects(work.cursor, SEQUENCE, database, schema):
            copy_sequence(work, held, _moved(held.name, places))
        for table in read_tables(work.cursor, database, schema):
            columns = tuple(_with_default(column, places) for column in table.columns)
            definition = _with_names(table.definition, places)
            made = replace(
                table, name=_moved(table.name, places), columns=columns, definition=definition, created_on=now_ms()
            )
            copy_table(work, table, replace(made, owner=work.state.role))
        for kind in (FUNCTION, TAG, KEYS, TAGS):
            for held in read_objects(work.cursor, kind, database, schema):
                write_object(work.cursor, _object(work, held, places))


def copy_stages(work: Work, places: Places) -> None:
    """What the catalogue holds of some schemas; the copies' files are not copied, so only stages of URLs are."""
    catalog, now, owner = work.parts.catalog, now_ms(), work.state.role
    for (database, schema), (into, beside) in places.items():
        for form in catalog.file_formats(database, schema):
            catalog.put_file_format(replace(form, database=into, schema=beside, created_on=now, owner=owner))
        for stage in catalog.stages(database, schema):
            form_name = _with_names(stage.format_name, places)
            made = replace(stage, database=into, schema=beside, format_name=form_name, created_on=now, owner=owner)
            if stage.url:
                catalog.put_stage(made)


def _moved(name: Name, places: Places) -> Name:
    """A name in a copied schema as the copy's."""
    return Name(*places.get((name.database, name.schema), (name.database, name.schema)), name.name)


def _with_default(column: Column, places: Places) -> Column:
    return column if column.default is None else replace(column, default=_with_names(column.default, places))


def _with_names(text: str, places: Places) -> str:
    """A view's query, a column's default or the name of a stage's format: names in them are kept in full."""
    for place, into in places.items():
        text = text.replace(_prefix(place), _prefix(into))
    return text


def _prefix(place: tuple[str, str]) -> str:
    return "".join(f"{quoted(part)}." for part in place)


def _object(work: Work, held: SchemaObject, places: Places) -> SchemaObject:
    content = _moved_content(dict(held.content), held.name, places)
    return replace(held, name=_moved(held.name, places), content=content, created_on=now_ms(), owner=work.state.role)


def _moved_content(content: Any, holder: Name, places: Places) -> Any:
    """What is kept of an object, with each name in it as the copy's: a table's tags name theirs without the database."""
    match content:
        case {"database": str(), "schema": str(), "name": str()}:
            return asdict(_moved(Name(**content), places))
        case {"values": list() as values}:
            tags = [(each[0], _moved(Name(holder.database, each[1], each[2]), places), each[3]) for each in values]
            return {"values": [[column, tag.schema, tag.name, value] for column, tag, value in tags]}
        case dict():
            return {key: _moved_content(each, holder, places) for key, each in content.items()}
        case list():
            return [_moved_content(each, holder, places) for each in content]
        case _:
            return content
