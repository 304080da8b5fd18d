"""Values that are made: hashes, random numbers and texts, UUIDs.

Comes in: bound arguments. Goes out: bound values. Hashes and random numbers have the vendor's types and ranges, not its
values. Source: the vendor's pages "Hash functions" and "Data generation functions".
"""

from __future__ import annotations

from collections.abc import Sequence

from sapwood.dialect.coercion import cast, common, comparable, numeric
from sapwood.dialect.failures import raising
from sapwood.dialect.given import Given, Rule, at_least, one_of
from sapwood.dialect.names import EACH, literal
from sapwood.dialect.rows import TAKES, size
from sapwood.dialect.types import REAL, number, text
from sapwood.dialect.values import Value, combine, once
from sapwood.errors import InvalidArgumentsError

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _hash(given: Given) -> Value:
    at_least(given, 1)
    values = [TAKES["any"](value) for value in given.values]
    return combine(signed(hashed(values)), number(19, 0), values, nullable=False)


def hashed(values: Sequence[Value]) -> str:
    """64 bits of some values, as DuckDB's UBIGINT: the same for values that are equal."""
    return f"hash({', '.join(map(_to_hash, values))})"


def _to_hash(value: Value) -> str:
    """A number as what is the same for all precisions and scales, and for a FLOAT without a fraction."""
    x, kind = comparable(value).sql, value.type
    whole = f"hash(CAST({x} AS HUGEINT))"
    if kind.name == "FIXED" and kind.scale:
        return f"CASE WHEN {x} = trunc({x}) THEN {whole} ELSE hash(rtrim(CAST({x} AS VARCHAR), '0')) END"
    if kind.name == "REAL":
        return f"CASE WHEN {x} = trunc({x}) AND abs({x}) < 1e38 THEN {whole} ELSE hash({x}) END"
    return whole if kind.name == "FIXED" else x


def signed(sql: str) -> str:
    """64 random bits as a signed number."""
    return f"CAST(CAST({sql} AS HUGEINT) - 9223372036854775808 AS DECIMAL(19,0))"


def _random(given: Given) -> Value:
    """RANDOM([seed]): a signed 64-bit number. With a seed, the same rows in the same order give the same numbers."""
    seed = one_of(given, 0, 1)
    if not seed:
        return Value(signed("hash(random())"), number(19, 0), nullable=False, is_volatile=True)
    if not isinstance(seed[0].constant, int):
        raise InvalidArgumentsError("SQL compilation error:\nargument 1 to function RANDOM needs to be constant")
    return Value(
        signed(f"hash({seed[0].constant}, row_number() OVER ())"), number(19, 0), nullable=False, has_window=True
    )


def _share(source: Value) -> str:
    """A number as a fraction from 0 up to 1."""
    return f"((abs({source.sql}) % 1000000007) / 1000000007.0)"


def _uniform(given: Given) -> Value:
    """UNIFORM(low, high, source): whole numbers with both ends, FLOATs if one end is."""
    low, high, source = one_of(given, 3)
    low, high, source = numeric(low), numeric(high), numeric(source)
    type_ = common([low.type, high.type])
    spread = _share(source)
    sql = f"{low.sql} + {spread} * ({high.sql} - {low.sql})"
    stepped = f"{low.sql} + floor({spread} * ({high.sql} - {low.sql} + 1))"
    return combine(f"CAST({stepped if type_.name == 'FIXED' else sql} AS {type_.duckdb()})", type_, [low, high, source])


def _normal(given: Given) -> Value:
    """NORMAL(mean, deviation, source): Box and Muller's method on the source and its hash."""
    mean, deviation, source = (cast(numeric(value), REAL) for value in one_of(given, 3))
    first = f"greatest({_share(numeric(given.values[2]))}, 1e-12)"
    second = f"((hash({given.values[2].sql}, 1) % 1000000007) / 1000000007.0)"
    return combine(
        f"({mean.sql} + {deviation.sql} * sqrt(-2 * ln({first})) * cos(2 * pi() * {second}))",
        REAL,
        [mean, deviation, source],
    )


def _randstr(given: Given) -> Value:
    """RANDSTR(length, source): letters and digits."""
    length, source = one_of(given, 2)
    place = f"CAST(hash({numeric(source).sql}, {EACH}) % {len(_LETTERS)} AS INTEGER) + 1"
    letters = f"list_transform(range({size(length).sql}), lambda {EACH}: {literal(_LETTERS)}[{place}])"
    return combine(f"array_to_string({letters}, '')", text(), [length, source])


def _uuid(given: Given) -> Value:
    """UUID_STRING(): a random one; UUID_STRING(namespace, name): the one that they always give."""
    if not given.values:
        return Value("CAST(uuid() AS VARCHAR)", text(36), nullable=False, is_volatile=True)
    space, name = (TAKES["text"](value) for value in one_of(given, 2))

    def build(x: str, named: str) -> str:
        failure = raising(
            1015, "22023", literal("UUID_STRING takes a UUID as its namespace, found "), x, type_=text(36)
        )
        none = f"{x} IS NULL OR {named} IS NULL"
        return f"CASE WHEN {none} THEN NULL ELSE coalesce(own_uuid({x}, {named}), {failure}) END"

    is_volatile = space.is_volatile or name.is_volatile
    return combine(once([space.sql, name.sql], build, is_volatile=is_volatile), text(36), [space, name])


RULES: dict[str, Rule] = {
    "HASH": _hash,
    "RANDOM": _random,
    "UNIFORM": _uniform,
    "NORMAL": _normal,
    "RANDSTR": _randstr,
    "UUID_STRING": _uuid,
}
