"""VARIANT, OBJECT and ARRAY: built from values, taken apart, asked about. All three are JSON in DuckDB.

Comes in: bound values. Goes out: bound values. Knows no names of columns or tables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from sapwood.dialect.coercion import SEMI, cast, numeric
from sapwood.dialect.failures import raising
from sapwood.dialect.given import Given, Rule, arity, at_least, one_of
from sapwood.dialect.names import EACH, literal
from sapwood.dialect.statements import NOT_CONSTANT
from sapwood.dialect.types import ARRAY, BOOLEAN, OBJECT, REAL, VARIANT, SnowType, number, text
from sapwood.dialect.values import UNTYPED, Value, array_of, combine, object_of, once
from sapwood.errors import InvalidArgumentsError

TABLE = """
ARRAY_PREPEND     array,json            array  to_json(list_prepend({1}, json_extract({0}, '$[*]')))
ARRAY_APPEND      array,json            array  to_json(list_append(json_extract({0}, '$[*]'), {1}))
ARRAY_COMPACT     array                 array  to_json(list_filter(json_extract({0}, '$[*]'), lambda "~x": json_type("~x") <> 'NULL'))
ARRAY_REVERSE     array                 array  to_json(list_reverse(json_extract({0}, '$[*]')))
ARRAY_DISTINCT    array                 array  to_json(list_distinct(json_extract({0}, '$[*]')))
ARRAY_FLATTEN     array                 array  to_json(flatten(list_transform(json_extract({0}, '$[*]'), lambda "~x": json_extract("~x", '$[*]'))))
ARRAY_SLICE       array,int,int         array  to_json((json_extract({0}, '$[*]'))[CASE WHEN {1} < 0 THEN {1} ELSE {1} + 1 END : CASE WHEN {2} < 0 THEN {2} - 1 ELSE {2} END])
ARRAY_INSERT      array,int,json        array  to_json(list_concat((json_extract({0}, '$[*]'))[1:{1}], [{2}], (json_extract({0}, '$[*]'))[{1} + 1:]))
ARRAY_REMOVE      array,json            array  to_json(list_filter(json_extract({0}, '$[*]'), lambda "~x": "~x" <> {1}))
ARRAY_REMOVE_AT   array,int             array  to_json(list_concat((json_extract({0}, '$[*]'))[1:{1}], (json_extract({0}, '$[*]'))[{1} + 2:]))
ARRAY_EXCEPT      array,array           array  to_json(list_filter(json_extract({0}, '$[*]'), lambda "~x": NOT list_contains(json_extract({1}, '$[*]'), "~x")))
ARRAY_INTERSECTION array,array          array  to_json(list_filter(list_distinct(json_extract({0}, '$[*]')), lambda "~x": list_contains(json_extract({1}, '$[*]'), "~x")))
ARRAYS_OVERLAP    array,array           bool   list_has_any(json_extract({0}, '$[*]'), json_extract({1}, '$[*]'))
ARRAY_MIN         array                 json   (list_sort(list_filter(json_extract({0}, '$[*]'), lambda "~x": json_type("~x") <> 'NULL')))[1]
ARRAY_MAX         array                 json   (list_reverse_sort(list_filter(json_extract({0}, '$[*]'), lambda "~x": json_type("~x") <> 'NULL')))[1]
ARRAY_CONTAINS    json,array            bool   list_contains(json_extract({1}, '$[*]'), {0})
OBJECT_KEYS       json                  array  to_json(json_keys({0}))
STRIP_NULL_VALUE  json                  json   CASE WHEN json_type({0}) <> 'NULL' THEN {0} END
CHECK_JSON        text                  text? CASE WHEN json_valid({0}) OR trim({0}) = '' THEN NULL ELSE 'the text is no JSON value' END
JSON_EXTRACT_PATH_TEXT text,text        text? json_extract_string({0}, '$.' || {1})
"""  # noqa: E501


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
            return f"CASE WHEN json_valid({sql}) THEN json({sql}) {empty} ELSE {'NULL' if tries else failure} END"

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


def _elements(value: Value) -> str:
    """A JSON array as DuckDB's list of JSON."""
    return f"json_extract({value.sql}, '$[*]')"


def _array_position(given: Given) -> Value:
    needle, holder = (as_json(value) for value in one_of(given, 2))
    sql = f"CAST(nullif(list_position({_elements(holder)}, {needle.sql}), 0) - 1 AS DECIMAL(18,0))"
    return combine(sql, number(18, 0), [needle, holder], nullable=True)


def _array_cat(given: Given) -> Value:
    first, second = (as_json(value) for value in one_of(given, 2))
    sql = f"CASE WHEN {first.sql} IS NOT NULL AND {second.sql} IS NOT NULL THEN to_json(list_concat({_elements(first)}, {_elements(second)})) END"
    return combine(sql, ARRAY, [first, second])


def _array_to_string(given: Given) -> Value:
    holder, separator = one_of(given, 2)
    holder, separator = as_json(holder), _key(separator)
    sql = f"array_to_string(list_transform({_elements(holder)}, lambda {EACH}: coalesce({EACH} ->> '$', '')), {separator.sql})"
    return combine(sql, text(), [holder, separator])


def _array_sort(given: Given) -> Value:
    """ARRAY_SORT(array [, ascending [, nulls first]]): numbers by size, texts by letters."""
    holder, *flags = one_of(given, 1, 3)
    ascending, first = (*(flag.constant for flag in flags), *(True, False)[len(flags) :])
    if not isinstance(ascending, bool) or not isinstance(first, bool):
        raise InvalidArgumentsError(
            "SQL compilation error:\nARRAY_SORT takes TRUE or FALSE for its order and its NULLs."
        )
    keyed = (
        f"list_transform({_elements(as_json(holder))}, lambda {EACH}: struct_pack("
        f"n := json_type({EACH}) = 'NULL', k := TRY_CAST({EACH} ->> '$' AS DOUBLE), t := {EACH} ->> '$', v := {EACH}))"
    )
    order = "'ASC'" if ascending else "'DESC'"
    parts = [
        f"list_filter({keyed}, lambda {EACH}: {'NOT ' if place else ''}{EACH}.n)"
        for place in ((0, 1) if first else (1, 0))
    ]
    sorted_ = [
        f"list_sort(list_transform({part}, lambda {EACH}: struct_pack(k := {EACH}.k, t := {EACH}.t, v := {EACH}.v)), {order}, 'NULLS LAST')"
        for part in parts
    ]
    sql = f"to_json(list_transform(list_concat({', '.join(sorted_)}), lambda {EACH}: {EACH}.v))"
    return combine(sql, ARRAY, [holder])


_MOST_ELEMENTS = 16_777_216
"""Elements of an array that is made from a range, at most; more would not fit into a value."""


def _range(given: Given) -> Value:
    """ARRAY_GENERATE_RANGE(start, end [, step])"""
    values = [numeric(value) for value in one_of(given, 2, 3)]
    start, end, *step = (f"CAST({value.sql} AS BIGINT)" for value in values)
    by = step[0] if step else "1"
    too_long = raising(
        100078,
        "22000",
        literal("An array of that many elements is too long: "),
        start,
        literal(" to "),
        end,
        type_=ARRAY,
    )
    is_long = f"abs(CAST({end} AS HUGEINT) - {start}) / abs({by}) > {_MOST_ELEMENTS}"
    sql = f"CASE WHEN {is_long} THEN {too_long} ELSE to_json(range({start}, {end}, {by})) END"
    return combine(sql, ARRAY, values)


def _arrays_to_object(given: Given) -> Value:
    keys, values = (as_json(value) for value in one_of(given, 2))
    pairs = f"list_zip({_elements(keys)}, {_elements(values)})"
    written = f"list_transform({pairs}, lambda {EACH}: CAST(to_json({EACH}[1] ->> '$') AS VARCHAR) || ':' || CAST({EACH}[2] AS VARCHAR))"
    return combine(f"CAST('{{' || array_to_string({written}, ',') || '}}' AS JSON)", OBJECT, [keys, values])


def _object_insert(given: Given) -> Value:
    """OBJECT_INSERT(object, key, value [, update]): a key that is there already is an error, unless it may be updated."""
    holder, key, value, *update = one_of(given, 3, 4)
    added = object_of([_key(key)], [as_json(value)])
    source = as_json(holder)
    merged = f"json_merge_patch({source.sql}, {added.sql})"
    if update and update[0].constant is True:
        return combine(merged, OBJECT, [holder, key, value])
    failure = raising(100065, "22000", literal("Duplicate field key '"), _key(key).sql, literal("'"), type_=OBJECT)
    sql = f"CASE WHEN list_contains(json_keys({source.sql}), {_key(key).sql}) THEN {failure} ELSE {merged} END"
    return combine(sql, OBJECT, [holder, key, value])


def _kept_keys(*, keeps: bool) -> Rule:
    """OBJECT_PICK and OBJECT_DELETE: keys as arguments or as one array."""

    def rule(given: Given) -> Value:
        at_least(given, 2)
        holder, *keys = given.values
        is_array = len(keys) == 1 and keys[0].type.name == "ARRAY"
        wanted = f"CAST({keys[0].sql} AS VARCHAR[])" if is_array else f"[{', '.join(_key(key).sql for key in keys)}]"
        source = as_json(holder).sql
        kept = (
            f"list_filter(json_keys({source}), lambda {EACH}: {'' if keeps else 'NOT '}list_contains({wanted}, {EACH}))"
        )
        path = f"""'$."' || replace({EACH}, '"', '\\"') || '"'"""
        pairs = f"list_transform({kept}, lambda {EACH}: CAST(to_json({EACH}) AS VARCHAR) || ':' || CAST(json_extract({source}, {path}) AS VARCHAR))"
        sql = f"CASE WHEN {source} IS NOT NULL THEN CAST('{{' || array_to_string({pairs}, ',') || '}}' AS JSON) END"
        return combine(sql, OBJECT, given.values)

    return rule


def _get_ignore_case(given: Given) -> Value:
    """GET_IGNORE_CASE(object, key): the first key that is the same but for its case."""
    holder, key = one_of(given, 2)
    source = as_json(holder).sql
    found = f"list_filter(json_keys({source}), lambda {EACH}: lower({EACH}) = lower({_key(key).sql}))[1]"
    return combine(f"""json_extract({source}, '$."' || {found} || '"')""", VARIANT, [holder, key], nullable=True)


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
    "ARRAY_CONSTRUCT": _array,
    "ARRAY_CONSTRUCT_COMPACT": _compact,
    "PARSE_JSON": _parse_json(False),
    "TRY_PARSE_JSON": _parse_json(True),
    "TO_JSON": _to_json,
    "GET": _get,
    "GET_PATH": _get_path,
    "ARRAY_SIZE": _size,
    "ARRAY_POSITION": _array_position,
    "ARRAY_CAT": _array_cat,
    "ARRAY_TO_STRING": _array_to_string,
    "ARRAY_GENERATE_RANGE": _range,
    "ARRAY_SORT": _array_sort,
    "ARRAYS_TO_OBJECT": _arrays_to_object,
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
