"""CREATE FUNCTION, CREATE and ALTER SEQUENCE, and DROP of both.

Comes in: a reader behind those words, and the compiler. Goes out: one statement. A function's body is SQL and is bound
once, so that a mistake in it is told here; one in another language would be somebody else's program, and is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sapwood.dialect.creation import Compiler, Head, named
from sapwood.dialect.definition_statements import (
    AlterSequence,
    CreateFunction,
    CreateSequence,
)
from sapwood.dialect.reader import Reader, unsupported
from sapwood.dialect.statements import (
    Column,
    Drop,
    Name,
    Statement,
    UserFunction,
)
from sapwood.dialect.types import VARIANT, SnowType
from sapwood.errors import ProgrammingError

LANGUAGES = ("PYTHON", "JAVA", "JAVASCRIPT", "SCALA")


# --- functions


def create_function(reader: Reader, head: Head, compiler: Compiler) -> Statement:
    """CREATE FUNCTION name(a type, ...) RETURNS type | TABLE (b type, ...) [options] AS 'expression'"""
    name = named(reader, compiler)
    parameters = _parameters(reader, compiler)
    reader.expect("RETURNS")
    table = _parameters(reader, compiler) if reader.take("TABLE") else ()
    returns = VARIANT if table else compiler.type_of(type_text(reader))
    comment = _options(reader)
    body = reader.string()
    reader.end()
    function = UserFunction(name, parameters, returns, body.strip().rstrip(";"), comment, table)
    compiler.check_function(function)
    return CreateFunction(function, head.or_replace, head.if_not_exists)


def _parameters(reader: Reader, compiler: Compiler) -> tuple[Column, ...]:
    reader.expect("(")
    found: list[Column] = []
    while not reader.take(")"):
        name = reader.identifier()
        found.append(Column(name, compiler.type_of(type_text(reader))))
        if reader.at("DEFAULT"):
            raise unsupported("DEFAULT of a function's argument")
        if not reader.take(",") and reader.word() != ")":
            raise reader.error()
    return tuple(found)


def type_text(reader: Reader) -> str:
    """A type's name with its sizes: NUMBER(10, 2), DOUBLE PRECISION, TIMESTAMP(3) WITH TIME ZONE."""
    words = [reader.any_word()]
    for first, second in (pair.split() for pair in _PAIRS):
        if words == [first] and reader.take(second):
            words.append(second)
    sizes = f"({reader.inside()})" if reader.at("(") else ""
    zone = next((zone for zone in _ZONES if words == ["TIMESTAMP"] and reader.take(*zone.split())), "")
    return f"{' '.join(words)}{sizes} {zone}".strip()


_PAIRS = ("DOUBLE PRECISION", "CHARACTER VARYING", "CHAR VARYING", "NCHAR VARYING")
"""Names of types in two words."""
_ZONES = ("WITH TIME ZONE", "WITH LOCAL TIME ZONE", "WITHOUT TIME ZONE")
"""What may stand behind TIMESTAMP."""


def _options(reader: Reader) -> str:
    """What stands between RETURNS and AS; the comment."""
    comment = ""
    while not reader.take("AS"):
        if reader.take("LANGUAGE"):
            _check_language(reader.any_word())
        elif reader.take("COMMENT"):
            reader.expect("=")
            comment = reader.string()
        elif not any(reader.take(*words.split()) for words in _MEANINGLESS):
            raise unsupported(f"{reader.word()} of a function") if reader.word() else reader.error()
    return comment


_MEANINGLESS = (
    "NOT NULL", "NULL", "CALLED ON NULL INPUT", "IMMUTABLE", "VOLATILE", "MEMOIZABLE", "COPY GRANTS",
)  # fmt: skip
"""Words that change no result of an expression."""


def _check_language(language: str) -> None:
    if language != "SQL":
        raise unsupported(
            f"LANGUAGE {language} of a function",
            hint="Programs are not run here. Write the function in SQL, or add it as a plug-in.",
        )


def create_procedure(reader: Reader, head: Head, compiler: Compiler) -> Statement:
    """CREATE PROCEDURE is refused: it would run a program."""
    raise unsupported("CREATE PROCEDURE", hint="Programs are not run here. Send the statements one by one.")


# --- sequences


def create_sequence(reader: Reader, head: Head, compiler: Compiler) -> Statement:
    """CREATE SEQUENCE name [WITH] [START [WITH] [=] n] [INCREMENT [BY] [=] n] [ORDER | NOORDER] [COMMENT = '...']"""
    name = named(reader, compiler)
    reader.take("WITH")
    start, increment, comment = 1, 1, ""
    while not reader.is_done:
        if reader.take("START"):
            start = _number(reader, "WITH")
        elif reader.take("INCREMENT"):
            increment = _increment(reader)
        elif reader.take("COMMENT"):
            reader.expect("=")
            comment = reader.string()
        elif not any(map(reader.take, ("ORDER", "NOORDER", ","))):
            raise unsupported(f"{reader.word()} of a sequence") if reader.word() else reader.error()
    return CreateSequence(name, start, increment, head.or_replace, head.if_not_exists, comment)


def _increment(reader: Reader) -> int:
    found = _number(reader, "BY")
    if found == 0:
        raise ProgrammingError("SQL compilation error:\ninvalid value [0] for parameter 'INCREMENT'", errno=1008)
    return found


def _number(reader: Reader, word: str) -> int:
    reader.take(word)
    reader.take("=")
    return reader.integer()


def alter_sequence(statement: AlterSequence, reader: Reader, compiler: Compiler) -> Statement:
    """RENAME TO name; [SET] [INCREMENT [BY] [=] n] [ORDER | NOORDER] [COMMENT = '...']; UNSET COMMENT"""
    if reader.take("RENAME", "TO"):
        found = replace(statement, new_name=named(reader, compiler))
    elif reader.take("UNSET", "COMMENT"):
        found = replace(statement, comment="")
    else:
        found = _set_of_sequence(statement, reader)
    reader.end()
    return found


def _set_of_sequence(statement: AlterSequence, reader: Reader) -> AlterSequence:
    reader.take("SET")
    found = statement
    while not reader.is_done:
        if reader.take("INCREMENT"):
            found = replace(found, increment=_increment(reader))
        elif reader.take("COMMENT"):
            reader.expect("=")
            found = replace(found, comment=reader.string())
        elif not any(map(reader.take, ("ORDER", "NOORDER", ","))):
            raise unsupported(f"ALTER SEQUENCE ... {reader.word()}") if reader.word() else reader.error()
    return found


def drop(reader: Reader, compiler: Compiler) -> Statement | None:
    """DROP FUNCTION [IF EXISTS] name(types), DROP SEQUENCE | TAG [IF EXISTS] name; None if it is another DROP."""
    kind = next((kind for kind in ("FUNCTION", "SEQUENCE", "TAG") if reader.take(kind)), None)
    if kind is None:
        return None
    is_lenient = reader.take("IF", "EXISTS")
    name = function_name(reader, compiler) if kind == "FUNCTION" else named(reader, compiler)
    reader.end()
    return Drop(kind, name, is_lenient)


def function_name(reader: Reader, compiler: Compiler) -> Name:
    """name(types): a function's name with its signature."""
    name = named(reader, compiler)
    return replace(name, name=signature_of(name.name, _types(reader, compiler)))


def _types(reader: Reader, compiler: Compiler) -> list[SnowType]:
    reader.expect("(")
    found: list[SnowType] = []
    while not reader.take(")"):
        found.append(compiler.type_of(type_text(reader)))
        reader.take(",")
    return found


def signature_of(name: str, types: Sequence[SnowType]) -> str:
    """A function's name with the types of its arguments, as SHOW and DROP write it.

    >>> from sapwood.dialect.types import REAL, number
    >>> signature_of("ADD", [number(10, 2), REAL])
    'ADD(NUMBER, FLOAT)'
    """
    return f"{name}({', '.join(str(each).partition('(')[0] for each in types)})"
