"""ALTER TABLE, VIEW and WAREHOUSE.

Comes in: a reader behind the object's name. Goes out: one statement; what stands in a list is done in order, all or nothing.
"""

from __future__ import annotations

from dataclasses import replace

from sapwood.dialect.creation import Compiler, named, options_until_end
from sapwood.dialect.definitions import type_text
from sapwood.dialect.reader import Reader, unsupported
from sapwood.dialect.statements import AlterTable, AlterWarehouse, Key, Name, Statement
from sapwood.dialect.tables import declared_columns, declared_key, listed_names
from sapwood.dialect.tags import set_tags, unset_tags


def alter_table(statement: AlterTable, reader: Reader, compiler: Compiler, *, kind: str) -> Statement:
    """RENAME TO, SWAP WITH, RENAME COLUMN, ADD COLUMN ..., DROP COLUMN ..., ALTER COLUMN ..., SET COMMENT, CLUSTER BY"""
    if reader.take("RENAME", "TO"):
        found = replace(statement, action="RENAME", new_name=named(reader, compiler))
    elif reader.take("RENAME", "COLUMN"):
        old = reader.identifier()
        reader.expect("TO")
        found = replace(statement, action="RENAME COLUMN", column_name=old, new_column_name=reader.identifier())
    elif kind == "TABLE" and reader.take("SWAP", "WITH"):
        found = replace(statement, action="SWAP", new_name=named(reader, compiler))
    elif reader.take("SET", "COMMENT"):
        reader.expect("=")
        found = replace(statement, action="SET COMMENT", comment=reader.string())
    elif reader.take("UNSET", "COMMENT"):
        found = replace(statement, action="SET COMMENT")
    elif reader.take("SET", "TAG"):
        found = replace(statement, action="TAG", tags=set_tags(reader, compiler))
    elif reader.take("UNSET", "TAG"):
        found = replace(statement, action="TAG", tags=unset_tags(reader, compiler))
    elif kind == "TABLE" and _is_clustering(reader):
        found = replace(statement, action="CLUSTER")
    elif kind == "TABLE":
        found = _changed_columns(statement, reader, compiler)
    else:
        raise unsupported(f"ALTER {kind} ... {reader.word()}")
    reader.end()
    return found


def _is_clustering(reader: Reader) -> bool:
    """How the vendor should lay out a table's files; changes no result, and nothing here."""
    if reader.take("CLUSTER", "BY"):
        reader.inside()
        return True
    return any(
        reader.take(*words)
        for words in (("RESUME", "RECLUSTER"), ("SUSPEND", "RECLUSTER"), ("DROP", "CLUSTERING", "KEY"))
    )


def _changed_columns(statement: AlterTable, reader: Reader, compiler: Compiler) -> AlterTable:
    if reader.take("ADD"):
        return _added(statement, reader, compiler)
    if reader.at("DROP") and reader.word(1) in _KEYS:
        reader.take("DROP")
        return replace(statement, action="DROP KEY", key=_dropped_key(reader))
    if reader.take("DROP", "COLUMN"):
        return _dropped(statement, reader)
    if reader.take("ALTER") or reader.take("MODIFY"):
        return _modified(statement, reader, compiler)
    raise unsupported(f"ALTER TABLE ... {reader.word()} {reader.word(1)}".strip())


def _added(statement: AlterTable, reader: Reader, compiler: Compiler) -> AlterTable:
    """ADD [COLUMN] [IF NOT EXISTS] a int, b text"""
    if reader.word() in _KEYS:
        return replace(statement, action="ADD KEY", key=declared_key(reader, compiler))
    reader.take("COLUMN")
    is_lenient = reader.take("IF", "NOT", "EXISTS")
    columns = declared_columns(f"({reader.rest()})", compiler)
    return _chained(
        [
            replace(statement, action="ADD COLUMN", column=column, column_name=column.name, is_lenient=is_lenient)
            for column in columns
        ]
    )


_KEYS = ("CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN")


def _dropped_key(reader: Reader) -> Key:
    """CONSTRAINT name | PRIMARY KEY | UNIQUE (a, b) | FOREIGN KEY (a, b) [CASCADE | RESTRICT]: what is said of the key"""
    if reader.take("CONSTRAINT"):
        key = Key("", (), reader.identifier())
    elif reader.take("PRIMARY", "KEY"):
        key = Key("PRIMARY", ())
    else:
        kind = reader.any_word()
        reader.take("KEY")
        key = Key(kind, listed_names(reader))
    _ = reader.take("CASCADE") or reader.take("RESTRICT")
    return key


def _dropped(statement: AlterTable, reader: Reader) -> AlterTable:
    """DROP COLUMN [IF EXISTS] a, b"""
    is_lenient = reader.take("IF", "EXISTS")
    names = [reader.identifier()]
    while reader.take(","):
        names.append(reader.identifier())
    return _chained(
        [replace(statement, action="DROP COLUMN", column_name=name, is_lenient=is_lenient) for name in names]
    )


def _modified(statement: AlterTable, reader: Reader, compiler: Compiler) -> AlterTable:
    """ALTER [COLUMN] a SET DATA TYPE t | COMMENT '...' | SET NOT NULL | DROP NOT NULL, ...; also in parentheses"""
    inner = Reader(reader.inside()) if reader.at("(") else reader
    changes = [_modification(statement, inner, compiler)]
    while inner.take(","):
        changes.append(_modification(statement, inner, compiler))
    inner.end()
    return _chained(changes)


def _modification(statement: AlterTable, reader: Reader, compiler: Compiler) -> AlterTable:
    reader.take("COLUMN")
    changed = replace(statement, column_name=reader.identifier())
    if reader.take("COMMENT"):
        return replace(changed, action="COMMENT COLUMN", comment=reader.string())
    if reader.take("UNSET", "COMMENT"):
        return replace(changed, action="COMMENT COLUMN")
    if reader.take("SET", "DATA", "TYPE") or reader.take("TYPE"):
        return replace(changed, action="TYPE COLUMN", type=compiler.type_of(type_text(reader)))
    for words, read in (("SET TAG", set_tags), ("UNSET TAG", unset_tags)):
        if reader.take(*words.split()):
            tags = (replace(each, column=changed.column_name) for each in read(reader, compiler))
            return replace(changed, action="TAG", tags=tuple(tags))
    for words, action in (("SET NOT NULL", "NOT NULL"), ("DROP NOT NULL", "NULL"), ("DROP DEFAULT", "DROP DEFAULT")):
        if reader.take(*words.split()):
            return replace(changed, action=action)
    raise unsupported(f"ALTER TABLE ... ALTER COLUMN ... {reader.word()} {reader.word(1)}".strip())


def _chained(changes: list[AlterTable]) -> AlterTable:
    first, *rest = changes
    return replace(first, more=tuple(rest))


def alter_warehouse(name: Name, reader: Reader) -> Statement:
    """RESUME, SUSPEND, ABORT ALL QUERIES, SET and UNSET of size and cost: a warehouse costs nothing here."""
    if reader.take("SET"):
        options_until_end(reader)
    elif reader.take("UNSET"):
        reader.rest()
    elif reader.take("RESUME"):
        reader.take("IF", "SUSPENDED")
    elif not reader.take("SUSPEND") and not reader.take("ABORT", "ALL", "QUERIES"):
        raise unsupported(f"ALTER WAREHOUSE ... {reader.word()}")
    reader.end()
    return AlterWarehouse(name)
