"""The grammar of queries: sqlglot's for Snowflake, with its rewriting of functions switched off.

Comes in: text of a query, an expression, an UPDATE or a DELETE. Goes out: sqlglot's tree, in which every function call
has its name and arguments as written, and every select item its text (`text_of`). Knows no catalogue and no types.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from sqlglot import exp
from sqlglot.errors import ErrorLevel
from sqlglot.errors import ParseError as SqlglotParseError
from sqlglot.parsers.snowflake import SnowflakeParser
from sqlglot.tokenizer_core import Token, TokenType

from sapwood.dialect.text import Words, tokens, unexpected

_TEXT = "sapwood_text"


class RefusedError(SqlglotParseError):
    """A parse error that remembers its token; None is the end of the text."""

    def __init__(self, token: Token | None) -> None:
        super().__init__("refused")
        self.token = token


class Grammar(SnowflakeParser):
    """Snowflake's grammar; only functions with a syntax of their own are known to it."""

    FUNCTIONS = {}  # noqa: RUF012
    NO_PAREN_FUNCTIONS = {}  # noqa: RUF012
    FUNCTION_PARSERS = {name: SnowflakeParser.FUNCTION_PARSERS[name] for name in ("CAST", "TRY_CAST", "EXTRACT")}  # noqa: RUF012
    NO_PAREN_FUNCTION_PARSERS = {  # noqa: RUF012
        name: SnowflakeParser.NO_PAREN_FUNCTION_PARSERS[name] for name in ("ANY", "CASE", "CONNECT_BY_ROOT")
    }

    PLACEHOLDER_PARSERS = {  # noqa: RUF012
        **SnowflakeParser.PLACEHOLDER_PARSERS,
        TokenType.PLACEHOLDER: lambda self: self._marked_placeholder(),
    }

    def _marked_placeholder(self) -> exp.Expr:
        """A `?` that knows where it stands."""
        tree = self.expression(exp.Placeholder())
        tree.meta["start"] = self._prev.start
        return tree

    def raise_error(self, message: str, token: Any = None) -> None:
        raise RefusedError(token or self._curr or None)

    def _parse_expression(self) -> exp.Expr | None:
        start = self._curr
        tree = self._parse_assignment()
        if tree is not None and self._prev:
            tree.meta[_TEXT] = self._find_sql(start, self._prev)
        return self._parse_alias(tree)


def text_of(tree: exp.Expr) -> str:
    """The text that a select item was written as, or ''."""
    return str(tree.meta.get(_TEXT, ""))


def _without_trailing_commas(found: list[Token]) -> list[Token]:
    """The tokens without a comma at the end of a select list."""
    kept: list[Token] = []
    is_query = [bool(found) and found[0].token_type in _QUERY_WORDS]
    for place, token in enumerate(found):
        after = found[place + 1].token_type if place + 1 < len(found) else TokenType.R_PAREN
        if token.token_type == TokenType.L_PAREN:
            is_query.append(after in _QUERY_WORDS)
        elif token.token_type == TokenType.R_PAREN and len(is_query) > 1:
            is_query.pop()
        elif token.token_type == TokenType.COMMA and is_query[-1] and after in (TokenType.FROM, TokenType.R_PAREN):
            continue
        kept.append(token)
    return kept


_QUERY_WORDS = (TokenType.SELECT, TokenType.WITH)


_OPENING = (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE)
_CLOSING = (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE)


def _misplaced(found: list[Token]) -> Token | None:
    """The first token that stands where an element of a list is missing: sqlglot passes over those."""
    for before, after in pairwise(found):
        kinds = (before.token_type, after.token_type)
        is_missing = kinds[1] == TokenType.COMMA and kinds[0] in (TokenType.COMMA, *_OPENING)
        if is_missing or kinds == (TokenType.L_BRACE, TokenType.COLON):
            return after
        if kinds[0] == TokenType.COMMA and kinds[1] in _CLOSING:
            return after
    return None


def parse(text: str) -> exp.Expr:
    """The tree of one statement; ParseError with line and position if it is none."""
    found = _without_trailing_commas(tokens(text))
    if not found:
        raise unexpected(text, None)
    misplaced = _misplaced(found)
    if misplaced is not None:
        raise unexpected(text, misplaced)
    parser = Grammar(dialect=Words(), error_level=ErrorLevel.IMMEDIATE)
    try:
        trees = parser.parse(found, text)
    except RefusedError as refusal:
        raise unexpected(text, refusal.token) from None
    except SqlglotParseError:
        raise unexpected(text, found[0]) from None
    if len(trees) != 1 or trees[0] is None:
        raise unexpected(text, found[0])
    return trees[0]
