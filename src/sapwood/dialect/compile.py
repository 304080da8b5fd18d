"""SQL text into statements: the door of this room.

Comes in: text, the session's scope, the signatures of our functions. Goes out: a Query or a Statement. Only the first
word of a statement is looked at here; each kind has its own reader.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from sapwood.dialect import changes, definitions, grants, session, staging, tables, tags
from sapwood.dialect.aggregates import AGGREGATES
from sapwood.dialect.binding import bind, identifier
from sapwood.dialect.bindings import written_in
from sapwood.dialect.coercion import cast
from sapwood.dialect.compilation import BoundQuery, Compilation, Namespace
from sapwood.dialect.conventions import CONVENTIONS, DEFAULT, holding
from sapwood.dialect.creation import create
from sapwood.dialect.expressions import BINDERS
from sapwood.dialect.grammar import parse
from sapwood.dialect.merge import merge
from sapwood.dialect.names import qualify, quoted
from sapwood.dialect.queries import bind_query
from sapwood.dialect.reader import Reader, unsupported
from sapwood.dialect.scripting import is_block
from sapwood.dialect.shape import refuse, retyped
from sapwood.dialect.statements import (
    NOT_CONSTANT,
    Bindings,
    Column,
    Explain,
    Name,
    Query,
    Scope,
    SetVariable,
    Signature,
    StagedFiles,
    Statement,
    UserFunction,
)
from sapwood.dialect.text import bare, split, unexpected
from sapwood.dialect.typenames import type_of
from sapwood.dialect.types import SnowType
from sapwood.dialect.types import text as text_type
from sapwood.dialect.userfunctions import called, rows_of_function
from sapwood.dialect.values import UNTYPED, null
from sapwood.errors import ParseError, ProgrammingError, UnsupportedError

__all__ = ["compile_statement", "split"]


def compile_statement(
    text: str, scope: Scope, signatures: Sequence[Signature], bindings: Bindings | None = None
) -> Query | Statement:
    """One statement, resolved and typed, as the engine runs it."""
    with _room_for_nesting(), holding(scope.context.get(CONVENTIONS, DEFAULT)):
        return _compiled(text, Statements(scope, _by_spelling(signatures), bindings))


@contextmanager
def _room_for_nesting() -> Generator[None]:
    """Deep enough for some hundred parentheses or a thousand terms; what is deeper is refused."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _DEEPEST))
    try:
        yield
    except RecursionError:
        raise UnsupportedError(
            "SQL compilation error:\nThe statement is nested too deeply.", hint="Put parts of it into tables or CTEs."
        ) from None
    finally:
        sys.setrecursionlimit(before)


_DEEPEST = 10_000
"""Frames of Python, of which a parenthesis takes about twenty and an operator three."""


def _compiled(text: str, compiler: Statements) -> Query | Statement:
    verb = _first_word(text)
    if compiler.bindings is not None and verb not in (*_QUERIES, *_CHANGES) and not compiler.bindings.source:
        text = written_in(text, compiler.bindings)
    if is_block(bare(text).upper().split(None, 2)[:2]):
        raise unsupported(
            "scripting: BEGIN ... END", hint="Send the statements one by one, and keep the logic in the client."
        )
    raw = _RAW.get(verb)
    if raw is not None:
        return raw(_behind(text, verb), compiler)
    if verb in _QUERIES:
        return compiler.query(text)
    reader = Reader(text)
    if reader.is_done:
        raise unexpected(text, None)
    read = _STATEMENTS.get(reader.word())
    if read is None and reader.word() == "(":
        return compiler.query(text)
    if read is None:
        raise _unknown(reader)
    reader.skip_to(reader.offset + 1)
    return read(reader, compiler)


def _unknown(reader: Reader) -> Exception:
    word = reader.word()
    if word == "UNDROP":
        reader.take(word)
        return session.undrop(reader)
    return unsupported(word) if word in _KNOWN_BUT_UNSERVED else reader.error()


def _check_row_by_row(tree: exp.Expr) -> None:
    """COPY's query makes each row of one record of a file: the file is read a part at a time."""
    refuse(tree, ("expressions", "from_", "joins", "laterals", "where", "kind"))
    called = (call.name.upper() for call in tree.find_all(exp.Anonymous))
    found = next((name for name in called if name in AGGREGATES), "OVER" if tree.find(exp.Window) else "")
    if found:
        raise UnsupportedError(f"SQL compilation error:\nUnsupported in COPY's query: {found}.")


def _by_spelling(signatures: Sequence[Signature]) -> Mapping[str, Signature]:
    return {spelling.upper(): signature for signature in signatures for spelling in signature.spellings}


def _first_word(text: str) -> str:
    words = bare(text).split(None, 1)
    return words[0].upper() if words else ""


def _behind(text: str, verb: str) -> str:
    """The text behind its first word."""
    start = text.upper().index(verb) + len(verb)
    return text[start:].strip().rstrip(";").strip()


@dataclass(frozen=True)
class Statements:
    """What the readers of statements ask back: queries, types and constants inside their text."""

    scope: Scope
    signatures: Mapping[str, Signature]
    bindings: Bindings | None = None

    def inside(self, name: Name) -> Statements:
        """The same for what stands in the definition of an object."""
        return replace(self, scope=self.scope.within(name))

    def work(self, text: str) -> Compilation:
        return Compilation(self.scope, self.signatures, text, bind_query, BINDERS, bindings=self.bindings)

    def query(self, text: str) -> Query:
        """A query's text, bound."""
        work = self.work(text)
        tree = parse(text)
        if not isinstance(tree, (exp.Query, exp.Values)):
            raise ParseError("SQL compilation error:\nA query is expected here: SELECT, WITH or VALUES.")
        return finish(bind_query(tree, None, work), work)

    def copied(self, text: str, files: StagedFiles, types: Sequence[SnowType]) -> Query:
        """The query of a COPY over files, with one column for each of these types and cast to it."""
        work, tree = replace(self.work(text), copied=files), parse(text)
        _check_row_by_row(tree)
        query = bind_query(tree, None, work)
        if len(query.fields) != len(types):
            raise ProgrammingError(
                f"SQL compilation error:\nInsert value list does not match column list expecting {len(types)} but got {len(query.fields)}",
                errno=2020,
                sqlstate="21S01",
            )
        fields = tuple(replace(each, type=type_) for each, type_ in zip(query.fields, types, strict=True))
        return finish(BoundQuery(retyped(query, types), fields, query.labels), work)

    def type_of(self, text: str) -> SnowType:
        """A type's name, such as VARCHAR(60)."""
        tree = parse(f"SELECT NULL::{text}")
        found = tree.expressions[0]
        if not isinstance(found, exp.Cast):
            raise ParseError(f"SQL compilation error:\n'{text}' is not a data type.")
        return type_of(found.args["to"])

    def constant(self, text: str) -> Any:
        """The value of a constant expression."""
        value = bind(parse(f"SELECT {text}").expressions[0], Namespace(), self.work(text))
        if value.constant is NOT_CONSTANT:
            raise ProgrammingError("SQL compilation error:\nA constant is expected here.")
        return value.constant

    def check_function(self, function: UserFunction) -> None:
        """A function's body: what it reads is there, and it can become the function's type."""
        work = self.work(function.body)
        arguments = [cast(null(), each.type) for each in function.parameters]
        if function.table:
            rows_of_function(function, arguments, work)
        else:
            called(function, arguments, work, bind)
        if work.commands:
            raise ProgrammingError("SQL compilation error:\nA function can't run FINETUNE.")

    def full_default(self, text: str, type_: SnowType) -> str:
        """A column's default, with a sequence's name in full: an expression without columns and model calls that can become the type."""
        tree = parse(f"SELECT {text}")
        work = self.work(text)
        refuse(tree, ("expressions",))
        names = Namespace(refusal="A default can't read the column {column}.")
        values = [bind(each, names, work) for each in tree.expressions]
        if len(values) != 1 or work.calls or work.commands:
            raise unsupported(f"DEFAULT {text}")
        cast(values[0], type_)
        return _replaced(f"SELECT {text}", map(self._counted, tree.find_all(exp.Column))).removeprefix("SELECT ")

    def _counted(self, column: exp.Column) -> tuple[int, int, str]:
        """Where the name of a sequence stands before NEXTVAL, and the name in full."""
        given = [part for part in column.parts[:-1] if isinstance(part, exp.Identifier)]
        return self._in_full(given)

    def full_definition(self, text: str) -> str:
        """The text of a view's query with every table's name in full."""
        tree = parse(text)
        local = {identifier(each.args["alias"].this) for each in tree.find_all(exp.CTE)}
        if any(isinstance(each.this, exp.Var) for each in tree.find_all(exp.Parameter)):
            raise unsupported("a session variable in a view")
        places: list[tuple[int, int, str]] = []
        for table in tree.find_all(exp.Table):
            given = [
                part
                for part in (table.args.get("catalog"), table.args.get("db"), table.this)
                if isinstance(part, exp.Identifier)
            ]
            names = tuple(identifier(part) for part in given)
            if names and not (len(names) == 1 and names[0] in local):
                places.append(self._in_full(given))
        return _replaced(text, places)

    def _in_full(self, given: Sequence[exp.Identifier]) -> tuple[int, int, str]:
        """Where a name begins and ends, and what it is in full."""
        names = tuple(map(identifier, given))
        full = qualify(names, database=self.scope.database, schema=self.scope.schema)
        return given[0].meta["start"], given[-1].meta["end"] + 1, ".".join(map(quoted, full))


def _replaced(text: str, places: Iterable[tuple[int, int, str]]) -> str:
    for start, end, name in sorted(places, reverse=True):
        text = text[:start] + name + text[end:]
    return text


def finish(query: BoundQuery, work: Compilation) -> Query:
    """A bound query as the engine gets it; a column of bare NULLs is VARCHAR."""
    types = [text_type() if each.type == UNTYPED else each.type for each in query.fields]
    columns = tuple(Column(each.name, type_, each.nullable) for each, type_ in zip(query.fields, types, strict=True))
    return Query(
        retyped(query, types), columns, tuple(work.calls), tuple(work.commands), tuple(work.reads), tuple(work.filters)
    )


# --- statements that need the compiler itself


def _set(reader: Reader, compiler: Statements) -> Statement:
    """SET a = expression; SET (a, b) = (x, y)"""
    if reader.at("("):
        names = tuple(Reader(each).identifier() for each in reader.inside().split(","))
        reader.expect("=")
        text = reader.inside()
        reader.end()
    else:
        names = (reader.identifier(),)
        reader.expect("=")
        text = reader.rest()
    query = compiler.query(f"SELECT {text}")
    if len(query.columns) != len(names):
        raise ProgrammingError(f"SQL compilation error:\nSET has {len(names)} names and {len(query.columns)} values.")
    if query.calls or query.commands:
        raise unsupported("a model call in SET", hint="Store the answer in a table and read it from there.")
    return SetVariable(names, query.sql)


def _explain(reader: Reader, compiler: Statements) -> Statement:
    if reader.take("USING"):
        reader.any_word()
    text = reader.rest_in_place()
    if _first_word(text) not in _QUERIES:
        raise unsupported(f"EXPLAIN {_first_word(text)}")
    return Explain(compiler.query(text))


def _execute(reader: Reader, compiler: Statements) -> Query | Statement:
    """EXECUTE IMMEDIATE '<statement>' | $variable: what that statement gives."""
    if not reader.take("IMMEDIATE"):
        raise unsupported(f"EXECUTE {reader.word()}".strip())
    if reader.at("FROM"):
        raise unsupported("EXECUTE IMMEDIATE FROM", hint="Send the file's statements.")
    text = compiler.constant(reader.until("USING"))
    if reader.at("USING"):
        raise unsupported("EXECUTE IMMEDIATE ... USING", hint="Put the values into the text.")
    reader.end()
    statements = split(text) if isinstance(text, str) else []
    if len(statements) != 1:
        raise unsupported("EXECUTE IMMEDIATE of other than one statement", hint="Send the statements one by one.")
    return _compiled(statements[0], compiler)


def _create(reader: Reader, compiler: Statements) -> Statement:
    more = {
        **tables.CREATES,
        "FUNCTION": definitions.create_function,
        "PROCEDURE": definitions.create_procedure,
        "SEQUENCE": definitions.create_sequence,
        "TAG": tags.create_tag,
    }
    return create(reader, compiler, more)


def _insert(reader: Reader, compiler: Statements) -> Statement:
    return changes.insert(reader, compiler, compiler.work(reader.text), finish)


def _update(reader: Reader, compiler: Statements) -> Statement:
    return changes.update(reader.text, compiler.work(reader.text))


def _delete(reader: Reader, compiler: Statements) -> Statement:
    return changes.delete(reader.text, compiler.work(reader.text))


_QUERIES = ("SELECT", "WITH", "VALUES")
_CHANGES = ("INSERT", "UPDATE", "DELETE", "MERGE")

_RAW: dict[str, Callable[[str, Statements], Statement]] = {
    "PUT": staging.put_files,
    "GET": staging.get_files,
}

_STATEMENTS: dict[str, Callable[[Reader, Statements], Query | Statement]] = {
    "CREATE": _create,
    "INSERT": _insert,
    "UPDATE": _update,
    "DELETE": _delete,
    "MERGE": lambda reader, compiler: merge(reader.text, compiler.work(reader.text)),
    "TRUNCATE": changes.truncate,
    "COPY": staging.copy_into,
    "EXPORT": staging.export_model,
    "LIST": staging.list_stage,
    "LS": staging.list_stage,
    "REMOVE": staging.remove_files,
    "RM": staging.remove_files,
    "SHOW": session.show,
    "DESCRIBE": session.describe,
    "DESC": session.describe,
    "USE": session.use,
    "SET": _set,
    "UNSET": session.unset,
    "ALTER": session.alter,
    "DROP": lambda reader, compiler: definitions.drop(reader, compiler) or session.drop(reader, compiler),
    "COMMENT": session.comment_on,
    "GRANT": lambda reader, compiler: grants.grant(reader, compiler, is_revoke=False),
    "REVOKE": lambda reader, compiler: grants.grant(reader, compiler, is_revoke=True),
    "BEGIN": lambda reader, compiler: session.transaction("BEGIN", reader),
    "START": lambda reader, compiler: session.transaction("BEGIN", reader),
    "COMMIT": lambda reader, compiler: session.transaction("COMMIT", reader),
    "ROLLBACK": lambda reader, compiler: session.transaction("ROLLBACK", reader),
    "EXPLAIN": _explain,
    "EXECUTE": _execute,
}

_KNOWN_BUT_UNSERVED = (
    "CALL", "ATTACH", "DETACH", "INSTALL", "LOAD", "PRAGMA", "IMPORT", "VACUUM", "CHECKPOINT",
    "ANALYZE", "LOCK", "UNLOCK", "IF", "FOR", "WHILE", "LET", "RETURN",
)  # fmt: skip
