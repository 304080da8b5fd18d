"""DuckDB's errors to ours: the one wall that they meet. No text of DuckDB's goes through it.

Generated SQL raises its own errors as `error('sapwood:<errno>:<sqlstate>:<text>')`; those come out as they were meant.
"""

from __future__ import annotations

import errno as os_errno
import re
import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager

import duckdb

from sapwood.errors import (
    CancelledError,
    ConversionError,
    DivisionByZeroError,
    Error,
    InternalError,
    InvalidArgumentsError,
    NotNullError,
    ProgrammingError,
    StorageFullError,
    StringTooLongError,
    UnsupportedError,
)


@contextmanager
def translated() -> Generator[None]:
    """Raise what DuckDB, the file system or SQLite raise as one of our errors."""
    try:
        yield
    except duckdb.Error as error:
        raise translate(error) from error
    except (OSError, sqlite3.Error) as error:
        if not is_disk_full(error):
            raise
        raise StorageFullError("The disk is full") from error


def translate(error: duckdb.Error) -> Error:
    """Our error for one of DuckDB's."""
    text = str(error)
    raised = _RAISED.search(text)
    if raised:
        return _raised(int(raised[1]), raised[2], raised[3])
    if _DISK_FULL.search(text):
        return StorageFullError("The disk is full")
    for kind, make in _BY_CLASS:
        if isinstance(error, kind):
            return make(text)
    return _internal(text)


def is_disk_full(error: BaseException) -> bool:
    """Whether an error says that no more can be written."""
    if isinstance(error, OSError) and error.errno in (os_errno.ENOSPC, os_errno.EDQUOT, os_errno.EFBIG):
        return True
    return bool(_DISK_FULL.search(str(error)))


def too_long(value: str) -> StringTooLongError:
    """The error of a text that a VARCHAR(n) column does not hold."""
    return StringTooLongError(f"String '{value}' is too long and would be truncated")


_RAISED = re.compile(r"sapwood:(\d+):(\w{5}):(.*)", re.DOTALL)
_DISK_FULL = re.compile(r"no space left|disk is full|file too large|disk quota exceeded", re.IGNORECASE)
_CLASSES: dict[int, type[ProgrammingError]] = {
    100038: ConversionError,
    100051: DivisionByZeroError,
    100072: NotNullError,
    100078: StringTooLongError,
}


def _raised(number: int, state: str, text: str) -> Error:
    return _CLASSES.get(number, ProgrammingError)(text.strip(), errno=number, sqlstate=state)


_QUOTED = r"""["'](?P<value>.*?)["']"""
_CONVERSIONS: tuple[tuple[re.Pattern[str], str, int, str], ...] = (
    (re.compile(rf"string {_QUOTED} to BOOL", re.DOTALL), "Boolean value '{}' is not recognized", 100037, "22018"),
    (re.compile(rf"date field.*?: {_QUOTED}, expected", re.DOTALL), "Date '{}' is not recognized", 100040, "22007"),
    (re.compile(rf"timestamp field.*?: {_QUOTED}", re.DOTALL), "Timestamp '{}' is not recognized", 100035, "22007"),
    (re.compile(rf"time field.*?: {_QUOTED}", re.DOTALL), "Time '{}' is not recognized", 100108, "22007"),
    (re.compile(rf"string {_QUOTED} to DATE", re.DOTALL), "Date '{}' is not recognized", 100040, "22007"),
    (re.compile(rf"string {_QUOTED} to TIMESTAMP", re.DOTALL), "Timestamp '{}' is not recognized", 100035, "22007"),
    (re.compile(rf"string {_QUOTED} to TIME", re.DOTALL), "Time '{}' is not recognized", 100108, "22007"),
    (re.compile(rf"string {_QUOTED} to ", re.DOTALL), "Numeric value '{}' is not recognized", 100038, "22018"),
    (re.compile(r"value (?P<value>\S+) (?:to|can't)", re.DOTALL), "Numeric value '{}' is out of range", 100039, "22003"),
)  # fmt: skip


def _conversion(text: str) -> Error:
    if "Malformed JSON" in text:
        return ConversionError("Error parsing JSON: the text is no JSON value", errno=100069, sqlstate="22P02")
    for pattern, message, number, state in _CONVERSIONS:
        found = pattern.search(text)
        if found:
            return ConversionError(message.format(found["value"]), errno=number, sqlstate=state)
    return ConversionError("A value can't become the type that is asked for")


def _transaction(text: str) -> Error:
    if "single attached database" in text:
        return UnsupportedError(
            "A transaction that changes more than one database is not supported",
            hint="Change one database between BEGIN and COMMIT.",
        )
    if "aborted" in text:
        return ProgrammingError("The transaction is aborted", errno=90232, sqlstate="25000", hint="Run ROLLBACK.")
    return ProgrammingError(
        "Another statement changed the same rows at the same time",
        errno=625,
        sqlstate="40001",
        hint="Run the statement again.",
    )


_REGEXP = re.compile(
    r"(missing [\])]|unexpected \)|(?:no|missing) argument (?:for|to) repetition operator|bad repetition operator|invalid escape sequence"
    r"|invalid perl operator|invalid character class|invalid named capture|trailing \\ at end|pattern too large)",
    re.IGNORECASE,
)


def _invalid_input(text: str) -> Error:
    found = _REGEXP.search(text)
    if found:
        return ProgrammingError(f"Invalid regular expression: {found[1]}", errno=100048, sqlstate="2201B")
    return InvalidArgumentsError(
        "A function got a value that it does not take", hint="Look at its arguments' ranges, signs and lengths."
    )


def _internal(text: str) -> Error:
    kind = text.split(":", 1)[0]
    return InternalError(
        f"SQL execution internal error ({kind})", hint="This is a defect: please report it with the statement."
    )


_BY_CLASS: tuple[tuple[type[duckdb.Error], Callable[[str], Error]], ...] = (
    (duckdb.InterruptException, lambda _: CancelledError("SQL execution canceled")),
    (duckdb.ConversionException, _conversion),
    (
        duckdb.OutOfRangeException,
        lambda _: ProgrammingError("Number out of representable range", errno=100046, sqlstate="22003"),
    ),
    (duckdb.InvalidInputException, _invalid_input),
    (duckdb.ConstraintException, lambda _: NotNullError("NULL result in a non-nullable column")),
    (
        duckdb.OutOfMemoryException,
        lambda _: ProgrammingError(
            "The statement needs more memory than there is",
            errno=300005,
            sqlstate="53200",
            hint="Read fewer rows at once.",
        ),
    ),
    (duckdb.TransactionException, _transaction),
    (
        duckdb.BinderException,
        lambda _: InvalidArgumentsError(
            "SQL compilation error:\nA function or an operator is used with types that it does not take",
            hint="Cast the arguments to the types that it takes.",
        ),
    ),
    (
        duckdb.SequenceException,
        lambda _: UnsupportedError("The statement uses something that is not supported"),
    ),
)
