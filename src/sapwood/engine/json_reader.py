"""JSON text to documents, which may stand on lines of their own or not, in an array or not.

Comes in: the plain bytes of a file, in pieces of any size. Goes out: documents in order, and faults with their places.
Behind a fault reading goes on with the next line, inside an array not at all. Knows no table.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sapwood.engine.csv_reader import Fault
from sapwood.engine.document_format import DocumentFormat

MOST_DOCUMENT = 64 << 20
"""Characters that a document may have: it is held in memory."""
_BLANKS = " \t\r\n"


@dataclass(frozen=True)
class Document:
    """One document as JSON text, with the line that it starts on and the place of that in the file, in characters."""

    value: Any
    line: int
    offset: int


class JsonReader:
    """The documents of a file."""

    def __init__(self, source: Iterable[bytes], form: DocumentFormat) -> None:
        self._source = iter(source)
        self._form = form
        errors = "replace" if form.replaces_invalid else "strict"
        self._recoder = codecs.getincrementaldecoder("utf-8-sig" if form.skips_mark else "utf-8")(errors)
        self._decoder = json.JSONDecoder(object_pairs_hook=None if form.allows_duplicates else _unique)
        self._text = ""
        self._place = 0
        self._line = 1
        self._offset = 0
        self._is_last = False
        self._is_inside = False

    def __iter__(self) -> Iterator[Document | Fault]:
        while self._is_more():
            if self._is_bracket():
                self._place += 1
                continue
            found = self._document()
            yield found
            if isinstance(found, Fault) and not self._skip_line():
                return

    def _is_more(self) -> bool:
        """Go to the next document; False if there is none."""
        skipped = _BLANKS + ("," if self._is_inside else "")
        while True:
            while self._place < len(self._text) and self._text[self._place] in skipped:
                self._place += 1
            if self._place < len(self._text):
                return True
            if self._is_last:
                return False
            self._read_on()

    def _is_bracket(self) -> bool:
        """Whether the outer array begins or ends here, if the format strips it."""
        if not self._form.strips_outer_array or self._text[self._place] != "[]"[self._is_inside]:
            return False
        self._is_inside = not self._is_inside
        return True

    def _document(self) -> Document | Fault:
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._place)
            except json.JSONDecodeError as error:
                if self._may_be_cut_off(error):
                    self._read_on()
                    continue
                return self._fault(f"Error parsing JSON: {error.msg.lower()}", error.pos)
            except (_DuplicateError, RecursionError) as error:
                said = error.args[0] if isinstance(error, _DuplicateError) else "too many levels"
                return self._fault(f"Error parsing JSON: {said}", self._place)
            if end == len(self._text) and not self._is_last:
                self._read_on()
                continue
            found = Document(value, self._line_at(self._place), self._offset + self._place)
            self._place = end
            return found

    def _may_be_cut_off(self, error: json.JSONDecodeError) -> bool:
        if self._is_last or len(self._text) - self._place > MOST_DOCUMENT:
            return False
        return error.pos >= len(self._text) - 16 or error.msg.startswith("Unterminated string")

    def _read_on(self) -> None:
        """Let go of what was read, and hold twice as much of what was not."""
        self._line = self._line_at(self._place)
        self._offset += self._place
        pieces, wanted = [self._text[self._place :]], len(self._text) - self._place
        self._place = 0
        while not self._is_last and sum(map(len, pieces[1:])) <= wanted:
            data = next(self._source, None)
            self._is_last = data is None
            pieces.append(self._recoder.decode(data or b"", final=self._is_last))
        self._text = "".join(pieces)

    def _line_at(self, place: int) -> int:
        return self._line + self._text.count("\n", 0, place)

    def _fault(self, message: str, place: int) -> Fault:
        character = place - self._text.rfind("\n", 0, place)
        row_line, rejected = self._line_at(self._place), self._text[self._place : place + 1].partition("\n")[0]
        return Fault(message, 100069, self._line_at(place), character, 1, 0, "22P02", self._offset + place, row_line, rejected)  # fmt: skip

    def _skip_line(self) -> bool:
        """Go behind the line that a faulty document starts on."""
        while not self._is_inside:
            end = self._text.find("\n", self._place)
            if end >= 0 or self._is_last:
                self._place = len(self._text) if end < 0 else end + 1
                return True
            self._read_on()
        return False


class _DuplicateError(Exception):
    """An object has two fields of one name."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateError(f'duplicate object attribute "{next(name for name in names if names.count(name) > 1)}"')
    return made
