"""FLATTEN, SPLIT_TO_TABLE and STRTOK_SPLIT_TO_TABLE: one row an element, and how it is spread over the rows before it.

Comes in: a table function's call. Goes out: a source whose rows are a list of structs a row. The list is unnested in the
SELECT over all that stands before it in FROM, which keeps the order; DuckDB's lateral join does not. Source: the vendor's
pages "FLATTEN" and "SPLIT_TO_TABLE".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from sapwood.dialect.binding import bind
from sapwood.dialect.coercion import cast
from sapwood.dialect.compilation import Bound, Elements, Field, Namespace, Source
from sapwood.dialect.names import duck, literal, physical, quoted
from sapwood.dialect.semistructured import path_keys, path_sql
from sapwood.dialect.strings import pieces
from sapwood.dialect.tablecall import TableCall
from sapwood.dialect.types import VARIANT, SnowType, number, text
from sapwood.errors import ProgrammingError

# --- FLATTEN

_ARGUMENTS = ("INPUT", "PATH", "OUTER", "RECURSIVE", "MODE")


def flatten(call: TableCall) -> Bound:
    """FLATTEN(INPUT => x [, PATH => 'a.b'] [, OUTER => TRUE] [, RECURSIVE => TRUE] [, MODE => 'ARRAY'])"""
    given = call.by_name(_ARGUMENTS)
    if "INPUT" not in given:
        raise ProgrammingError("SQL compilation error:\nFLATTEN needs INPUT => ...")
    options = {name: bind(given[name], Namespace(), call.work).constant for name in _ARGUMENTS[1:] if name in given}
    value = cast(bind(given["INPUT"], call.names, call.work), VARIANT)
    steps = path_keys(str(options["PATH"])) if options.get("PATH") else []
    source = f"json_extract({value.sql}, {path_sql(steps)})" if steps else value.sql
    mode = str(options.get("MODE") or "BOTH").upper()
    if mode not in ("ARRAY", "OBJECT", "BOTH"):
        raise ProgrammingError(f"SQL compilation error:\nFLATTEN knows the modes ARRAY, OBJECT and BOTH, not {mode}.")
    make = _all_below if options.get("RECURSIVE") else _elements
    found = make(source, "".join(map(_step, steps)).removeprefix("."), mode)
    return _made(call, found, source, _FLATTENED, is_outer=bool(options.get("OUTER")))


_FLATTENED: Sequence[tuple[str, SnowType, str]] = (
    ("SEQ", number(38, 0), "CAST(<seq> AS DECIMAL(38,0))"),
    ("KEY", text(), "<each>.k"),
    ("PATH", text(), "<each>.p"),
    ("INDEX", number(38, 0), "CAST(<each>.i AS DECIMAL(38,0))"),
    ("VALUE", VARIANT, "<each>.v"),
    ("THIS", VARIANT, "coalesce(<each>.t, <this>)"),
)
"""Columns of FLATTEN: name, type, and how each is read from the columns that hold its rows."""

_PLAIN_KEY = "[A-Za-z_][A-Za-z0-9_$]*"


def _step(key: str | int) -> str:
    """A step of a path as FLATTEN writes it."""
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if re.fullmatch(_PLAIN_KEY, key) else f"['{key}']"


def _elements(source: str, prefix: str, mode: str) -> str:
    """The elements of a JSON array or object, as a list."""
    start, dot = literal(prefix), literal("." if prefix else "")
    key = """'$."' || replace("~k", '"', '\\"') || '"'"""
    plain = f"regexp_full_match(\"~k\", '{_PLAIN_KEY}')"
    path = f"""{start} || CASE WHEN {plain} THEN {dot} || "~k" ELSE '[''' || "~k" || ''']' END"""
    kinds = {
        "ARRAY": """list_transform(json_extract("~j", '$[*]'), lambda "~x", "~i": struct_pack("""
        f"""k := CAST(NULL AS VARCHAR), p := {start} || '[' || ("~i" - 1) || ']', i := "~i" - 1, v := "~x", t := CAST(NULL AS JSON)))""",
        "OBJECT": """list_transform(json_keys("~j"), lambda "~k": struct_pack("""
        f"""k := "~k", p := {path}, i := CAST(NULL AS BIGINT), v := json_extract("~j", {key}), t := CAST(NULL AS JSON)))""",
    }
    arms = " ".join(f"WHEN '{kind}' THEN {made}" for kind, made in kinds.items() if mode in ("BOTH", kind))
    return f"""list_transform([{source}], lambda "~j": CASE json_type("~j") {arms} END)[1]"""


def _all_below(source: str, prefix: str, mode: str) -> str:
    """All elements at any depth, each behind its parent."""
    is_array = "p.type = 'ARRAY'"
    path = f"{literal(prefix)} || regexp_replace(e.fullkey, '^\\$\\.?', '{'.' if prefix else ''}')"
    fields = (
        f"k := CASE WHEN {is_array} THEN NULL ELSE e.key END, p := {path}, i := CASE WHEN {is_array} THEN CAST(e.key AS BIGINT) END, "
        "v := CAST(e.value AS JSON), t := CAST(p.value AS JSON)"
    )
    wanted = "" if mode == "BOTH" else f" WHERE p.type = '{mode}'"
    return (
        f"(SELECT list(struct_pack({fields}) ORDER BY e.id) FROM json_tree({source}) AS e "
        f"JOIN json_tree({source}) AS p ON p.id = e.parent{wanted})"
    )


# --- texts


def split_to_table(call: TableCall) -> Bound:
    """SPLIT_TO_TABLE(text, delimiter)"""
    source, delimiter = _two_texts(call)
    return _split(
        call, f"CASE WHEN {delimiter} = '' THEN [{source}] ELSE string_split({source}, {delimiter}) END", source
    )


def strtok_split_to_table(call: TableCall) -> Bound:
    """STRTOK_SPLIT_TO_TABLE(text [, delimiters])"""
    source, delimiters = _two_texts(call)
    return _split(call, pieces(source, delimiters), source)


def _two_texts(call: TableCall) -> tuple[str, str]:
    values = [cast(bind(each, call.names, call.work), text()).sql for each in call.plain]
    if call.given or not 1 <= len(values) <= 2:
        raise ProgrammingError(f"SQL compilation error:\n{call.name} takes a text and a delimiter.")
    return values[0], values[1] if len(values) == 2 else "' '"


_SPLIT: Sequence[tuple[str, SnowType, str]] = (
    ("SEQ", number(38, 0), "CAST(<seq> AS DECIMAL(38,0))"),
    ("INDEX", number(38, 0), "CAST(<each>.i AS DECIMAL(38,0))"),
    ("VALUE", text(), "<each>.v"),
)


def _split(call: TableCall, found: str, source: str) -> Bound:
    listed = f"""list_transform({found}, lambda "~x", "~i": struct_pack(i := "~i", v := "~x"))"""
    return _made(call, listed, source, _SPLIT)


# --- both


def _made(
    call: TableCall, sql: str, source: str, columns: Sequence[tuple[str, SnowType, str]], *, is_outer: bool = False
) -> Bound:
    """The source whose columns are read from what `spread` gives."""
    holder = physical(call.alias)
    renamed = [*call.columns, *(name for name, _, _ in columns[len(call.columns) :])]
    fields = tuple(
        Field(new, type_, True, re.sub(r"<(\w+)>", lambda part: quoted(f"{holder}~{part[1]}"), read))
        for new, (_, type_, read) in zip(renamed, columns, strict=True)
    )
    carried = tuple(f"{holder}~{part}" for part in ("seq", "each", "this"))
    return Bound(Source(call.alias, fields, carried=carried), elements=Elements(sql, source, holder, is_outer))


_HELD = re.compile(r'("(?:[^"]|"")*")\.("(?:[^"]|"")*")\Z')
"""A column as a source reads it: its table and its name."""


def spread(left: str, elements: Elements, names: Namespace) -> str:
    """FROM with an element a row: a query over all before it, in which each source is a column of structs.

    What `"T"."A"` means stays the same: the field A of the column T.
    """
    kept = [column for source in names.sources for column in _carried(source)]
    names.sources[:] = [
        replace(source, carried=source.carried or (physical(source.alias),)) for source in names.sources
    ]
    found = elements.sql
    if elements.is_outer:
        found = f"CASE WHEN len({found}) > 0 THEN {found} ELSE [NULL] END"
    own = [
        f"row_number() OVER () AS {quoted(f'{elements.column}~seq')}",
        f"unnest({found}) AS {quoted(f'{elements.column}~each')}",
        f"{elements.source} AS {quoted(f'{elements.column}~this')}",
    ]
    before = f" FROM {left}" if left else ""
    return f"(SELECT {', '.join([*kept, *own])}{before}) AS {quoted(f'~spread{len(names.sources)}')}"


def _carried(source: Source) -> list[str]:
    if source.carried:
        return [quoted(column) for column in source.carried]
    pairs = [_HELD.match(field.sql) for field in (*source.hidden, *source.fields)]
    found = dict.fromkeys(f"{pair[2]} := {pair[0]}" for pair in pairs if pair is not None)
    return [f"struct_pack({', '.join(found)}) AS {duck(source.alias)}"] if found else []
