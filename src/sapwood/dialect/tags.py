"""CREATE TAG, and the values that statements give to tables and columns.

Comes in: a reader behind the words that announce them. Goes out: one statement, or tags with their values.
Source: the vendor's pages "CREATE TAG" and "Object tagging".
"""

from __future__ import annotations

from sapwood.dialect.creation import Compiler, Head, named
from sapwood.dialect.definition_statements import CreateTag
from sapwood.dialect.reader import Reader, unsupported
from sapwood.dialect.statements import Statement, TagValue


def create_tag(reader: Reader, head: Head, compiler: Compiler) -> Statement:
    """CREATE TAG name [ALLOWED_VALUES 'a', 'b'] [COMMENT = '...']"""
    name = named(reader, compiler)
    allowed: tuple[str, ...] = ()
    comment = ""
    while not reader.is_done:
        if reader.take("ALLOWED_VALUES"):
            allowed = _texts(reader)
        elif reader.take("COMMENT"):
            reader.expect("=")
            comment = reader.string()
        else:
            raise unsupported(f"{reader.word()} of a tag") if reader.word() else reader.error()
    return CreateTag(name, allowed, head.or_replace, head.if_not_exists, comment)


def _texts(reader: Reader) -> tuple[str, ...]:
    found = [reader.string()]
    while reader.take(","):
        found.append(reader.string())
    return tuple(found)


def declared_tags(reader: Reader, compiler: Compiler) -> tuple[TagValue, ...]:
    """[WITH] TAG (a = 'x', b = 'y'); nothing, if other words are next."""
    if not reader.take("WITH", "TAG") and not reader.take("TAG"):
        return ()
    inner = Reader(reader.inside())
    found = set_tags(inner, compiler)
    inner.end()
    return found


def set_tags(reader: Reader, compiler: Compiler) -> tuple[TagValue, ...]:
    """a = 'x', b = 'y'"""
    found: list[TagValue] = []
    while not found or _goes_on(reader):
        tag = named(reader, compiler)
        reader.expect("=")
        found.append(TagValue(tag, reader.string()))
    return tuple(found)


def unset_tags(reader: Reader, compiler: Compiler) -> tuple[TagValue, ...]:
    """a, b"""
    found = [TagValue(named(reader, compiler), None)]
    while _goes_on(reader):
        found.append(TagValue(named(reader, compiler), None))
    return tuple(found)


def _goes_on(reader: Reader) -> bool:
    """Whether another tag follows, and not the next column of a list."""
    return not reader.at(",", "COLUMN") and reader.take(",")
