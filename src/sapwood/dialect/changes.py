"""INSERT, UPDATE, DELETE and TRUNCATE.

Comes in: the text of the statement and the compilation. Goes out: Dml. UPDATE and DELETE are bound like a SELECT over
the target table, and written in DuckDB's SQL on its source.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sqlglot import exp

from sapwood.dialect import plan
from sapwood.dialect.binding import bind, identifier
from sapwood.dialect.bindings import over_rows
from sapwood.dialect.coercion import cast
from sapwood.dialect.compilation import BoundQuery, Compilation, Namespace
from sapwood.dialect.creation import Compiler, known, named
from sapwood.dialect.grammar import parse
from sapwood.dialect.names import duck, physical, quoted, spelled
from sapwood.dialect.queries import bind_query
from sapwood.dialect.reader import Reader, unsupported
from sapwood.dialect.relations import relation_of, source_of_table
from sapwood.dialect.shape import refuse
from sapwood.dialect.sources import join_sources
from sapwood.dialect.statements import Column, Dml, Name, Query, Relation, Statement
from sapwood.dialect.values import Value, null
from sapwood.errors import InvalidIdentifierError, ProgrammingError, UnsupportedError


class Finisher(Protocol):
    """Turns a bound query into a Query with the compilation's calls."""

    def __call__(self, query: BoundQuery, work: Compilation) -> Query: ...


# --- INSERT


def insert(reader: Reader, compiler: Compiler, work: Compilation, finish: Finisher) -> Statement:
    """INSERT [OVERWRITE] INTO t [(columns)] VALUES ... | query"""
    overwrite = reader.take("OVERWRITE")
    if reader.word() in ("ALL", "FIRST"):
        raise unsupported(f"INSERT {reader.word()}")
    reader.expect("INTO")
    name = named(reader, compiler)
    relation = _table(name, compiler)
    target = _targets(reader, relation)
    tree = parse(reader.rest_in_place())
    query = bind_query(over_rows(_with_defaults(tree, target), work), None, work)
    if len(query.fields) != len(target):
        raise ProgrammingError(
            f"SQL compilation error:\nInsert value list does not match column list expecting {len(target)} but got {len(query.fields)}",
            errno=2020,
            sqlstate="21S01",
        )
    source = finish(_shaped(query, target, relation, work), work)
    return Dml(
        "INSERT",
        name,
        source=source,
        columns=tuple(column.name for column in relation.columns),
        calls=source.calls,
        overwrite=overwrite,
    )


def _table(name: Name, compiler: Compiler) -> Relation:
    relation = known(name, compiler.scope)
    if relation.definition:
        raise ProgrammingError(f"SQL compilation error:\n'{name}' is a view; only tables can be changed.")
    return relation


def _targets(reader: Reader, relation: Relation) -> list[Column]:
    """The columns that values are given for, in that order."""
    if not reader.at("(") or _is_query(reader):
        return list(relation.columns)
    given = [Reader(each).identifier() for each in reader.inside().split(",")]
    columns = {column.name: column for column in relation.columns}
    for place, each in enumerate(given):
        if each not in columns:
            raise InvalidIdentifierError(f"SQL compilation error:\ninvalid identifier '{spelled(each)}'")
        if each in given[:place]:
            raise ProgrammingError(
                f"SQL compilation error:\nduplicate column name '{each}'", errno=2025, sqlstate="42S21"
            )
    return [columns[each] for each in given]


def _is_query(reader: Reader) -> bool:
    ahead = 0
    while reader.word(ahead) == "(":
        ahead += 1
    return reader.word(ahead) in ("SELECT", "WITH")


def _with_defaults(tree: exp.Expr, target: Sequence[Column]) -> exp.Expr:
    """DEFAULT inside VALUES becomes the column's default; a NULL that no text's could be becomes one of the column's type."""
    values = tree.args["from_"].this if isinstance(tree, exp.Select) and tree.args.get("from_") is not None else tree
    for row in values.expressions if isinstance(values, exp.Values) else []:
        for place, each in enumerate(row.expressions if isinstance(row, exp.Tuple) else []):
            if _is_default(each) and place < len(target):
                each.replace(_default_tree(target[place]))
            elif isinstance(each, exp.Null) and place < len(target) and target[place].type.name in _NO_TEXT:
                each.replace(parse(f"SELECT CAST(NULL AS {target[place].type})").expressions[0])
    return tree


_NO_TEXT = ("OBJECT", "ARRAY", "VECTOR")
"""Types that no text can be cast to, as which a column of NULLs in VALUES would pass."""


def default_value(column: Column, work: Compilation) -> Value:
    """The value of a column that isn't given."""
    return bind(_default_tree(column), Namespace(), work) if column.default else null()


def _default_tree(column: Column) -> exp.Expr:
    return parse(f"SELECT {column.default}").expressions[0] if column.default else exp.null()


def _shaped(query: BoundQuery, target: Sequence[Column], relation: Relation, work: Compilation) -> BoundQuery:
    """The rows with every column of the table, in its order, cast to its types; what wasn't given has its default."""
    given = {
        column.name: (field, label) for column, field, label in zip(target, query.fields, query.labels, strict=True)
    }
    values = [
        stored(Value(quoted(given[column.name][1]), given[column.name][0].type, given[column.name][0].nullable), column)
        if column.name in given
        else stored(default_value(column, work), column)
        for column in relation.columns
    ]
    listed = ", ".join(
        f"{value.sql} AS {duck(column.name)}" for value, column in zip(values, relation.columns, strict=True)
    )
    fields = source_of_table(relation, "").fields
    return BoundQuery(
        f"SELECT {listed} FROM ({query.sql}) AS {quoted('given')}",
        fields,
        tuple(physical(each.name) for each in relation.columns),
    )


def stored(value: Value, column: Column) -> Value:
    """A value as its column holds it: too long a text is the engine's error, never cut."""
    return cast(value, column.type, truncates=False)


# --- UPDATE and DELETE


def update(text: str, work: Compilation) -> Statement:
    """UPDATE t SET a = ..., b = ... [FROM ...] [WHERE ...]"""
    tree = parse(text)
    if not isinstance(tree, exp.Update):
        raise unsupported("UPDATE")
    refuse(tree, ("this", "expressions", "from_", "where"))
    relation, names, sql, alias = target_of(tree.this, work)
    extra = join_sources(tree.args.get("from_"), names, work)
    assignments = [assignment(each, relation, names, work) for each in tree.expressions]
    where = _where(tree.args.get("where"), names, work)
    listed = ", ".join(f"{column} = {value.sql}" for column, value in assignments)
    return changed("UPDATE", relation, f"UPDATE {sql} AS {alias} SET {listed}{extra}{where}", work)


def target_of(tree: exp.Expr, work: Compilation) -> tuple[Relation, Namespace, str, str]:
    """The table to change, with the names of its columns."""
    if not isinstance(tree, exp.Table) or not isinstance(tree.this, exp.Identifier):
        raise UnsupportedError("SQL compilation error:\nUPDATE and DELETE take a table.")
    refuse(tree, ("this", "db", "catalog", "alias", "joins"))
    given = tuple(
        identifier(part) for part in (tree.args.get("catalog"), tree.args.get("db"), tree.this) if part is not None
    )
    relation = relation_of(given, work)
    if relation.definition:
        raise ProgrammingError(f"SQL compilation error:\n'{relation.name}' is a view; only tables can be changed.")
    alias = identifier(tree.args["alias"].this) if tree.args.get("alias") is not None else given[-1]
    return relation, Namespace(sources=[source_of_table(relation, alias)]), relation.source, duck(alias)


def assignment(tree: exp.Expr, relation: Relation, names: Namespace, work: Compilation) -> tuple[str, Value]:
    """column = value, cast to the column's type."""
    if not isinstance(tree, exp.EQ) or not isinstance(tree.this, exp.Column):
        raise UnsupportedError(f"SQL compilation error: {work.place(tree)}\nSET takes column = value.")
    name = identifier(tree.this.this)
    column = next((each for each in relation.columns if each.name == name), None)
    if column is None:
        raise InvalidIdentifierError(f"SQL compilation error: {work.place(tree)}\ninvalid identifier '{spelled(name)}'")
    value = default_value(column, work) if _is_default(tree.expression) else bind(tree.expression, names, work)
    if value.has_aggregate or value.has_window:
        raise ProgrammingError(
            f"SQL compilation error: {work.place(tree)}\nInvalid aggregate or window function in SET."
        )
    return duck(name), stored(value, column)


def _is_default(tree: exp.Expr) -> bool:
    return isinstance(tree, (exp.Column, exp.Var)) and not tree.args.get("table") and tree.name.upper() == "DEFAULT"


def _where(clause: exp.Expr | None, names: Namespace, work: Compilation) -> str:
    return f" WHERE {plan.condition(clause.this, names, work, bind, waits=True).sql}" if clause is not None else ""


def delete(text: str, work: Compilation) -> Statement:
    """DELETE FROM t [USING ...] [WHERE ...]"""
    tree = parse(text)
    if not isinstance(tree, exp.Delete):
        raise unsupported("DELETE")
    refuse(tree, ("this", "using", "where"))
    relation, names, sql, alias = target_of(tree.this, work)
    using = tree.args.get("using") or []
    extra = "".join(join_sources(exp.From(this=each), names, work) for each in using).replace(" FROM ", " USING ", 1)
    if len(using) > 1:
        raise unsupported("DELETE ... USING with several sources")
    return changed(
        "DELETE", relation, f"DELETE FROM {sql} AS {alias}{extra}{_where(tree.args.get('where'), names, work)}", work
    )


def changed(kind: str, relation: Relation, sql: str, work: Compilation) -> Dml:
    """The change as the engine runs it."""
    if work.commands:
        raise ProgrammingError(f"SQL compilation error:\n{kind} can't run FINETUNE.")
    return Dml(kind, relation.name, sql=sql, calls=tuple(work.calls), filters=tuple(work.filters))


def truncate(reader: Reader, compiler: Compiler) -> Statement:
    """TRUNCATE [TABLE] [IF EXISTS] t"""
    reader.take("TABLE")
    is_lenient = reader.take("IF", "EXISTS")
    name = named(reader, compiler)
    reader.end()
    relation = compiler.scope.relation(name) if is_lenient else _table(name, compiler)
    return Dml("TRUNCATE", name, sql=f"DELETE FROM {relation.source}" if relation is not None else "")
