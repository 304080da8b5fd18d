"""Queries: a sqlglot tree into DuckDB's SQL with typed columns.

Comes in: the tree of a SELECT, a set operation or VALUES, the names further out, the compilation. Goes out: BoundQuery.
Clauses that aren't bound here are refused by name, so none is dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast as typed

from sqlglot import exp

from sapwood.dialect import plan
from sapwood.dialect.binding import bind, identifier, spoken
from sapwood.dialect.bindings import bind_placeholder
from sapwood.dialect.coercion import cast, common, comparable
from sapwood.dialect.compilation import BoundQuery, Compilation, Field, Namespace, QueryBinder
from sapwood.dialect.ctes import with_clause
from sapwood.dialect.grammar import text_of
from sapwood.dialect.hierarchies import hierarchy
from sapwood.dialect.names import quoted, spelled
from sapwood.dialect.sameness import distinct_word, united
from sapwood.dialect.shape import common_types, labels_of, refuse, retyped
from sapwood.dialect.sources import from_clause
from sapwood.dialect.stars import starred
from sapwood.dialect.types import SnowType, text
from sapwood.dialect.values import UNTYPED, Value
from sapwood.dialect.windows import direction
from sapwood.errors import InvalidIdentifierError, ParseError, ProgrammingError, UnsupportedError

_STEMS = re.compile(r'"(?:[^"]|"")*"|[^"]+')


def bind_query(tree: exp.Expr, outer: Namespace | None, work: Compilation) -> BoundQuery:
    """A query of any kind."""
    binder = _QUERIES.get(type(tree))
    if binder is None:
        raise UnsupportedError(f"SQL compilation error:\nUnsupported query: {spoken(tree)}.")
    kept = dict(work.ctes)
    prefix = with_clause(tree, outer, work)
    query = binder(tree, outer, work)
    work.ctes = kept
    return replace(query, sql=f"{prefix}{query.sql}") if prefix else query


# --- set operations and VALUES


def _set_operation(tree: exp.Expr, outer: Namespace | None, work: Compilation) -> BoundQuery:
    refuse(tree, ("with_", "this", "expression", "distinct", "order", "limit", "offset"))
    left, right = bind_query(tree.this, outer, work), bind_query(tree.expression, outer, work)
    if len(left.fields) != len(right.fields):
        raise ProgrammingError(
            f"SQL compilation error:\ninvalid number of result columns for set operator input branches, expected {len(left.fields)}, "
            f"got {len(right.fields)} in branch {{2}}",
            errno=1789,
            sqlstate="42601",
        )
    types = common_types(left.fields, right.fields)
    fields = tuple(
        replace(a, type=type_, nullable=a.nullable or b.nullable, sql="")
        for a, b, type_ in zip(left.fields, right.fields, types, strict=True)
    )
    sql = united(
        type(tree),
        retyped(left, types),
        retyped(right, types),
        values=[Value(quoted(label), type_) for label, type_ in zip(left.labels, types, strict=True)],
        is_distinct=bool(tree.args.get("distinct", True)),
    )
    order = _order_of_columns(tree.args.get("order"), fields)
    return BoundQuery(f"{sql}{order}{_limit(tree, work)}", fields, left.labels)


def _order_of_columns(order: exp.Expr | None, fields: Sequence[Field]) -> str:
    """ORDER BY of a set operation: result columns only."""
    if order is None:
        return ""
    written = [f"{_ordinal_of(key.this, fields)} {direction(key)}" for key in order.expressions]
    return f" ORDER BY {', '.join(written)}"


def _ordinal_of(tree: exp.Expr, fields: Sequence[Field]) -> int:
    place = _ordinal(tree, len(fields))
    if place is not None:
        return place
    names = [each.name for each in fields]
    if isinstance(tree, exp.Column) and not tree.table and identifier(tree.this) in names:
        return names.index(identifier(tree.this)) + 1
    raise UnsupportedError("SQL compilation error:\nORDER BY after a set operation takes result columns only.")


def _values(tree: exp.Expr, outer: Namespace | None, work: Compilation) -> BoundQuery:
    """VALUES (...), (...): columns COLUMN1, COLUMN2 ... of common types."""
    names = Namespace(parent=outer)
    rows = [
        [bind(each, names, work) for each in (row.expressions if isinstance(row, exp.Tuple) else [row])]
        for row in tree.expressions
    ]
    width = len(rows[0])
    if any(len(row) != width for row in rows):
        raise ProgrammingError("SQL compilation error:\nThe rows of VALUES must have the same number of columns.")
    types = [_output(common([row[place].type for row in rows])) for place in range(width)]
    labels = tuple(f"COLUMN{place + 1}" for place in range(width))
    written = ", ".join(
        f"({', '.join(cast(value, type_).sql for value, type_ in zip(row, types, strict=True))})" for row in rows
    )
    fields = tuple(
        Field(label, type_, any(row[place].nullable for row in rows), "")
        for place, (label, type_) in enumerate(zip(labels, types, strict=True))
    )
    listed = ", ".join(quoted(label) for label in labels)
    return BoundQuery(f"SELECT * FROM (VALUES {written}) AS {quoted('rows')}({listed})", fields, labels)


def _output(type_: SnowType) -> SnowType:
    """A column of bare NULLs is VARCHAR."""
    return text() if type_ == UNTYPED else type_


def _nested(tree: exp.Expr, outer: Namespace | None, work: Compilation) -> BoundQuery:
    """(query) [ORDER BY ...] [LIMIT ...]"""
    refuse(tree, ("with_", "this", "order", "limit", "offset", "alias"))
    if isinstance(tree.this, exp.Table):
        raise UnsupportedError("SQL compilation error:\nA table in parentheses is no query.")
    query = bind_query(tree.this, outer, work)
    tail = f"{_order_of_columns(tree.args.get('order'), query.fields)}{_limit(tree, work)}"
    return replace(query, sql=f"SELECT * FROM ({query.sql}) AS {quoted('nested')}{tail}") if tail else query


# --- SELECT


@dataclass(frozen=True)
class Item:
    """A result column: its name and its value."""

    name: str
    value: Value


_SELECT = (
    "kind",
    "with_",
    "expressions",
    "distinct",
    "from_",
    "joins",
    "laterals",
    "where",
    "group",
    "having",
    "qualify",
    "order",
    "limit",
    "offset",
)


def _select(tree: exp.Expr, outer: Namespace | None, work: Compilation) -> BoundQuery:
    if tree.args.get("connect") is not None:
        tree = hierarchy(tree, title)
    refuse(tree, _SELECT)
    names = Namespace(parent=outer)
    sources = from_clause(tree, names, work)
    names.items = _aliases(tree)
    where = _condition("WHERE", tree.args.get("where"), names, work)
    group, items = _grouped(tree, names, work)
    having = _condition("HAVING", tree.args.get("having"), names, work)
    qualify_ = _condition("QUALIFY", tree.args.get("qualify"), names, work)
    order = _order(tree.args.get("order"), items, names, work)
    if not items:
        raise ProgrammingError(
            "SQL compilation error:\nSELECT has no columns.", hint="What stands in FROM has none; name a value."
        )
    labels = labels_of([item.name for item in items])
    listed = ", ".join(f"{item.value.sql} AS {quoted(label)}" for item, label in zip(items, labels, strict=True))
    distinct = _distinct(tree, items)
    read = _with_rows_before(sources, where, names)
    sql = f"SELECT {distinct}{listed}{read}{group}{having}{qualify_}{order}{_limit(tree, work)}"
    fields = tuple(Field(item.name, item.value.type, item.value.nullable, "") for item in items)
    return BoundQuery(sql, fields, labels)


def _with_rows_before(sources: str, where: str, names: Namespace) -> str:
    """FROM and WHERE; each row with what windows want to know of the one before it.

    The rows are then read as structs by the names of their sources, so that a column is called as it was before.
    """
    if not names.before:
        return f"{sources}{where}"
    found = [re.match(r'"(?:[^"]|"")*"(?=\.)', each.sql) for source in names.sources for each in source.fields]
    rows = dict.fromkeys(each[0] for each in found if each is not None)
    listed = [*rows, *(f"{sql} AS {quoted(label)}" for label, sql in names.before.items())]
    return f" FROM (SELECT {', '.join(listed)}{sources}{where}) AS {quoted('with_rows_before')}"


def _distinct(tree: exp.Expr, items: Sequence[Item]) -> str:
    clause = tree.args.get("distinct")
    if clause is None:
        return ""
    refuse(clause, ())
    return distinct_word([item.value for item in items])


def _aliases(tree: exp.Expr) -> dict[str, exp.Expr]:
    """Select items by alias; the first of a name counts."""
    found: dict[str, exp.Expr] = {}
    for each in tree.expressions:
        if isinstance(each, exp.Alias):
            found.setdefault(identifier(each.args["alias"]), each.this)
    return found


def _condition(word: str, clause: exp.Expr | None, names: Namespace, work: Compilation) -> str:
    if clause is None:
        return ""
    value = plan.condition(clause.this, names, work, bind, waits=word == "WHERE")
    if word == "WHERE" and (value.has_aggregate or value.has_window):
        raise ProgrammingError(
            f"SQL compilation error: {work.place(clause)}\nInvalid {'aggregate' if value.has_aggregate else 'window'} function in where clause.",
            hint="Filter groups with HAVING and window functions with QUALIFY.",
        )
    if word != "WHERE" and names.groups:
        _check_group(value, names)
    return f" {word} {value.sql}"


def _limit(tree: exp.Expr, work: Compilation) -> str:
    """LIMIT, FETCH, TOP and OFFSET: constants only."""
    limit, offset = tree.args.get("limit"), tree.args.get("offset")
    written = ""
    if limit is not None:
        count = limit.args.get("count") if isinstance(limit, exp.Fetch) else limit.expression
        options = limit.args.get("limit_options")
        if options is not None and (options.args.get("percent") or options.args.get("with_ties")):
            raise UnsupportedError("SQL compilation error:\nFETCH with PERCENT or WITH TIES is not supported.")
        written += "" if isinstance(count, exp.Null) else f" LIMIT {_count(count, work)}"
    if offset is not None:
        written += "" if isinstance(offset.expression, exp.Null) else f" OFFSET {_count(offset.expression, work)}"
    return written


def _count(tree: exp.Expr | None, work: Compilation) -> int:
    if tree is None:
        return 1
    if isinstance(tree, exp.Placeholder):
        value = bind_placeholder(tree, work).constant
        return value if isinstance(value, int) else 0
    if isinstance(tree, exp.Literal) and tree.name.isdigit() and not tree.is_string:
        return int(tree.name)
    raise ProgrammingError(f"SQL compilation error:\nLIMIT and OFFSET take a number, found {spoken(tree)}.")


# --- select items


def _bound_items(tree: exp.Expr, names: Namespace, work: Compilation) -> list[Item]:
    if not tree.expressions:
        raise ParseError("SQL compilation error:\nsyntax error: SELECT is not followed by anything to select.", hint="")
    return [item for each in tree.expressions for item in _items_of(each, names, work)]


def _items_of(tree: exp.Expr, names: Namespace, work: Compilation) -> list[Item]:
    if isinstance(tree, exp.Star):
        return _starred(tree, names.fields(), names, work)
    if isinstance(tree, exp.Column) and isinstance(tree.this, exp.Star):
        qualifier = [identifier(part) for part in tree.parts[:-1]]
        sources = [source for source in names.sources if source.answers_to(qualifier)]
        if not sources:
            written = ".".join(map(spelled, qualifier))
            raise InvalidIdentifierError(f"SQL compilation error: {work.place(tree)}\ninvalid identifier '{written}'")
        return _starred(tree.this, [each for source in sources for each in source.fields], names, work)
    if isinstance(tree, exp.Alias):
        name = identifier(tree.args["alias"])
        return [Item(name, _without_itself(name, tree.this, names, work))]
    return [Item(title(tree), _finished(bind(tree, names, work)))]


def _starred(tree: exp.Expr, fields: Sequence[Field], names: Namespace, work: Compilation) -> list[Item]:
    return [Item(name, _finished(value)) for name, value in starred(tree, fields, names, work)]


def _without_itself(name: str, tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """An item's value, in which its own alias means nothing."""
    names.resolving.add(name)
    try:
        return _finished(bind(tree, names, work))
    finally:
        names.resolving.discard(name)


def _finished(value: Value) -> Value:
    """A result column that is surely NULL has its type all the same; a bare NULL has none until the outermost query."""
    if value.constant is None and value.type != UNTYPED:
        return replace(value, sql=f"CAST(NULL AS {value.type.duckdb()})")
    return value


def title(tree: exp.Expr) -> str:
    """The name of a result column without an alias: a column's own, else the text as written, in upper case.

    Text in double quotes keeps its case; line breaks and blanks stay as they are.

    >>> from sapwood.dialect.grammar import parse
    >>> title(parse("select count(*) + 1 from t").expressions[0])
    'COUNT(*) + 1'
    """
    if isinstance(tree, exp.Column) and isinstance(tree.this, exp.Identifier):
        return identifier(tree.this)
    pieces = typed(list[str], _STEMS.findall(text_of(tree).replace("\0", "")))
    return "".join(piece if piece.startswith('"') else piece.upper() for piece in pieces)


# --- GROUP BY


def _grouped(tree: exp.Expr, names: Namespace, work: Compilation) -> tuple[str, list[Item]]:
    """GROUP BY in SQL, and the select items bound within it."""
    clause = tree.args.get("group")
    items = _bound_items(tree, names, work)
    if clause is None:
        if tree.args.get("having") is not None or any(item.value.has_aggregate for item in items):
            names.groups = frozenset(("",))
            for item in items:
                _check_group(item.value, names)
        return "", items
    refuse(clause, ("expressions", "all"))
    if clause.args.get("all"):
        places = [
            place for place, item in enumerate(items, start=1) if not item.value.has_aggregate and item.value.loose
        ]
        names.groups = frozenset(items[place - 1].value.sql for place in places) | {""}
        written = ", ".join(_group_at(place, items, names) for place in places)
    else:
        keys = [_group_key(each, items, names, work) for each in clause.expressions]
        names.groups = frozenset(sql for _, sqls in keys for sql in sqls) | {""}
        written = ", ".join(key for key, _ in keys)
    items = _bound_items(tree, names, work)
    for item in items:
        _check_group(item.value, names)
    return f" GROUP BY {written}" if written else "", items


def _group_key(tree: exp.Expr, items: Sequence[Item], names: Namespace, work: Compilation) -> tuple[str, list[str]]:
    """A grouping key in SQL, and the SQL of the expressions that are values of the group."""
    word = _SETS.get(type(tree))
    if word is not None:
        inner = [_group_key(each, items, names, work) for each in tree.expressions]
        return f"{word} ({', '.join(key for key, _ in inner)})", [sql for _, sqls in inner for sql in sqls]
    if isinstance(tree, exp.Tuple):
        inner = [_group_key(each, items, names, work) for each in tree.expressions]
        return f"({', '.join(key for key, _ in inner)})", [sql for _, sqls in inner for sql in sqls]
    tree = tree.unnest()
    place = _ordinal(tree, len(items)) or _place_of_alias(tree, items, names, work)
    if place is not None:
        return _group_at(place, items, names), [items[place - 1].value.sql]
    value = bind(tree, names, work)
    if value.has_aggregate or value.has_window:
        raise ProgrammingError(
            f"SQL compilation error: {work.place(tree)}\nInvalid aggregate or window function in the group by clause."
        )
    if value.is_constant:
        return f"({value.sql})::VARCHAR", [value.sql]
    return comparable(value).sql, [value.sql]


def _key_at(place: int, items: Sequence[Item]) -> str:
    """A select item as a key: its place, unless something else than its value says what is equal."""
    value = items[place - 1].value
    key = comparable(value).sql
    return str(place) if key == value.sql else key


def _group_at(place: int, items: Sequence[Item], names: Namespace) -> str:
    """A select item as a grouping key: where there is a TIMESTAMP_TZ, the item itself may be made of the group's."""
    is_plain = all(each.type.name != "TIMESTAMP_TZ" for each in names.fields())
    return _key_at(place, items) if is_plain else comparable(items[place - 1].value).sql


_SETS: dict[type[exp.Expr], str] = {exp.GroupingSets: "GROUPING SETS", exp.Rollup: "ROLLUP", exp.Cube: "CUBE"}


def _ordinal(tree: exp.Expr, count: int) -> int | None:
    """The place of a result column given by number, from 1."""
    if not isinstance(tree, exp.Literal) or tree.is_string or not tree.name.isdigit():
        return None
    if not 1 <= int(tree.name) <= count:
        raise ProgrammingError(
            f"SQL compilation error:\nposition {tree.name} is not in the select list, which has {count} columns."
        )
    return int(tree.name)


def _place_of_alias(tree: exp.Expr, items: Sequence[Item], names: Namespace, work: Compilation) -> int | None:
    """The place of the select item that a bare name means, where no column has that name."""
    if not isinstance(tree, exp.Column) or tree.table or not isinstance(tree.this, exp.Identifier):
        return None
    name = identifier(tree.this)
    if name not in names.items or names.find(name, (), tree, work) is not None:
        return None
    return next((place for place, item in enumerate(items, start=1) if item.name == name), None)


def _check_group(value: Value, names: Namespace) -> None:
    """Outside of aggregates, a grouped query may read its grouping expressions only."""
    if value.loose and value.sql not in names.groups:
        column = re.sub(r'"', "", min(value.loose))
        raise ProgrammingError(
            f"SQL compilation error:\n[{column}] is not a valid group by expression",
            errno=979,
            sqlstate="42601",
            hint="Put the column into GROUP BY, or into an aggregate function such as ANY_VALUE.",
        )


# --- ORDER BY


def _order(clause: exp.Expr | None, items: Sequence[Item], names: Namespace, work: Compilation) -> str:
    if clause is None:
        return ""
    return f" ORDER BY {', '.join(_order_keys(key, items, names, work) for key in clause.expressions)}"


def _order_keys(key: exp.Expr, items: Sequence[Item], names: Namespace, work: Compilation) -> str:
    """One key with its direction; ALL stands for all result columns, unless one is called that."""
    tree, way = key.this, direction(key)
    is_bare = isinstance(tree, exp.Column) and not tree.table and not tree.this.quoted and tree.name.upper() == "ALL"
    if is_bare and not any(item.name == "ALL" for item in items) and names.find("ALL", (), tree, work) is None:
        return ", ".join(f"{_key_at(place, items)} {way}" for place in range(1, len(items) + 1))
    return f"{_order_key(tree, items, names, work)} {way}"


def _order_key(tree: exp.Expr, items: Sequence[Item], names: Namespace, work: Compilation) -> str:
    """A result column's place where the key means one, else an expression."""
    place = _ordinal(tree, len(items))
    if place is None and isinstance(tree, exp.Column) and not tree.table and isinstance(tree.this, exp.Identifier):
        name = identifier(tree.this)
        places = [place for place, item in enumerate(items, start=1) if item.name == name]
        place = places[0] if places else None
    if place is not None:
        return _key_at(place, items)
    value = bind(tree, names, work)
    if names.groups:
        _check_group(value, names)
    same = [place for place, item in enumerate(items, start=1) if item.value.sql == value.sql]
    if same:
        return _key_at(same[0], items)
    return f"({value.sql} || '')" if value.is_constant and value.type.name == "TEXT" else comparable(value).sql


_QUERIES: dict[type[exp.Expr], QueryBinder] = {
    exp.Select: _select,
    exp.Union: _set_operation,
    exp.Intersect: _set_operation,
    exp.Except: _set_operation,
    exp.Values: _values,
    exp.Subquery: _nested,
}
