"""A text into its statements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapwood.dialect.compile import split
from sapwood.dialect.names import logical, physical
from sapwood.dialect.text import tokens
from sapwood.errors import ParseError

CASES: list[tuple[str, list[str]]] = [
    ("", []),
    (" ;; ; ", []),
    ("-- only a comment", []),
    ("/* a; b */ ;", []),
    ("select 1", ["select 1"]),
    ("select 1;", ["select 1"]),
    ("select 1; select 2 ;", ["select 1", "select 2"]),
    ("select ';'; select \";\"; select $$;$$", ["select ';'", 'select ";"', "select $$;$$"]),
    (r"select 'it\'s; fine'; select 2", [r"select 'it\'s; fine'", "select 2"]),
    ("select 'it''s; fine'; select 2", ["select 'it''s; fine'", "select 2"]),
    (r"select '\\'; select 2", [r"select '\\'", "select 2"]),
    ("select 1 -- a; b\n; select 2", ["select 1 -- a; b", "select 2"]),
    ("select 1 // a; b\n; select 2", ["select 1 // a; b", "select 2"]),
    ("select 1 /* a; b */; select 2", ["select 1 /* a; b */", "select 2"]),
    ("-- first\nselect 1; -- last", ["-- first\nselect 1"]),
    ("select (select 1;); select 2", ["select (select 1;)", "select 2"]),
    ("put file:///tmp/x.csv @s; select 1", ["put file:///tmp/x.csv @s", "select 1"]),
    ("-- upload\nput file:///tmp/x.csv @s; list @s", ["-- upload\nput file:///tmp/x.csv @s", "list @s"]),
    ("select 'abc", ["select 'abc"]),
    ("select ';\\ ", ["select ';\\"]),
    ("select ';\\", ["select ';\\"]),
    ("set x = 5; select $x;", ["set x = 5", "select $x"]),
    ("select '📩;'; select 1", ["select '📩;'", "select 1"]),
]


@pytest.mark.parametrize(("text", "statements"), CASES)
def test_split(text: str, statements: list[str]) -> None:
    assert split(text) == statements


@given(st.text(alphabet="a'\"$;-/*()\\ \n", max_size=40))
def test_split_keeps_every_statement_whole(text: str) -> None:
    statements = split(text)
    assert all(statement in text for statement in statements)
    assert all(split(statement) == [statement] for statement in statements)


@given(st.text(max_size=12), st.text(max_size=12))
def test_physical_names_differ_wherever_names_do(one: str, other: str) -> None:
    def as_duckdb_sees_it(name: str) -> str:
        return "".join(letter.lower() if letter.isascii() else letter for letter in physical(name))

    assert logical(physical(one)) == one
    assert (as_duckdb_sees_it(one) == as_duckdb_sees_it(other)) == (one == other)


@given(st.text(alphabet="aAbB~0", max_size=5), st.text(alphabet="aAbB~0", max_size=5))
def test_physical_names_that_are_alike(one: str, other: str) -> None:
    assert (physical(one).lower() == physical(other).lower()) == (one == other)


@pytest.mark.parametrize("text", ["select 1 as a\0", 'select 1 as "a\0b"', "with c\0 as (select 1) select 2"])
def test_no_name_has_a_character_that_is_none(text: str) -> None:
    """The engine below ends its text there."""
    with pytest.raises(ParseError, match="unexpected"):
        tokens(text)
