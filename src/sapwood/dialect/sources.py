"""FROM: tables, views, queries, joins, samples and table functions into DuckDB's SQL.

Comes in: the trees of FROM and JOIN, the names around them. Goes out: SQL, with the sources put into the namespace.
Files and DuckDB's own functions can't be reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from sapwood.dialect import plan
from sapwood.dialect.binding import bind, identifier, spoken
from sapwood.dialect.coercion import cast, common, compared, truth
from sapwood.dialect.compilation import Bound, BoundQuery, Compilation, Field, Namespace
from sapwood.dialect.flatten import spread
from sapwood.dialect.names import duck, quoted, spelled
from sapwood.dialect.pivots import turned
from sapwood.dialect.relations import alias_of, relation_bound, staged, unnamed
from sapwood.dialect.shape import labels_of, refuse
from sapwood.dialect.tablefunctions import lateral, table_function
from sapwood.dialect.values import Value
from sapwood.errors import (
    InvalidIdentifierError,
    ProgrammingError,
    UnsupportedError,
)

# --- FROM


def join_sources(clause: exp.Expr | None, names: Namespace, work: Compilation) -> str:
    """The FROM of an UPDATE, whose target is in `names` already."""
    if clause is None:
        return ""
    inner = Namespace()
    sql = from_clause(exp.Select(from_=clause), inner, work)
    for source in inner.sources:
        _admit(Bound(source, ""), names)
    names.merged.update(inner.merged)
    return sql


def from_clause(tree: exp.Expr, names: Namespace, work: Compilation) -> str:
    """FROM with its joins in SQL; the sources are in `names` from then on."""
    clause = tree.args.get("from_")
    if clause is None:
        return ""
    first = _source(clause.this, names, work)
    sql = spread("", first.elements, names) if first.elements is not None else first.sql
    _admit(first, names)
    for each in tree.args.get("laterals") or []:
        sql = _joined(sql, exp.Join(this=each), names, work)
    for join in [*(clause.this.args.get("joins") or []), *(tree.args.get("joins") or [])]:
        sql = _joined(sql, join, names, work)
    return f" FROM {sql}"


def _admit(bound: Bound, names: Namespace) -> None:
    for source in (bound.source, *bound.more):
        if source.alias and any(each.alias == source.alias for each in names.sources):
            raise ProgrammingError(
                f"SQL compilation error:\nduplicate alias '{spelled(source.alias)}'", errno=2012, sqlstate="42710"
            )
        names.sources.append(source)
    names.merged.update(bound.merged)
    names.row_number = names.row_number or bound.row_number


def _joined(left: str, join: exp.Expr, names: Namespace, work: Compilation) -> str:
    method = str(join.args.get("method") or "").upper()
    side, kind = str(join.args.get("side") or "").upper(), str(join.args.get("kind") or "").upper()
    if method not in ("", "NATURAL", "ASOF") or kind not in ("", "INNER", "OUTER", "CROSS"):
        raise UnsupportedError(
            f"SQL compilation error:\nUnsupported join: {' '.join(each for each in (method, side, kind) if each)} JOIN."
        )
    refuse(join, ("this", "side", "kind", "on", "using", "method", "match_condition"))
    if _is_join(join.this):
        raise UnsupportedError("SQL compilation error:\nA join inside a join needs parentheses.")
    bound = _source(join.this, names, work)
    if bound.elements is not None:
        return _spread(left, join, side, bound, names, work)
    before = Namespace(sources=list(names.sources), merged=dict(names.merged))
    _admit(bound, names)
    word, within = f"{side} JOIN" if side else "INNER JOIN", "LATERAL " if bound.is_lateral else ""
    shared = _shared(join, method, before, bound)
    if method == "ASOF":
        on = _merge(shared, "LEFT", before, bound, names, join, work) if shared else _asof_keys(join, names, work)
        return f"{left} ASOF LEFT JOIN {bound.sql} ON {_match(join, names, work)}{on and f' AND {on}'}"
    if shared:
        return f"{left} {word} {within}{bound.sql} ON {_merge(shared, side, before, bound, names, join, work)}"
    if join.args.get("on") is not None:
        return f"{left} {word} {within}{bound.sql} ON {plan.condition(join.args['on'], names, work, bind, waits=not side).sql}"
    if side == "LEFT" and bound.is_lateral:
        return f"{left} LEFT JOIN LATERAL {bound.sql} ON TRUE"
    if side:
        raise ProgrammingError(f"SQL compilation error:\n{side} JOIN needs ON or USING.")
    return f"{left} CROSS JOIN {within}{bound.sql}"


def _asof_keys(join: exp.Expr, names: Namespace, work: Compilation) -> str:
    return truth(bind(join.args["on"], names, work)).sql if join.args.get("on") is not None else ""


def _match(join: exp.Expr, names: Namespace, work: Compilation) -> str:
    """MATCH_CONDITION (a >= b) of ASOF JOIN: the nearest row of the right side."""
    condition = join.args.get("match_condition")
    condition = condition.unnest() if condition is not None else None
    if not isinstance(condition, (exp.GT, exp.GTE, exp.LT, exp.LTE)):
        raise ProgrammingError(
            "SQL compilation error:\nASOF JOIN needs MATCH_CONDITION with one comparison: >=, >, <= or <."
        )
    return bind(condition, names, work).sql.removeprefix("(").removesuffix(")")


def _spread(left: str, join: exp.Expr, side: str, bound: Bound, names: Namespace, work: Compilation) -> str:
    """A table function's elements beside each row; with LEFT JOIN, with ON TRUE or without ON, a row without any stays."""
    condition: exp.Expr | None = join.args.get("on")
    elements = bound.elements
    assert elements is not None, "asked before"
    if isinstance(condition, exp.Boolean) and condition.this:
        condition = None
    if (side and not (side == "LEFT" and condition is None)) or join.args.get("using"):
        raise UnsupportedError(
            f"SQL compilation error:\nUnsupported join: {side} JOIN of a table function, unless ON TRUE."
        )
    sql = spread(left, replace(elements, is_outer=elements.is_outer or bool(side)), names)
    _admit(bound, names)
    if condition is None:
        return sql
    test = truth(bind(condition, names, work)).sql
    return f"(SELECT * FROM {sql} WHERE {test}) AS {quoted(f'~joined{len(names.sources)}')}"


def _shared(join: exp.Expr, method: str, before: Namespace, bound: Bound) -> list[str]:
    """The columns of USING, or those that NATURAL finds on both sides."""
    if method == "NATURAL":
        known = {each.name for each in before.fields()}
        return [each.name for each in bound.source.fields if each.name in known]
    return [identifier(each) for each in join.args.get("using") or []]


def _merge(
    shared: Sequence[str],
    side: str,
    before: Namespace,
    bound: Bound,
    names: Namespace,
    join: exp.Expr,
    work: Compilation,
) -> str:
    """The condition of USING; the shared columns become one each."""
    right = Namespace(sources=[bound.source, *bound.more])
    tests: list[str] = []
    for name in shared:
        first, second = before.find(name, (), join, work), right.find(name, (), join, work)
        if first is None or second is None:
            raise InvalidIdentifierError(
                f"SQL compilation error: {work.place(join)}\ninvalid identifier '{spelled(name)}'"
            )
        type_ = common([first.type, second.type])
        a, b = (cast(Value(each.sql, each.type), type_).sql for each in (first, second))
        tests.append(" = ".join(each.sql for each in compared(Value(a, type_), Value(b, type_))))
        kept = {"RIGHT": b, "FULL": f"coalesce({a}, {b})"}.get(side, a)
        names.merged[name] = Field(name, type_, first.nullable or second.nullable or bool(side), kept)
    return " AND ".join(tests)


def _source(tree: exp.Expr, names: Namespace, work: Compilation) -> Bound:
    """One source of FROM, turned where PIVOT or UNPIVOT stands behind it."""
    bound = _plain_source(tree, names, work)
    for clause in tree.args.get("pivots") or []:
        query = turned(clause, bound.source, bound.sql, work)
        alias, columns = alias_of(clause)
        alias = alias or unnamed(names)
        bound = Bound(query.as_source(alias, columns=columns), f"({query.sql}) AS {duck(alias)}")
    return bound


def _plain_source(tree: exp.Expr, names: Namespace, work: Compilation) -> Bound:
    match tree:
        case exp.Table() if isinstance(tree.this, exp.Anonymous):
            return table_function(tree, tree.this, names, work)
        case exp.Table() if isinstance(tree.this, exp.Identifier):
            return _table(tree, names, work)
        case exp.Lateral():
            return lateral(tree, names, work)
        case exp.Subquery() if isinstance(tree.this, (exp.Table, exp.Subquery)) and _is_join(tree.this):
            return _joined_parentheses(tree, names, work)
        case exp.Subquery() if isinstance(tree.this, exp.Table):
            refuse(tree, ("this", "joins"))
            return _source(tree.this, names, work)
        case exp.Subquery() | exp.Values():
            return _derived(tree, names, work)
        case exp.Table() if isinstance(tree.this, (exp.Var, exp.Literal)):
            return staged(tree, names, work)
        case _:
            raise UnsupportedError(
                f"SQL compilation error:\nUnsupported source in FROM: {spoken(tree)}.",
                hint="Tables, views, queries, VALUES and FLATTEN can stand there.",
            )


def _is_join(tree: exp.Expr) -> bool:
    return bool(tree.args.get("joins"))


def _joined_parentheses(tree: exp.Expr, names: Namespace, work: Compilation) -> Bound:
    """(a JOIN b ON ...) [AS alias]: the sources keep their own names, or share the alias."""
    inner = Namespace(parent=names.parent)
    fake = exp.Select(from_=exp.From(this=tree.this))
    sql = from_clause(fake, inner, work).removeprefix(" FROM ")
    if tree.args.get("alias") is None:
        first, *rest = inner.sources
        return Bound(
            first, f"({sql})", merged=tuple(inner.merged.items()), more=tuple(rest), row_number=inner.row_number
        )
    alias, columns = alias_of(tree)
    fields = inner.fields()
    labels = labels_of([each.name for each in fields])
    listed = ", ".join(f"{each.sql} AS {quoted(label)}" for each, label in zip(fields, labels, strict=True))
    query = BoundQuery(f"SELECT {listed} FROM {sql}", tuple(fields), labels)
    return Bound(query.as_source(alias, columns=columns), f"({query.sql}) AS {duck(alias)}")


def _derived(tree: exp.Expr, names: Namespace, work: Compilation) -> Bound:
    """(query) AS alias, VALUES (...) AS alias(columns)"""
    refuse(tree, ("this", "alias", "expressions", "with_", "order", "limit", "offset", "sample", "joins", "pivots"))
    query = work.bind_query(_inner(tree), names.parent, work)
    alias, columns = alias_of(tree)
    alias = alias or unnamed(names)
    return _sampled(Bound(query.as_source(alias, columns=columns), f"({query.sql}) AS {duck(alias)}"), tree)


def _inner(tree: exp.Expr) -> exp.Expr:
    """The query in the parentheses, if they hold nothing else; joins and samples behind them are the source's."""
    has_more = any(tree.args.get(each) is not None for each in ("with_", "order", "limit", "offset"))
    return tree if isinstance(tree, exp.Values) or has_more else tree.this


def _table(tree: exp.Expr, names: Namespace, work: Compilation) -> Bound:
    refuse(tree, ("this", "db", "catalog", "alias", "sample", "joins", "pivots"))
    given = tuple(
        identifier(part) for part in (tree.args.get("catalog"), tree.args.get("db"), tree.this) if part is not None
    )
    return _sampled(relation_bound(given, tree, names, work), tree)


def _sampled(bound: Bound, tree: exp.Expr) -> Bound:
    """SAMPLE (10), SAMPLE (10 ROWS), with SEED."""
    sample = tree.args.get("sample")
    if sample is None:
        return bound
    refuse(sample, ("method", "percent", "size", "seed"))
    method = str(sample.args.get("method") or "BERNOULLI").upper()
    if method not in ("BERNOULLI", "SYSTEM", "ROW", "BLOCK"):
        raise UnsupportedError(f"SQL compilation error:\nUnsupported sampling method {method}.")
    percent, seed = _sampling(sample.args.get("percent")), _sampling(sample.args.get("seed"))
    size = _sampling(sample.args.get("size"))
    word = "system" if method in ("SYSTEM", "BLOCK") else "bernoulli"
    amount = f"reservoir({size} ROWS)" if size else f"{word}({percent}%)"
    repeated = f" REPEATABLE ({seed})" if seed else ""
    table, _, alias = bound.sql.rpartition(" AS ")
    return replace(bound, sql=f"(SELECT * FROM {table} USING SAMPLE {amount}{repeated}) AS {alias}")


def _sampling(tree: exp.Expr | None) -> str:
    """A number of SAMPLE or SEED, '' if there is none."""
    if tree is None:
        return ""
    if isinstance(tree, exp.Literal) and not tree.is_string and tree.name.replace(".", "", 1).isdigit():
        return tree.name
    raise ProgrammingError("SQL compilation error:\nSAMPLE and SEED take a number.")
