"""SPLIT_TEXT_*: the vectors of the vendor's pages and of its client's documentation."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from task_bench import FakeModels, answered

from sapwood.dialect.statements import NOT_CONSTANT
from sapwood.errors import InvalidArgumentsError
from sapwood.functions import SPLIT_TEXT_MARKDOWN_HEADER, SPLIT_TEXT_RECURSIVE_CHARACTER
from sapwood.functions.splitting import split_by_headers, split_markdown, split_recursively


@pytest.mark.parametrize(
    ("text", "size", "overlap", "separators", "chunks"),
    [
        ("hello world are you here", 15, 10, None, ["hello world are", "world are you", "are you here"]),
        (
            "This is a long document. It has multiple sentences.\n\nAnd multiple paragraphs.", 30, 5, None,
            ["This is a long document. It", "It has multiple sentences.", "And multiple paragraphs."],
        ),
        (
            "def hello():\n    print('Hello')\n\ndef world():\n    print('World')", 30, 0, ["\n\n", "\n", "    ", " ", ""],
            ["def hello():", "print('Hello')", "def world():", "print('World')"],
        ),
        (
            "First sentence. Second sentence. Third sentence.", 15, 3, [". ", " ", ""],
            ["First sentence", ". Second", "sentence", ". Third", "sentence."],
        ),
    ],
)  # fmt: skip
def test_documented_chunks(text: str, size: int, overlap: int, separators: list[str] | None, chunks: list[str]) -> None:
    row = {"text": text, "format": "none", "chunk_size": str(size), "overlap": str(overlap)}
    given = row if separators is None else {**row, "separators": json.dumps(separators)}
    assert json.loads(str(answered(SPLIT_TEXT_RECURSIVE_CHARACTER, given))) == chunks


def test_markdown_is_cut_at_its_headings() -> None:
    assert split_markdown("# Title\n\n## Subtitle\n\nMore content.", 25, overlap=3) == [
        "# Title",
        "## Subtitle",
        "More content.",
    ]


def test_documented_chunks_below_headings() -> None:
    text = "# HEADER 1\nthis is text in header 1\n## HEADER 2\nthis is a subheading"
    row = {"text": text, "headers": '{"#":"header_1","##":"header_2"}', "chunk_size": "12", "overlap": "5"}
    first, second = {"header_1": "HEADER 1"}, {"header_1": "HEADER 1", "header_2": "HEADER 2"}
    assert json.loads(str(answered(SPLIT_TEXT_MARKDOWN_HEADER, row))) == [
        *({"chunk": chunk, "headers": first} for chunk in ("this is text", "text in", "in header 1")),
        *({"chunk": chunk, "headers": second} for chunk in ("this is a", "subheading")),
    ]


def test_a_heading_ends_those_below_it_and_one_in_code_is_none() -> None:
    text = "# A\none\n## B\ntwo\n# C\nthree\n```\n# no heading\n```"
    chunks = split_by_headers(text, {"#": "h1", "##": "h2"}, 100)
    assert [chunk.headers for chunk in chunks] == [{"h1": "A"}, {"h1": "A", "h2": "B"}, {"h1": "C"}]
    assert "# no heading" in chunks[-1].text


@given(st.text(alphabet="ab \n", max_size=200), st.integers(1, 20), st.integers(0, 5))
def test_no_chunk_is_too_long_and_nothing_but_blanks_is_lost(text: str, size: int, overlap: int) -> None:
    chunks = split_recursively(text, size, overlap=min(overlap, size - 1))
    assert all(0 < len(chunk) <= size for chunk in chunks)
    if overlap == 0 or size == 1:
        assert "".join("".join(chunks).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("constants", "message"),
    [
        ({"chunk_size": 0}, "invalid chunk_size 0"),
        ({"chunk_size": 5, "overlap": 5}, "invalid overlap 5"),
        ({"chunk_size": 5, "overlap": -1}, "invalid overlap -1"),
        ({"chunk_size": 5, "format": "html"}, "invalid format 'html'"),
        ({"chunk_size": 5, "separators": [7]}, "invalid separators"),
    ],
)
def test_bad_sizes_and_formats_are_refused(constants: dict[str, Any], message: str) -> None:
    check = SPLIT_TEXT_RECURSIVE_CHARACTER.check
    assert check is not None
    with pytest.raises(InvalidArgumentsError, match=message):
        check({"text": NOT_CONSTANT, "format": "none", **constants}, FakeModels())


@pytest.mark.parametrize("headers", [{}, {"x": "a"}, {"#": 7}, "#"])
def test_bad_headers_are_refused(headers: Any) -> None:
    check = SPLIT_TEXT_MARKDOWN_HEADER.check
    assert check is not None
    with pytest.raises(InvalidArgumentsError, match="invalid headers"):
        check({"text": NOT_CONSTANT, "headers": headers, "chunk_size": 5}, FakeModels())


@pytest.mark.parametrize("name", ["text", "format", "chunk_size"])
def test_null_gives_null(name: str) -> None:
    row: dict[str, str | None] = {"text": "a", "format": "none", "chunk_size": "5", name: None}
    assert answered(SPLIT_TEXT_RECURSIVE_CHARACTER, row) is None
