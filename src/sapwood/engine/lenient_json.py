"""JSON as the vendor reads it: more than the standard allows, and no key twice.

Comes in: a text. Goes out: standard JSON for it, with numbers and texts as they were written. Beyond the standard are keys without
quotes, texts in single quotes, TRUE and NULL in any case, commas behind the last element, and elements that are missing, which become
null. Sources: the vendor's pages of PARSE_JSON, TRY_PARSE_JSON, ARRAY_SIZE and FLATTEN. Knows no SQL.
"""

from __future__ import annotations

import json
import re

_TOKEN = re.compile(
    r"""\s*(?:(?P<mark>[\[\]{},:])|(?P<text>"(?:[^"\\]|\\.)*")|(?P<single>'(?:[^'\\]|\\.)*')"""
    r"""|(?P<number>-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])|(?P<word>[A-Za-z_$][\w$]*)|(?P<end>\Z))""",
    re.DOTALL,
)
_WORDS = {"true": "true", "false": "false", "null": "null", "undefined": "null"}
_ESCAPED = re.compile(r"\\(.)|\"", re.DOTALL)


class NotJsonError(ValueError):
    """The text is no JSON; it says why, as far as that is known."""


def standard_json(text: str, *, keeps_last: bool) -> str:
    """The text as standard JSON; of a key that stands twice in an object the last value, if `keeps_last`, else NotJsonError.

    >>> standard_json("{a: 'b', n: [1,,TRUE,]}", keeps_last=False)
    '{"a":"b","n":[1,null,true,null]}'
    """
    reader = _Reader(text, keeps_last=keeps_last)
    try:
        value = reader.value()
    except RecursionError:
        raise NotJsonError("it is nested too deeply") from None
    if reader.take() != ("end", ""):
        raise NotJsonError(text)
    return value


class _Reader:
    """A text and how far it is read."""

    def __init__(self, text: str, *, keeps_last: bool) -> None:
        self._text, self._keeps_last, self._place = text, keeps_last, 0

    def value(self) -> str:
        """The value that begins here."""
        kind, token = self.take()
        match kind, token:
            case "mark", "[":
                return self._array()
            case "mark", "{":
                return self._object()
            case "number", _:
                return token
            case (("text" | "single"), _):
                return self._quoted(token)
            case "word", _ if token.lower() in _WORDS:
                return _WORDS[token.lower()]
            case _:
                raise NotJsonError(self._text)

    def take(self) -> tuple[str, str]:
        """The kind and text of the next token, which is behind us then."""
        found = _TOKEN.match(self._text, self._place)
        if found is None or found.lastgroup is None:
            raise NotJsonError(self._text)
        self._place = found.end()
        return found.lastgroup, found[found.lastgroup]

    def _at(self, *marks: str) -> bool:
        """Whether one of some marks comes next."""
        before = self._place
        kind, token = self.take()
        self._place = before
        return kind == "mark" and token in marks

    def _passed(self, mark: str) -> bool:
        """Whether a mark comes next; then it is behind us."""
        return self._at(mark) and bool(self.take())

    def _array(self) -> str:
        if self._passed("]"):
            return "[]"
        elements: list[str] = []
        while True:
            elements.append("null" if self._at(",", "]") else self.value())
            if self._passed("]"):
                return f"[{','.join(elements)}]"
            self._expect(",")

    def _object(self) -> str:
        pairs: dict[str, str] = {}
        while not self._passed("}"):
            key, place = self._key()
            if key in pairs and not self._keeps_last:
                raise NotJsonError(f"duplicate object attribute {key}, pos {place}")
            self._expect(":")
            pairs[key] = self.value()
            if not self._passed(","):
                self._expect("}")
                break
        return "{" + ",".join(f"{key}:{value}" for key, value in pairs.items()) + "}"

    def _key(self) -> tuple[str, int]:
        """A key as JSON writes it, and how far its end is into the text."""
        kind, token = self.take()
        if kind == "word":
            return json.dumps(token), self._place
        if kind not in ("text", "single"):
            raise NotJsonError(self._text)
        return self._quoted(token), self._place

    def _expect(self, mark: str) -> None:
        if not self._passed(mark):
            raise NotJsonError(self._text)

    def _quoted(self, token: str) -> str:
        """A text in double quotes, which the standard knows."""
        if token.startswith("'"):
            token = '"' + _ESCAPED.sub(_in_double_quotes, token[1:-1]) + '"'
        try:
            json.loads(token)
        except ValueError:
            raise NotJsonError(self._text) from None
        return token


def _in_double_quotes(found: re.Match[str]) -> str:
    """A quote or an escape of a text in single quotes."""
    return "'" if found[0] == "\\'" else '\\"' if found[0] == '"' else found[0]
