"""JSON as the vendor reads it: what is more than the standard, and what stays an error."""

from __future__ import annotations

import pytest

from sapwood.engine.lenient_json import NotJsonError, standard_json


@pytest.mark.parametrize(
    ("text", "standard"),
    [
        (' {"a" : [1.50, -2e+3, "x\\n"] } ', '{"a":[1.50,-2e+3,"x\\n"]}'),
        ("{a: 1, $b_2: 2,}", '{"a":1,"$b_2":2}'),
        ("['it\\'s', 'a \"b\"']", '["it\'s","a \\"b\\""]'),
        ("[TRUE, False, nUll, undefined]", "[true,false,null,null]"),
        ("[,1,,]", "[null,1,null,null]"),
        ("[]", "[]"),
        ("[1,]", "[1,null]"),
    ],
)
def test_more_than_the_standard_is_read(text: str, standard: str) -> None:
    assert standard_json(text, keeps_last=False) == standard


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1", "{a}", "{a:}", "{1:2}", "1 2", "hello", "NaN", "01", "1.", '"a\nb"', '"\\x"', "[1 2]", "{,}"],
)
def test_no_json_is_an_error(text: str) -> None:
    with pytest.raises(NotJsonError):
        standard_json(text, keeps_last=False)


def test_a_key_that_stands_twice() -> None:
    with pytest.raises(NotJsonError, match='duplicate object attribute "a", pos 8'):
        standard_json('{"a":1,a:2}', keeps_last=False)
    assert standard_json('{"a":1,"b":3,a:2}', keeps_last=True) == '{"a":2,"b":3}'


def test_what_is_nested_too_deeply_is_an_error() -> None:
    with pytest.raises(NotJsonError, match="too deeply"):
        standard_json("[" * 100_000, keeps_last=False)
