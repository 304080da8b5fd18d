"""Tags: made, given to tables and their columns with a value, looked up.

A tag is one of the schema's objects; the values lie beside the table that has them, in the same file, so that they follow
it when it is renamed or dropped. Source: the vendor's pages "Object tagging", "SYSTEM$GET_TAG" and
"TAG_REFERENCES".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sapwood.dialect.definition_statements import CreateTag
from sapwood.dialect.names import parts, qualify
from sapwood.dialect.statements import AlterTable, Name, TagValue
from sapwood.engine.definition import put
from sapwood.engine.metadata import TableInfo
from sapwood.engine.privileges import may_see
from sapwood.engine.result import Rows, status_rows
from sapwood.engine.schema_objects import (
    TAG,
    TAGS,
    SchemaObject,
    delete_object,
    read_object,
    read_objects,
    write_object,
)
from sapwood.engine.work import Work, now_ms, unknown_object
from sapwood.errors import InvalidArgumentsError, InvalidIdentifierError, UnsupportedError

Place = tuple[str, str, str]
"""Where a value stands: the column, '' for the table itself, and the tag's schema and name."""


def create_tag(work: Work, statement: CreateTag) -> Rows:
    """CREATE TAG. One that is replaced keeps its values."""
    name = statement.name
    work.commit_open()
    work.check_schema(name.database, name.schema)
    made = SchemaObject(TAG, name, {"allowed": list(statement.allowed)}, statement.comment, now_ms(), work.state.role)
    if not put(work, made, or_replace=statement.or_replace, if_not_exists=statement.if_not_exists):
        return status_rows("CREATE_TAG", f"{name.name} already exists, statement succeeded.")
    return status_rows("CREATE_TAG", f"Tag {name.name} successfully created.")


def drop_tag(work: Work, name: Name) -> bool:
    """DROP TAG: it is taken from all that have it; False if there is none."""
    work.commit_open()
    if not work.parts.databases.has(name.database) or read_object(work.cursor, TAG, name) is None:
        return False
    with work.transaction():
        for held in read_objects(work.cursor, TAGS, name.database):
            values = {place: value for place, value in _values(held).items() if place[1:] != (name.schema, name.name)}
            _write(work, held.name, values)
        delete_object(work.cursor, TAG, name)
    return True


def tag_table(work: Work, held: TableInfo, statement: AlterTable) -> TableInfo:
    """SET TAG and UNSET TAG of a table or a column, inside the statement's transaction."""
    give_tags(work, held, statement.tags)
    return held


def give_tags(work: Work, table: TableInfo, tags: Sequence[TagValue]) -> None:
    """Give a table and its columns values of tags, or take them away."""
    given = {(each.column, each.tag.schema, each.tag.name): each.value for each in tags}
    for each in tags:
        _check(work, table, each)
    if given:
        values = {**tags_of(work, table.name), **given}
        _write(work, table.name, {place: value for place, value in values.items() if value is not None})


def _check(work: Work, table: TableInfo, given: TagValue) -> None:
    """Raise unless the table may have the tag with this value."""
    tag = given.tag
    if table.is_temporary or tag.database != table.name.database:
        raise UnsupportedError(
            "SQL compilation error:\nUnsupported: a tag of a temporary table, or of another database."
        )
    held = read_object(work.cursor, TAG, tag)
    if held is None or not may_see(work, work.rights, TAG, tag):
        raise unknown_object("Tag", tag)
    if given.column and all(column.name != given.column for column in table.columns):
        raise InvalidIdentifierError(
            f"SQL compilation error: error line 1 at position 0\ninvalid identifier '{given.column}'"
        )
    allowed = held.content["allowed"]
    if given.value is not None and allowed and given.value not in allowed:
        raise InvalidArgumentsError(
            f"SQL compilation error:\nTag value '{given.value}' is not allowed for tag '{tag}'.",
            hint=f"Allowed: {', '.join(allowed)}.",
        )


def copy_tags(work: Work, source: Name, target: Name) -> None:
    """A table that is made like another one has its tags."""
    if source.database == target.database:
        _write(work, target, tags_of(work, source))


def rename_tagged_column(work: Work, table: Name, old: str, new: str | None) -> None:
    """A column's values follow its name, or go with it."""
    moved: dict[Place, str] = {}
    for (column, schema, name), value in tags_of(work, table).items():
        follower = new if column == old else column
        if follower is not None:
            moved[follower, schema, name] = value
    _write(work, table, moved)


def tags_of(work: Work, table: Name) -> Mapping[Place, str]:
    """The values of a table's tags, and of its columns'."""
    held = read_object(work.cursor, TAGS, table)
    return {} if held is None else _values(held)


def get_tag(work: Work, tag: str, name: str, *, kind: str) -> str | None:
    """SYSTEM$GET_TAG: a tag's value; a column without one has its table's."""
    table, column = _tagged(work, name, kind)
    wanted = _full(work, parts(tag))
    values = tags_of(work, table.name) if wanted.database == table.name.database and not table.is_temporary else {}
    own, inherited = ((place, wanted.schema, wanted.name) for place in (column, ""))
    return values.get(own, values.get(inherited))


def tag_rows(work: Work, name: str, *, kind: str) -> Iterator[dict[str, str | None]]:
    """TAG_REFERENCES: the tags of a table; of a column also those of its table, where it has no value of its own."""
    table, column = _tagged(work, name, kind)
    values = {} if table.is_temporary else tags_of(work, table.name)
    for (place, schema, tag), value in sorted(values.items()):
        if place == column or (place == "" and (column, schema, tag) not in values):
            yield {
                "TAG_DATABASE": table.name.database,
                "TAG_SCHEMA": schema,
                "TAG_NAME": tag,
                "TAG_VALUE": value,
                "LEVEL": "COLUMN" if place else "TABLE",
                "OBJECT_DATABASE": table.name.database,
                "OBJECT_SCHEMA": table.name.schema,
                "OBJECT_NAME": table.name.name,
                "DOMAIN": "COLUMN" if column else "TABLE",
                "COLUMN_NAME": column or None,
            }


def _tagged(work: Work, name: str, kind: str) -> tuple[TableInfo, str]:
    """What a function about tags names: a table that the session may know of, and its column or ''."""
    if kind not in ("TABLE", "VIEW", "COLUMN"):
        raise UnsupportedError(f"Tags of a {kind.lower()} are not supported", hint="Served: TABLE, COLUMN.")
    *given, last = parts(name)
    column, table = (last, _full(work, given)) if kind == "COLUMN" else ("", _full(work, (*given, last)))
    found = work.the_table(table)
    if not may_see(work, work.rights, found.kind, table):
        raise unknown_object("Table", table)
    return found, column


def _full(work: Work, given: Iterable[str]) -> Name:
    return Name(*qualify(tuple(given), database=work.state.database, schema=work.state.schema))


def _values(held: SchemaObject) -> dict[Place, str]:
    return {(column, schema, name): value for column, schema, name, value in held.content["values"]}


def _write(work: Work, table: Name, values: Mapping[Place, str]) -> None:
    delete_object(work.cursor, TAGS, table)
    if values:
        content = {"values": [[*place, value] for place, value in values.items()]}
        write_object(work.cursor, SchemaObject(TAGS, table, content, "", now_ms(), work.state.role))
