"""VARIANT, OBJECT and ARRAY: built from values, taken apart, asked about. All three are JSON in DuckDB.

Comes in: bound values. Goes out: bound values. Knows no names of columns or tables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from sapwood.dialect.coercion import SEMI, cast
from sapwood.dialect.failures import raising
from sapwood.dialect.given import Given, Rule, arity, at_least, one_of
from sapwood.dialect.names import EACH, literal
from sapwood.dialect.statements import NOT_CONSTANT
from sapwood.dialect.types import ARRAY, BOOLEAN, OBJECT, VARIANT, SnowType, number, text
from sapwood.dialect.values import UNTYPED, Value, array_of, combine, object_of, once
from sapwood.errors import InvalidArgumentsError

TABLE = """
ARRAY_PREPEND     array,json            array  to_json(list_prepend({1}, json_extract({0}, '$[*]')))
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


def _array(given: Given) -> Value:
    return array_of([as_json(value) for value in given.values])


def _compact(given: Given) -> Value:
    values = [as_json(value) for value in given.values]
    if not values:
        return array_of([])
    listed = ", ".join(value.sql for value in values)
    return combine(
        f"to_json(list_filter([{listed}], lambda {EACH}: {EACH} IS NOT NULL))", ARRAY, values, nullable=False
    )


def _parse_json(tries: bool) -> Rule:
    def rule(given: Given) -> Value:
        source = _key(one_of(given, 1)[0])

        def build(sql: str) -> str:
            failure = raising(100069, "22P02", literal("Error parsing JSON: "), sql, type_=VARIANT)
            empty = f"WHEN {sql} IS NULL OR trim({sql}) = '' THEN NULL"
            return (
                f"CASE WHEN json_valid({sql}) THEN CAST({sql} AS JSON) {empty} ELSE {'NULL' if tries else failure} END"
            )

        sql = once([source.sql], build, is_volatile=source.is_volatile)
        return combine(sql, VARIANT, [source], nullable=True, constant=_json_constant(source.constant))

    return rule


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
    if isinstance(key.constant, (str, int)) and not isinstance(key.constant, bool):
        return path(value, [key.constant])
    holder = _semi(value)
    if key.type.name == "TEXT":
        sql = f"""json_extract({holder.sql}, '$."' || replace({key.sql}, '"', '\\"') || '"')"""
    else:
        sql = f"json_extract({holder.sql}, '$[' || CAST(CAST({key.sql} AS BIGINT) AS VARCHAR) || ']')"
    return combine(sql, VARIANT, [holder, key], nullable=True)


def _get(given: Given) -> Value:
    value, key = one_of(given, 2)
    return get(value, key)


def _get_path(given: Given) -> Value:
    value, steps = one_of(given, 2)
    if not isinstance(steps.constant, str):
        raise InvalidArgumentsError("SQL compilation error:\nGET_PATH needs a constant path.")
    return path(value, path_keys(steps.constant))


def path_keys(content: str) -> list[str | int]:
    """The steps of a path text.

    >>> path_keys("a.b[0]['c d']")
    ['a', 'b', 0, 'c d']
    """
    pieces = content.replace("]", "").replace("[", ".").split(".")
    return [int(piece) if piece.isdigit() else piece.strip("'\"") for piece in pieces if piece]


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


def _size(given: Given) -> Value:
    value = as_json(one_of(given, 1)[0])
    sql = once(
        [value.sql],
        lambda j: f"CASE WHEN json_type({j}) = 'ARRAY' THEN CAST(json_array_length({j}) AS DECIMAL(18,0)) END",
    )
    return combine(sql, number(18, 0), [value], nullable=True)


def _keys(given: Given) -> Value:
    value = as_json(one_of(given, 1)[0])
    return combine(f"to_json(json_keys({value.sql}))", ARRAY, [value])


def _elements(value: Value) -> str:
    """A JSON array as DuckDB's list of JSON."""
    return f"json_extract({value.sql}, '$[*]')"


def _array_contains(given: Given) -> Value:
    needle, holder = (as_json(value) for value in one_of(given, 2))
    return combine(f"list_contains({_elements(holder)}, {needle.sql})", BOOLEAN, [needle, holder])


def _array_position(given: Given) -> Value:
    needle, holder = (as_json(value) for value in one_of(given, 2))
    sql = f"CAST(nullif(list_position({_elements(holder)}, {needle.sql}), 0) - 1 AS DECIMAL(18,0))"
    return combine(sql, number(18, 0), [needle, holder], nullable=True)


def _array_append(given: Given) -> Value:
    holder, element = (as_json(value) for value in one_of(given, 2))
    return combine(f"to_json(list_append({_elements(holder)}, {element.sql}))", ARRAY, [holder, element])


def _array_cat(given: Given) -> Value:
    first, second = (as_json(value) for value in one_of(given, 2))
    sql = f"CASE WHEN {first.sql} IS NOT NULL AND {second.sql} IS NOT NULL THEN to_json(list_concat({_elements(first)}, {_elements(second)})) END"
    return combine(sql, ARRAY, [first, second])


def _array_to_string(given: Given) -> Value:
    holder, separator = one_of(given, 2)
    holder, separator = as_json(holder), _key(separator)
    sql = f"array_to_string(list_transform({_elements(holder)}, lambda {EACH}: coalesce({EACH} ->> '$', '')), {separator.sql})"
    return combine(sql, text(), [holder, separator])


def _array_distinct(given: Given) -> Value:
    holder = as_json(one_of(given, 1)[0])
    return combine(f"to_json(list_distinct({_elements(holder)}))", ARRAY, [holder])


def _array_slice(given: Given) -> Value:
    holder, start, end = one_of(given, 3)
    holder = as_json(holder)
    sql = f"to_json(({_elements(holder)})[CAST({start.sql} AS BIGINT) + 1 : CAST({end.sql} AS BIGINT)])"
    return combine(sql, ARRAY, [holder, start, end])


def _object_insert(given: Given) -> Value:
    """OBJECT_INSERT(object, key, value): the key must be new."""
    holder, key, value = one_of(given, 3)
    added = object_of([_key(key)], [as_json(value)])
    return combine(f"json_merge_patch({as_json(holder).sql}, {added.sql})", OBJECT, [holder, key, value])


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
    "ARRAY_CONSTRUCT": _array,
    "ARRAY_CONSTRUCT_COMPACT": _compact,
    "PARSE_JSON": _parse_json(False),
    "TRY_PARSE_JSON": _parse_json(True),
    "TO_JSON": _to_json,
    "GET": _get,
    "GET_PATH": _get_path,
    "ARRAY_SIZE": _size,
    "OBJECT_KEYS": _keys,
    "ARRAY_CONTAINS": _array_contains,
    "ARRAY_POSITION": _array_position,
    "ARRAY_APPEND": _array_append,
    "ARRAY_CAT": _array_cat,
    "ARRAY_TO_STRING": _array_to_string,
    "ARRAY_DISTINCT": _array_distinct,
    "ARRAY_SLICE": _array_slice,
    "OBJECT_INSERT": _object_insert,
    "IS_NULL_VALUE": _is_kind("NULL"),
    "IS_ARRAY": _is_kind("ARRAY"),
    "IS_OBJECT": _is_kind("OBJECT"),
    "IS_VARCHAR": _is_kind("VARCHAR"),
    "IS_CHAR": _is_kind("VARCHAR"),
    "IS_BOOLEAN": _is_kind("BOOLEAN"),
    "IS_INTEGER": _is_kind("BIGINT", "UBIGINT", "HUGEINT"),
    "IS_DECIMAL": _is_kind("BIGINT", "UBIGINT", "HUGEINT", "DOUBLE"),
    "IS_DOUBLE": _is_kind("BIGINT", "UBIGINT", "HUGEINT", "DOUBLE"),
    "AS_VARCHAR": _as_kind(text(), "VARCHAR"),
    "AS_CHAR": _as_kind(text(), "VARCHAR"),
    "AS_BOOLEAN": _as_kind(BOOLEAN, "BOOLEAN"),
    "AS_INTEGER": _as_kind(number(38, 0), "BIGINT", "UBIGINT", "HUGEINT"),
    "AS_ARRAY": _as_kind(ARRAY, "ARRAY"),
    "AS_OBJECT": _as_kind(OBJECT, "OBJECT"),
    "PROMPT": prompt,
}
