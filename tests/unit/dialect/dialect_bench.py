"""A small fake session over DuckDB: compile a statement, run what comes out, compare with what the vendor gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import duckdb
from duckdb.func import FunctionNullHandling

from sapwood.dialect.compile import compile_statement
from sapwood.dialect.names import duck
from sapwood.dialect.statements import (
    NOT_CONSTANT,
    Column,
    Name,
    Parameter,
    Query,
    Relation,
    Signature,
    StagedFiles,
    Statement,
    UserFunction,
)
from sapwood.dialect.types import DATE, REAL, TIMESTAMP_NTZ, VARIANT, SnowType, number, text
from sapwood.engine import python_functions
from sapwood.errors import UnknownModelError, UnknownObjectError

DATABASE, SCHEMA = "CORTEX_FINETUNING_DB", "PUBLIC"


@dataclass
class FakeScope:
    """What the engine would tell of its session."""

    relations: dict[Name, Relation]
    database: str | None = DATABASE
    schema: str | None = SCHEMA
    variables: Mapping[str, Any] = field(default_factory=dict[str, Any])
    context: Mapping[str, Any] = field(
        default_factory=lambda: {"CURRENT_USER": "ADMIN", "CURRENT_ROLE": "ACCOUNTADMIN", "CURRENT_VERSION": "9.0"}
    )

    def within(self, name: Name) -> FakeScope:
        return replace(self, database=name.database, schema=name.schema)

    def relation(self, name: Name) -> Relation | None:
        return self.relations.get(name)

    def table_function(self, name: str, arguments: Mapping[str, Any]) -> Relation | None:
        return None

    def staged_files(self, files: StagedFiles) -> Relation:
        raise UnknownObjectError(f"there is no stage {files.place.stage}")

    def functions(self, name: Name) -> list[UserFunction]:
        return []

    def sequence(self, name: Name) -> str | None:
        return None

    def ddl(self, kind: str, name: str) -> str:
        return f"create {kind} {name}"

    def tag(self, tag: str, name: str, kind: str) -> str | None:
        return None

    def value(self, sql: str) -> Any:
        return duckdb.execute(f"SELECT {sql}").fetchall()[0][0]

    def read(self, relation: Relation) -> None:
        """Everything may be read here."""


def named(name: str, schema: str = SCHEMA, database: str = DATABASE) -> Name:
    return Name(database, schema, name)


def table(name: str, *columns: tuple[str, SnowType]) -> Relation:
    return Relation(named(name), tuple(Column(each, type_) for each, type_ in columns), duck(name))


TICKETS = table(
    "SUPPORT_TICKETS", ("TICKET_ID", text(60)), ("CUSTOMER_NAME", text(60)), ("CUSTOMER_EMAIL", text(60)), ("SERVICE_TYPE", text(60)),
    ("REQUEST", text()), ("CONTACT_PREFERENCE", text(60)),
)  # fmt: skip
TRAIN = table("SUPPORT_TICKETS_TRAIN", ("TICKET_ID", text(60)), ("PROMPT", text()), ("MISTRAL_LARGE_RESPONSE", text()))
NUMBERS = table(
    "NUMBERS", ("ID", number(38, 0)), ("PRICE", number(10, 2)), ("F", REAL), ("D", DATE), ("T", TIMESTAMP_NTZ), ("V", VARIANT), ("lower", text(10)),
    ("Lower", text(10)),
)  # fmt: skip
DEFAULTS = Relation(
    named("DEFAULTS"),
    (
        Column("A", number(5, 0), nullable=False),
        Column("B", text(3), default="'x' || 'y'"),
        Column("C", number(4, 1), default="1 + 0.5"),
    ),
    duck("DEFAULTS"),
)
VIEW = Relation(
    named("CHEAP"),
    (Column("ID", number(38, 0)), Column("TWICE", number(11, 2))),
    definition=f'select id, price * 2 from "{DATABASE}"."{SCHEMA}"."NUMBERS" where price < 2',
)


def _check_model(constants: Mapping[str, Any]) -> None:
    if constants.get("model") == "nonesuch":
        raise UnknownModelError("unknown model")


def _is_sampled(constants: Mapping[str, Any]) -> bool:
    options = constants.get("options") or constants.get("model_parameters")
    return options is NOT_CONSTANT or (bool(options) and float(options.get("temperature", 0)) > 0)


def _returns(constants: Mapping[str, Any]) -> SnowType:
    return VARIANT if constants.get("show_details") or constants.get("response_format") else text()


SIGNATURES = (
    Signature(
        "COMPLETE",
        ("SNOWFLAKE.CORTEX.COMPLETE",),
        (
            Parameter("model", ("TEXT",)),
            Parameter("prompt", ("TEXT", "ARRAY")),
            Parameter("options", ("OBJECT",), required=False),
        ),
        text(),
        sampled=_is_sampled,
        check=_check_model,
    ),
    Signature(
        "AI_COMPLETE",
        ("AI_COMPLETE",),
        (
            Parameter("model", ("TEXT",)),
            Parameter("prompt", ("TEXT", "OBJECT")),
            Parameter("model_parameters", ("OBJECT",), required=False),
            Parameter("response_format", ("OBJECT",), required=False),
            Parameter("show_details", ("BOOLEAN",), required=False),
        ),
        text(),
        returns_of=_returns,
        sampled=_is_sampled,
    ),
    Signature(
        "COUNT_TOKENS",
        ("SNOWFLAKE.CORTEX.COUNT_TOKENS",),
        (Parameter("model", ("TEXT",)), Parameter("text", ("TEXT",))),
        number(38, 0),
    ),
    Signature(
        "FINETUNE",
        ("SNOWFLAKE.CORTEX.FINETUNE",),
        (
            Parameter("command", ("TEXT",)),
            *(
                Parameter(name, ("TEXT",), required=False)
                for name in ("name", "base_model", "training_data", "validation_data")
            ),
            Parameter("options", ("TEXT", "OBJECT"), required=False),
        ),
        text(),
        command=True,
    ),
)


def scope_of(*more: Relation, **changes: Any) -> FakeScope:
    relations = (TICKETS, TRAIN, NUMBERS, DEFAULTS, VIEW, *more)
    return FakeScope({relation.name: relation for relation in relations}, **changes)


def compiled(sql: str, scope: FakeScope | None = None) -> Query | Statement:
    return compile_statement(sql, scope or scope_of(), SIGNATURES)


def query_of(sql: str, scope: FakeScope | None = None) -> Query:
    statement = compiled(sql, scope)
    assert isinstance(statement, Query)
    return statement


class Database:
    """DuckDB with the tables of the fake scope; calls of ours answer with their own arguments."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        for relation in (TICKETS, TRAIN, NUMBERS, DEFAULTS):
            columns = ", ".join(f"{duck(column.name)} {column.type.duckdb()}" for column in relation.columns)
            self.connection.execute(f"CREATE TABLE {relation.source} ({columns})")
        for name, is_volatile in (("sapwood_call", False), ("sapwood_sample", True)):
            self.connection.create_function(
                name,
                _answer,
                ["VARCHAR", "VARCHAR[]"],
                "VARCHAR",
                null_handling=FunctionNullHandling.SPECIAL,
                side_effects=is_volatile,
            )
        python_functions.register(self.connection)
        self._fill()

    def _fill(self) -> None:
        tickets = [
            ("TR1", "Ann", "Ann.B@mail.com", "Cellular", "I lost my phone.", "Email"),
            ("TR2", "Bob", "Bob.C@mail.com", "Cellular", "Add a line.", "Text Message"),
            ("TR3", "Cid", "Cid.D@mail.com", "Home Internet", None, "Email"),
        ]
        self.connection.executemany('INSERT INTO "SUPPORT_TICKETS" VALUES (?, ?, ?, ?, ?, ?)', tickets)
        train = [("TR1", "p", "Lost phone"), ("TR2", "p", "Add new line")]
        self.connection.executemany('INSERT INTO "SUPPORT_TICKETS_TRAIN" VALUES (?, ?, ?)', train)
        self.connection.execute(
            """INSERT INTO "NUMBERS" VALUES
            (1, 1.50, 1.5, '2024-01-31', '2024-01-31 10:20:30', '{"a":{"b":[1,2,{"c":"x"}]},"k":"v","n":null}', 'a', 'A'),
            (2, NULL, 2, '2024-02-29', '2024-02-29 23:59:59.5', '[1,"two"]', 'b', 'B'),
            (NULL, 3.25, -0.5, NULL, NULL, NULL, NULL, NULL)"""
        )

    def run(self, sql: str, scope: FakeScope | None = None) -> list[tuple[Any, ...]]:
        """The rows of a query. DuckDB's types must be those that the compiler promised."""
        query = query_of(sql, scope)
        parameters = {command.placeholder: "answer" for command in query.commands}
        filled = query.sql
        for each in query.filters:
            filled = filled.replace(each.mark, each.in_order(range(len(each.parts))))
        cursor = self.connection.execute(filled, parameters or None)
        promised = [duckdb.sqltype(column.type.duckdb()) for column in query.columns]
        assert [str(each[1]) for each in cursor.description or ()] == [str(each) for each in promised]
        return cursor.fetchall()

    def one(self, sql: str, scope: FakeScope | None = None) -> Any:
        """The only value of a one-row, one-column query; decimals without a fraction as int."""
        ((value,),) = self.run(sql, scope)
        return int(value) if isinstance(value, Decimal) and value == int(value) else value


def _answer(site: str, arguments: list[str | None]) -> str | None:
    return f"<{'|'.join('NULL' if each is None else each for each in arguments)}>"
