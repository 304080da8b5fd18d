"""CSV text to records, each field with whether it was enclosed, each fault with its place.

Text in (decoded), records out in order. It knows no table: column counts and types are the loader's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sapwood.engine.csv_format import CsvFormat


@dataclass(frozen=True)
class Record:
    """One record: its fields (None is NULL), the line it starts on, where it starts and ends in the text, its number.

    Lines and numbers count from those that the reader was given.
    """

    fields: list[str | None]
    line: int
    start: int
    end: int
    number: int


@dataclass(frozen=True)
class Fault:
    """A place in a file that is not right. `line`, `character` and `field` count from 1.

    `row` is the record's number, `row_line` the line that it starts on, `rejected` its text. `offset` is the place in
    the text, in characters.
    """

    message: str
    errno: int
    line: int
    character: int
    row: int
    field: int
    sqlstate: str = "22000"
    offset: int = 0
    row_line: int = 1
    rejected: str = ""


class RecordReader:
    """The records of a text, in order; after a fault reading goes on with the next line.

    `line` is the text's first one, of which `before` characters came before it. A text that is not the file's last is
    read up to its last whole record; `place` is where reading has come to.
    """

    def __init__(self, text: str, form: CsvFormat, *, line: int = 1, before: int = 0, is_last: bool = True) -> None:
        self._text = text
        self._form = form
        self._is_last = is_last
        self._null_if = frozenset(form.null_if)
        self._match = re.compile(_pattern(form), re.DOTALL).match
        self._line_end = re.compile(_record_end(form)).search
        self._special = [mark for mark in (form.enclosure, form.escape or form.escape_unenclosed) if mark]
        self._line = line
        self._before = before
        self._ran_out = False
        self.place = 0

    def __iter__(self) -> Iterator[Record | Fault]:
        number = 0
        while self.place < len(self._text):
            found, end = self._record(self.place, self._line, number + 1)
            if not self._is_last and self._may_go_on(found):
                return
            start, self.place = self.place, end
            self._line += _lines(self._text, start, end)
            if found is not None:
                number += 1
                yield found

    def _may_go_on(self, found: Record | Fault | None) -> bool:
        """Whether what comes behind this text may belong to what was found at its end."""
        if self._ran_out or not isinstance(found, Fault):
            return self._ran_out
        return found.message.endswith(_NOT_CLOSED) or found.offset > len(self._text) - _LONGEST_LETTER

    def _record(self, start: int, line: int, number: int) -> tuple[Record | Fault | None, int]:
        """The record at `start` and the place behind it; None for a blank line that is skipped."""
        plain = self._plain_line(start)
        if plain is not None:
            content, end = plain
            if not content and self._form.skip_blank_lines:
                return None, end
            delimiter = self._form.field_delimiter
            pieces = content.split(delimiter) if delimiter else [content]
            return Record([self._bare_value(piece) for piece in pieces], line, start, end, number), end
        return self._enclosed_record(start, line, number)

    def _plain_line(self, start: int) -> tuple[str, int] | None:
        """The line at `start` and its end, if nothing in it is enclosed or escaped."""
        found = self._line_end(self._text, start)
        self._ran_out = found is None
        if found is None:
            content, end = self._text[start:], len(self._text)
        else:
            content, end = self._text[start : found.start()], found.end()
        return None if any(mark in content for mark in self._special) else (content, end)

    def _enclosed_record(self, start: int, line: int, number: int) -> tuple[Record | Fault, int]:
        fields: list[str | None] = []
        place = start
        while True:
            found = self._match(self._text, place)
            if found is None:
                fault = self._fault(start, place, line=line, number=number, field=len(fields) + 1)
                end = self._next_line(place)
                return replace(fault, rejected=self._text[start:end]), end
            fields.append(self._value(found))
            place = found.end()
            if found["delimiter"] is None:
                self._ran_out = found["end"] is None
                return self._finished(Record(fields, line, start, place, number))

    def _finished(self, record: Record) -> tuple[Record | Fault, int]:
        start, end = record.start, record.end
        if self._form.multi_line or not _NEWLINE.search(self._text, start, max(start, end - 2)):
            return record, end
        message = "A field goes over the end of its line"
        line, text = record.line, self._text[start:end]
        return Fault(message, 100016, line, 1, record.number, 1, offset=start, row_line=line, rejected=text), end

    def _value(self, found: re.Match[str]) -> str | None:
        enclosed = found["enclosed"]
        if enclosed is None:
            return self._bare_value(found["bare"])
        quote = self._form.enclosure or ""
        value = enclosed.replace(quote * 2, quote)
        if self._form.escape:
            value = _unescape(value, self._form.escape)
        return None if value in self._null_if else value

    def _bare_value(self, text: str) -> str | None:
        if self._form.trim_space:
            text = text.strip(" ")
        if text in self._null_if or (not text and self._form.empty_field_as_null):
            return None
        escape = self._form.escape or self._form.escape_unenclosed
        return _unescape(text, escape) if escape and escape in text else text

    def _fault(self, start: int, place: int, *, line: int, number: int, field: int) -> Fault:
        """What is wrong with the field at `place`: it is enclosed, and either never closed or followed by something else."""
        quote = self._form.enclosure or '"'
        closed = re.compile(_enclosed(self._form), re.DOTALL).match(self._text, place)
        at = place if closed is None else closed.end()
        if closed is None:
            message = f"A field that starts with {quote} {_NOT_CLOSED}"
        else:
            message = f"Found character '{self._text[at]}' instead of field delimiter '{self._form.field_delimiter}'"
        found_on = line + _lines(self._text, start, at)
        character = _character(self._text, at, self._before)
        return Fault(message, 100016, found_on, character, number, field, offset=at, row_line=line)

    def _next_line(self, place: int) -> int:
        found = self._line_end(self._text, place)
        self._ran_out = found is None
        return len(self._text) if found is None else found.end()


def field_start(text: str, form: CsvFormat, record: Record, *, field: int) -> int:
    """Where a record's field starts in the text; `field` counts from 1 and may be one past the last."""
    match = re.compile(_pattern(form), re.DOTALL).match
    place = record.start
    for _ in range(field - 1):
        found = match(text, place)
        if found is None or found["delimiter"] is None:
            break
        place = found.end()
    return place


def fault_in(
    text: str, form: CsvFormat, record: Record, *, field: int, error: tuple[str, int, str], before: int = 0
) -> Fault:
    """The fault of a record's field, with its place; `error` is its message, number and SQLSTATE."""
    place = field_start(text, form, record, field=field)
    message, number, state = error
    return Fault(
        message, number, record.line + _lines(text, record.start, place), _character(text, place, before), record.number, field, state,
        place, record.line, text[record.start : record.end],
    )  # fmt: skip


# Patterns ------------------------------------------------------------------------------------------------------------

_NEWLINE = re.compile(r"\r?\n")
_LONGEST_LETTER = 4
"""Bytes of UTF-8 that a letter may have: the last ones of a text may be half of one."""
_NOT_CLOSED = "is not closed before the end of the file"


def _record_end(form: CsvFormat) -> str:
    if form.record_delimiter is None:
        return r"(?!)"
    return r"\r?\n" if form.is_any_newline else re.escape(form.record_delimiter)


def _enclosed(form: CsvFormat) -> str:
    """An enclosed field with its quotes; doubled quotes and escaped characters belong to it."""
    quote = re.escape(form.enclosure or "")
    if not form.escape:
        body = f"[^{quote}]*+(?:{quote}{quote}[^{quote}]*+)*+"
    else:
        escape = re.escape(form.escape)
        body = f"(?:[^{quote}{escape}]|{escape}.|{quote}{quote})*+"
    blank = " *+" if form.trim_space else ""
    return f"{blank}{quote}(?P<enclosed>{body}){quote}{blank}"


def _pattern(form: CsvFormat) -> str:
    """One field and what ends it: a field delimiter, a record's end or the text's."""
    delimiter = re.escape(form.field_delimiter) if form.field_delimiter else "(?!)"
    end = _record_end(form)
    escape = form.escape or form.escape_unenclosed
    escaped = f"{re.escape(escape)}.|" if escape else ""
    bare = f"(?P<bare>(?:{escaped}(?!{delimiter}|{end}).)*+)"
    if form.enclosure:
        not_quote = f"(?!{' *+' if form.trim_space else ''}{re.escape(form.enclosure)})"
        field = f"(?:{_enclosed(form)}|{not_quote}{bare})"
    else:
        field = f"(?:{bare}(?P<enclosed>(?!))?)"
    return f"{field}(?:(?P<delimiter>{delimiter})|(?P<end>{end})|\\Z)"


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0"}


def _unescape(text: str, escape: str) -> str:
    return re.sub(re.escape(escape) + r"(.)", lambda found: _ESCAPES.get(found[1], found[1]), text, flags=re.DOTALL)


def _lines(text: str, start: int, end: int) -> int:
    """Newlines between two places."""
    return text.count("\n", start, end)


def _character(text: str, place: int, before: int) -> int:
    """A place's character in its line; `before` are those of the text's first line that are not in the text."""
    newline = text.rfind("\n", 0, place)
    return place - newline + (before if newline < 0 else 0)
