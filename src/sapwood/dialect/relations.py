"""Tables, views and files of a stage as sources of FROM.

Comes in: a name or a place, and the scope. Goes out: a source with its SQL. A view's query is bound where it is read, with
the rights of its owner.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sqlglot import exp

from sapwood.dialect.binding import identifier
from sapwood.dialect.compilation import Bound, BoundQuery, Compilation, Field, Namespace, Source
from sapwood.dialect.grammar import parse
from sapwood.dialect.names import duck, parts, physical, qualify, spelled
from sapwood.dialect.shape import refuse, retyped
from sapwood.dialect.stagepath import stage_path
from sapwood.dialect.statements import Name, Relation, StagedFiles
from sapwood.errors import ProgrammingError, UnknownObjectError, UnsupportedError

_NO_TABLE = "DUAL"
"""The name of one row without columns; a view's text has it with its database and schema."""
_MOST_VIEWS = 32
"""Views inside views, at most; more is a circle."""


def alias_of(tree: exp.Expr) -> tuple[str, list[str]]:
    """The alias behind a source and its columns' new names."""
    alias = tree.args.get("alias")
    if alias is None:
        return "", []
    name = identifier(alias.this) if alias.this is not None else ""
    return name, [identifier(each) for each in alias.args.get("columns") or []]


def unnamed(names: Namespace) -> str:
    """The alias of a source that has none."""
    return f"~{len(names.sources)}"


def source_of_table(relation: Relation, alias: str) -> Source:
    """A table's columns under an alias."""
    return BoundQuery(
        "",
        tuple(Field(each.name, each.type, each.nullable, "") for each in relation.columns),
        tuple(physical(each.name) for each in relation.columns),
    ).as_source(alias)


def relation_bound(given: tuple[str, ...], tree: exp.Expr, names: Namespace, work: Compilation) -> Bound:
    """The table, view or CTE of a name."""
    alias, columns = alias_of(tree)
    alias = alias or given[-1]
    if len(given) == 1 and given[0] in work.ctes:
        return Bound(work.ctes[given[0]].as_source(alias, columns=columns), f"{duck(given[0])} AS {duck(alias)}")
    if given[-1] == _NO_TABLE and (len(given) == 1 or work.scope.relation(_name(given, work)) is None):
        return Bound(Source(alias, ()), f"(SELECT 1) AS {duck(alias)}")
    relation = relation_of(given, work)
    work.scope.read(relation)
    query = query_of(relation, work)
    own = () if tree.args.get("alias") is not None else (relation.name,)
    source = query.as_source(alias, columns=columns, name=own[0] if own else None)
    sql = relation.source if not relation.definition else f"({query.sql})"
    return Bound(source, f"{sql} AS {duck(alias)}")


def relation_of(given: tuple[str, ...], work: Compilation) -> Relation:
    """The table or view that a name means, noted as read."""
    name = _name(given, work)
    relation = work.scope.relation(name)
    if relation is None:
        raise UnknownObjectError(
            f"SQL compilation error:\nObject '{_full(name)}' does not exist or not authorized.",
            hint="SHOW TABLES lists what is there; USE DATABASE and USE SCHEMA say where bare names are looked up.",
        )
    work.reads[relation.name] = None
    return relation


def _name(given: tuple[str, ...], work: Compilation) -> Name:
    return Name(*qualify(given, database=work.scope.database, schema=work.scope.schema))


def _full(name: Name) -> str:
    return ".".join(spelled(part) for part in (name.database, name.schema, name.name) if part)


def query_of(relation: Relation, work: Compilation) -> BoundQuery:
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
    work.scope = (relation.inside or work.scope).within(relation.name)
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


# --- files


def staged(tree: exp.Expr, names: Namespace, work: Compilation) -> Bound:
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
    alias, columns = alias_of(tree)
    alias = alias or unnamed(names)
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
