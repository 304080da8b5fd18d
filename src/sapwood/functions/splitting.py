"""A long text into chunks: by separators, coarse ones first, with an overlap; or by Markdown headings. Asks no model.

The rule is that of the vendor's pages, which is that of the recursive character splitter that most tools use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

PLAIN_SEPARATORS = ("\n\n", "\n", " ", "")
MARKDOWN_PATTERNS = (r"\n#{1,6} ", "```\n", r"\n\*\*\*+\n", r"\n---+\n", r"\n___+\n", "\n\n", "\n", " ", "")
"""Patterns: headings, ends of code blocks, rules, paragraphs, lines, words, characters."""


@dataclass(frozen=True)
class Chunk:
    """A piece of a Markdown text and the headings above it, by the names that the caller gave to their marks."""

    text: str
    headers: Mapping[str, str]


def split_recursively(
    text: str, size: int, *, overlap: int = 0, separators: Sequence[str] = PLAIN_SEPARATORS
) -> list[str]:
    """Chunks of at most `size` characters, each beginning with up to `overlap` characters of the one before.

    >>> split_recursively("hello world are you here", 15, overlap=10)
    ['hello world are', 'world are you', 'are you here']
    """
    return list(_split(text, size, overlap, [re.escape(separator) for separator in separators]))


def split_markdown(text: str, size: int, *, overlap: int = 0) -> list[str]:
    """As `split_recursively`, cut at Markdown's own boundaries first."""
    return list(_split(text, size, overlap, MARKDOWN_PATTERNS))


def split_by_headers(text: str, headers: Mapping[str, str], size: int, *, overlap: int = 0) -> list[Chunk]:
    """Chunks of what stands below each heading. `headers` is mark -> name, such as {'#': 'header_1'}."""
    return [
        Chunk(chunk, above)
        for content, above in _below_headings(text, headers)
        for chunk in split_recursively(content, size, overlap=overlap)
    ]


# By separators ---------------------------------------------------------------------------------------------------------


def _split(text: str, size: int, overlap: int, patterns: Sequence[str]) -> Iterator[str]:
    """Cut at the first pattern that occurs; join what is short, cut what is long by the next ones."""
    at = next((at for at, pattern in enumerate(patterns) if not pattern or re.search(pattern, text)), len(patterns) - 1)
    finer = patterns[at + 1 :]
    short: list[str] = []
    for piece in _pieces(text, patterns[at]):
        if len(piece) < size:
            short.append(piece)
            continue
        yield from _joined(short, size, overlap)
        short = []
        yield from _split(piece, size, overlap, finer) if finer else (piece,)
    yield from _joined(short, size, overlap)


def _pieces(text: str, pattern: str) -> list[str]:
    """The text between separators, each of which stays at the beginning of its piece."""
    if not pattern:
        return list(text)
    parts = re.split(f"({pattern})", text)
    pieces = [parts[0], *(mark + content for mark, content in zip(parts[1::2], parts[2::2], strict=True))]
    return [piece for piece in pieces if piece]


def _joined(pieces: Sequence[str], size: int, overlap: int) -> Iterator[str]:
    """Pieces put together into chunks of at most `size`; the last pieces of a chunk that fit `overlap` begin the next."""
    held: list[str] = []
    length = 0
    for piece in pieces:
        if held and length + len(piece) > size:
            yield from _stripped(held)
            while length > overlap or (length and length + len(piece) > size):
                length -= len(held.pop(0))
        held.append(piece)
        length += len(piece)
    yield from _stripped(held)


def _stripped(pieces: Sequence[str]) -> Iterator[str]:
    chunk = "".join(pieces).strip()
    if chunk:
        yield chunk


# By Markdown headings --------------------------------------------------------------------------------------------------

_FENCE = re.compile(r"^\s*(```|~~~)")


def _below_headings(text: str, headers: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """What stands below each heading with the headings above it, the deepest last. A heading inside a code block is none."""
    above: dict[str, tuple[str, str]] = {}
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if found and fence in ("", found[1]):
            fence = "" if fence else found[1]
        mark = "" if fence else _mark(line, headers)
        if not mark:
            lines.append(line)
            continue
        yield from _content(lines, above)
        lines = []
        above = {each: value for each, value in above.items() if len(each) < len(mark)}
        above[mark] = (headers[mark], line.strip()[len(mark) :].strip())
    yield from _content(lines, above)


def _mark(line: str, headers: Mapping[str, str]) -> str:
    """The mark of a heading that the caller asks for; '' for any other line."""
    bare = line.strip()
    return next((mark for mark in headers if bare == mark or bare.startswith(f"{mark} ")), "")


def _content(lines: Sequence[str], above: Mapping[str, tuple[str, str]]) -> Iterator[tuple[str, dict[str, str]]]:
    content = "\n".join(lines).strip()
    if content:
        yield content, dict(above.values())
