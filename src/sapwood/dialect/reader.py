"""Reads statements that have a grammar of their own, word by word.

Comes in: the text of one statement. Goes out: words, names, literals, options, and the text that is left. Knows no
statement. It works on sqlglot's tokens, and on the raw text where a path or a query begins.
"""

from __future__ import annotations

import re
from typing import Any

from sqlglot.tokenizer_core import Token, TokenType

from sapwood.dialect.names import fold
from sapwood.dialect.text import tokens, unexpected
from sapwood.errors import UnsupportedError

_TEXTS = (TokenType.STRING, TokenType.RAW_STRING, TokenType.HEREDOC_STRING, TokenType.NATIONAL_STRING)

_FRACTION = re.compile(r"\d*\.\d+|\d+\.")


class Reader:
    """A place in a statement, and steps from there. `take` moves on if the next words are those given."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = [word for token in tokens(text) for word in _words(token)]
        self._place = 0

    # --- looking

    @property
    def token(self) -> Token | None:
        return self._tokens[self._place] if self._place < len(self._tokens) else None

    def word(self, ahead: int = 0) -> str:
        """The next token in upper case, '' at the end; texts and quoted names are no words."""
        place = self._place + ahead
        if place >= len(self._tokens) or self._tokens[place].token_type in (*_TEXTS, TokenType.IDENTIFIER):
            return ""
        return self._tokens[place].text.upper()

    def at(self, *words: str) -> bool:
        return all(self.word(ahead) == word for ahead, word in enumerate(words))

    @property
    def is_done(self) -> bool:
        return self.token is None

    # --- taking

    def take(self, *words: str) -> bool:
        if not words or not self.at(*words):
            return False
        self._place += len(words)
        return True

    def expect(self, *words: str) -> None:
        for word in words:
            if not self.take(word):
                raise self.error()

    def error(self) -> Exception:
        return unexpected(self.text, self.token)

    def end(self) -> None:
        """Nothing may follow."""
        if not self.is_done:
            raise self.error()

    def any_word(self) -> str:
        """The next bare word, in upper case."""
        word = self.word()
        if not word or not (word[0].isalpha() or word[0] == "_"):
            raise self.error()
        self._place += 1
        return word

    def identifier(self) -> str:
        """One name, folded."""
        token = self.token
        if token is None:
            raise self.error()
        if token.token_type == TokenType.IDENTIFIER:
            self._place += 1
            return fold(token.text, quoted=True)
        return self.any_word()

    def dotted(self) -> tuple[str, ...]:
        """A name of one to three parts; `db..t` means the schema PUBLIC and gives an empty part."""
        parts = [self.identifier()]
        while self.take("."):
            parts.append("" if self.word() == "." else self.identifier())
        if len(parts) > 3:
            raise self.error()
        return tuple(parts)

    def is_text(self) -> bool:
        return self.token is not None and self.token.token_type in _TEXTS

    def string(self) -> str:
        """A text literal's content."""
        token = self.token
        if token is None or token.token_type not in _TEXTS:
            raise self.error()
        self._place += 1
        return token.text

    def integer(self) -> int:
        sign = -1 if self.take("-") else 1
        word = self.word()
        if not word.isdigit():
            raise self.error()
        self._place += 1
        return sign * int(word)

    def value(self) -> Any:
        """An option's value: text, number, TRUE, FALSE, a bare word, or (a list of them) as a tuple."""
        if self.is_text():
            return self.string()
        if self.take("("):
            return self._listed()
        word = self.word()
        if word.isdigit() or word == "-":
            return self.integer()
        if _FRACTION.fullmatch(word):
            self._place += 1
            return float(word)
        if word in ("TRUE", "FALSE"):
            self._place += 1
            return word == "TRUE"
        if self.token is not None and self.token.token_type == TokenType.IDENTIFIER:
            return self.identifier()
        return self.any_word()

    def _listed(self) -> tuple[Any, ...]:
        found: list[Any] = []
        while not self.take(")"):
            found.append(self.value())
            if not self.take(",") and self.word() != ")":
                raise self.error()
        return tuple(found)

    # --- the text that is left

    @property
    def offset(self) -> int:
        """Where the next token starts in the text."""
        return len(self.text) if self.token is None else self.token.start

    def skip_to(self, offset: int) -> None:
        """Goes on with the first token that starts at or behind a place in the text."""
        while self.token is not None and self.token.start < offset:
            self._place += 1

    def rest(self) -> str:
        """The text from here, which is then read."""
        start = self.offset
        self._place = len(self._tokens)
        last = self._tokens[-1].end + 1 if self._tokens else 0
        return self.text[start:last]

    def rest_in_place(self) -> str:
        """The same with blanks for all that is before it, so that places in it are those of the whole text."""
        head = self.text[: self.offset]
        return "".join(letter if letter == "\n" else " " for letter in head) + self.rest()

    def inside(self) -> str:
        """The text between the parenthesis that is next and the one that closes it."""
        self.expect("(")
        start, depth = self.offset, 1
        while self.token is not None:
            depth += (self.word() == "(") - (self.word() == ")")
            if depth == 0:
                end = self.token.start
                self._place += 1
                return self.text[start:end]
            self._place += 1
        raise self.error()

    def until(self, *words: str) -> str:
        """The text up to one of these words outside of parentheses, or to a comma or closing parenthesis there."""
        start, depth = self.offset, 0
        end = start
        while self.token is not None:
            word = self.word()
            if depth == 0 and (word in words or word in (",", ")")):
                break
            depth += (word == "(") - (word == ")")
            end = self.token.end + 1
            self._place += 1
        return self.text[start:end]


def _words(token: Token) -> list[Token]:
    """sqlglot makes one token of some pairs of words, such as FILE FORMAT."""
    if token.token_type in (*_TEXTS, TokenType.IDENTIFIER) or " " not in token.text:
        return [token]
    found: list[Token] = []
    for word in re.finditer(r"\S+", token.text):
        start = token.start + word.start()
        found.append(Token(TokenType.VAR, word[0], token.line, token.col, start, start + len(word[0]) - 1))
    return found


def unsupported(what: str, hint: str | None = None) -> UnsupportedError:
    """The error for a statement or clause that isn't served; it names it."""
    return UnsupportedError(f"SQL compilation error:\nUnsupported feature '{what}'.", hint=hint)
