"""START WITH ... CONNECT BY: a hierarchy, written as a query over a recursive CTE.

Comes in: the tree of a SELECT. Goes out: a tree without the clause, whose FROM has the rows of the hierarchy with what LEVEL,
CONNECT_BY_ROOT and SYS_CONNECT_BY_PATH are in them. WHERE filters the whole hierarchy. Source: the vendor's page "CONNECT BY",
which refers to Oracle. Knows no columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot import exp

from sapwood.dialect.binding import identifier
from sapwood.errors import InvalidArgumentsError, UnsupportedError

_ROWS, _TREE, _ABOVE, _LEVEL = "~ROWS", "~TREE", "~ABOVE", "~LEVEL"
"""The CTEs of the source's rows and of the hierarchy, the row above in its recursion, and the column of LEVEL."""
_DEEPEST = 10_000
_CYCLE = f"(the hierarchy of CONNECT BY has a cycle, or more than {_DEEPEST} levels)"
"""What an error says instead of a level that is too deep."""


@dataclass(frozen=True)
class _Kept:
    """A column that the recursion carries along: its value in the first rows, and in a row below another one."""

    name: str
    first: exp.Expr
    below: exp.Expr


def hierarchy(tree: exp.Expr, title: Callable[[exp.Expr], str]) -> exp.Expr:
    """The SELECT without its CONNECT BY. `title` names a select item that has no alias."""
    clause, source = tree.args["connect"], tree.args.get("from_")
    if clause.args.get("nocycle") or clause.args.get("start") is None:
        raise UnsupportedError("SQL compilation error:\nCONNECT BY needs START WITH, and has no NOCYCLE.")
    if source is None or tree.args.get("joins") or tree.args.get("laterals") or source.this.args.get("joins"):
        raise UnsupportedError(
            "SQL compilation error:\nCONNECT BY takes one table, view or query in FROM.",
            hint="Put the join into a CTE, and read that.",
        )
    rows = source.this
    alias = rows.args["alias"].this if rows.args.get("alias") is not None else _name_of(rows)
    found = tree.copy()
    found.set("connect", None)
    found.set("expressions", [_named(each, title) for each in found.expressions])
    kept = [_Kept(_LEVEL, exp.Literal.number(1), _deeper())]
    for node in list(_pseudo_columns(found)):
        node.replace(_column(_keep(node, alias, kept), alias))
    for star in found.find_all(exp.Star):
        hidden = [exp.to_identifier(each.name, quoted=True) for each in kept]
        star.set("except_", [*(star.args.get("except_") or []), *hidden])
    found.set("from_", exp.From(this=_rows_of_tree(rows, clause, alias, kept)))
    return found


def _deeper() -> exp.Expr:
    """The level below a row; an error in place of one without an end."""
    above = _column(_LEVEL, _ABOVE)
    too_deep = exp.Anonymous(this="TO_NUMBER", expressions=[exp.Literal.string(_CYCLE)])
    next_one = exp.Add(this=above, expression=exp.Literal.number(1))
    limit = exp.GTE(this=above.copy(), expression=exp.Literal.number(_DEEPEST))
    return exp.Anonymous(this="IFF", expressions=[limit, too_deep, next_one])


def _name_of(rows: exp.Expr) -> exp.Expr:
    return rows.this if isinstance(rows, exp.Table) and isinstance(rows.this, exp.Identifier) else _quoted("~SOURCE")


def _named(item: exp.Expr, title: Callable[[exp.Expr], str]) -> exp.Expr:
    """A select item whose name does not depend on what becomes of it."""
    if isinstance(item, (exp.Alias, exp.Star)) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star)):
        return item
    return exp.Alias(this=item, alias=_quoted(title(item)))


def _pseudo_columns(tree: exp.Expr) -> Iterator[exp.Expr]:
    """LEVEL and the functions of a hierarchy, outside of inner queries."""
    for node in tree.walk(prune=lambda node: node is not tree and isinstance(node, (exp.Select, exp.From))):
        if _is_level(node) or isinstance(node, exp.ConnectByRoot) or _called(node) in _FUNCTIONS:
            yield node


def _is_level(node: exp.Expr) -> bool:
    return _is_bare(node) and identifier(node.this) == "LEVEL"


def _is_bare(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column) and not node.table and isinstance(node.this, exp.Identifier)


def _called(node: exp.Expr) -> str:
    return str(node.this).upper() if isinstance(node, exp.Anonymous) else ""


_FUNCTIONS = ("SYS_CONNECT_BY_PATH", "CONNECT_BY_ROOT")


def _keep(node: exp.Expr, alias: exp.Expr, kept: list[_Kept]) -> str:
    """The name of the column that has the value of a pseudo-column; it is one of `kept` from now on."""
    if _is_level(node):
        return kept[0].name
    name = f"~KEPT{len(kept)}"
    arguments = [node.this] if isinstance(node, exp.ConnectByRoot) else list(node.expressions)
    is_path = _called(node) == "SYS_CONNECT_BY_PATH"
    if len(arguments) != 1 + is_path:
        raise InvalidArgumentsError(
            f"SQL compilation error:\n{_called(node)} takes {1 + is_path} arguments.", errno=938
        )
    value = _qualified(arguments[0], alias)
    if not is_path:
        kept.append(_Kept(name, value, _column(name, _ABOVE)))
        return name
    step = exp.DPipe(this=arguments[1].copy(), expression=exp.Paren(this=value))
    kept.append(_Kept(name, step, exp.DPipe(this=_column(name, _ABOVE), expression=step.copy())))
    return name


def _rows_of_tree(rows: exp.Expr, clause: exp.Expr, alias: exp.Expr, kept: list[_Kept]) -> exp.Expr:
    """(WITH rows AS (...), tree AS (first rows UNION ALL rows below those of the tree) SELECT * FROM tree) AS alias"""
    every = exp.Column(this=exp.Star(), table=alias.copy())
    first = exp.Select(
        expressions=[every, *(exp.alias_(each.first, each.name, quoted=True) for each in kept)],
        from_=exp.From(this=_table(_ROWS, alias)),
        where=exp.Where(this=_qualified(clause.args["start"], alias)),
    )
    below = exp.Select(
        expressions=[every.copy(), *(exp.alias_(each.below, each.name, quoted=True) for each in kept)],
        from_=exp.From(this=_table(_ROWS, alias)),
        joins=[exp.Join(this=_table(_TREE, _quoted(_ABOVE)), on=_connected(clause.args["connect"], alias))],
    )
    plain = exp.Select(expressions=[exp.Star()], from_=exp.From(this=rows.copy()))
    tree = exp.Union(this=first, expression=below, distinct=False)
    return exp.Subquery(
        this=exp.Select(
            expressions=[exp.Star()],
            from_=exp.From(this=exp.Table(this=_quoted(_TREE))),
            with_=exp.With(expressions=[_cte(_ROWS, plain), _cte(_TREE, tree)], recursive=True),
        ),
        alias=exp.TableAlias(this=alias.copy()),
    )


def _connected(condition: exp.Expr, alias: exp.Expr) -> exp.Expr:
    """The condition, in which PRIOR means the row above, and LEVEL that of the row below it."""
    found = exp.Paren(this=_qualified(condition, alias))
    for level in list(filter(_is_level, found.find_all(exp.Column))):
        level.replace(exp.Paren(this=exp.Add(this=_column(_LEVEL, _ABOVE), expression=exp.Literal.number(1))))
    for prior in list(found.find_all(exp.Prior)):
        for column in prior.find_all(exp.Column):
            column.set("table", _quoted(_ABOVE))
        prior.replace(exp.Paren(this=prior.this))
    return found


def _qualified(tree: exp.Expr, alias: exp.Expr) -> exp.Expr:
    """An expression whose bare columns are the source's."""
    found = exp.Paren(this=tree.copy())
    for node in list(found.walk(prune=lambda node: isinstance(node, exp.Select))):
        if _is_bare(node) and not _is_level(node):
            node.set("table", alias.copy())
    return found


def _cte(name: str, query: exp.Expr) -> exp.Expr:
    return exp.CTE(this=query, alias=exp.TableAlias(this=_quoted(name)))


def _table(name: str, alias: exp.Expr) -> exp.Expr:
    return exp.Table(this=_quoted(name), alias=exp.TableAlias(this=alias.copy()))


def _column(name: str, table: str | exp.Expr) -> exp.Expr:
    return exp.Column(this=_quoted(name), table=_quoted(table) if isinstance(table, str) else table.copy())


def _quoted(name: str) -> exp.Expr:
    return exp.to_identifier(name, quoted=True)
