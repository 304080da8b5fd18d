"""Every error that a user can see, in one tree.

Each class carries a Snowflake error number, an SQLSTATE and a hint that says what to do next. It knows nothing of
SQL, HTTP or models: the rooms raise these with words of their own. Numbers and states are those that the official
connector's own tests and the vendor's pages show.
"""

from __future__ import annotations


class Error(Exception):
    """Base of all errors; shaped like the official connector's.

    `msg` is the text without number and state, `errno` the vendor's number, `sqlstate` five characters, `hint` what
    to do next ('' if the text says it), `sfqid` the query's id once a statement is known.
    """

    errno: int = 100000
    sqlstate: str = "XX000"
    hint: str = ""
    retryable: bool = False

    def __init__(
        self, msg: str, *, hint: str | None = None, errno: int | None = None, sqlstate: str | None = None
    ) -> None:
        super().__init__(msg)
        self.msg = msg
        self.sfqid: str | None = None
        if hint is not None:
            self.hint = hint
        if errno is not None:
            self.errno = errno
        if sqlstate is not None:
            self.sqlstate = sqlstate

    def __str__(self) -> str:
        text = f"{self.errno:06d} ({self.sqlstate}): {self.msg}"
        return f"{text}\nHint: {self.hint}" if self.hint else text


class ConfigError(Error):
    """A setting that is unknown or has a bad value."""

    errno, sqlstate = 251001, "08001"


class PluginError(ConfigError):
    """A plug-in that can't be loaded, or adds what can't be added; the text names it."""

    hint = "Mend the plug-in, or uninstall its package."


class InterfaceError(Error):
    """The connection or cursor is closed, or was used in a way that it does not allow."""

    errno, sqlstate = 250002, "08003"


class NotebookError(Error):
    """A notebook that can't be read, or a cell that can't do what it says."""

    errno, sqlstate = 100357, "P0000"


class DataDirectoryBusyError(Error):
    """Another process owns the data directory."""

    errno, sqlstate, retryable = 250001, "08001", True


class InternalError(Error):
    """A defect of sapwood itself."""

    errno, sqlstate = 300002, "XX000"


class DatabaseError(Error):
    """Anything that went wrong in or behind a statement; the name is the DB-API's."""


class ProgrammingError(DatabaseError):
    """A statement that failed; the official connector raises the class of this name for all of them."""

    errno, sqlstate = 1003, "42000"


class ParseError(ProgrammingError):
    """Text that is not a statement."""

    errno, sqlstate = 1003, "42000"


class UnsupportedError(ProgrammingError):
    """A statement, clause or option that sapwood does not serve; the text names it."""

    errno, sqlstate = 2, "0A000"


class UnknownObjectError(ProgrammingError):
    """A table, schema, stage, model ... that does not exist."""

    errno, sqlstate = 2003, "42S02"


class ObjectExistsError(ProgrammingError):
    """A name that is already taken."""

    errno, sqlstate = 2002, "42710"


class InvalidIdentifierError(ProgrammingError):
    """A column name that no table in scope has."""

    errno, sqlstate = 904, "42000"


class AmbiguousColumnError(ProgrammingError):
    """A column name that more than one table in scope has."""

    errno, sqlstate = 2028, "42601"


class UnknownFunctionError(ProgrammingError):
    """A function that is not on the list of those allowed."""

    errno, sqlstate = 2140, "42601"


class InvalidArgumentsError(ProgrammingError):
    """A function called with arguments that it does not take."""

    errno, sqlstate = 1015, "22023"


class TypeMismatchError(ProgrammingError):
    """Operands whose types do not go together."""

    errno, sqlstate = 1007, "22023"


class NoCurrentDatabaseError(ProgrammingError):
    """A name that needs a current database, and there is none."""

    errno, sqlstate = 90105, "22000"


class NoCurrentSchemaError(ProgrammingError):
    """A name that needs a current schema, and there is none."""

    errno, sqlstate = 90106, "22000"


class ConversionError(ProgrammingError):
    """A value that can't become the type that is asked for."""

    errno, sqlstate = 100038, "22018"


class DivisionByZeroError(ProgrammingError):
    """Division by zero."""

    errno, sqlstate = 100051, "22012"


class StringTooLongError(ProgrammingError):
    """A text that is longer than its VARCHAR(n) column."""

    errno, sqlstate = 100078, "22000"


class NotNullError(ProgrammingError):
    """NULL in a NOT NULL column."""

    errno, sqlstate = 100072, "22000"


class DuplicateRowError(ProgrammingError):
    """A MERGE would change one row of its target twice."""

    errno, sqlstate = 100090, "42P18"


class CopyError(ProgrammingError):
    """A file that COPY INTO could not load; the text has file, line, character and column."""

    errno, sqlstate = 100080, "22000"


class UnknownFileError(ProgrammingError):
    """A stage path or a file that is not there."""

    errno, sqlstate = 253006, "22000"


class AccessError(ProgrammingError):
    """The role in use may not do this."""

    errno, sqlstate = 3001, "42501"


class InvalidCredentialError(ProgrammingError):
    """A password or a key that can't be taken."""

    errno, sqlstate = 3002, "28P01"


class AuthenticationError(DatabaseError):
    """Somebody who is not who they say; the text never tells whether the user exists."""

    errno, sqlstate = 390100, "28000"


class CancelledError(ProgrammingError):
    """The statement was cancelled; finished LLM rows are kept."""

    errno, sqlstate = 604, "57014"
    hint = "Rows that were finished are kept: run the statement again to go on from there."


class SpendingLimitError(ProgrammingError):
    """A statement was stopped before it would ask models for more than its session allows. The number is one of ours."""

    errno, sqlstate = 100353, "57014"


class ModelError(ProgrammingError):
    """A model call that failed."""

    errno, sqlstate = 100351, "P0000"


class UnknownModelError(ModelError):
    """A model name that nothing answers to."""


class ModelUnavailableError(ModelError):
    """A known model whose files can't be had from any source."""


class ContextLengthError(ModelError):
    """A prompt that is longer than the model's context."""


class InvalidOptionError(ModelError):
    """An option that is unknown or out of range."""


class JobError(ProgrammingError):
    """A fine-tuning job that is unknown, or a step that its state does not allow."""

    errno, sqlstate = 100352, "P0000"


class StorageFullError(ProgrammingError):
    """The disk is full; nothing of the statement was kept but finished LLM rows."""

    errno, sqlstate = 100090, "53100"
    hint = "Free some space on the disk of the data directory and run the statement again."
