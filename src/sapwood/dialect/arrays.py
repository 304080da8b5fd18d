"""Functions of arrays: built, taken apart, compared as bags of elements. An ARRAY is JSON in DuckDB.

Comes in: bound values. Goes out: bound values. Sources: the vendor's pages of the ARRAY_... functions. Knows no names of columns or tables.
"""

from __future__ import annotations

from sapwood.dialect.coercion import numeric
from sapwood.dialect.failures import raising
from sapwood.dialect.given import Given, Rule, at_least, one_of
from sapwood.dialect.names import EACH, literal
from sapwood.dialect.rows import TAKES, elements, whole
from sapwood.dialect.semistructured import as_json
from sapwood.dialect.types import ARRAY, OBJECT, number, text
from sapwood.dialect.values import Value, array_of, combine, once
from sapwood.errors import InvalidArgumentsError

TABLE = """
ARRAY_PREPEND     list,json             array  to_json(list_prepend({1}, {0}))
ARRAY_APPEND      list,json             array  to_json(list_append({0}, {1}))
ARRAY_COMPACT     list                  array  to_json(list_filter({0}, lambda "~x": json_type("~x") <> 'NULL'))
ARRAY_REVERSE     list                  array  to_json(list_reverse({0}))
ARRAY_DISTINCT    list                  array  to_json(list_filter({0}, lambda "~x", "~i": list_position({0}, "~x") = "~i"))
ARRAY_SLICE       list,int,int          array  to_json(({0})[CASE WHEN {1} < 0 THEN {1} ELSE {1} + 1 END : CASE WHEN {2} < 0 THEN {2} - 1 ELSE {2} END])
ARRAY_REMOVE      list,json             array  to_json(list_filter({0}, lambda "~x": "~x" <> {1}))
ARRAY_EXCEPT      list,list             array  CASE WHEN {1} IS NOT NULL THEN to_json(list_filter({0}, lambda "~x", "~i": len(list_filter(({0})[1:"~i"], lambda "~o": "~o" = "~x")) > len(list_filter({1}, lambda "~o": "~o" = "~x")))) END
ARRAY_INTERSECTION list,list            array  CASE WHEN {1} IS NOT NULL THEN to_json(list_filter({0}, lambda "~x", "~i": len(list_filter(({0})[1:"~i"], lambda "~o": "~o" = "~x")) <= len(list_filter({1}, lambda "~o": "~o" = "~x")))) END
ARRAYS_OVERLAP    list,list             bool   list_has_any({0}, {1})
ARRAY_MIN         list                  json   (list_sort(list_filter({0}, lambda "~x": json_type("~x") <> 'NULL')))[1]
ARRAY_MAX         list                  json   (list_reverse_sort(list_filter({0}, lambda "~x": json_type("~x") <> 'NULL')))[1]
ARRAY_CONTAINS    json,list             bool   list_contains({1}, {0})
"""  # noqa: E501

_NULL_ELEMENT = "CAST('null' AS JSON)"
_MOST_ELEMENTS = 16_777_216
"""Elements of an array that is made at once, at most; more would not fit into a value."""


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


def _size(given: Given) -> Value:
    value = as_json(one_of(given, 1)[0])
    sql = once(
        [value.sql],
        lambda j: f"CASE WHEN json_type({j}) = 'ARRAY' THEN CAST(json_array_length({j}) AS DECIMAL(18,0)) END",
    )
    return combine(sql, number(18, 0), [value], nullable=True)


def _array_position(given: Given) -> Value:
    first, second = one_of(given, 2)
    needle, holder = as_json(first), elements(second)
    sql = f"CAST(nullif(list_position({holder.sql}, {needle.sql}), 0) - 1 AS DECIMAL(18,0))"
    return combine(sql, number(18, 0), [needle, holder], nullable=True)


def _array_cat(given: Given) -> Value:
    first, second = (elements(value) for value in one_of(given, 2))
    joined = f"to_json(list_concat({first.sql}, {second.sql}))"
    sql = f"CASE WHEN {first.sql} IS NOT NULL AND {second.sql} IS NOT NULL THEN {joined} END"
    return combine(sql, ARRAY, [first, second])


def _array_flatten(given: Given) -> Value:
    """ARRAY_FLATTEN(array of arrays): NULL if one of them is."""
    holder = elements(one_of(given, 1)[0])
    why = literal("Not an array: 'Input argument to ARRAY_FLATTEN is not an array of arrays'")

    def build(x: str) -> str:
        kinds = f"list_transform({x}, lambda {EACH}: json_type({EACH}))"
        is_array = f"len(list_filter({kinds}, lambda {EACH}: {EACH} NOT IN ('ARRAY', 'NULL'))) = 0"
        inner = f"flatten(list_transform({x}, lambda {EACH}: CAST(json_extract({EACH}, '$[*]') AS JSON[])))"
        failure = raising(100107, "22000", why, type_=ARRAY)
        flat = f"CASE WHEN list_contains({kinds}, 'NULL') THEN NULL ELSE to_json({inner}) END"
        return f"CASE WHEN {x} IS NULL THEN NULL WHEN {is_array} THEN {flat} ELSE {failure} END"

    return combine(once([holder.sql], build, is_volatile=holder.is_volatile), ARRAY, [holder], nullable=True)


def _array_insert(given: Given) -> Value:
    """ARRAY_INSERT(array, position, x): counted from the end if below zero; what is missing before it becomes null."""
    first, second, third = one_of(given, 3)
    values = [elements(first), whole(second), as_json(third)]

    def build(x: str, place: str, new: str) -> str:
        at = f"CASE WHEN {place} < 0 THEN greatest(len({x}) + {place}, 0) ELSE {place} END"
        length = f"CASE WHEN {place} > {_MOST_ELEMENTS} THEN 0 ELSE CAST({at} AS BIGINT) END"  # DuckDB may compute what is not asked
        before = f"list_resize(({x})[1:{at}], {length}, {_NULL_ELEMENT})"
        made = f"to_json(list_concat({before}, [coalesce({new}, {_NULL_ELEMENT})], ({x})[{at} + 1:]))"
        too_long = raising(100078, "22000", literal("An array can't have the position "), place, type_=ARRAY)
        return f"CASE WHEN {place} > {_MOST_ELEMENTS} THEN {too_long} WHEN {x} IS NOT NULL AND {place} IS NOT NULL THEN {made} END"

    is_volatile = any(value.is_volatile for value in values)
    return combine(once([value.sql for value in values], build, is_volatile=is_volatile), ARRAY, values)


def _array_remove_at(given: Given) -> Value:
    """ARRAY_REMOVE_AT(array, position): counted from the end if below zero; nothing goes if there is none."""
    first, second = one_of(given, 2)
    values = [elements(first), whole(second)]

    def build(x: str, place: str) -> str:
        at = f"CASE WHEN {place} < 0 THEN len({x}) + {place} ELSE {place} END"
        return f'to_json(list_filter({x}, lambda {EACH}, "~i": "~i" <> {at} + 1))'

    is_volatile = any(value.is_volatile for value in values)
    return combine(once([value.sql for value in values], build, is_volatile=is_volatile), ARRAY, values)


def _arrays_zip(given: Given) -> Value:
    """ARRAYS_ZIP(a, b, ...): objects with an element of each; a shorter array is filled up with nulls."""
    at_least(given, 1)
    lists = [elements(value) for value in given.values]
    longest = f"greatest({', '.join(f'len({each.sql})' for each in lists)})"
    pairs = " || ',' || ".join(
        f"'\"${place}\":' || CAST(coalesce(({each.sql})[{EACH}], {_NULL_ELEMENT}) AS VARCHAR)"
        for place, each in enumerate(lists, 1)
    )
    zipped = f"to_json(list_transform(range(1, {longest} + 1), lambda {EACH}: CAST('{{' || {pairs} || '}}' AS JSON)))"
    any_null = " OR ".join(f"{each.sql} IS NULL" for each in lists)
    sql = f"CASE WHEN {any_null} THEN NULL WHEN {longest} = 0 THEN CAST('[{{}}]' AS JSON) ELSE {zipped} END"
    return combine(sql, ARRAY, lists)


def _array_to_string(given: Given) -> Value:
    holder, separator = one_of(given, 2)
    holder, separator = elements(holder), TAKES["text"](separator)
    sql = f"array_to_string(list_transform({holder.sql}, lambda {EACH}: coalesce({EACH} ->> '$', '')), {separator.sql})"
    return combine(sql, text(), [holder, separator])


def _array_sort(given: Given) -> Value:
    """ARRAY_SORT(array [, ascending [, nulls first]]): numbers by size, texts by letters."""
    holder, *flags = one_of(given, 1, 3)
    ascending = flags[0].constant if flags else True
    first = flags[1].constant if len(flags) > 1 else not ascending
    if not isinstance(ascending, bool) or not isinstance(first, bool):
        raise InvalidArgumentsError(
            "SQL compilation error:\nARRAY_SORT takes TRUE or FALSE for its order and its NULLs."
        )
    keyed = (
        f"list_transform({elements(holder).sql}, lambda {EACH}: struct_pack("
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
    keys, values = (elements(value) for value in one_of(given, 2))
    pairs = f"list_zip({keys.sql}, {values.sql})"
    written = f"list_transform({pairs}, lambda {EACH}: CAST(to_json({EACH}[1] ->> '$') AS VARCHAR) || ':' || CAST({EACH}[2] AS VARCHAR))"
    return combine(f"CAST('{{' || array_to_string({written}, ',') || '}}' AS JSON)", OBJECT, [keys, values])


RULES: dict[str, Rule] = {
    "ARRAY_CONSTRUCT": _array,
    "ARRAY_CONSTRUCT_COMPACT": _compact,
    "ARRAY_SIZE": _size,
    "ARRAY_POSITION": _array_position,
    "ARRAY_CAT": _array_cat,
    "ARRAY_FLATTEN": _array_flatten,
    "ARRAY_INSERT": _array_insert,
    "ARRAY_REMOVE_AT": _array_remove_at,
    "ARRAYS_ZIP": _arrays_zip,
    "ARRAY_TO_STRING": _array_to_string,
    "ARRAY_GENERATE_RANGE": _range,
    "ARRAY_SORT": _array_sort,
    "ARRAYS_TO_OBJECT": _arrays_to_object,
}
