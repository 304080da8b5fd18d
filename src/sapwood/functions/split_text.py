"""SPLIT_TEXT_RECURSIVE_CHARACTER and SPLIT_TEXT_MARKDOWN_HEADER: a text in, an array of its chunks out. No model is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sapwood.dialect.statements import NOT_CONSTANT, Parameter, Signature
from sapwood.dialect.types import ARRAY
from sapwood.errors import InvalidArgumentsError
from sapwood.functions.function import Answer, Arguments, Models, SqlFunction
from sapwood.functions.json_text import are_texts, compact, constant, is_known, parsed
from sapwood.functions.splitting import PLAIN_SEPARATORS, split_by_headers, split_markdown, split_recursively

FORMATS = ("none", "markdown")


def _recursive(arguments: Arguments, models: Models) -> Answer:
    if None in (arguments[name] for name in ("text", "format", "chunk_size")):
        return Answer(None)
    text, size, overlap = str(arguments["text"]), *_sizes(arguments["chunk_size"], arguments.get("overlap"))
    separators = _separators(parsed(arguments.get("separators")))
    if _format(arguments["format"]) == "markdown" and not separators:
        return Answer(compact(split_markdown(text, size, overlap=overlap)))
    chunks = split_recursively(text, size, overlap=overlap, separators=separators or PLAIN_SEPARATORS)
    return Answer(compact(chunks))


def _by_header(arguments: Arguments, models: Models) -> Answer:
    if None in (arguments[name] for name in ("text", "headers", "chunk_size")):
        return Answer(None)
    size, overlap = _sizes(arguments["chunk_size"], arguments.get("overlap"))
    headers = _headers(parsed(arguments["headers"]))
    chunks = split_by_headers(str(arguments["text"]), headers, size, overlap=overlap)
    return Answer(compact([{"chunk": chunk.text, "headers": chunk.headers} for chunk in chunks]))


def _sizes(size: Any, overlap: Any) -> tuple[int, int]:
    """Chunk size and overlap in characters."""
    wanted, shared = _whole("chunk_size", size), _whole("overlap", 0 if overlap is None else overlap)
    if wanted < 1:
        raise InvalidArgumentsError(f"invalid chunk_size {wanted}: it must be greater than 0")
    if not 0 <= shared < wanted:
        raise InvalidArgumentsError(
            f"invalid overlap {shared}: it must be 0 or more, and less than chunk_size ({wanted})"
        )
    return wanted, shared


def _whole(name: str, value: Any) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise InvalidArgumentsError(f"invalid {name} {value}: it must be a whole number") from None


def _format(value: Any) -> str:
    if str(value).lower() not in FORMATS:
        raise InvalidArgumentsError(f"invalid format '{value}': it must be one of {', '.join(FORMATS)}")
    return str(value).lower()


def _separators(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not are_texts(value) or not value:
        raise InvalidArgumentsError("invalid separators: an array of texts is needed")
    return tuple(value)


def _headers(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not value or not all(isinstance(name, str) for name in value.values()):
        raise InvalidArgumentsError(
            "invalid headers: an object of marks and names is needed", hint="Write {'#': 'header_1', '##': 'header_2'}."
        )
    found: dict[str, str] = value
    wrong = next((mark for mark in found if not mark or set(mark) != {"#"}), None)
    if wrong is not None:
        raise InvalidArgumentsError(f"invalid headers: '{wrong}' is no mark of a Markdown heading")
    return found


def _check(constants: Mapping[str, Any], models: Models) -> None:
    size, overlap = constants["chunk_size"], constants.get("overlap")
    if is_known(size) and overlap is not NOT_CONSTANT:
        _sizes(size, overlap)
    for name, read in (("format", _format), ("separators", _separators), ("headers", _headers)):
        value = constant(constants.get(name))
        if is_known(value):
            read(value)


_TEXT = Parameter("text", ("TEXT",), meaning="The text.")
_SIZE = Parameter("chunk_size", ("FIXED",), meaning="Most characters of a chunk.")
_OVERLAP = Parameter(
    "overlap", ("FIXED",), required=False, meaning="Characters that a chunk shares with the one before, 0 if not given."
)
_ERRORS = {
    "invalid chunk_size ...": "It is no whole number above 0.",
    "invalid overlap ...": "It is negative, or not less than chunk_size.",
}

SPLIT_TEXT_RECURSIVE_CHARACTER = SqlFunction(
    Signature(
        "SPLIT_TEXT_RECURSIVE_CHARACTER",
        ("SNOWFLAKE.CORTEX.SPLIT_TEXT_RECURSIVE_CHARACTER",),
        (
            _TEXT,
            Parameter("format", ("TEXT",), meaning="'none', or 'markdown' to cut at headings and code blocks first."),
            _SIZE,
            _OVERLAP,
            Parameter("separators", ("ARRAY",), required=False, meaning="Texts to cut at, coarse ones first."),
        ),
        returns=ARRAY,
    ),
    _recursive,
    check=_check,
    summary="A text in chunks, cut at paragraphs, else at lines, words, characters.",
    example="SELECT SNOWFLAKE.CORTEX.SPLIT_TEXT_RECURSIVE_CHARACTER('hello world are you here', 'none', 15, 10)",
    errors={**_ERRORS, "invalid format ...": "It is neither 'none' nor 'markdown'."},
)

SPLIT_TEXT_MARKDOWN_HEADER = SqlFunction(
    Signature(
        "SPLIT_TEXT_MARKDOWN_HEADER",
        ("SNOWFLAKE.CORTEX.SPLIT_TEXT_MARKDOWN_HEADER",),
        (_TEXT, Parameter("headers", ("OBJECT",), meaning="Marks of headings and names for them."), _SIZE, _OVERLAP),
        returns=ARRAY,
    ),
    _by_header,
    check=_check,
    summary="A Markdown text in chunks `{chunk, headers}`, each with the headings above it.",
    example="SELECT SNOWFLAKE.CORTEX.SPLIT_TEXT_MARKDOWN_HEADER('# Title\\nSome words', OBJECT_CONSTRUCT('#', 'header_1'), 12, 5)",
    errors={**_ERRORS, "invalid headers: ...": "No object, or a mark that is no heading's."},
)
