"""Functions of texts, and of bytes written as texts.

Comes in: bound arguments. Goes out: bound values. Source: the vendor's page "String & binary functions". Knows no names
of columns or tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from sapwood.dialect.coercion import decoded
from sapwood.dialect.failures import raising
from sapwood.dialect.given import Given, Rule, at_least, one_of
from sapwood.dialect.names import EACH, literal
from sapwood.dialect.rows import TAKES, Row, apply_row, rows_of, whole
from sapwood.dialect.statements import NOT_CONSTANT
from sapwood.dialect.types import ARRAY, BINARY, OBJECT, number, text
from sapwood.dialect.values import Value, combine, once, tried
from sapwood.errors import InvalidArgumentsError

TABLE = """
UPPER             text                  same   upper({0})
LOWER             text                  same   lower({0})
REVERSE           text                  same   reverse({0})
TRIM              text                  same   trim({0}, ' ')
TRIM              text,text             same   trim({0}, {1})
LTRIM             text                  same   ltrim({0}, ' ')
LTRIM             text,text             same   ltrim({0}, {1})
RTRIM             text                  same   rtrim({0}, ' ')
RTRIM             text,text             same   rtrim({0}, {1})
RTRIMMED_LENGTH   text                  count  length(rtrim({0}, ' '))
CHAR_LENGTH       text                  count  length({0})
LEFT              text,cut              same   left({0}, {1})
RIGHT             text,cut              same   right({0}, {1})
SUBSTR            text,int              same   substr({0}, CASE {1} WHEN 0 THEN 1 ELSE {1} END)
SUBSTR            text,int,cut          same   substr({0}, CASE {1} WHEN 0 THEN 1 ELSE {1} END, {2})
SUBSTRING         text,int              same   substr({0}, CASE {1} WHEN 0 THEN 1 ELSE {1} END)
SUBSTRING         text,int,cut          same   substr({0}, CASE {1} WHEN 0 THEN 1 ELSE {1} END, {2})
SPLIT_PART        text,text,int         text   CASE WHEN {1} = '' THEN CASE WHEN {2} IN (-1, 0, 1) THEN {0} ELSE '' END ELSE split_part({0}, {1}, CASE {2} WHEN 0 THEN 1 ELSE {2} END) END
SPLIT             text,text             array  to_json(CASE WHEN {1} = '' THEN [{0}] ELSE string_split({0}, {1}) END)
REPLACE           text,text             text   replace({0}, {1}, '')
REPLACE           text,text,text        text   replace({0}, {1}, {2})
TRANSLATE         text,text,text        text   translate({0}, {1}, {2})
INSERT            text,int,int,text     text   left({0}, {1} - 1) || {3} || substr({0}, {1} + {2})
REPEAT            text,size             text   repeat({0}, {1})
SPACE             size                  text   repeat(' ', {0})
LPAD              text,size             text   lpad({0}, {1}, ' ')
LPAD              text,size,text        text   CASE WHEN {2} = '' THEN left({0}, {1}) ELSE lpad({0}, {1}, {2}) END
RPAD              text,size             text   rpad({0}, {1}, ' ')
RPAD              text,size,text        text   CASE WHEN {2} = '' THEN left({0}, {1}) ELSE rpad({0}, {1}, {2}) END
ASCII             text                  count  CASE WHEN {0} = '' THEN 0 ELSE ascii({0}) END
UNICODE           text                  count  CASE WHEN {0} = '' THEN 0 ELSE unicode({0}) END
CONTAINS          text,text             bool   contains({0}, {1})
LIKE              text,text             bool   ({0} LIKE {1})
LIKE              text,text,text        bool   ({0} LIKE {1} ESCAPE {2})
ILIKE             text,text             bool   ({0} ILIKE {1})
ILIKE             text,text,text        bool   ({0} ILIKE {1} ESCAPE {2})
STARTSWITH        text,text             bool   starts_with({0}, {1})
ENDSWITH          text,text             bool   ends_with({0}, {1})
CHARINDEX         text,text             count  strpos({1}, {0})
CHARINDEX         text,text,int         count  CASE WHEN strpos(substr({1}, greatest({2}, 1)), {0}) = 0 THEN 0 ELSE strpos(substr({1}, greatest({2}, 1)), {0}) + greatest({2}, 1) - 1 END
POSITION          text,text             count  strpos({1}, {0})
POSITION          text,text,int         count  CASE WHEN strpos(substr({1}, greatest({2}, 1)), {0}) = 0 THEN 0 ELSE strpos(substr({1}, greatest({2}, 1)), {0}) + greatest({2}, 1) - 1 END
EDITDISTANCE      text,text             count  CASE WHEN strlen({0} || {1}) = length({0} || {1}) THEN levenshtein({0}, {1}) ELSE CAST(own_distance({0}, {1}) AS BIGINT) END
EDITDISTANCE      text,text,cut         count  CASE WHEN {0} || {1} IS NOT NULL THEN least(CASE WHEN strlen({0} || {1}) = length({0} || {1}) THEN levenshtein({0}, {1}) ELSE CAST(own_distance({0}, {1}) AS BIGINT) END, {2}) END
JAROWINKLER_SIMILARITY text,text        int    floor(round(jaro_winkler_similarity(lower({0}), lower({1})) * 100, 9))
MD5               bytes                 text   md5({0})
MD5_HEX           bytes                 text   md5({0})
MD5_BINARY        bytes                 binary unhex(md5({0}))
MD5_NUMBER_UPPER64 bytes                int    CAST('0x' || left(md5({0}), 16) AS UBIGINT)
MD5_NUMBER_LOWER64 bytes                int    CAST('0x' || right(md5({0}), 16) AS UBIGINT)
SHA1              bytes                 text   sha1({0})
SHA1_HEX          bytes                 text   sha1({0})
SHA1_BINARY       bytes                 binary unhex(sha1({0}))
"""  # noqa: E501


def concat(given: Given) -> Value:
    """CONCAT: NULL if one argument is."""
    at_least(given, 1)
    if all(value.type.name == "BINARY" for value in given.values):
        return combine(f"({' || '.join(value.sql for value in given.values)})", BINARY, given.values)
    values = [TAKES["text"](value) for value in given.values]
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
    separator, *values = (TAKES["text"](value) for value in given.values)
    return combine(f"({f' || {separator.sql} || '.join(value.sql for value in values)})", text(), [separator, *values])


def _length(of_text: str, *, factor: int = 1) -> Rule:
    """Characters or bytes of a text; bytes of a BINARY."""

    def rule(given: Given) -> Value:
        (value,) = one_of(given, 1)
        is_binary = value.type.name == "BINARY"
        counted = f"octet_length({value.sql})" if is_binary else f"{of_text}({TAKES['text'](value).sql})"
        times = f" * {factor}" if factor > 1 else ""
        return combine(f"CAST({counted}{times} AS DECIMAL(18,0))", number(18, 0), [value])

    return rule


def _char(given: Given) -> Value:
    """CHR(code): a character of Unicode."""
    code = whole(one_of(given, 1)[0])

    def build(c: str) -> str:
        failure = raising(
            100062, "22021", literal("Invalid character code "), c, literal(" in the CHR input"), type_=text(1)
        )
        is_one = f"{c} BETWEEN 0 AND 55295 OR {c} BETWEEN 57344 AND 1114111"
        return f"CASE WHEN {is_one} THEN chr(CAST({c} AS INTEGER)) WHEN {c} IS NOT NULL THEN {failure} END"

    return combine(once([code.sql], build, is_volatile=code.is_volatile), text(1), [code])


def _initcap(given: Given) -> Value:
    """Each word with a capital; a word is a run of letters and digits, or what stands between the given delimiters."""
    value, *rest = (TAKES["text"](each) for each in one_of(given, 1, 2))
    if not rest:
        words = f"regexp_extract_all({value.sql}, '[\\pL\\pN]+|[^\\pL\\pN]+')"
        return combine(_capitals(words), value.type, [value])
    delimiters = rest[0].sql
    letters = f"string_split({value.sql}, '')"
    sql = (
        f'array_to_string(list_transform({letters}, lambda {EACH}, "~i": CASE WHEN "~i" = 1 OR '
        f"contains({delimiters}, {value.sql}[\"~i\" - 1]) THEN upper({EACH}) ELSE lower({EACH}) END), '')"
    )
    return combine(sql, value.type, [value, *rest])


def _capitals(words: str) -> str:
    return f"array_to_string(list_transform({words}, lambda {EACH}: upper({EACH}[1]) || lower({EACH}[2:])), '')"


def pieces(source: str, delimiters: str) -> str:
    """SQL for the list of pieces between any of some characters, without empty ones."""
    same = f"left({delimiters}, 1)"
    split = f"string_split(translate({source}, {delimiters}, repeat({same}, length({delimiters}))), {same})"
    split = f"CASE WHEN {delimiters} = '' THEN [{source}] ELSE {split} END"
    return f"list_filter({split}, lambda {EACH}: {EACH} <> '')"


def _strtok(given: Given) -> Value:
    """STRTOK(text [, delimiters [, n]]): the n-th piece that isn't empty; each character delimits."""
    source, *rest = (TAKES["text"](value) for value in one_of(given, 1, 3)[:2])
    place = whole(given.values[2]).sql if len(given.values) > 2 else "1"
    return combine(
        f"{pieces(source.sql, rest[0].sql if rest else _BLANK)}[{place}]",
        text(),
        given.values,
        nullable=True,
    )


def _strtok_to_array(given: Given) -> Value:
    source, *rest = (TAKES["text"](value) for value in one_of(given, 1, 2))
    return combine(f"to_json({pieces(source.sql, rest[0].sql if rest else _BLANK)})", ARRAY, given.values)


_BLANK = "' '"


def _soundex(given: Given) -> Value:
    """The first letter and three digits for the sounds behind it."""
    source = TAKES["text"](one_of(given, 1)[0])

    def build(sql: str) -> str:
        letters = f"regexp_replace(upper({sql}), '[^A-Z]', '', 'g')"
        sounds = f"translate({letters}, 'AEIOUYBFPVCGJKQSXZDTLMNRHW', '000000111122222222334556')"
        single = sounds
        for digit in "0123456":
            single = f"regexp_replace({single}, '{digit}{digit}+', '{digit}', 'g')"
        behind = f"CASE WHEN left({letters}, 1) IN ('H', 'W') THEN {single} ELSE substr({single}, 2) END"
        return f"CASE WHEN {letters} = '' THEN '' ELSE left({letters}, 1) || left(replace({behind}, '0', '') || '000', 3) END"

    return combine(once([source.sql], build, is_volatile=True), text(4), [source])


def _sha2(*, binary: bool) -> Rule:
    """SHA2(text or bytes [, 224 | 256 | 384 | 512]); 0 bits are 256."""

    def rule(given: Given) -> Value:
        value, *size = one_of(given, 1, 2)
        bits = size[0].constant if size else 0
        if bits not in (0, 224, 256, 384, 512):
            raise InvalidArgumentsError(
                f"SQL compilation error:\n{given.name} takes 224, 256, 384 or 512 as its second argument."
            )
        content = TAKES["bytes"](value).sql
        digits = f"sha256({content})" if bits in (0, 256) else f"own_sha2({content}, {bits})"
        return combine(
            f"unhex({digits})" if binary else digits, BINARY if binary else text((bits or 256) // 4), [value]
        )

    return rule


def _hex_encode(given: Given) -> Value:
    """HEX_ENCODE, of a text's UTF-8 or of bytes."""
    (value,) = one_of(given, 1)
    return combine(f"hex({TAKES['bytes'](value).sql})", text(), [value])


def _base64_encode(given: Given) -> Value:
    """BASE64_ENCODE(x [, characters a line [, alphabet]])"""
    value, *rest = one_of(given, 1, 3)
    most = rest[0].constant if rest else 0
    if not isinstance(most, int) or most < 0:
        raise InvalidArgumentsError(
            "SQL compilation error:\nBASE64_ENCODE takes a constant number of characters a line."
        )
    theirs, ours = _alphabet(given, rest[1:])
    digits = f"base64({TAKES['bytes'](value).sql})"
    if theirs != ours:
        digits = f"translate({digits}, {literal(ours)}, {literal(theirs)})"
    if most:
        lines = f"lambda {EACH}: substr({{0}}, {EACH} + 1, {most})"
        build = f"array_to_string(list_transform(range(0, length({{0}}), {most}), {lines}), chr(10))".format
        digits = once([digits], build, is_volatile=True)
    return combine(digits, text(), [value])


def _alphabet(given: Given, rest: Sequence[Value]) -> tuple[str, str]:
    """The last characters of a base64 alphabet and its padding: as they are given, and what they stand for."""
    theirs = rest[0].constant if rest else ""
    if not isinstance(theirs, str) or len(theirs) > len(_LAST_OF_BASE64):
        raise InvalidArgumentsError(
            f"SQL compilation error:\n{given.name} takes a constant text of up to three characters as its alphabet."
        )
    return theirs, _LAST_OF_BASE64[: len(theirs)]


_LAST_OF_BASE64 = "+/="


def _decoded(encoding: str, *, is_text: bool, tries: bool) -> Rule:
    """HEX_DECODE_*(x) and BASE64_DECODE_*(x [, alphabet]): bytes, or the text that they are in UTF-8."""

    def rule(given: Given) -> Value:
        first, *rest = one_of(given, 1, 2 if encoding == "base64" else 1)
        source = TAKES["text"](first)
        theirs, ours = _alphabet(given, rest)
        digits = f"translate({source.sql}, {literal(theirs)}, {literal(ours)})" if theirs != ours else source.sql
        sql = once([digits], lambda x: decoded(x, encoding, tries=tries), is_volatile=source.is_volatile)
        if is_text:
            sql = tried([sql], "decode({0})".format) if tries else f"decode({sql})"
        return combine(sql, text() if is_text else BINARY, [source], nullable=True if tries else None)

    return rule


_DECODERS = {
    f"{before}{encoding.upper()}_DECODE_{kind}": _decoded(encoding, is_text=kind == "STRING", tries=bool(before))
    for before in ("", "TRY_")
    for encoding in ("hex", "base64")
    for kind in ("STRING", "BINARY")
}


def _parse_url(given: Given) -> Value:
    """PARSE_URL(text [, 1]): its parts as an object; with 1 a text that is no URL gives {"error": ...}."""
    source, *way = one_of(given, 1, 2)
    url = TAKES["text"](source)
    if way and way[0].constant not in (0, 1):
        raise InvalidArgumentsError("SQL compilation error:\nPARSE_URL takes 0 or 1 as its second argument.")

    def build(found: str) -> str:
        reason = f"substr({found}, 2)"
        failure = raising(100139, "22000", literal("Error parsing URL: "), reason, type_=OBJECT)
        refused = f"json_object('error', {reason})" if way and way[0].constant == 1 else failure
        return f"CASE WHEN starts_with({found}, '!') THEN {refused} ELSE CAST({found} AS JSON) END"

    return combine(once([f"own_url({url.sql})"], build, is_volatile=True), OBJECT, [url])


def _part_of_bytes(given: Given) -> Value:
    """SUBSTR, LEFT and RIGHT, of bytes too: two hexadecimal digits each."""
    if not given.values or given.values[0].type != BINARY:
        return apply_row(given, _rows()[given.name])
    source, *numbers = given.values
    counts = [whole(each) for each in numbers]
    doubled = [each.over(f"(2 * {each.sql})", each.type) for each in counts]
    if given.name in ("SUBSTR", "SUBSTRING") and counts:
        start = counts[0]
        doubled[0] = start.over(
            f"(CASE WHEN {start.sql} > 0 THEN 2 * {start.sql} - 1 ELSE 2 * {start.sql} END)", start.type
        )
    digits = source.over(f"hex({source.sql})", text())
    found = apply_row(replace(given, values=(digits, *doubled)), _rows()[given.name])
    return found.over(f"unhex({found.sql})", BINARY)


@cache
def _rows() -> Mapping[str, tuple[Row, ...]]:
    return rows_of(TABLE)


RULES: dict[str, Rule] = {
    **_DECODERS,
    **dict.fromkeys(("SUBSTR", "SUBSTRING", "LEFT", "RIGHT"), _part_of_bytes),
    "PARSE_URL": _parse_url,
    "CONCAT": concat,
    "CONCAT_WS": _concat_ws,
    "LENGTH": _length("length"),
    "LEN": _length("length"),
    "OCTET_LENGTH": _length("strlen"),
    "BIT_LENGTH": _length("strlen", factor=8),
    "CHR": _char,
    "CHAR": _char,
    "INITCAP": _initcap,
    "STRTOK": _strtok,
    "STRTOK_TO_ARRAY": _strtok_to_array,
    "SOUNDEX": _soundex,
    "SHA2": _sha2(binary=False),
    "SHA2_HEX": _sha2(binary=False),
    "SHA2_BINARY": _sha2(binary=True),
    "HEX_ENCODE": _hex_encode,
    "BASE64_ENCODE": _base64_encode,
}
