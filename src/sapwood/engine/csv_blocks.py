"""A CSV file's bytes to blocks of whole records, each with its place in the file.

Comes in: plain bytes in pieces of any size, and the format. Goes out: blocks of UTF-8. A block that is plain can be
taken by any reader of CSV and means the same to all of them; the records of any other were read by the exact reader
already. Knows no table and no types.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from sapwood.engine.csv_format import CsvFormat
from sapwood.engine.csv_reader import Fault, Record, RecordReader

PIECE = 256 << 10
"""Bytes around something that is not plain that the exact reader gets, so that the rest of a file stays quick."""
MOST_RECORD = 64 << 20
"""Bytes that one record may have: it is held in memory."""
_LF, _CR = 10, 13


@dataclass(frozen=True)
class Block:
    """Whole records. `line` is that of the first one, `offset` its place in the file in bytes, both of the plain text.

    `before` are the characters of that line that came before, where records do not end with lines. `records` are given
    where only the exact reader could tell them apart.
    """

    data: bytes
    line: int
    offset: int
    records: tuple[Record | Fault, ...] | None = None
    before: int = 0

    @property
    def text(self) -> str:
        """The block as text; bytes that are no UTF-8 are lone surrogates."""
        return self.data.decode("utf-8", "surrogateescape")


class CsvBlocks:
    """The blocks of a file. `header` are the fields of its first record if the format reads one (PARSE_HEADER)."""

    def __init__(self, source: Iterable[bytes], form: CsvFormat) -> None:
        self._source = as_utf8(source, form)
        self._form = form
        self._plain = PlainText(form)
        self._held = b""
        self._is_last = False
        self._is_mixed = False
        self._line = 1
        self._offset = 0
        self._before = 0

    @cached_property
    def header(self) -> tuple[str, ...]:
        """Read before the blocks are."""
        if not self._form.parses_header:
            return ()
        for block in self._blocks(most_records=1):
            for record in block.records or ():
                fields = record.fields if isinstance(record, Record) else []
                return tuple("" if field is None else field for field in fields)
        return ()

    def __iter__(self) -> Iterator[Block]:
        for _ in range(self._form.skip_header):
            self._skip_line()
        yield from self._blocks() if self.header or not self._form.parses_header else ()

    def _skip_line(self) -> None:
        """A line to skip ends at a newline, whatever it encloses."""
        while b"\n" not in self._held and not self._is_last:
            self._read_on()
        self._take(self._held.find(b"\n") + 1 or len(self._held))

    def _blocks(self, most_records: int = 0) -> Iterator[Block]:
        while self._held or not self._is_last:
            block = self._exact(most_records) if most_records else self._next()
            if block is not None:
                yield block
                if most_records:
                    return
            elif len(self._held) > MOST_RECORD:
                yield self._too_long()
                return
            else:
                self._read_on()

    def _next(self) -> Block | None:
        """The next block; None if no record ends in what is held."""
        whole = len(self._held)
        for size in (PIECE,) if self._is_mixed else (whole, PIECE):
            end = self._plain.end(self._held[:size], is_last=self._is_last and size >= whole)
            if end:
                return self._take(end)
            if end == 0 and size >= whole:
                return None
            self._is_mixed = True
        return self._exact()

    def _exact(self, most_records: int = 0) -> Block | None:
        """A piece by the exact reader, or all that is held if no record ends in a piece."""
        for size in (PIECE, len(self._held)):
            text = self._held[:size].decode("utf-8", "surrogateescape")
            reader = self._reader(text, is_last=self._is_last and size >= len(self._held))
            records = tuple(islice(reader, most_records or None))
            if reader.place:
                return self._take(len(text[: reader.place].encode("utf-8", "surrogateescape")), records)
        return None

    def _reader(self, text: str, *, is_last: bool) -> RecordReader:
        return RecordReader(text, self._form, line=self._line, before=self._before, is_last=is_last)

    def _take(self, end: int, records: tuple[Record | Fault, ...] | None = None) -> Block:
        block = Block(self._held[:end], self._line, self._offset, records, self._before)
        if not self._form.is_any_newline:
            last = block.text.rpartition("\n")
            self._before = len(last[2]) + (0 if last[1] else self._before)
        self._held = self._held[end:]
        self._line += block.data.count(b"\n")
        self._offset += end
        return block

    def _read_on(self) -> None:
        more = next(self._source, None)
        self._is_last, self._is_mixed = more is None, False
        self._held += more or b""

    def _too_long(self) -> Block:
        message = f"A record has more than {MOST_RECORD:,} bytes, or a field in it is never closed"
        fault = Fault(message, 100016, self._line, 1, 1, 1, row_line=self._line, rejected=self._held[:1000].decode("utf-8", "replace"))  # fmt: skip
        return self._take(len(self._held), (fault,))


def as_utf8(source: Iterable[bytes], form: CsvFormat) -> Iterator[bytes]:
    """The file's text in UTF-8, without its byte order mark; UnicodeError if it is not in the format's encoding."""
    pieces = iter(source) if form.is_utf8 else _recoded(source, form)
    start = b""
    while len(start) < len(codecs.BOM_UTF8) and (more := next(pieces, b"")):
        start += more
    yield start.removeprefix(codecs.BOM_UTF8) if form.skip_byte_order_mark else start
    yield from pieces


def _recoded(source: Iterable[bytes], form: CsvFormat) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(form.encoding)("replace" if form.replace_invalid_characters else "strict")
    for data in source:
        yield decoder.decode(data).encode()
    yield decoder.decode(b"", final=True).encode()


class PlainText:
    """Tells how far bytes are plain: enclosed from start to end or not at all, and nothing in them escaped."""

    def __init__(self, form: CsvFormat) -> None:
        self._form = form
        self._delimiter = (form.field_delimiter or UNUSED).encode()
        self._quote = form.enclosure.encode() if form.enclosure else b""
        self._escape = (form.escape or form.escape_unenclosed or "").encode()
        self._is_plain_form = form.is_any_newline and len(self._delimiter) == 1 and len(self._escape) <= 1

    def end(self, data: bytes, *, is_last: bool) -> int | None:
        """Where the last whole record ends, 0 if none does, None if only the exact reader can tell."""
        if not self._is_plain_form or self._has_lone_returns(data, is_last=is_last) or self._has_blanks_to_trim(data):
            return None
        is_cut = not self._form.field_delimiter and self._delimiter in data
        if is_cut or data.startswith(codecs.BOM_UTF8):  # Arrow would take the mark for none of the text
            return None
        letters = np.frombuffer(data, np.uint8)
        quotes = np.flatnonzero(letters == self._quote[0]) if self._quote else np.empty(0, np.int64)
        if not self._are_enclosures(letters, quotes):
            return None
        end = _last_end(data, quotes)
        if is_last:
            end = len(data) if len(quotes) % 2 == 0 else None
        return end if end is None or self._is_unescaped(data, end, letters, quotes) else None

    def _has_lone_returns(self, data: bytes, *, is_last: bool) -> bool:
        if b"\r" not in data:
            return False
        cut_off = 0 if is_last else data.endswith(b"\r")
        return data.count(b"\r") - data.count(b"\r\n") - cut_off > 0

    def _has_blanks_to_trim(self, data: bytes) -> bool:
        if not self._form.trim_space:
            return False
        marks = (self._delimiter, b"\n", b"\r")
        return (
            data[:1] == b" " or data[-1:] == b" " or any(b" " + mark in data or mark + b" " in data for mark in marks)
        )

    def _are_enclosures(self, letters: Any, quotes: Any) -> bool:
        """Whether each quote opens a field, closes one, or is one of two that stand for one.

        The first, third, ... must follow a delimiter or another quote, the second, fourth, ... be followed by one.
        """
        if not len(quotes):
            return True
        marks = np.frombuffer(self._delimiter + b"\n" + self._quote, np.uint8)
        before = letters[quotes[0::2] - 1]
        if quotes[0] == 0:
            before = before[1:]
        behind = quotes[1::2] + 1
        behind = letters[behind[behind < len(letters)]]
        if not np.isin(before, marks).all() or not np.isin(behind, np.append(marks, np.uint8(_CR))).all():
            return False
        return self._form.multi_line or not self._has_newline_inside(letters, quotes)

    def _has_newline_inside(self, letters: Any, quotes: Any) -> bool:
        return bool(_is_inside(np.flatnonzero(letters == _LF), quotes).any())

    def _is_unescaped(self, data: bytes, end: int, letters: Any, quotes: Any) -> bool:
        r"""Whether nothing outside of enclosed fields is escaped, but for a whole field of \N, if that is NULL."""
        if not self._escape or self._escape not in data:
            return True
        if self._form.escape and self._quote:
            return False
        places = np.flatnonzero(letters[:end] == self._escape[0])
        places = places[~_is_inside(places, quotes)]
        if self._escape != b"\\" or "\\N" not in self._form.null_if:
            return not len(places)
        around = (self._delimiter[0], _LF, _CR)
        return all(
            data[place + 1 : place + 2] == b"N"
            and (place == 0 or data[place - 1] in around)
            and (place + 2 == len(data) or data[place + 2] in around)
            for place in places.tolist()
        )


UNUSED = "\x01"
"""Stands for a delimiter where FIELD_DELIMITER is NONE; a text that has it is not plain."""


def _last_end(data: bytes, quotes: Any) -> int:
    """Behind the last newline that is not enclosed; 0 if there is none."""
    place = data.rfind(b"\n")
    while place >= 0 and _is_inside(np.array([place]), quotes)[0]:
        place = data.rfind(b"\n", 0, place)
    return place + 1


def _is_inside(places: Any, quotes: Any) -> Any:
    """For each place whether an odd number of quotes stands before it."""
    return np.searchsorted(quotes, places) % 2 == 1
