"""Text into statements and tokens, and places in it.

Comes in: SQL text as the user wrote it. Goes out: statements, sqlglot's tokens, lines and positions. Knows no grammar.
"""

from __future__ import annotations

import re

from sqlglot.dialects.snowflake import Snowflake
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from sapwood.dialect.scripting import STARTS, is_open
from sapwood.errors import ParseError, UnsupportedError

_PIECE = re.compile(
    r"""(?P<comment>--[^\n]*|//[^\n]*|/\*.*?(?:\*/|\Z))
      | (?P<text>'(?:[^'\\]|\\(?:.|\Z)|'')*(?:'|\Z)|"(?:[^"]|"")*(?:"|\Z)|\$\$.*?(?:\$\$|\Z))
      | (?P<mark>[();])
      | (?P<blank>\s+)
      | (?P<word>[A-Za-z_$][\w$]*)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_FILES = re.compile(r"\s*(?:put|get|list|ls|remove|rm|copy|create)\b", re.IGNORECASE)
_URL = re.compile(r"\w+://[^\s;]*")


def split(text: str) -> list[str]:
    """The statements of a text, without their semicolons; those of comments only are left out.

    A semicolon inside strings, comments, open parentheses or a block of scripting doesn't end a statement.

    >>> split("select ';' ; -- a; b\\n select $$x;y$$;")
    ["select ';'", '-- a; b\\n select $$x;y$$']
    """
    statements: list[str] = []
    start = place = depth = 0
    has_content = False
    words: list[str] = []
    while place < len(text):
        end, kind = _piece(text, start, place)
        mark = text[place:end]
        depth = max(0, depth + (mark == "(") - (mark == ")"))
        if mark == ";" and depth == 0 and not is_open(words):
            if has_content:
                statements.append(text[start:place].strip())
            start, has_content, words = end, False, []
        elif kind not in ("comment", "blank"):
            has_content = True
            if words or mark.upper() in STARTS:
                words.append(mark.upper())
        place = end
    if has_content:
        statements.append(text[start:].strip())
    return statements


def _piece(text: str, start: int, place: int) -> tuple[int, str]:
    """End and kind of the piece at `place`. In a statement about files, `file://x` is no comment."""
    if (url := _URL.match(text, place)) and _FILES.match(bare(text[start:place])):
        return url.end(), "other"
    found = _PIECE.match(text, place)
    assert found is not None, "the last alternative takes any character"
    return found.end(), str(found.lastgroup)


def bare(text: str) -> str:
    """The text without comments, enough to see its first word."""
    return re.sub(r"--[^\n]*\n|/\*.*?\*/|(?<!:)//[^\n]*\n", "", text, flags=re.DOTALL)


class Words(Snowflake):
    """sqlglot's Snowflake, whose tokenizer reads every statement to its end; by itself it swallows what follows some verbs."""

    class Tokenizer(Snowflake.Tokenizer):
        COMMANDS = set()  # noqa: RUF012
        KEYWORDS = {word: kind for word, kind in Snowflake.Tokenizer.KEYWORDS.items() if word != "?::"}  # noqa: RUF012
        """Another dialect's operator; here it is a bound value that is cast."""


def tokens(text: str) -> list[Token]:
    """sqlglot's tokens of one statement, without a trailing semicolon; a semicolon inside is an error."""
    try:
        found = Words().tokenize(text)
    except TokenError:
        raise unclosed(text) from None
    while found and found[-1].token_type == TokenType.SEMICOLON:
        found.pop()
    for before, token in zip([None, *found], found, strict=False):
        is_text_after_text = before is not None and before.token_type == token.token_type == TokenType.STRING
        has_zero = token.token_type in (TokenType.IDENTIFIER, TokenType.VAR) and "\0" in token.text
        if token.token_type == TokenType.SEMICOLON or is_text_after_text or has_zero:
            raise unexpected(text, token)
        if token.token_type == TokenType.IDENTIFIER and not token.text:
            raise UnsupportedError("SQL compilation error:\nUnsupported feature 'a name without a character'.")
    return found


def place_of(text: str, offset: int) -> tuple[int, int]:
    """Line (from 1) and position (from 0) of a character, as Snowflake counts.

    >>> place_of("a\\nbc", 3)
    (2, 1)
    """
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1)


def unexpected(text: str, token: Token | None) -> ParseError:
    """The error for a token that can't stand where it does; None is the end of the text."""
    offset, word = (len(text), "<EOF>") if token is None else (token.start, text[token.start : token.end + 1])
    line, position = place_of(text, offset)
    return ParseError(
        f"SQL compilation error:\nsyntax error line {line} at position {position} unexpected '{word}'.",
        hint="Look at the text just before that position: a comma, a parenthesis or a keyword is missing or misspelt.",
    )


def unclosed(text: str) -> ParseError:
    """The error for a string or comment without an end."""
    line, position = place_of(text, len(text))
    return ParseError(
        f"SQL compilation error:\nparse error line {line} at position {position} near '<EOF>'.",
        hint="Close the string or comment that was opened.",
    )
