"""Calls of our own functions: spellings, arguments, constants, commands."""

from __future__ import annotations

import pytest
from dialect_bench import Database, compiled, query_of, scope_of

from sapwood.dialect.statements import NOT_CONSTANT, CreateTable, Dml
from sapwood.dialect.types import VARIANT, number, text
from sapwood.errors import InvalidArgumentsError, UnknownFunctionError, UnknownModelError, UnsupportedError


@pytest.mark.parametrize(
    "spelling",
    ["SNOWFLAKE.CORTEX.COMPLETE", "snowflake.cortex.complete", "cortex.Complete", '"SNOWFLAKE"."CORTEX".complete'],
)
def test_spellings_of_one_function(spelling: str) -> None:
    (call,) = query_of(f"select {spelling}('m', request) from support_tickets").calls
    assert (call.site, call.function, call.arguments, call.types) == (
        0,
        "COMPLETE",
        ("model", "prompt"),
        ("TEXT", "TEXT"),
    )
    assert call.constants == {"model": "m", "prompt": NOT_CONSTANT}


def test_a_call_stands_in_the_sql_as_agreed(database: Database) -> None:
    query = query_of("select snowflake.cortex.complete('m', request) from support_tickets")
    assert (
        "CAST(sapwood_call('{token}:0', [CAST('m' AS VARCHAR), CAST(\"SUPPORT_TICKETS\".\"REQUEST\" AS VARCHAR)]) AS VARCHAR)"
        in query.sql
    )
    assert database.run(
        "select snowflake.cortex.complete('m', request) from support_tickets where ticket_id <> 'TR1' order by 1"
    ) == [
        ("<m|Add a line.>",),
        ("<m|NULL>",),
    ]


def test_named_arguments_in_any_order_and_constants() -> None:
    query = query_of(
        "select ai_complete(prompt => request, model => concat('a', 'b'), model_parameters => {'temperature': 0.7, 'max_tokens': 10, 'stop': ['x', null]}) "  # noqa: E501
        "from support_tickets"
    )
    (call,) = query.calls
    assert call.arguments == ("prompt", "model", "model_parameters")
    assert call.constants == {
        "prompt": NOT_CONSTANT,
        "model": "ab",
        "model_parameters": {"temperature": 0.7, "max_tokens": 10, "stop": ["x", None]},
    }
    assert call.is_sampled
    assert "sapwood_sample('{token}:0'" in query.sql


def test_the_result_type_may_hang_on_constants() -> None:
    assert query_of("select ai_complete('m', 'p')").columns[0].type == text()
    assert query_of("select ai_complete(model => 'm', prompt => 'p', show_details => true)").columns[0].type == VARIANT
    query = query_of("select snowflake.cortex.count_tokens('m', request) + 1 as n from support_tickets")
    assert query.columns[0].type == number(38, 0)


def test_variables_are_constants() -> None:
    (call,) = query_of("select snowflake.cortex.complete($m, 'p', {})", scope_of(variables={"M": "large"})).calls
    assert call.constants == {"model": "large", "prompt": "p", "options": {}}


def test_objects_and_arrays_travel_as_json(database: Database) -> None:
    sql = "select snowflake.cortex.complete('m', [{'role': 'user', 'content': 'it''s'}], {'temperature': 0})"
    assert database.one(sql) == '<m|[{"role":"user","content":"it\'s"}]|{"temperature":0}>'
    (call,) = query_of(sql).calls
    assert call.types == ("TEXT", "ARRAY", "OBJECT")
    assert call.constants["prompt"] == [{"role": "user", "content": "it's"}]
    assert not call.is_sampled


def test_a_text_inside_a_variant_loses_its_quotes(database: Database) -> None:
    assert database.one("select snowflake.cortex.complete('m', v:k) from numbers where id = 1") == "<m|v>"


def test_prompt_is_an_object_and_no_call(database: Database) -> None:
    sql = "select ai_complete('m', prompt('Hi {0}', customer_name)) from support_tickets where ticket_id = 'TR1'"
    assert database.one(sql) == '<m|{"args":["Ann"],"template":"Hi {0}"}>'
    with pytest.raises(InvalidArgumentsError, match=r"placeholder \{1\}"):
        compiled("select prompt('{0} {1}', 'a')")


def test_a_base_model_may_be_named_as_an_object() -> None:
    (call,) = query_of("select ai_complete(snowflake.models.\"LLAMA3.1-70B\", 'p')").calls
    assert call.constants["model"] == 'SNOWFLAKE.MODELS."LLAMA3.1-70B"'


def test_numbers_become_texts_where_a_text_is_taken(database: Database) -> None:
    assert database.one("select snowflake.cortex.complete('m', 12)") == "<m|12>"


def test_nested_calls_are_two_sites(database: Database) -> None:
    query = query_of("select snowflake.cortex.complete('a', snowflake.cortex.complete('b', 'x'))")
    assert sorted((call.site, call.constants["model"]) for call in query.calls) == [(0, "b"), (1, "a")]
    assert database.one("select snowflake.cortex.complete('a', snowflake.cortex.complete('b', 'x'))") == "<a|<b|x>>"


def test_a_call_used_again_by_its_alias_is_one_site(database: Database) -> None:
    sql = "select snowflake.cortex.complete('m', request) as r, upper(r) as u from support_tickets where r like '%phone%' order by r"
    assert len(query_of(sql).calls) == 1
    assert database.run(sql) == [("<m|I lost my phone.>", "<M|I LOST MY PHONE.>")]


def test_calls_anywhere_in_a_query() -> None:
    sql = """
        with labels as (select ticket_id, snowflake.cortex.complete('a', request) as label from support_tickets)
        select l.label, count(*) from labels l join support_tickets t on snowflake.cortex.complete('b', t.request) = l.label
        where snowflake.cortex.complete('c', t.request) is not null group by 1
        having max(snowflake.cortex.complete('d', l.label)) <> '' order by snowflake.cortex.complete('e', l.label)"""
    assert [call.constants["model"] for call in query_of(sql).calls] == ["a", "b", "c", "d", "e"]


def test_calls_in_statements() -> None:
    made = compiled("create table x as select snowflake.cortex.complete('m', request) as r from support_tickets")
    assert isinstance(made, CreateTable)
    assert made.query is not None
    assert len(made.query.calls) == 1
    changed = compiled(
        "update support_tickets set request = snowflake.cortex.complete('m', request) where ticket_id = 'TR1'"
    )
    assert isinstance(changed, Dml)
    assert len(changed.calls) == 1
    assert "sapwood_call('{token}:0'" in changed.sql


BAD_CALLS = [
    ("snowflake.cortex.complete('m')", "prompt is missing"),
    ("snowflake.cortex.complete('m', 'p', {}, 1)", "too many arguments"),
    ("snowflake.cortex.complete('m', 'p', 'o')", "options takes OBJECT"),
    ("snowflake.cortex.complete('m', {'a': 1})", "prompt takes TEXT or ARRAY"),
    ("ai_complete(model => 'm', promt => 'p')", "unknown argument name"),
    ("ai_complete(model => 'm', 'p')", "positional arguments must come before named ones"),
    ("ai_complete('m', 'p', model => 'x')", "given twice"),
]


@pytest.mark.parametrize(("call", "words"), BAD_CALLS)
def test_arguments_that_do_not_fit(call: str, words: str) -> None:
    with pytest.raises(InvalidArgumentsError) as caught:
        compiled(f"select {call}")
    assert words in caught.value.msg.replace("PROMT", "promt")
    assert caught.value.msg.startswith("SQL compilation error: error line 1 at position ")


def test_an_unknown_model_fails_before_a_row_is_read() -> None:
    with pytest.raises(UnknownModelError):
        compiled("select snowflake.cortex.complete('nonesuch', request) from support_tickets")


def test_an_unknown_cortex_function_has_its_full_name() -> None:
    with pytest.raises(UnknownFunctionError, match=r"Unknown function SNOWFLAKE\.CORTEX\.NONESUCH\."):
        compiled("select snowflake.cortex.nonesuch('a')")


def test_a_misspelt_function_has_a_hint() -> None:
    with pytest.raises(UnknownFunctionError) as caught:
        compiled("select snowflake.cortex.complet('m', 'x')")
    assert caught.value.hint == "Did you mean SNOWFLAKE.CORTEX.COMPLETE?"


def test_finetune_is_a_command(database: Database) -> None:
    sql = "select snowflake.cortex.finetune('CREATE', $name, 'mistral-7b', 'SELECT ...', NULL, OBJECT_CONSTRUCT('max_epochs', 3)) as id"
    scope = scope_of(variables={"NAME": "my_model"})
    query = query_of(sql, scope)
    (command,) = query.commands
    assert query.calls == ()
    assert command.function == "FINETUNE"
    assert command.arguments == ("command", "name", "base_model", "training_data", "validation_data", "options")
    assert f"${command.placeholder}" in query.sql
    row = database.connection.execute(command.sql).fetchone()
    assert row == ("CREATE", "my_model", "mistral-7b", "SELECT ...", None, '{"max_epochs":3}')
    assert database.run(sql, scope) == [("answer",)]


@pytest.mark.parametrize(
    "sql",
    [
        "select snowflake.cortex.finetune('DESCRIBE', request) from support_tickets",
        "select snowflake.cortex.finetune('DESCRIBE', (select max(ticket_id) from support_tickets)), 1 from support_tickets, nowhere",
        "select snowflake.cortex.finetune('DESCRIBE', t.request) from support_tickets t",
    ],
)
def test_the_arguments_of_a_command_read_no_columns(sql: str) -> None:
    with pytest.raises(Exception, match=r"must be constants|does not exist") as caught:
        compiled(sql)
    assert caught.value.args[0].startswith("SQL compilation error")


def test_the_arguments_of_a_command_call_no_model() -> None:
    with pytest.raises(InvalidArgumentsError, match="can't call a model"):
        compiled("select snowflake.cortex.finetune('DESCRIBE', snowflake.cortex.complete('m', 'x'))")


def test_set_takes_no_model_call() -> None:
    with pytest.raises(UnsupportedError, match="model call in SET"):
        compiled("set x = snowflake.cortex.complete('m', 'x')")
