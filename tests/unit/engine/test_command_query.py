"""What a command, such as FINETUNE, reads through its session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from sapwood.engine.engine import Engine
from sapwood.engine.session import Session
from sapwood.engine.work import PORTION
from sapwood.functions.function import CommandContext, CommandHandler


def run(engine: Engine, session: Session, command: CommandHandler) -> None:
    """Run `command` in the place of FINETUNE."""
    commands: Any = engine.parts.commands
    signature, _ = commands["FINETUNE"]
    commands["FINETUNE"] = (signature, command)
    session.execute("select snowflake.cortex.finetune('SHOW')")


@pytest.mark.parametrize("rows", [0, 1, 2 * PORTION + 1])
def test_rows_come_in_portions_while_the_query_runs(engine: Engine, session: Session, rows: int) -> None:
    portions: list[tuple[list[str], int]] = []

    def read(arguments: Mapping[str, Any], context: CommandContext) -> str:
        made = context.query(f"select seq4() as n from table(generator(rowcount => {rows}))")
        portions.extend((table.column_names, table.num_rows) for table in made)
        return "read"

    run(engine, session, read)
    assert sum(count for _, count in portions) == rows
    assert all(names == ["N"] and 0 < count <= PORTION for names, count in portions)


def test_a_query_that_asks_a_model_gives_its_answers(engine: Engine, session: Session) -> None:
    session.execute("create table t as select 'hello' as x")
    seen: list[Any] = []

    def read(arguments: Mapping[str, Any], context: CommandContext) -> str:
        made = context.query("select snowflake.cortex.complete('echo', x) as y from t")
        seen.extend(row for table in made for row in table.to_pylist())
        return "read"

    run(engine, session, read)
    (row,) = seen
    assert row["Y"]
