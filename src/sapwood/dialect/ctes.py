"""WITH: common table expressions, also those that read themselves.

Comes in: the tree of a query, the names further out, the compilation. Goes out: the clause in DuckDB's SQL; its tables are
known in the compilation from then on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from sapwood.dialect.binding import identifier
from sapwood.dialect.compilation import BoundQuery, Compilation, Namespace
from sapwood.dialect.names import duck, quoted
from sapwood.dialect.shape import common_types, labels_of, retyped
from sapwood.dialect.types import SnowType, number, text


def with_clause(tree: exp.Expr, outer: Namespace | None, work: Compilation) -> str:
    """The WITH clause in DuckDB's SQL; its tables are known in `work.ctes` from then on."""
    clause = tree.args.get("with_")
    if clause is None:
        return ""
    is_recursive = bool(clause.args.get("recursive")) or any(map(_reads_itself, clause.expressions))
    written = [_cte(each, outer, work, is_recursive=is_recursive) for each in clause.expressions]
    return f"WITH {'RECURSIVE ' if is_recursive else ''}{', '.join(written)} "


def _reads_itself(tree: exp.Expr) -> bool:
    """Whether the second part of a CTE reads the CTE; the word RECURSIVE may be left out."""
    if not isinstance(tree.this, exp.Union):
        return False
    name = identifier(tree.args["alias"].this)
    tables = tree.this.expression.find_all(exp.Table)
    return any(
        isinstance(each.this, exp.Identifier) and not each.args.get("db") and identifier(each.this) == name
        for each in tables
    )


def _cte(tree: exp.Expr, outer: Namespace | None, work: Compilation, *, is_recursive: bool) -> str:
    alias = tree.args["alias"]
    name, columns = identifier(alias.this), [identifier(each) for each in alias.args.get("columns") or []]
    query = (
        _recursive(tree.this, name, columns, outer, work) if is_recursive and isinstance(tree.this, exp.Union) else None
    )
    query = query or _named(work.bind_query(tree.this, outer, work), columns, name)
    work.ctes[name] = query
    listed = ", ".join(quoted(label) for label in query.labels)
    return f"{duck(name)}({listed}) AS ({query.sql})"


def _named(query: BoundQuery, columns: Sequence[str], name: str) -> BoundQuery:
    """The query with new column names, if some are given."""
    if not columns:
        return query
    source = query.as_source(name, columns=columns)
    labels = labels_of([each.name for each in source.fields])
    listed = ", ".join(map(quoted, labels))
    return BoundQuery(f"SELECT * FROM ({query.sql}) AS {quoted('named')}({listed})", source.fields, labels)


def _recursive(
    tree: exp.Expr, name: str, columns: Sequence[str], outer: Namespace | None, work: Compilation
) -> BoundQuery:
    """The first part gives the columns; their types grow until the second part fits into them."""
    first = _named(work.bind_query(tree.this, outer, work), columns, name)
    types = [each.type for each in first.fields]
    second = first
    for _ in range(4):
        shaped = [replace(each, type=type_) for each, type_ in zip(first.fields, types, strict=True)]
        work.ctes[name] = BoundQuery(first.sql, tuple(shaped), first.labels)
        second = work.bind_query(tree.expression, outer, work)
        found = common_types(first.fields, second.fields)
        grown = [_widest(type_) if type_ != before else type_ for type_, before in zip(found, types, strict=True)]
        if grown == types:
            break
        types = grown
    word = "UNION" if tree.args.get("distinct") else "UNION ALL"
    fields = tuple(replace(each, type=type_) for each, type_ in zip(first.fields, types, strict=True))
    sql = f"{retyped(first, types)} {word} {retyped(second, types)}"
    return BoundQuery(sql, fields, first.labels)


def _widest(type_: SnowType) -> SnowType:
    return number(38, type_.scale or 0) if type_.name == "FIXED" else text() if type_.name == "TEXT" else type_
