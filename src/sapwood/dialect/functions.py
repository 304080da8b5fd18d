"""The scalar functions that may be called: the list of those allowed, and what each is in DuckDB.

Comes in: a name and bound arguments. Goes out: a bound value. What is not in these tables doesn't exist: no DuckDB
function is reached by its name. Most rows say all there is (what it takes, what it gives, DuckDB's SQL); the others
are small rules. Knows no names of columns or tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from sapwood.dialect import arithmetic, coercion, dates, semistructured, vectors
from sapwood.dialect.coercion import cast, common, compared, numeric, truth, unified
from sapwood.dialect.given import Given, Rule, arity, at_least, one_of
from sapwood.dialect.names import EACH
from sapwood.dialect.statements import NOT_CONSTANT
from sapwood.dialect.types import (
    ARRAY,
    BINARY,
    BOOLEAN,
    DATE,
    OBJECT,
    REAL,
    TIME,
    TIMESTAMP_LTZ,
    TIMESTAMP_NTZ,
    TIMESTAMP_TZ,
    VARIANT,
    SnowType,
    number,
    text,
)  # fmt: skip
from sapwood.dialect.values import UNTYPED, Value, combine, once, text_value
from sapwood.errors import InvalidArgumentsError, UnsupportedError


@dataclass(frozen=True)
class Row:
    """One overload: kinds of its arguments, kind of its result, DuckDB's SQL with {0}, {1} ..."""

    takes: tuple[str, ...]
    gives: str
    sql: str


_TAKES: dict[str, Callable[[Value], Value]] = {
    "text": lambda value: cast(value, value.type if value.type.name == "TEXT" else text()),
    "int": lambda value: _integer(value),
    "num": numeric,
    "real": lambda value: cast(numeric(value), REAL),
    "bool": truth,
    "date": lambda value: cast(value, DATE),
    "json": lambda value: cast(value, value.type if value.type.name in coercion.SEMI else VARIANT),
    "array": lambda value: cast(value, ARRAY),
    "object": lambda value: cast(value, OBJECT),
    "any": lambda value: cast(value, text()) if value.type == UNTYPED else value,
}
_GIVES: dict[str, SnowType] = {
    "text": text(), "int": number(38, 0), "count": number(18, 0), "real": REAL, "bool": BOOLEAN, "date": DATE, "stamp": TIMESTAMP_NTZ,
    "json": VARIANT, "array": ARRAY, "object": OBJECT, "binary": BINARY,
}  # fmt: skip


def _integer(value: Value) -> Value:
    """A whole number as DuckDB's BIGINT, as its own functions want it."""
    whole = numeric(value)
    return replace(
        whole, sql=str(value.constant) if isinstance(value.constant, int) else f"CAST({whole.sql} AS BIGINT)"
    )


_TABLE = """
UPPER             text                  same   upper({0})
LOWER             text                  same   lower({0})
REVERSE           text                  same   reverse({0})
TRIM              text                  same   trim({0}, ' ')
TRIM              text,text             same   trim({0}, {1})
LTRIM             text                  same   ltrim({0}, ' ')
LTRIM             text,text             same   ltrim({0}, {1})
RTRIM             text                  same   rtrim({0}, ' ')
RTRIM             text,text             same   rtrim({0}, {1})
LENGTH            text                  count  length({0})
LEN               text                  count  length({0})
CHAR_LENGTH       text                  count  length({0})
OCTET_LENGTH      text                  count  strlen({0})
LEFT              text,int              same   left({0}, greatest({1}, 0))
RIGHT             text,int              same   right({0}, greatest({1}, 0))
SUBSTR            text,int              same   substr({0}, CASE {1} WHEN 0 THEN 1 ELSE {1} END)
SUBSTR            text,int,int          same   substr({0}, CASE {1} WHEN 0 THEN 1 ELSE {1} END, greatest({2}, 0))
SUBSTRING         text,int              same   substr({0}, CASE {1} WHEN 0 THEN 1 ELSE {1} END)
SUBSTRING         text,int,int          same   substr({0}, CASE {1} WHEN 0 THEN 1 ELSE {1} END, greatest({2}, 0))
SPLIT_PART        text,text,int         text   split_part({0}, {1}, CASE {2} WHEN 0 THEN 1 ELSE {2} END)
SPLIT             text,text             array  to_json(CASE WHEN {1} = '' THEN [{0}] ELSE string_split({0}, {1}) END)
REPLACE           text,text             text   replace({0}, {1}, '')
REPLACE           text,text,text        text   replace({0}, {1}, {2})
TRANSLATE         text,text,text        text   translate({0}, {1}, {2})
INSERT            text,int,int,text     text   left({0}, {1} - 1) || {3} || substr({0}, {1} + {2})
REPEAT            text,int              text   repeat({0}, greatest({1}, 0))
SPACE             int                   text   repeat(' ', greatest({0}, 0))
LPAD              text,int              text   lpad({0}, greatest({1}, 0), ' ')
LPAD              text,int,text         text   lpad({0}, greatest({1}, 0), {2})
RPAD              text,int              text   rpad({0}, greatest({1}, 0), ' ')
RPAD              text,int,text         text   rpad({0}, greatest({1}, 0), {2})
ASCII             text                  count  CASE WHEN {0} = '' THEN 0 ELSE ascii({0}) END
UNICODE           text                  count  CASE WHEN {0} = '' THEN 0 ELSE unicode({0}) END
CHR               int                   text   chr(CAST({0} AS INTEGER))
CHAR              int                   text   chr(CAST({0} AS INTEGER))
CONTAINS          text,text             bool   contains({0}, {1})
STARTSWITH        text,text             bool   starts_with({0}, {1})
ENDSWITH          text,text             bool   ends_with({0}, {1})
CHARINDEX         text,text             count  strpos({1}, {0})
CHARINDEX         text,text,int         count  CASE WHEN strpos(substr({1}, {2}), {0}) = 0 THEN 0 ELSE strpos(substr({1}, {2}), {0}) + {2} - 1 END
POSITION          text,text             count  strpos({1}, {0})
POSITION          text,text,int         count  CASE WHEN strpos(substr({1}, {2}), {0}) = 0 THEN 0 ELSE strpos(substr({1}, {2}), {0}) + {2} - 1 END
EDITDISTANCE      text,text             count  levenshtein({0}, {1})
JAROWINKLER_SIMILARITY text,text        int    round(jaro_winkler_similarity(lower({0}), lower({1})) * 100)
MD5               text                  text   md5({0})
MD5_HEX           text                  text   md5({0})
SHA1              text                  text   sha1({0})
SHA1_HEX          text                  text   sha1({0})
SHA2              text                  text   sha256({0})
SHA2_HEX          text                  text   sha256({0})
BASE64_ENCODE     text                  text   base64(encode({0}))
BASE64_DECODE_STRING text               text   decode(from_base64({0}))
HEX_ENCODE        text                  text   hex(encode({0}))
HEX_DECODE_STRING text                  text   decode(unhex({0}))
REGEXP_LIKE       text,text             bool   regexp_full_match({0}, {1})
REGEXP_LIKE       text,text,text        bool   regexp_full_match({0}, {1}, {2})
RLIKE             text,text             bool   regexp_full_match({0}, {1})
RLIKE             text,text,text        bool   regexp_full_match({0}, {1}, {2})
REGEXP_COUNT      text,text             count  length(regexp_extract_all({0}, {1}))
REGEXP_SUBSTR_ALL text,text             array  to_json(regexp_extract_all({0}, {1}))
ABS               num                   same   abs({0})
SIGN              num                   int    sign({0})
SQRT              real                  real   sqrt({0})
CBRT              real                  real   cbrt({0})
SQUARE            real                  real   ({0} * {0})
POWER             real,real             real   pow({0}, {1})
POW               real,real             real   pow({0}, {1})
EXP               real                  real   exp({0})
LN                real                  real   ln({0})
LOG               real,real             real   (ln({1}) / ln({0}))
SIN               real                  real   sin({0})
COS               real                  real   cos({0})
TAN               real                  real   tan({0})
ASIN              real                  real   asin({0})
ACOS              real                  real   acos({0})
ATAN              real                  real   atan({0})
ATAN2             real,real             real   atan2({0}, {1})
PI                -                     real   pi()
DEGREES           real                  real   degrees({0})
RADIANS           real                  real   radians({0})
FACTORIAL         int                   int    factorial(CAST({0} AS INTEGER))
BITAND            int,int               int    ({0} & {1})
BITOR             int,int               int    ({0} | {1})
BITXOR            int,int               int    xor({0}, {1})
BITSHIFTLEFT      int,int               int    ({0} << {1})
BITSHIFTRIGHT     int,int               int    ({0} >> {1})
BOOLAND           num,num               bool   ({0} <> 0 AND {1} <> 0)
BOOLOR            num,num               bool   ({0} <> 0 OR {1} <> 0)
BOOLNOT           num                   bool   ({0} = 0)
TO_BINARY         text                  binary unhex({0})
"""


@cache
def _rows() -> Mapping[str, tuple[Row, ...]]:
    """The table's overloads by name."""
    rows: dict[str, tuple[Row, ...]] = {}
    for line in _TABLE.strip().splitlines():
        name, takes, gives, sql = line.split(maxsplit=3)
        row = Row(() if takes == "-" else tuple(takes.split(",")), gives, sql)
        rows[name] = (*rows.get(name, ()), row)
    return rows


def is_known(name: str) -> bool:
    return name in _RULES or name in _rows()


def names() -> tuple[str, ...]:
    """All scalar functions."""
    return (*_rows(), *_RULES)


def apply(given: Given) -> Value:
    """The value of a scalar function; `is_known` says whether there is one."""
    rule = _RULES.get(given.name)
    return rule(given) if rule else _apply_row(given, _rows()[given.name])


def _apply_row(given: Given, rows: Sequence[Row]) -> Value:
    row = next((row for row in rows if len(row.takes) == len(given.values)), None)
    if row is None:
        sizes = [len(row.takes) for row in rows]
        raise arity(given, min(sizes), max(sizes))
    values = [_TAKES[kind](value) for kind, value in zip(row.takes, given.values, strict=True)]
    type_ = values[0].type if row.gives == "same" else _GIVES[row.gives]
    is_repeated = any(row.sql.count(f"{{{place}}}") > 1 for place in range(len(values)))
    is_volatile = is_repeated and any(value.is_volatile for value in values)
    sql = (
        once([value.sql for value in values], row.sql.format, is_volatile=is_volatile)
        if is_repeated
        else row.sql.format(*(v.sql for v in values))
    )
    return combine(f"CAST({sql} AS {type_.duckdb()})" if type_.name == "FIXED" else sql, type_, values)


# --- conditions


def _iff(given: Given) -> Value:
    condition, *rest = one_of(given, 3)
    (yes, no), type_ = unified(rest)
    return combine(
        f"CASE WHEN {truth(condition).sql} THEN {yes.sql} ELSE {no.sql} END",
        type_,
        [condition, yes, no],
        nullable=_some_null(yes, no),
    )


def _coalesce(given: Given) -> Value:
    at_least(given, 1)
    values, type_ = unified(given.values)
    return combine(
        f"coalesce({', '.join(value.sql for value in values)})",
        type_,
        values,
        nullable=all(value.nullable for value in values),
    )


def _nvl2(given: Given) -> Value:
    tested, *rest = one_of(given, 3)
    (yes, no), type_ = unified(rest)
    return combine(
        f"CASE WHEN {tested.sql} IS NOT NULL THEN {yes.sql} ELSE {no.sql} END",
        type_,
        [tested, yes, no],
        nullable=_some_null(yes, no),
    )


def _some_null(*values: Value) -> bool:
    return any(value.nullable for value in values)


def _nullif(given: Given) -> Value:
    first, second = compared(*one_of(given, 2))
    kept = given.values[0]
    sql = once(
        [first.sql, second.sql, kept.sql],
        lambda a, b, c: f"CASE WHEN {a} = {b} THEN NULL ELSE {c} END",
        is_volatile=first.is_volatile,
    )
    return combine(sql, kept.type, [first, second], nullable=True)


def _equal_null(given: Given) -> Value:
    first, second = compared(*one_of(given, 2))
    return combine(f"({first.sql} IS NOT DISTINCT FROM {second.sql})", BOOLEAN, [first, second], nullable=False)


def _zero_if_null(given: Given) -> Value:
    (value,) = one_of(given, 1)
    value = numeric(value)
    return replace(
        value, sql=f"coalesce({value.sql}, CAST(0 AS {value.type.duckdb()}))", nullable=False, constant=NOT_CONSTANT
    )


def _null_if_zero(given: Given) -> Value:
    (value,) = one_of(given, 1)
    return replace(numeric(value), sql=f"nullif({numeric(value).sql}, 0)", nullable=True, constant=NOT_CONSTANT)


def _div0(given: Given) -> Value:
    first, second = (numeric(value) for value in one_of(given, 2))
    return arithmetic.divide(first, second, zero=f"CASE WHEN {first.sql} IS NOT NULL THEN 0.0 END")


def _div0null(given: Given) -> Value:
    first, second = (numeric(value) for value in one_of(given, 2))
    return _div0(
        replace(
            given,
            values=(first, replace(second, sql=f"coalesce({second.sql}, 0)", nullable=False, constant=NOT_CONSTANT)),
        )
    )


def _decode(given: Given) -> Value:
    """DECODE(x, s1, r1, ... [, default]): NULL matches NULL."""
    at_least(given, 3)
    tested, *rest = given.values
    pairs = [(rest[place], rest[place + 1]) for place in range(0, len(rest) - 1, 2)]
    otherwise = [rest[-1]] if len(rest) % 2 else []
    results, type_ = unified([result for _, result in pairs] + otherwise)
    matches = [compared(tested, search) for search, _ in pairs]
    arms = " ".join(
        f"WHEN {a.sql} IS NOT DISTINCT FROM {b.sql} THEN {r.sql}" for (a, b), r in zip(matches, results, strict=False)
    )
    tail = f" ELSE {results[-1].sql}" if otherwise else ""
    return combine(f"CASE {arms}{tail} END", type_, [*given.values], nullable=True)


def _extreme(function: str) -> Rule:
    """GREATEST and LEAST: NULL if any argument is."""

    def rule(given: Given) -> Value:
        at_least(given, 1)
        values, type_ = unified(given.values)
        tests = " OR ".join(f"{value.sql} IS NULL" for value in values)
        listed = ", ".join(value.sql for value in values)
        return combine(f"CASE WHEN {tests} THEN NULL ELSE {function}({listed}) END", type_, values)

    return rule


# --- text


def concat(given: Given) -> Value:
    """CONCAT: NULL if one argument is."""
    at_least(given, 1)
    values = [_TAKES["text"](value) for value in given.values]
    length = min(text().length or 0, sum(value.type.length or 0 for value in values))
    constant = (
        "".join(str(value.constant) for value in values)
        if all(isinstance(value.constant, str) for value in values)
        else NOT_CONSTANT
    )
    if any(value.is_constant and value.constant is None for value in values):
        constant = None
    return combine(f"({' || '.join(value.sql for value in values)})", text(length), values, constant=constant)


def _concat_ws(given: Given) -> Value:
    at_least(given, 2)
    separator, *values = (_TAKES["text"](value) for value in given.values)
    return combine(f"({f' || {separator.sql} || '.join(value.sql for value in values)})", text(), [separator, *values])


def _regexp_substr(given: Given) -> Value:
    """REGEXP_SUBSTR(text, pattern [, position, occurrence, parameters, group])."""
    at_least(given, 2)
    subject, pattern = (_TAKES["text"](value) for value in given.values[:2])
    start, occurrence, flags, group = (
        *(value.constant for value in given.values[2:6]),
        *(1, 1, "c", None)[len(given.values) - 2 :],
    )
    if len(given.values) > 6 or NOT_CONSTANT in (start, occurrence, flags, group):
        raise UnsupportedError("SQL compilation error:\nREGEXP_SUBSTR takes constants from its third argument on.")
    place = group if group is not None else (1 if "e" in str(flags) else 0)
    options = "'i'" if "i" in str(flags) else "''"
    source = subject.sql if start == 1 else f"substr({subject.sql}, {start})"
    sql = f"regexp_extract_all({source}, {pattern.sql}, {place}, {options})[{occurrence}]"
    return combine(sql, text(), [subject, pattern], nullable=True)


def _regexp_replace(given: Given) -> Value:
    """REGEXP_REPLACE(text, pattern [, replacement, position, occurrence, parameters]); occurrence 0 is all of them."""
    at_least(given, 2)
    texts = [
        _TAKES["text"](value) for value in (*given.values[:3], *([text_value("")] if len(given.values) == 2 else []))
    ]
    start, occurrence, flags = (
        *(value.constant for value in given.values[3:6]),
        *(1, 0, "c")[max(0, len(given.values) - 3) :],
    )
    if len(given.values) > 6 or start != 1 or occurrence not in (0, 1):
        raise UnsupportedError("SQL compilation error:\nREGEXP_REPLACE replaces the first or all of a whole text only.")
    options = ("g" if occurrence == 0 else "") + ("i" if "i" in str(flags) else "")
    subject, pattern, replacement = (value.sql for value in texts)
    return combine(f"regexp_replace({subject}, {pattern}, {replacement}, '{options}')", text(), texts)


def _cancel_all_queries(given: Given) -> Value:
    """SYSTEM$CANCEL_ALL_QUERIES(session): clients say it when they close; a session runs one statement at a time, this one."""
    one_of(given, 1)
    return text_value("0 statements cancelled.")


def _client_version_info(given: Given) -> Value:
    """SYSTEM$CLIENT_VERSION_INFO(): the versions that a client must have, as JSON; none is demanded."""
    one_of(given, 0)
    return text_value("[]")


def _regexp_instr(given: Given) -> Value:
    subject, pattern = (_TAKES["text"](value) for value in one_of(given, 2))
    sql = once(
        [subject.sql, pattern.sql],
        lambda s, p: (
            f"CASE WHEN regexp_matches({s}, {p}) THEN length(regexp_split_to_array({s}, {p})[1]) + 1 WHEN {s} IS NULL THEN NULL ELSE 0 END"
        ),
    )
    return combine(f"CAST({sql} AS DECIMAL(18,0))", number(18, 0), [subject, pattern])


def _initcap(given: Given) -> Value:
    """Each word with a capital; a word is a run of letters and digits."""
    value = _TAKES["text"](one_of(given, 1)[0])
    words = f"regexp_extract_all({value.sql}, '[\\pL\\pN]+|[^\\pL\\pN]+')"
    sql = f"array_to_string(list_transform({words}, lambda {EACH}: upper({EACH}[1]) || lower({EACH}[2:])), '')"
    return combine(sql, value.type, [value])


def _strtok(given: Given) -> Value:
    """STRTOK(text [, delimiters [, n]]): the n-th piece that isn't empty; each character delimits."""
    source, *rest = (_TAKES["text"](value) for value in one_of(given, 1, 3)[:2])
    delimiters = rest[0].sql if rest else "' '"
    place = _integer(given.values[2]).sql if len(given.values) > 2 else "1"
    same = f"left({delimiters}, 1)"
    pieces = f"string_split(translate({source.sql}, {delimiters}, repeat({same}, length({delimiters}))), {same})"
    sql = f"list_filter({pieces}, lambda {EACH}: {EACH} <> '')[{place}]"
    return combine(sql, text(), given.values, nullable=True)


# --- numbers


def _rounded(function: str) -> Rule:
    """ROUND, TRUNC, CEIL, FLOOR with an optional scale."""

    def rule(given: Given) -> Value:
        value, *rest = one_of(given, 1, 2)
        value = numeric(value)
        places = rest[0].constant if rest else 0
        if not isinstance(places, int):
            raise UnsupportedError(f"SQL compilation error:\n{given.name} takes a constant as its second argument.")
        sql = _scaled(function, value.sql, places, value.type)
        if value.type == REAL:
            return combine(sql, REAL, [value])
        scale = max(0, min(value.type.scale or 0, places))
        type_ = number(min(38, (value.type.precision or 38) - (value.type.scale or 0) + 1 + scale), scale)
        return combine(f"CAST({sql} AS {type_.duckdb()})", type_, [value])

    return rule


def _scaled(function: str, sql: str, places: int, type_: SnowType) -> str:
    if function == "round":
        return f"round({sql}, {places})"
    if places == 0:
        return f"{function}({sql})"
    if places >= (type_.scale or 0) and type_ != REAL:
        return sql
    power = f"1{'0' * abs(places)}"
    wide = f"CAST({sql} AS DECIMAL(38,{type_.scale or 0}))" if type_ != REAL else sql
    if places > 0:
        return (
            f"({function}({wide} * {power}) / {power})"
            if type_ == REAL
            else f"CAST({function}({wide} * {power}) AS DECIMAL(38,0)) * {_fraction(places)}"
        )
    return f"{function}({wide} / {power}) * {power}"


def _fraction(places: int) -> str:
    return f"CAST(0.{'0' * (places - 1)}1 AS DECIMAL({places},{places}))"


def _mod(given: Given) -> Value:
    first, second = one_of(given, 2)
    return arithmetic.modulo(numeric(first), numeric(second))


# --- conversions


def _to_varchar(given: Given) -> Value:
    value, *form = one_of(given, 1, 2)
    if not form:
        return cast(value, text())
    if value.type.name in (*coercion.STAMPS, "DATE", "TIME"):
        return dates.formatted(value, form[0])
    raise UnsupportedError(
        f"SQL compilation error:\n{given.name} with a number format is not supported.",
        hint="Use ROUND and a cast instead.",
    )


def _to_number(tries: bool) -> Rule:
    """TO_NUMBER(x [, precision [, scale]]); a text format is not served."""

    def rule(given: Given) -> Value:
        value, *rest = one_of(given, 1, 3)
        sizes = [size.constant for size in rest]
        if not all(isinstance(size, int) for size in sizes):
            raise UnsupportedError(f"SQL compilation error:\n{given.name} with a format is not supported.")
        precision, scale = (*sizes, *(38, 0)[len(sizes) :])
        return cast(value, number(int(precision), int(scale)), tries=tries)

    return rule


def _conversion(target: SnowType, *, tries: bool = False) -> Rule:
    """TO_<type>(x)."""

    def rule(given: Given) -> Value:
        value, *form = one_of(given, 1, 2)
        if form and target.name in (*coercion.STAMPS, "DATE", "TIME"):
            return dates.parsed(value, form[0], target, tries=tries)
        if form:
            raise arity(given, 1, 1)
        if target.name in (*coercion.STAMPS, "DATE") and value.type.name in ("FIXED", "VARIANT"):
            return dates.from_epoch(value, target) if value.type.name == "FIXED" else cast(value, target, tries=tries)
        return cast(value, target, tries=tries)

    return rule


# --- others


def _hash(given: Given) -> Value:
    at_least(given, 1)
    values = [_TAKES["any"](value) for value in given.values]
    return combine(_signed(f"hash({', '.join(value.sql for value in values)})"), number(19, 0), values, nullable=False)


def _signed(sql: str) -> str:
    """64 random bits as a signed number."""
    return f"CAST(CAST({sql} AS HUGEINT) - 9223372036854775808 AS DECIMAL(19,0))"


def _random(given: Given) -> Value:
    """RANDOM([seed]): a signed 64-bit number. With a seed, the same rows in the same order give the same numbers."""
    seed = one_of(given, 0, 1)
    if not seed:
        return Value(_signed("hash(random())"), number(19, 0), nullable=False, is_volatile=True)
    if not isinstance(seed[0].constant, int):
        raise InvalidArgumentsError("SQL compilation error:\nargument 1 to function RANDOM needs to be constant")
    return Value(
        _signed(f"hash({seed[0].constant}, row_number() OVER ())"), number(19, 0), nullable=False, has_window=True
    )


def _uuid(given: Given) -> Value:
    one_of(given, 0)
    return Value("CAST(uuid() AS VARCHAR)", text(36), nullable=False, is_volatile=True)


def _uniform(given: Given) -> Value:
    low, high, source = one_of(given, 3)
    type_ = common([low.type, high.type])
    spread = f"(abs({source.sql}) % 1000000007) / 1000000007.0"
    sql = f"{low.sql} + {spread} * ({high.sql} - {low.sql})"
    whole = f"{low.sql} + floor({spread} * ({high.sql} - {low.sql} + 1))"
    return combine(f"CAST({whole if type_.name == 'FIXED' else sql} AS {type_.duckdb()})", type_, [low, high, source])


def _context(given: Given) -> Value:
    """CURRENT_USER and its like: the session's value as a constant."""
    one_of(given, 0)
    found = given.context.get(given.name)
    return Value("CAST(NULL AS VARCHAR)", text(), constant=None) if found is None else text_value(str(found))


def _last_query_id(given: Given) -> Value:
    """LAST_QUERY_ID([n]): the session's n-th statement, from its end if n is negative; NULL if there is none."""
    ids: Sequence[str] = given.context.get("LAST_QUERY_ID") or ()
    values = one_of(given, 0, 1)
    at = values[0].constant if values else -1
    if not isinstance(at, int):
        raise InvalidArgumentsError("SQL compilation error:\nLAST_QUERY_ID takes a constant number.")
    index = at - 1 if at > 0 else at
    found = ids[index] if at and -len(ids) <= index < len(ids) else None
    return Value("CAST(NULL AS VARCHAR)", text(), constant=None) if found is None else text_value(found)


def _convert_timezone(given: Given) -> Value:
    """CONVERT_TIMEZONE('UTC', moment), CONVERT_TIMEZONE(from, to, moment without a zone)"""
    *zones, moment = one_of(given, 2, 3)
    if not all(isinstance(zone.constant, str) for zone in zones):
        raise InvalidArgumentsError("SQL compilation error:\nCONVERT_TIMEZONE takes constant names of time zones.")
    if len(zones) == 1 and zones[0].constant not in ("UTC", "Etc/UTC", "GMT"):
        raise UnsupportedError(
            "SQL compilation error:\nCONVERT_TIMEZONE with two arguments converts to UTC only.",
            hint="Give the source's zone too: CONVERT_TIMEZONE('UTC', 'Europe/Berlin', moment).",
        )
    if len(zones) == 1:
        return cast(moment, TIMESTAMP_TZ)
    source, target = zones
    value = cast(moment, TIMESTAMP_NTZ)
    return combine(f"timezone({target.sql}, timezone({source.sql}, {value.sql}))", TIMESTAMP_NTZ, [value])


def _typeof(given: Given) -> Value:
    (value,) = one_of(given, 1)
    return semistructured.typeof(cast(value, VARIANT))


_CONTEXT = (
    "CURRENT_USER", "CURRENT_ROLE", "CURRENT_DATABASE", "CURRENT_SCHEMA", "CURRENT_WAREHOUSE", "CURRENT_ACCOUNT", "CURRENT_VERSION",
    "CURRENT_SESSION", "CURRENT_REGION", "CURRENT_ACCOUNT_NAME", "CURRENT_ORGANIZATION_NAME", "CURRENT_CLIENT", "CURRENT_IP_ADDRESS",
    "CURRENT_STATEMENT", "CURRENT_TRANSACTION", "CURRENT_SECONDARY_ROLES", "CURRENT_AVAILABLE_ROLES", "CURRENT_SCHEMAS",
)  # fmt: skip

_RULES: dict[str, Rule] = {
    **{name: _context for name in _CONTEXT},
    **dates.RULES,
    **semistructured.RULES,
    **vectors.RULES,
    "LAST_QUERY_ID": _last_query_id,
    "CONVERT_TIMEZONE": _convert_timezone,
    "TYPEOF": _typeof,
    "IFF": _iff,
    "COALESCE": _coalesce,
    "NVL": _coalesce,
    "IFNULL": _coalesce,
    "NVL2": _nvl2,
    "NULLIF": _nullif,
    "EQUAL_NULL": _equal_null,
    "ZEROIFNULL": _zero_if_null,
    "NULLIFZERO": _null_if_zero,
    "DIV0": _div0,
    "DIV0NULL": _div0null,
    "DECODE": _decode,
    "GREATEST": _extreme("greatest"),
    "LEAST": _extreme("least"),
    "CONCAT": concat,
    "INITCAP": _initcap,
    "STRTOK": _strtok,
    "CONCAT_WS": _concat_ws,
    "REGEXP_SUBSTR": _regexp_substr,
    "REGEXP_INSTR": _regexp_instr,
    "REGEXP_REPLACE": _regexp_replace,
    "SYSTEM$CANCEL_ALL_QUERIES": _cancel_all_queries,
    "SYSTEM$CLIENT_VERSION_INFO": _client_version_info,
    "ROUND": _rounded("round"),
    "TRUNC": _rounded("trunc"),
    "TRUNCATE": _rounded("trunc"),
    "CEIL": _rounded("ceil"),
    "FLOOR": _rounded("floor"),
    "MOD": _mod,
    "TO_VARCHAR": _to_varchar,
    "TO_CHAR": _to_varchar,
    "TO_NUMBER": _to_number(False),
    "TO_DECIMAL": _to_number(False),
    "TO_NUMERIC": _to_number(False),
    "TRY_TO_NUMBER": _to_number(True),
    "TRY_TO_DECIMAL": _to_number(True),
    "TRY_TO_NUMERIC": _to_number(True),
    "TO_DOUBLE": _conversion(REAL),
    "TRY_TO_DOUBLE": _conversion(REAL, tries=True),
    "TO_BOOLEAN": _conversion(BOOLEAN),
    "TRY_TO_BOOLEAN": _conversion(BOOLEAN, tries=True),
    "TO_DATE": _conversion(DATE),
    "DATE": _conversion(DATE),
    "TRY_TO_DATE": _conversion(DATE, tries=True),
    "TO_TIME": _conversion(TIME),
    "TIME": _conversion(TIME),
    "TRY_TO_TIME": _conversion(TIME, tries=True),
    "TO_TIMESTAMP": _conversion(TIMESTAMP_NTZ),
    "TO_TIMESTAMP_NTZ": _conversion(TIMESTAMP_NTZ),
    "TO_TIMESTAMP_LTZ": _conversion(TIMESTAMP_LTZ),
    "TO_TIMESTAMP_TZ": _conversion(TIMESTAMP_TZ),
    "TRY_TO_TIMESTAMP": _conversion(TIMESTAMP_NTZ, tries=True),
    "TRY_TO_TIMESTAMP_NTZ": _conversion(TIMESTAMP_NTZ, tries=True),
    "TO_VARIANT": _conversion(VARIANT),
    "TO_ARRAY": _conversion(ARRAY),
    "TO_OBJECT": _conversion(OBJECT),
    "HASH": _hash,
    "RANDOM": _random,
    "UNIFORM": _uniform,
    "UUID_STRING": _uuid,
}
