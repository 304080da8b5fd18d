"""VARIANT, OBJECT and ARRAY: built from values, taken apart, asked about. All three are JSON in DuckDB.

Comes in: bound values. Goes out: bound values. Knows no names of columns or tables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from sapwood.dialect.coercion import SEMI, cast
from sapwood.dialect.failures import raising
from sapwood.dialect.given import Given, Rule, arity, at_least, one_of
from sapwood.dialect.names import EACH, literal
from sapwood.dialect.statements import NOT_CONSTANT
from sapwood.dialect.types import ARRAY, BOOLEAN, OBJECT, REAL, VARIANT, SnowType, number, text
from sapwood.dialect.values import UNTYPED, Value, array_of, combine, object_of, once
from sapwood.errors import InvalidArgumentsError

TABLE = """
OBJECT_KEYS       json                  array  to_json(json_keys({0}))
STRIP_NULL_VALUE  json                  json   CASE WHEN json_type({0}) <> 'NULL' THEN {0} END
"""


def as_json(value: Value) -> Value:
    """A value as VARIANT, ready to be put into an object or array."""
    return cast(value, value.type if value.type.name in SEMI else VARIANT)


def _key(value: Value) -> Value:
    return cast(value, value.type if value.type.name == "TEXT" else text())


# --- built


def _object(*, keeps_null: bool) -> Rule:
    """OBJECT_CONSTRUCT: pairs with NULL are left out; _KEEP_NULL keeps them."""

    def rule(given: Given) -> Value:
        if len(given.values) % 2:
            raise arity(given, len(given.values) + 1, len(given.values) + 1)
        keys = [_key(value) for value in given.values[::2]]
        return object_of(keys, [as_json(value) for value in given.values[1::2]], keeps_null=keeps_null)

    return rule


_ODD = r"(^|[:,\[])\s*-?(?i:nan|inf|infinity)\s*([,\]}]|$)|,\s*[\]}]"
"""What DuckDB takes for JSON and the vendor doesn't, or reads as something else."""


_BLANKS = literal(" \t\r\n")


def _read_json(source: Value, build: Callable[[str, str], str], *, keeps_last: bool) -> str:
    """SQL over a text and what our own reader makes of it: JSON, or a text that begins with a mark of exclamation and says why it is none.

    That reader is slow, and there for what DuckDB doesn't read as the vendor does; of all else it gives NULL.
    """

    def read(x: str) -> str:
        inner = f"json_type({EACH}) = 'OBJECT' AND {_twice(EACH)}"
        inside = f"list_bool_or(list_transform(CAST(json_extract({x}, '$..*') AS JSON[]), lambda {EACH}: {inner}))"
        twice = f"{_twice(x)} OR contains(substr({x}, 2), '{{') AND coalesce({inside}, FALSE)"
        is_odd = f"NOT json_valid({x}) OR regexp_matches({x}, {literal(_ODD)})"
        needed = f"CASE WHEN trim({x}, {_BLANKS}) = '' THEN FALSE WHEN {is_odd} THEN TRUE ELSE {twice} END"
        own = f"CASE WHEN {needed} THEN own_json({x}, {str(keeps_last).upper()}) END"
        return once([x, own], build, is_volatile=True)

    return once([source.sql], read, is_volatile=source.is_volatile)


def _twice(x: str) -> str:
    """SQL for whether a key stands twice in a JSON object, not looking further down."""
    return f"len(json_keys({x})) > list_unique(json_keys({x}))"


def _parse_json(tries: bool) -> Rule:
    """PARSE_JSON(text [, 's' | 'd']): with d the last value of a key that stands twice counts."""

    def rule(given: Given) -> Value:
        source, *way = one_of(given, 1, 2)
        if way and way[0].constant not in ("s", "d"):
            raise InvalidArgumentsError(
                f"SQL compilation error:\n{given.name} takes 's' or 'd' as its second argument."
            )
        text_ = _key(source)

        def told(x: str, own: str) -> str:
            failure = raising(100069, "22P02", literal("Error parsing JSON: "), f"substr({own}, 2)", type_=VARIANT)
            standard = f"CASE WHEN trim({x}, {_BLANKS}) <> '' THEN json({x}) END"
            refused = f"WHEN starts_with({own}, '!') THEN {'NULL' if tries else failure}"
            return f"CASE WHEN {own} IS NULL THEN {standard} {refused} ELSE CAST({own} AS JSON) END"

        sql = _read_json(text_, told, keeps_last=bool(way) and way[0].constant == "d")
        return combine(sql, VARIANT, [text_], nullable=True, constant=_json_constant(text_.constant))

    return rule


def _check_json(given: Given) -> Value:
    """CHECK_JSON(text): NULL if it is JSON, else why it is none."""
    source = _key(one_of(given, 1)[0])
    sql = _read_json(
        source, lambda x, own: f"CASE WHEN starts_with({own}, '!') THEN substr({own}, 2) END", keeps_last=False
    )
    return combine(sql, text(), [source], nullable=True)


def _json_constant(content: Any) -> Any:
    if not isinstance(content, str):
        return content if content is None else NOT_CONSTANT
    try:
        return json.loads(content)
    except ValueError:
        return NOT_CONSTANT


def _to_json(given: Given) -> Value:
    value = as_json(one_of(given, 1)[0])
    return combine(f"CAST({value.sql} AS VARCHAR)", text(), [value])


# --- taken apart


def path_sql(keys: Sequence[str | int]) -> str:
    """DuckDB's JSON path, as a literal.

    >>> path_sql(["a", 0, 'b "c"'])
    '\\'$."a"[0]."b \\\\"c\\\\""\\''
    """
    steps = [
        f"[{key}]" if isinstance(key, int) else '."' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'
        for key in keys
    ]
    return literal("$" + "".join(steps))


def path(value: Value, keys: Sequence[str | int]) -> Value:
    """x:a.b[0], x['a']."""
    return combine(f"json_extract({_semi(value).sql}, {path_sql(keys)})", VARIANT, [value], nullable=True)


def _semi(value: Value) -> Value:
    if value.type.name in SEMI or value.type == UNTYPED:
        return cast(value, value.type if value.type.name in SEMI else VARIANT)
    raise InvalidArgumentsError(
        f"SQL compilation error:\nInvalid argument types for function 'GET': ({value.type}, VARCHAR)"
    )


def get(value: Value, key: Value) -> Value:
    """GET and x[key] where the key may be an expression."""
    if isinstance(key.constant, str) or (type(key.constant) is int and key.constant >= 0):
        return path(value, [key.constant])
    holder = _semi(value)
    if key.type.name == "TEXT":
        sql = f"""json_extract({holder.sql}, '$."' || replace({key.sql}, '"', '\\"') || '"')"""
    else:  # DuckDB counts negative places from the end; here nothing stands there
        sql = f"json_extract({holder.sql}, CASE WHEN {key.sql} >= 0 THEN '$[' || CAST(CAST({key.sql} AS BIGINT) AS VARCHAR) || ']' END)"
    return combine(sql, VARIANT, [holder, key], nullable=True)


def _get(given: Given) -> Value:
    value, key = one_of(given, 2)
    return get(value, key)


def _get_path(given: Given) -> Value:
    value, steps = one_of(given, 2)
    if not isinstance(steps.constant, str):
        raise InvalidArgumentsError("SQL compilation error:\nGET_PATH needs a constant path.")
    return path(value, path_keys(steps.constant))


def _path_text(given: Given) -> Value:
    """JSON_EXTRACT_PATH_TEXT(text, path): what stands there, as text."""
    source, steps = map(_key, one_of(given, 2))
    constant = steps.constant
    place = path_sql(path_keys(constant)) if isinstance(constant, str) else f"'$.' || {steps.sql}"
    return combine(f"json_extract_string({source.sql}, {place})", text(), [source, steps], nullable=True)


def path_keys(content: str) -> list[str | int]:
    """The steps of a path text; InvalidArgumentsError if it is none.

    >>> path_keys('a.b[0]["c d"]:"e.f"')
    ['a', 'b', 0, 'c d', 'e.f']
    """
    if re.fullmatch(rf"({_STEP.pattern})*", content) is None:
        raise InvalidArgumentsError(f"SQL compilation error:\nInvalid extraction path '{content}'")
    return [_key_of(found) for found in _STEP.finditer(content)]


_STEP = re.compile(
    r"""[.:]?(?P<plain>[^\W\d][\w$]*)|[.:]?"(?P<quoted>[^"]+)"|\[(?P<place>\d+)\]|\['(?P<key>[^']+)'\]|\["(?P<name>[^"]+)"\]"""
)
"""A step of a path: a name behind a dot, a colon or nothing, or what stands in brackets."""


def _key_of(step: re.Match[str]) -> str | int:
    return int(step["place"]) if step["place"] else str(step[step.lastgroup or 0])


# --- asked about


def typeof(value: Value) -> Value:
    """TYPEOF: the vendor's words."""
    words = {
        "BIGINT": "INTEGER", "UBIGINT": "INTEGER", "HUGEINT": "INTEGER", "DOUBLE": "DECIMAL", "VARCHAR": "VARCHAR", "BOOLEAN": "BOOLEAN",
        "ARRAY": "ARRAY", "OBJECT": "OBJECT", "NULL": "NULL_VALUE",
    }  # fmt: skip
    arms = " ".join(f"WHEN '{duck}' THEN '{snow}'" for duck, snow in words.items())
    return combine(f"CASE json_type({value.sql}) {arms} END", text(), [value])


def _is_kind(*kinds: str) -> Rule:
    def rule(given: Given) -> Value:
        value = as_json(one_of(given, 1)[0])
        listed = ", ".join(f"'{kind}'" for kind in kinds)
        return combine(f"(json_type({value.sql}) IN ({listed}))", BOOLEAN, [value])

    return rule


def _as_kind(target: SnowType, *kinds: str) -> Rule:
    """AS_VARCHAR and its like: NULL if the value inside is of another kind."""

    def rule(given: Given) -> Value:
        value = as_json(one_of(given, 1)[0])
        listed = ", ".join(f"'{kind}'" for kind in kinds)
        content = cast(value, target, tries=True)
        return combine(
            f"CASE WHEN json_type({value.sql}) IN ({listed}) THEN {content.sql} END", target, [value], nullable=True
        )

    return rule


def _object_insert(given: Given) -> Value:
    """OBJECT_INSERT(object, key, value [, update]): a key that is there already is an error, unless it may be updated."""
    first, second, third, *update = one_of(given, 3, 4)
    holder, key, value = as_json(first), _key(second), as_json(third)

    def build(source: str, name: str, new: str) -> str:
        rest = _pairs(source, f"list_filter(json_keys({source}), lambda {EACH}: {EACH} <> {name})")
        pair = f"CAST(to_json({name}) AS VARCHAR) || ':' || CAST({new} AS VARCHAR)"
        merged = f"CASE WHEN {new} IS NULL THEN {source} ELSE {_object_of_pairs(f'list_append({rest}, {pair})')} END"
        if update and update[0].constant is True:
            return merged
        failure = raising(100065, "22000", literal("Duplicate field key '"), name, literal("'"), type_=OBJECT)
        return f"CASE WHEN list_contains(json_keys({source}), {name}) THEN {failure} ELSE {merged} END"

    values = [holder, key, value]
    is_volatile = any(each.is_volatile for each in values)
    return combine(
        once([each.sql for each in values], build, is_volatile=is_volatile), OBJECT, values, nullable=holder.nullable
    )


def _pairs(source: str, keys: str) -> str:
    """SQL for a list of an object's pairs of some keys, as JSON writes them."""
    path = f"""'$."' || replace({EACH}, '"', '\\"') || '"'"""
    pair = f"CAST(to_json({EACH}) AS VARCHAR) || ':' || CAST(json_extract({source}, {path}) AS VARCHAR)"
    return f"list_transform({keys}, lambda {EACH}: {pair})"


def _object_of_pairs(pairs: str) -> str:
    return f"CAST('{{' || array_to_string({pairs}, ',') || '}}' AS JSON)"


def _kept_keys(*, keeps: bool) -> Rule:
    """OBJECT_PICK and OBJECT_DELETE: keys as arguments or as one array."""

    def rule(given: Given) -> Value:
        at_least(given, 2)
        holder, *keys = given.values
        is_array = len(keys) == 1 and keys[0].type.name == "ARRAY"
        wanted = f"CAST({keys[0].sql} AS VARCHAR[])" if is_array else f"[{', '.join(_key(key).sql for key in keys)}]"
        source = as_json(holder).sql
        is_kept = f"{'' if keeps else 'NOT '}list_contains({wanted}, {EACH})"
        kept = f"list_filter(json_keys({source}), lambda {EACH}: {is_kept})"
        sql = f"CASE WHEN {source} IS NOT NULL THEN {_object_of_pairs(_pairs(source, kept))} END"
        return combine(sql, OBJECT, given.values)

    return rule


def _get_ignore_case(given: Given) -> Value:
    """GET_IGNORE_CASE(object, key): the key as it is written, else the last one that is the same but for its case."""
    first, second = one_of(given, 2)
    holder, key = as_json(first), _key(second)

    def build(source: str, name: str) -> str:
        same = f"list_filter(json_keys({source}), lambda {EACH}: lower({EACH}) = lower({name}))"
        found = f"CASE WHEN list_contains(json_keys({source}), {name}) THEN {name} ELSE {same}[-1] END"
        return f"""json_extract({source}, '$."' || replace({found}, '"', '\\"') || '"')"""

    sql = once([holder.sql, key.sql], build, is_volatile=holder.is_volatile or key.is_volatile)
    return combine(sql, VARIANT, [holder, key], nullable=True)


def _as_number(given: Given) -> Value:
    """AS_NUMBER(x [, precision [, scale]])"""
    value, *sizes = one_of(given, 1, 3)
    numbers = [size.constant for size in sizes]
    if not all(isinstance(size, int) for size in numbers):
        raise InvalidArgumentsError(f"SQL compilation error:\n{given.name} takes constants as precision and scale.")
    precision, scale = (*numbers, *(38, 0)[len(numbers) :])
    return _as_kind(number(int(precision), int(scale)), *_NUMBERS)(Given(given.name, (value,), given.context))


_NUMBERS = ("BIGINT", "UBIGINT", "HUGEINT", "DOUBLE")


def prompt(given: Given) -> Value:
    """PROMPT('.. {0} ..', a, ...): the object {"args": [...], "template": ...} that AI functions take."""
    at_least(given, 1)
    template, *rest = given.values
    if isinstance(template.constant, str):
        _check_places(template.constant, len(rest))
    arguments = array_of([as_json(value) for value in rest])
    return object_of([_text("args"), _text("template")], [arguments, as_json(_key(template))])


def _check_places(template: str, count: int) -> None:
    """Every placeholder has an argument."""
    for place in re.findall(r"\{(\d+)\}", template):
        if int(place) >= count:
            raise InvalidArgumentsError(
                f"SQL compilation error:\nPROMPT has no argument for the placeholder {{{place}}}.",
                hint=f"Placeholders count from {{0}}; this call gives {count} argument(s) after the template.",
            )


def _text(content: str) -> Value:
    return Value(literal(content), text(len(content)), nullable=False, constant=content)


RULES: dict[str, Rule] = {
    "OBJECT_CONSTRUCT": _object(keeps_null=False),
    "OBJECT_CONSTRUCT_KEEP_NULL": _object(keeps_null=True),
    "PARSE_JSON": _parse_json(False),
    "TRY_PARSE_JSON": _parse_json(True),
    "CHECK_JSON": _check_json,
    "TO_JSON": _to_json,
    "GET": _get,
    "GET_PATH": _get_path,
    "JSON_EXTRACT_PATH_TEXT": _path_text,
    "OBJECT_INSERT": _object_insert,
    "OBJECT_PICK": _kept_keys(keeps=True),
    "OBJECT_DELETE": _kept_keys(keeps=False),
    "GET_IGNORE_CASE": _get_ignore_case,
    "IS_NULL_VALUE": _is_kind("NULL"),
    "IS_ARRAY": _is_kind("ARRAY"),
    "IS_OBJECT": _is_kind("OBJECT"),
    "IS_VARCHAR": _is_kind("VARCHAR"),
    "IS_CHAR": _is_kind("VARCHAR"),
    "IS_BOOLEAN": _is_kind("BOOLEAN"),
    "IS_INTEGER": _is_kind("BIGINT", "UBIGINT", "HUGEINT"),
    **dict.fromkeys(("IS_DECIMAL", "IS_DOUBLE", "IS_REAL"), _is_kind(*_NUMBERS)),
    "AS_VARCHAR": _as_kind(text(), "VARCHAR"),
    "AS_CHAR": _as_kind(text(), "VARCHAR"),
    "AS_BOOLEAN": _as_kind(BOOLEAN, "BOOLEAN"),
    "AS_INTEGER": _as_kind(number(38, 0), "BIGINT", "UBIGINT", "HUGEINT"),
    **dict.fromkeys(("AS_NUMBER", "AS_DECIMAL"), _as_number),
    **dict.fromkeys(("AS_DOUBLE", "AS_REAL"), _as_kind(REAL, *_NUMBERS)),
    "AS_ARRAY": _as_kind(ARRAY, "ARRAY"),
    "AS_OBJECT": _as_kind(OBJECT, "OBJECT"),
    "PROMPT": prompt,
}
