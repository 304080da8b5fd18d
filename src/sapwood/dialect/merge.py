"""MERGE INTO target USING source ON condition WHEN [NOT] MATCHED [AND condition] THEN ...

Comes in: the text and the compilation. Goes out: Dml. The target and the source are bound like a join; what is inserted
reads the source only.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from sapwood.dialect.binding import bind, identifier
from sapwood.dialect.changes import assignment, changed, default_value, stored, target_of
from sapwood.dialect.coercion import truth
from sapwood.dialect.compilation import Compilation, Namespace
from sapwood.dialect.grammar import parse
from sapwood.dialect.names import duck, spelled
from sapwood.dialect.plan import asked_where
from sapwood.dialect.reader import unsupported
from sapwood.dialect.shape import refuse
from sapwood.dialect.sources import join_sources
from sapwood.dialect.statements import Dml, Relation, Statement
from sapwood.errors import InvalidIdentifierError, ProgrammingError


def merge(text: str, work: Compilation) -> Statement:
    """A MERGE; its SQL gives the action of each row that it changed."""
    tree = parse(text)
    if not isinstance(tree, exp.Merge):
        raise unsupported("MERGE")
    refuse(tree, ("this", "using", "on", "whens"))
    relation, names, target, alias = target_of(tree.this, work)
    source = Namespace()
    using = join_sources(exp.From(this=tree.args["using"]), source, work).removeprefix(" FROM ")
    names.sources.extend(source.sources)
    condition = truth(bind(tree.args["on"], names, work)).sql
    whens = [_when(each, relation, names, source, work) for each in tree.args["whens"].expressions]
    sql = f"MERGE INTO {target} AS {alias} USING {using} ON {condition} {' '.join(whens)} RETURNING merge_action"
    matched = [_condition(each, names, work) for each in tree.args["whens"].expressions if each.args.get("matched")]
    guard = _guard(f"{target} AS {alias} JOIN {using} ON {condition}", alias, matched) if not work.calls else ""
    made = changed("MERGE", relation, sql, work)
    return Dml(
        "MERGE", made.target, sql=sql, calls=made.calls, filters=made.filters, guard=guard, actions=_actions(tree)
    )


def _actions(tree: exp.Expr) -> tuple[str, ...]:
    """What the WHENs do, in the order of the result's columns."""
    found = {_action(each) for each in tree.args["whens"].expressions}
    return tuple(action for action in ("INSERT", "UPDATE", "DELETE") if action in found)


def _action(when: exp.Expr) -> str:
    then = when.args["then"]
    return then.name.upper() if isinstance(then, exp.Var) else type(then).__name__.upper()


def _guard(joined: str, alias: str, matched: Sequence[str]) -> str:
    """SQL that gives a row if a row of the target would be changed twice."""
    if not matched:
        return ""
    tests = " OR ".join(f"({each})" for each in matched)
    return f"SELECT 1 FROM {joined} WHERE {tests} GROUP BY {alias}.rowid HAVING count(*) > 1 LIMIT 1"


def _condition(when: exp.Expr, names: Namespace, work: Compilation) -> str:
    condition = when.args.get("condition")
    return truth(bind(condition, names, work)).sql if condition is not None else "TRUE"


def _when(when: exp.Expr, relation: Relation, names: Namespace, source: Namespace, work: Compilation) -> str:
    refuse(when, ("matched", "condition", "then"))
    is_matched = bool(when.args.get("matched"))
    if is_matched == (_action(when) == "INSERT"):
        raise ProgrammingError(
            "SQL compilation error:\nMERGE inserts WHEN NOT MATCHED, and updates or deletes WHEN MATCHED.", errno=1003
        )
    test = _condition(when, names if is_matched else source, work)
    words = "WHEN MATCHED" if is_matched else "WHEN NOT MATCHED"
    return f"{words} AND {test} THEN {_then(when.args['then'], test, relation, names, source, work)}"


def _then(then: exp.Expr, test: str, relation: Relation, names: Namespace, source: Namespace, work: Compilation) -> str:
    match then:
        case exp.Update():
            refuse(then, ("expressions",))
            sets = [assignment(each, relation, names, work) for each in then.expressions]
            return f"UPDATE SET {', '.join(f'{column} = {asked_where(test, value)}' for column, value in sets)}"
        case exp.Insert():
            return _insert(then, test, relation, source, work)
        case exp.Var() if then.name.upper() == "DELETE":
            return "DELETE"
        case _:
            raise unsupported(f"MERGE ... THEN {then.name.upper()}".strip())


def _insert(then: exp.Expr, test: str, relation: Relation, source: Namespace, work: Compilation) -> str:
    """Every column of the table; those that are not given have their default."""
    refuse(then, ("this", "expression"))
    values = then.expression.expressions if isinstance(then.expression, exp.Tuple) else []
    named = [identifier(_named(each)) for each in then.this.expressions] if isinstance(then.this, exp.Tuple) else []
    names = named or [column.name for column in relation.columns]
    if len(names) != len(values):
        raise ProgrammingError(
            f"SQL compilation error:\nInsert value list does not match column list expecting {len(names)} but got {len(values)}",
            errno=2020,
            sqlstate="21S01",
        )
    known = {column.name for column in relation.columns}
    for name in names:
        if name not in known:
            raise InvalidIdentifierError(f"SQL compilation error:\ninvalid identifier '{spelled(name)}'")
    given = dict(zip(names, values, strict=True))
    made = [
        asked_where(test, stored(bind(given[column.name], source, work), column))
        if column.name in given
        else stored(default_value(column, work), column).sql
        for column in relation.columns
    ]
    return f"INSERT ({', '.join(duck(column.name) for column in relation.columns)}) VALUES ({', '.join(made)})"


def _named(tree: exp.Expr) -> exp.Expr:
    return tree.this if isinstance(tree, exp.Column) else tree
