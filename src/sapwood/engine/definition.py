"""CREATE and DROP of functions and sequences, ALTER SEQUENCE, and finding them by name."""

from __future__ import annotations

from dataclasses import asdict, replace

from sapwood.dialect.definition_statements import (
    AlterSequence,
    CreateFunction,
    CreateSequence,
)
from sapwood.dialect.definitions import signature_of
from sapwood.dialect.names import duck, spelled
from sapwood.dialect.statements import (
    Column,
    Name,
    UserFunction,
)
from sapwood.dialect.types import SnowType
from sapwood.dialect.userfunctions import parameter_types
from sapwood.engine.physical import schema_source, text_literal
from sapwood.engine.result import Rows, status_rows
from sapwood.engine.schema_objects import (
    FUNCTION,
    SEQUENCE,
    SchemaObject,
    delete_object,
    read_object,
    read_objects,
    write_object,
)
from sapwood.engine.work import Work, exists, now_ms, unknown_object
from sapwood.errors import UnsupportedError

# Functions ------------------------------------------------------------------------------------------------------------


def create_function(work: Work, statement: CreateFunction) -> Rows:
    """CREATE FUNCTION: its text is kept, and bound where it is called."""
    function = statement.function
    work.commit_open()
    work.check_schema(function.name.database, function.name.schema)
    name = signed(function)
    content = {
        "parameters": [{"column": each.name, "type": asdict(each.type)} for each in function.parameters],
        "returns": asdict(function.returns),
        "body": function.body,
        "table": [{"column": each.name, "type": asdict(each.type)} for each in function.table],
    }
    made = SchemaObject(FUNCTION, name, content, function.comment, now_ms(), work.state.role)
    if not put(work, made, or_replace=statement.or_replace, if_not_exists=statement.if_not_exists):
        return status_rows("CREATE_FUNCTION", f"{function.name.name} already exists, statement succeeded.")
    return status_rows("CREATE_FUNCTION", f"Function {function.name.name} successfully created.")


def signed(function: UserFunction) -> Name:
    """The name that a function is kept under: with the types of its arguments, as DROP FUNCTION has it."""
    name = function.name
    return Name(name.database, name.schema, signature_of(name.name, parameter_types(function)))


def functions_named(work: Work, name: Name) -> list[UserFunction]:
    """All functions of a name, with whatever arguments."""
    if not work.parts.databases.has(name.database):
        return []
    found = read_objects(work.cursor, FUNCTION, name.database, name.schema)
    return [function_of(each) for each in found if each.name.name.rpartition("(")[0] == name.name]


def function_of(kept: SchemaObject) -> UserFunction:
    """A function as it was made."""
    name = Name(kept.name.database, kept.name.schema, kept.name.name.rpartition("(")[0])
    parameters, table = (
        tuple(Column(each["column"], SnowType(**each["type"])) for each in kept.content.get(part, ()))
        for part in ("parameters", "table")
    )
    returns = SnowType(**kept.content["returns"])
    return UserFunction(name, parameters, returns, str(kept.content["body"]), kept.comment, table)


def returned(function: UserFunction) -> str:
    """What a function gives, as its statement says it: a type, or a table's columns."""
    if not function.table:
        return str(function.returns)
    return f"TABLE ({', '.join(f'{spelled(each.name)} {each.type}' for each in function.table)})"


# Sequences ------------------------------------------------------------------------------------------------------------


def create_sequence(work: Work, statement: CreateSequence) -> Rows:
    """CREATE SEQUENCE: a sequence of DuckDB's, beside the tables of its schema."""
    name = statement.name
    work.commit_open()
    work.check_schema(name.database, name.schema)
    content = {"start": statement.start, "increment": statement.increment}
    made = SchemaObject(SEQUENCE, name, content, statement.comment, now_ms(), work.state.role)
    held = read_object(work.cursor, SEQUENCE, name) is not None
    if held and statement.if_not_exists:
        return status_rows("CREATE_SEQUENCE", f"{name.name} already exists, statement succeeded.")
    if held and not statement.or_replace:
        raise exists(name)
    with work.transaction():
        if held:
            work.cursor.execute(f"DROP SEQUENCE {sequence_source(name)}")
        _count(work, made, start=statement.start)
    return status_rows("CREATE_SEQUENCE", f"Sequence {name.name} successfully created.")


def _count(work: Work, made: SchemaObject, *, start: int) -> None:
    """Make DuckDB's sequence, which begins with `start`, and note what it is for."""
    increment = made.content["increment"]
    bounds = f"MINVALUE {-(2**62)} MAXVALUE {2**62}"
    work.cursor.execute(
        f"CREATE SEQUENCE {sequence_source(made.name)} INCREMENT BY {increment} {bounds} START WITH {start}"
    )
    write_object(work.cursor, made)


def alter_sequence(work: Work, statement: AlterSequence) -> Rows:
    """ALTER SEQUENCE: another one takes its place. The next value is the one that was due; a new step counts from there."""
    done = status_rows("ALTER_SEQUENCE", "Statement executed successfully.")
    name, new = statement.name, statement.new_name or statement.name
    work.commit_open()
    has_database = work.parts.databases.has(name.database)
    held = read_object(work.cursor, SEQUENCE, name) if has_database else None
    if held is None:
        if statement.if_exists:
            return done
        raise unknown_object("Sequence", name)
    if new != name:
        _check_free(work, name, new)
    increment = held.content["increment"] if statement.increment is None else statement.increment
    comment = held.comment if statement.comment is None else statement.comment
    made = replace(held, name=new, content={**held.content, "increment": increment}, comment=comment)
    with work.transaction():
        (due,) = work.cursor.execute(f"SELECT nextval({text_literal(sequence_source(name))})").fetchone() or (1,)
        work.cursor.execute(f"DROP SEQUENCE {sequence_source(name)}")
        delete_object(work.cursor, SEQUENCE, name)
        _count(work, made, start=due)
    return done


def _check_free(work: Work, name: Name, new: Name) -> None:
    """A sequence may take a new name: nothing has it, and it stays in its database."""
    if new.database != name.database:
        raise UnsupportedError("A sequence can't go into another database", hint="CREATE it there.")
    work.check_schema(new.database, new.schema)
    if read_object(work.cursor, SEQUENCE, new) is not None:
        raise exists(new)


def copy_sequence(work: Work, held: SchemaObject, name: Name) -> None:
    """Another sequence, inside a transaction, that goes on from where one is; that one does not go on by it."""
    found = work.cursor.execute(
        "SELECT coalesce(last_value + increment_by, start_value) FROM duckdb_sequences() "
        "WHERE '\"' || replace(database_name, '\"', '\"\"') || '\".\"' || replace(schema_name, '\"', '\"\"') || '\".\"' || "
        "replace(sequence_name, '\"', '\"\"') || '\"' = ?",
        [sequence_source(held.name)],
    ).fetchone()
    assert found is not None, "a sequence that is known is there"
    made = replace(held, name=name, created_on=now_ms(), owner=work.state.role)
    _count(work, made, start=found[0])


def sequence_source(name: Name) -> str:
    """What DuckDB calls a sequence, quoted."""
    return f"{schema_source(name.database, name.schema)}.{duck(f'{name.name}~seq')}"


def sequence(work: Work, name: Name) -> str | None:
    """What DuckDB calls the sequence of a name; None if there is none."""
    if not work.parts.databases.has(name.database) or read_object(work.cursor, SEQUENCE, name) is None:
        return None
    return sequence_source(name)


# All of them -----------------------------------------------------------------------------------------------------------------


def put(work: Work, made: SchemaObject, *, or_replace: bool, if_not_exists: bool) -> bool:
    """Keep an object; False if there is one and it stays."""
    held = read_object(work.cursor, made.kind, made.name) is not None
    if held and if_not_exists:
        return False
    if held and not or_replace:
        raise exists(made.name)
    with work.transaction():
        write_object(work.cursor, made)
    return True


def drop_definition(work: Work, name: Name, *, kind: str) -> bool:
    """DROP FUNCTION | SEQUENCE; False if there is none."""
    work.commit_open()
    if not work.parts.databases.has(name.database) or read_object(work.cursor, kind, name) is None:
        return False
    with work.transaction():
        if kind == SEQUENCE:
            work.cursor.execute(f"DROP SEQUENCE {sequence_source(name)}")
        delete_object(work.cursor, kind, name)
    return True
