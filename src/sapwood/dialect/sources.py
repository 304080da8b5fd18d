"""FROM: tables, views, queries, joins, samples and table functions into DuckDB's SQL.

Comes in: the trees of FROM and JOIN, the names around them. Goes out: SQL, with the sources put into the namespace.
Table functions are those of the table at the end; files and DuckDB's own functions can't be reached.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from sapwood.dialect.binding import bind, identifier, spoken
from sapwood.dialect.coercion import cast, common, truth
from sapwood.dialect.compilation import BoundQuery, Compilation, Field, Namespace, Source
from sapwood.dialect.grammar import parse
from sapwood.dialect.names import duck, literal, parts, physical, qualify, quoted, spelled
from sapwood.dialect.pivots import turned
from sapwood.dialect.semistructured import path_keys, path_sql
from sapwood.dialect.shape import labels_of, refuse, retyped
from sapwood.dialect.stagepath import stage_path
from sapwood.dialect.statements import Name, Relation, StagedFiles
from sapwood.dialect.types import VARIANT, number, text
from sapwood.dialect.values import Value, constant_value
from sapwood.errors import (
    InvalidIdentifierError,
    ProgrammingError,
    UnknownFunctionError,
    UnknownObjectError,
    UnsupportedError,
)

_MOST_VIEWS = 32
"""Views inside views, at most; more is a circle."""

# --- FROM


@dataclass(frozen=True)
class Bound:
    """A source with its SQL for FROM."""

    source: Source
    sql: str
    is_lateral: bool = False
    is_outer: bool = False
    row_number: str = ""
    merged: tuple[tuple[str, Field], ...] = ()
    more: tuple[Source, ...] = ()


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


def source_of_table(relation: Relation, alias: str) -> Source:
    """A table's columns under an alias."""
    return BoundQuery(
        "",
        tuple(Field(each.name, each.type, each.nullable, "") for each in relation.columns),
        tuple(physical(each.name) for each in relation.columns),
    ).as_source(alias)


def from_clause(tree: exp.Expr, names: Namespace, work: Compilation) -> str:
    """FROM with its joins in SQL; the sources are in `names` from then on."""
    clause = tree.args.get("from_")
    if clause is None:
        return ""
    first = _source(clause.this, names, work)
    _admit(first, names)
    sql = first.sql
    for lateral in tree.args.get("laterals") or []:
        sql = _joined(sql, exp.Join(this=lateral), names, work)
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
    if method not in ("", "NATURAL") or kind not in ("", "INNER", "OUTER", "CROSS"):
        raise UnsupportedError(
            f"SQL compilation error:\nUnsupported join: {' '.join(each for each in (method, side, kind) if each)} JOIN."
        )
    refuse(join, ("this", "side", "kind", "on", "using", "method"))
    if _is_join(join.this):
        raise UnsupportedError("SQL compilation error:\nA join inside a join needs parentheses.")
    bound = _source(join.this, names, work)
    before = Namespace(sources=list(names.sources), merged=dict(names.merged))
    _admit(bound, names)
    word, lateral = f"{side} JOIN" if side else "INNER JOIN", "LATERAL " if bound.is_lateral else ""
    shared = _shared(join, method, before, bound)
    if shared:
        return f"{left} {word} {lateral}{bound.sql} ON {_merge(shared, side, before, bound, names, join, work)}"
    if join.args.get("on") is not None:
        return f"{left} {word} {lateral}{bound.sql} ON {truth(bind(join.args['on'], names, work)).sql}"
    if bound.is_outer:
        return f"{left} LEFT JOIN {lateral}{bound.sql} ON TRUE"
    if side:
        raise ProgrammingError(f"SQL compilation error:\n{side} JOIN needs ON or USING.")
    return f"{left} CROSS JOIN {lateral}{bound.sql}"


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
        tests.append(f"{a} = {b}")
        kept = {"RIGHT": b, "FULL": f"coalesce({a}, {b})"}.get(side, a)
        names.merged[name] = Field(name, type_, first.nullable or second.nullable or bool(side), kept)
    return " AND ".join(tests)


def _source(tree: exp.Expr, names: Namespace, work: Compilation) -> Bound:
    """One source of FROM, turned where PIVOT or UNPIVOT stands behind it."""
    bound = _plain_source(tree, names, work)
    for clause in tree.args.get("pivots") or []:
        query = turned(clause, bound.source, bound.sql, work)
        alias, columns = _alias_of(clause)
        alias = alias or f"{_UNNAMED}{len(names.sources)}"
        bound = Bound(query.as_source(alias, columns=columns), f"({query.sql}) AS {duck(alias)}")
    return bound


def _plain_source(tree: exp.Expr, names: Namespace, work: Compilation) -> Bound:
    match tree:
        case exp.Table() if isinstance(tree.this, exp.Anonymous):
            return _table_function(tree, tree.this, names, work)
        case exp.Table() if isinstance(tree.this, exp.Identifier):
            return _table(tree, names, work)
        case exp.Lateral():
            return _lateral(tree, names, work)
        case exp.Subquery() if isinstance(tree.this, (exp.Table, exp.Subquery)) and _is_join(tree.this):
            return _joined_parentheses(tree, names, work)
        case exp.Subquery() if isinstance(tree.this, exp.Table):
            refuse(tree, ("this", "joins"))
            return _source(tree.this, names, work)
        case exp.Subquery() | exp.Values():
            return _derived(tree, names, work)
        case exp.Table() if isinstance(tree.this, (exp.Var, exp.Literal)):
            return _staged(tree, names, work)
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
    alias, columns = _alias_of(tree)
    fields = inner.fields()
    labels = labels_of([each.name for each in fields])
    listed = ", ".join(f"{each.sql} AS {quoted(label)}" for each, label in zip(fields, labels, strict=True))
    query = BoundQuery(f"SELECT {listed} FROM {sql}", tuple(fields), labels)
    return Bound(query.as_source(alias, columns=columns), f"({query.sql}) AS {duck(alias)}")


def _alias_of(tree: exp.Expr) -> tuple[str, list[str]]:
    alias = tree.args.get("alias")
    if alias is None:
        return "", []
    name = identifier(alias.this) if alias.this is not None else ""
    return name, [identifier(each) for each in alias.args.get("columns") or []]


_UNNAMED = "~"


def _derived(tree: exp.Expr, names: Namespace, work: Compilation) -> Bound:
    """(query) AS alias, VALUES (...) AS alias(columns)"""
    refuse(tree, ("this", "alias", "expressions", "with_", "order", "limit", "offset", "sample", "joins", "pivots"))
    query = work.bind_query(_inner(tree), names.parent, work)
    alias, columns = _alias_of(tree)
    alias = alias or f"{_UNNAMED}{len(names.sources)}"
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
    return _sampled(_relation_bound(given, tree, names, work), tree)


def _relation_bound(given: tuple[str, ...], tree: exp.Expr, names: Namespace, work: Compilation) -> Bound:
    alias, columns = _alias_of(tree)
    alias = alias or given[-1]
    if len(given) == 1 and given[0] in work.ctes:
        return Bound(work.ctes[given[0]].as_source(alias, columns=columns), f"{duck(given[0])} AS {duck(alias)}")
    relation = relation_of(given, work)
    work.scope.read(relation)
    query = _relation(relation, work)
    own = () if tree.args.get("alias") is not None else (relation.name,)
    source = query.as_source(alias, columns=columns, name=own[0] if own else None)
    sql = relation.source if not relation.definition else f"({query.sql})"
    return Bound(source, f"{sql} AS {duck(alias)}")


def relation_of(given: tuple[str, ...], work: Compilation) -> Relation:
    """The table or view that a name means, noted as read."""
    name = Name(*qualify(given, database=work.scope.database, schema=work.scope.schema))
    relation = work.scope.relation(name)
    if relation is None:
        raise UnknownObjectError(
            f"SQL compilation error:\nObject '{_full(name)}' does not exist or not authorized.",
            hint="SHOW TABLES lists what is there; USE DATABASE and USE SCHEMA say where bare names are looked up.",
        )
    work.reads[relation.name] = None
    return relation


def _full(name: Name) -> str:
    return ".".join(spelled(part) for part in (name.database, name.schema, name.name) if part)


def _relation(relation: Relation, work: Compilation) -> BoundQuery:
    """A table's columns, or a view's query with the view's columns."""
    if not relation.definition:
        fields = tuple(Field(each.name, each.type, each.nullable, "") for each in relation.columns)
        return BoundQuery(relation.source, fields, tuple(physical(each.name) for each in relation.columns))
    if work.depth >= _MOST_VIEWS:
        raise ProgrammingError(f"SQL compilation error:\nView '{relation.name}' is nested too deeply or in a circle.")
    if relation.name not in work.views:
        work.views[relation.name] = parse(relation.definition)
    tree = work.views[relation.name]
    text_before, ctes_before, scope_before = work.text, work.ctes, work.scope
    work.text, work.ctes, work.depth = relation.definition, {}, work.depth + 1
    work.scope = relation.inside or work.scope
    query = work.bind_query(tree, None, work)
    work.text, work.ctes, work.depth = text_before, ctes_before, work.depth - 1
    work.scope = scope_before
    if len(query.fields) != len(relation.columns):
        raise ProgrammingError(
            f"SQL compilation error:\nView definition for '{_full(relation.name)}' declared {len(relation.columns)} column(s), but view query "
            f"produces {len(query.fields)} column(s).",
            errno=2057,
        )
    types = [each.type for each in relation.columns]
    fields = tuple(Field(each.name, each.type, each.nullable, "") for each in relation.columns)
    return BoundQuery(retyped(query, types), fields, query.labels)


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


# --- files


def _staged(tree: exp.Expr, names: Namespace, work: Compilation) -> Bound:
    """@stage/path [(FILE_FORMAT => ..., PATTERN => ...)]: columns $1, $2, ... and what is known of each row's place."""
    refuse(tree, ("this", "format", "pattern", "alias", "joins"))
    if not tree.this.name.startswith("@"):
        raise UnsupportedError(
            "SQL compilation error:\nOnly files of a stage can be read in FROM.",
            hint="CREATE STAGE gives a folder or URL a name; write FROM @stage/path.",
        )
    place, _ = stage_path(tree.this.name, work.scope)
    width = max((int(found) for found in _NUMBERED.findall(work.text)), default=1)
    if work.copied is not None:
        files = replace(work.copied, place=place, width=width)
    else:
        pattern = tree.args["pattern"].name if tree.args.get("pattern") is not None else ""
        files = StagedFiles(place, _format_name(tree.args.get("format"), work), pattern=pattern, width=width)
    relation = work.scope.staged_files(files)
    alias, columns = _alias_of(tree)
    alias = alias or f"{_UNNAMED}{len(names.sources)}"
    source = source_of_table(relation, alias)
    shown = tuple(each for each in source.fields if each.name.startswith("$"))
    if columns:
        shown = tuple(replace(each, name=new) for each, new in zip(shown, columns, strict=False))
    return Bound(replace(source, fields=shown, hidden=source.fields), f"{relation.source} AS {duck(alias)}")


_NUMBERED = re.compile(r"\$(\d{1,3})\b")
"""A file's column by its place."""


def _format_name(tree: exp.Expr | None, work: Compilation) -> Name | None:
    """FILE_FORMAT => name or 'name'."""
    if tree is None:
        return None
    if isinstance(tree, exp.Literal):
        given = parts(tree.name)
    else:
        given = tuple(
            identifier(part) for part in (tree.args.get("catalog"), tree.args.get("db"), tree.this) if part is not None
        )
    return Name(*qualify(given, database=work.scope.database, schema=work.scope.schema))


# --- table functions


def _table_function(tree: exp.Expr, call: exp.Expr, names: Namespace, work: Compilation) -> Bound:
    """TABLE(f(...)), IDENTIFIER(...)."""
    name = str(call.this).upper()
    inner = call.expressions[0] if len(call.expressions) == 1 else None
    if name == "IDENTIFIER" or (name == "TABLE" and isinstance(inner, (exp.Literal, exp.Column, exp.Parameter))):
        value = bind(inner, Namespace(), work) if inner is not None else constant_value(None)
        if not isinstance(value.constant, str):
            raise ProgrammingError("SQL compilation error:\nIDENTIFIER needs a constant text.")
        return _relation_bound(parts(value.constant), tree, names, work)
    if name == "TABLE" and isinstance(inner, exp.Dot):
        return _tabled(inner, tree, names, work)
    if name != "TABLE" or inner is None:
        raise UnsupportedError(
            f"SQL compilation error:\nUnknown table function {name}.",
            hint="Table functions stand in TABLE(...): FLATTEN, GENERATOR.",
        )
    return _tabled(inner, tree, names, work)


def _lateral(tree: exp.Expr, names: Namespace, work: Compilation) -> Bound:
    """LATERAL FLATTEN(...), LATERAL (query)"""
    if isinstance(tree.this, exp.Anonymous):
        return _tabled(tree.this, tree, names, work)
    if not isinstance(tree.this, exp.Subquery):
        raise UnsupportedError("SQL compilation error:\nLATERAL takes FLATTEN or a query.")
    query = work.bind_query(tree.this, names, work)
    alias, columns = _alias_of(tree)
    alias = alias or f"{_UNNAMED}{len(names.sources)}"
    return Bound(query.as_source(alias, columns=columns), f"({query.sql}) AS {duck(alias)}", is_lateral=True)


def _tabled(call: exp.Expr, tree: exp.Expr, names: Namespace, work: Compilation) -> Bound:
    name, call = _name_of_call(call)
    binder = _TABLE_FUNCTIONS.get(name, _known_to_engine(name))
    given = {str(each.this.name).upper(): each.expression for each in call.expressions if isinstance(each, exp.Kwarg)}
    plain = [each for each in call.expressions if not isinstance(each, exp.Kwarg)]
    alias, columns = _alias_of(tree)
    return binder(given, plain, alias or f"{_UNNAMED}{len(names.sources)}", columns, names, work)


def _name_of_call(call: exp.Expr) -> tuple[str, exp.Expr]:
    """A function's name in upper case with its dots, and the call behind them."""
    flat = list(call.flatten()) if isinstance(call, exp.Dot) else [call]
    return ".".join([*(identifier(part) for part in flat[:-1]), str(flat[-1].this).upper()]), flat[-1]


def _known_to_engine(name: str) -> _TableFunction:
    """A table function whose rows the engine gives; its arguments are constants."""

    def binder(
        given: dict[str, exp.Expr],
        plain: Sequence[exp.Expr],
        alias: str,
        columns: Sequence[str],
        names: Namespace,
        work: Compilation,
    ) -> Bound:
        named = {**{str(place): each for place, each in enumerate(plain, start=1)}, **given}
        refusal = f"Arguments of {name} can't read the column {{column}}."
        values = {key: bind(each, Namespace(refusal=refusal), work) for key, each in named.items()}
        relation = work.scope.table_function(name, {key: _known(value, work) for key, value in values.items()})
        if relation is None:
            raise UnknownFunctionError(
                f"SQL compilation error:\nUnknown table function {name}.",
                hint="Table functions here are FLATTEN, GENERATOR, RESULT_SCAN, INFER_SCHEMA and those of INFORMATION_SCHEMA.",
            )
        query = _relation(relation, work)
        return Bound(query.as_source(alias, columns=columns), f"{relation.source} AS {duck(alias)}")

    return binder


def _known(value: Value, work: Compilation) -> Any:
    """What an argument without columns is."""
    if value.is_constant:
        return value.constant
    if work.calls or work.commands:
        raise UnsupportedError("SQL compilation error:\nA model can't be asked in the arguments of a table function.")
    return work.scope.value(value.sql)


def _flatten(
    given: dict[str, exp.Expr],
    plain: Sequence[exp.Expr],
    alias: str,
    columns: Sequence[str],
    names: Namespace,
    work: Compilation,
) -> Bound:
    """FLATTEN(INPUT => x [, PATH => 'a.b'] [, OUTER => TRUE] [, MODE => 'ARRAY']): one row an element."""
    for name in given:
        if name not in ("INPUT", "PATH", "OUTER", "MODE", "RECURSIVE"):
            raise UnsupportedError(f"SQL compilation error:\nFLATTEN has no argument {name}.")
    tree = given.get("INPUT") or (plain[0] if plain else None)
    if tree is None:
        raise ProgrammingError("SQL compilation error:\nFLATTEN needs INPUT => ...")
    options = {
        name: bind(given[name], Namespace(), work).constant
        for name in ("PATH", "OUTER", "MODE", "RECURSIVE")
        if name in given
    }
    if options.get("RECURSIVE"):
        raise UnsupportedError("SQL compilation error:\nFLATTEN with RECURSIVE => TRUE is not supported.")
    value = cast(bind(tree, names, work), VARIANT)
    steps = path_keys(str(options["PATH"])) if options.get("PATH") else []
    source = f"json_extract({value.sql}, {path_sql(steps)})" if steps else value.sql
    sql = _flattened(
        source,
        "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in steps).lstrip("."),
        str(options.get("MODE") or "BOTH"),
    )
    holder = duck(alias)
    types = (
        ("SEQ", number(38, 0)),
        ("KEY", text()),
        ("PATH", text()),
        ("INDEX", number(38, 0)),
        ("VALUE", VARIANT),
        ("THIS", VARIANT),
    )
    refusal = "SEQ of FLATTEN is not supported yet; number the rows before with ROW_NUMBER()."
    fields = [
        Field(name, type_, True, f"{holder}.{quoted(name)}", refusal if name == "SEQ" else "") for name, type_ in types
    ]
    if columns:
        fields = [replace(each, name=new) for each, new in zip(fields, columns, strict=False)]
    return Bound(
        Source(alias, tuple(fields)),
        f"({sql}) AS {holder}",
        is_lateral=bool(names.sources),
        is_outer=bool(options.get("OUTER")),
    )


def _flattened(source: str, prefix: str, mode: str) -> str:
    """The elements of a JSON array or object as rows."""
    start = literal(prefix)
    dot = literal(f"{prefix}." if prefix else "")
    key = """'$."' || replace("~k", '"', '\\"') || '"'"""
    kinds = {
        "ARRAY": """list_transform(json_extract("~j", '$[*]'), lambda "~x", "~i": struct_pack("""
        f"""k := CAST(NULL AS VARCHAR), p := {start} || '[' || ("~i" - 1) || ']', i := "~i" - 1, v := "~x"))""",
        "OBJECT": """list_transform(json_keys("~j"), lambda "~k": struct_pack("""
        f"""k := "~k", p := {dot} || "~k", i := CAST(NULL AS BIGINT), v := json_extract("~j", {key})))""",
    }
    wanted = [kind for kind in kinds if mode.upper() in ("BOTH", kind)]
    if not wanted:
        raise ProgrammingError(f"SQL compilation error:\nFLATTEN knows the modes ARRAY, OBJECT and BOTH, not {mode}.")
    arms = " ".join(f"WHEN '{kind}' THEN {kinds[kind]}" for kind in wanted)
    return (
        'SELECT CAST(NULL AS DECIMAL(38,0)) AS "SEQ", "~u".k AS "KEY", "~u".p AS "PATH", '
        'CAST("~u".i AS DECIMAL(38,0)) AS "INDEX", "~u".v AS "VALUE", "~j" AS "THIS" '
        f'FROM (SELECT "~j", unnest(CASE json_type("~j") {arms} END) AS "~u" FROM (SELECT {source} AS "~j"))'
    )


def _generator(
    given: dict[str, exp.Expr],
    plain: Sequence[exp.Expr],
    alias: str,
    columns: Sequence[str],
    names: Namespace,
    work: Compilation,
) -> Bound:
    """GENERATOR(ROWCOUNT => n): n rows without columns."""
    count = bind(given["ROWCOUNT"], Namespace(), work).constant if set(given) == {"ROWCOUNT"} and not plain else None
    if not isinstance(count, int):
        raise UnsupportedError("SQL compilation error:\nGENERATOR takes ROWCOUNT => <number> only.")
    holder = duck(alias)
    return Bound(Source(alias, ()), f"range({count}) AS {holder}(n)", row_number=f"{holder}.n")


_TableFunction = Callable[[dict[str, exp.Expr], Sequence[exp.Expr], str, Sequence[str], Namespace, Compilation], Bound]
_TABLE_FUNCTIONS: dict[str, _TableFunction] = {"FLATTEN": _flatten, "GENERATOR": _generator}
