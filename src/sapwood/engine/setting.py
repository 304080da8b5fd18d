"""SET, UNSET and ALTER SESSION | ACCOUNT."""

from __future__ import annotations

from sapwood.dialect.statements import AlterSession, SetVariable, UnsetVariable
from sapwood.engine.arrow import python_value
from sapwood.engine.parameter import checked, known
from sapwood.engine.result import Rows, status_rows
from sapwood.engine.work import Work
from sapwood.errors import ProgrammingError

LONGEST_VALUE = 16_384
"""Characters that a variable's text may have; the vendor's limit is 256, too short for a prompt."""


def set_variable(work: Work, statement: SetVariable) -> Rows:
    """SET name = value, or several at once."""
    values = [python_value(value) for value in work.run(statement.sql)[0]]
    for name, value in zip(statement.names, values, strict=True):
        if isinstance(value, str) and len(value) > LONGEST_VALUE:
            raise ProgrammingError(
                f"Assignment to '{name}' not done because value exceeds size limit for variables. "
                f"Its size is {len(value)}; the limit is {LONGEST_VALUE}.",
                errno=1098,
                sqlstate="22023",
            )
    work.state.variables.update(zip((name.upper() for name in statement.names), values, strict=True))
    return status_rows("SET", "Statement executed successfully.")


def unset_variable(work: Work, statement: UnsetVariable) -> Rows:
    """UNSET name; one that is not there is no error."""
    for name in statement.names:
        work.state.variables.pop(name.upper(), None)
    return status_rows("UNSET", "Statement executed successfully.")


def alter_session(work: Work, statement: AlterSession) -> Rows:
    """ALTER SESSION | ACCOUNT SET/UNSET: all of its parameters or none."""
    values = {
        known(name).name: None if value is None else checked(name, value)
        for name, value in statement.parameters.items()
    }
    if "AUTOCOMMIT" in values:
        work.commit_open()
    for name, value in values.items():
        if statement.scope.upper() == "ACCOUNT":
            work.parts.account.set(name, value)
        elif value is None:
            work.state.parameters.pop(name, None)
        else:
            work.state.parameters[name] = value
    return status_rows("ALTER_SESSION", "Statement executed successfully.")
