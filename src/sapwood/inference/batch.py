"""One group of rows behind one prefix, answered side by side: rows in, finished rows out, one step at a time.

Rows leave as they finish and waiting ones take their places, so one that rambles holds nobody up. Slots are dense: the
last row moves into a hole. What rows have said is guessed of others and checked, many tokens a pass (see drafts.py). Where
memory for own keys and values runs short, the rows that came last go back to wait and read their own tokens again later.
Knows neither requests nor text.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from transformers import PreTrainedModel

from sapwood.inference.attention import decode_rows, head_logits, prefill_rows
from sapwood.inference.choosing import Choice, choose, repeats, shares
from sapwood.inference.drafts import Drafts
from sapwood.inference.kv import OwnKV, PrefixKV
from sapwood.inference.labels import Search, next_path
from sapwood.inference.packing import pack_rows

KV_BYTES = 1 << 30
"""Memory for the rows' own keys and values."""

RESERVE = 16
"""New tokens that a row gets room for when it enters."""

REFILL = 4
"""New rows enter once this part (1/n) of the places is free, so that they are read in batches too."""


@dataclass
class Row:
    """A row at work. `own` are its prompt's tokens behind the prefix, `limit` its most new tokens.

    It answers freely, by its `choice`, or with one of some labels; then `answer` are the tokens that its search tries.
    """

    id: int
    own: tuple[int, ...]
    limit: int
    choice: Choice | Search
    answer: list[int] = field(default_factory=list[int])
    finish: str = ""
    computed: int = 0
    seconds: float = 0.0

    @property
    def tokens(self) -> list[int]:
        """All that stands behind the prefix so far."""
        return [*self.own, *self.answer]

    @property
    def length(self) -> int:
        return len(self.own) + len(self.answer)


class Batch:
    """Rows of one group and where each stands."""

    def __init__(
        self,
        model: PreTrainedModel,
        rows: Iterable[Row],
        *,
        prefix: PrefixKV | None,
        end_ids: frozenset[int],
        batch_rows: int,
        batch_tokens: int,
    ) -> None:
        self._model, self._prefix, self._end_ids = model, prefix, end_ids
        self._batch_rows, self._batch_tokens = batch_rows, batch_tokens
        self._waiting = deque(sorted(rows, key=_order))
        self._active: list[Row] = []
        self._drafts = Drafts()
        self._own = OwnKV(model, rows=0, capacity=0)
        self._kv_tokens = max(1, KV_BYTES // self._own.bytes_per_token)

    @property
    def is_busy(self) -> bool:
        return bool(self._active or self._waiting)

    @property
    def is_short(self) -> bool:
        """Whether fewer rows wait than there are places."""
        return len(self._waiting) < self._batch_rows

    def add(self, rows: Iterable[Row]) -> None:
        """Let more rows wait, behind those that do."""
        self._waiting.extend(sorted(rows, key=_order))

    def step(self) -> tuple[list[Row], list[Row]]:
        """Read new rows or add a token to each active one. Gives the rows that took part and those that finished."""
        free = self._batch_rows - len(self._active)
        enter = (
            self._next_rows()
            if self._waiting and (not self._active or free >= min(self._batch_rows // REFILL, len(self._waiting)))
            else []
        )
        with torch.inference_mode():
            if not enter:
                self._spare_memory()
            part = list(enter or self._active)
            drafts = [() for _ in enter] or [self._draft(row) for row in part]
            logits = self._read(enter) if enter else self._decode(drafts)
            self._write(part, drafts, logits)
            self._search(part, drafts, logits)
            return part, self._remove_finished()

    def drop(self) -> list[Row]:
        """Give up: all rows that are not finished."""
        rows = [*self._active, *self._waiting]
        self._active.clear()
        self._waiting.clear()
        return rows

    def _next_rows(self) -> list[Row]:
        """Waiting rows that fit: into the places, the token budget of one pass, and the memory."""
        enter: list[Row] = []
        width, capacity = 0, self._own.capacity
        while self._waiting and len(self._active) + len(enter) < self._batch_rows:
            row = self._waiting[0]
            width, capacity = max(width, row.length), max(capacity, row.length + min(row.limit, RESERVE))
            count = len(enter) + 1
            if (self._active or enter) and (
                count * width > self._batch_tokens or (len(self._active) + count) * capacity > self._kv_tokens
            ):
                break
            enter.append(self._waiting.popleft())
        return enter

    def _read(self, rows: list[Row]) -> Tensor:
        """Read the rows' own tokens into new slots; logits at each one's last token."""
        first = len(self._active)
        self._make_room(rows=first + len(rows), capacity=max(row.length + min(row.limit, RESERVE) for row in rows))
        self._active.extend(rows)
        packing = pack_rows([row.tokens for row in rows], device=self._model.device)
        hidden = prefill_rows(self._model, packing, prefix=self._prefix, own=self._own, first=first)
        for row, count in zip(rows, packing.counts, strict=True):
            row.computed += count
        return head_logits(self._model, hidden)

    def _decode(self, drafts: Sequence[Sequence[int]]) -> Tensor:
        """Read each active row's newest token and its draft; logits behind all of them, row after row."""
        width = 1 + max(map(len, drafts))
        news = [[row.answer[-1], *draft] for row, draft in zip(self._active, drafts, strict=True)]
        places = [row.length - 1 for row in self._active]
        self._make_room(rows=len(self._active), capacity=max(places) + width)
        device = self._model.device
        hidden = decode_rows(
            self._model,
            torch.tensor([new + [0] * (width - len(new)) for new in news], device=device),
            lengths=torch.tensor(places, device=device),
            longest=max(places),
            prefix=self._prefix,
            own=self._own,
        )
        for row, new in zip(self._active, news, strict=True):
            row.computed += len(new)
        wanted = torch.tensor([at * width + place for at, new in enumerate(news) for place in range(len(new))])
        return head_logits(self._model, hidden.flatten(0, 1)[wanted.to(device)])

    def _draft(self, row: Row) -> tuple[int, ...]:
        """A guess at what a row will say; only where what it says is the likeliest token and nothing else matters."""
        choice = row.choice
        if isinstance(choice, Search) or not choice.is_plain:
            return ()
        return self._drafts.guess(row.answer, most=row.limit - len(row.answer) - 1)

    def _spare_memory(self) -> None:
        """Send the rows that came last back to wait if the longest row would not fit beside them."""
        need = max(row.length for row in self._active)
        while len(self._active) > 1 and need > self._own.capacity and len(self._active) * need > self._kv_tokens:
            self._waiting.appendleft(self._active.pop())
            need = max(row.length for row in self._active)

    def _make_room(self, *, rows: int, capacity: int) -> None:
        """Grow the block, by half at least, so that it is not copied at each step; never beyond the memory without need."""
        own = self._own
        if rows <= own.rows and capacity <= own.capacity:
            return
        wanted = max(capacity, own.capacity * 3 // 2) if capacity > own.capacity else own.capacity
        rows = max(rows, own.rows) if max(rows, own.rows) * wanted <= self._kv_tokens else rows
        wanted = max(capacity, min(wanted, self._kv_tokens // rows))
        own.resize(rows=rows, capacity=wanted, used=min(len(self._active), own.rows))

    def _write(self, rows: Sequence[Row], drafts: Sequence[Sequence[int]], logits: Tensor) -> None:
        """Let the rows that answer freely choose their next token, and those behind it as long as their draft was right."""
        places = [
            (row, row.choice, at, (*draft, None))
            for row, at, draft in zip(rows, _starts(drafts), drafts, strict=True)
            if isinstance(row.choice, Choice)
        ]
        if not places:
            return
        wanted = [at + more for _, _, at, draft in places for more in range(len(draft))]
        some = logits if len(wanted) == len(logits) else logits[wanted]
        chosen = iter(choose(some, [choice for _, choice, _, draft in places for _ in draft]))
        for row, choice, _, draft in places:
            for token, guess in zip(list(itertools.islice(chosen, len(draft))), draft, strict=True):
                self._advance(row, choice, token)
                if row.finish or token != guess:
                    break
            if row.finish:
                self._drafts.add(row.answer)

    def _search(self, rows: Sequence[Row], drafts: Sequence[Sequence[int]], logits: Tensor) -> None:
        """Let the rows that answer with a label look at what their search has come to, or go a token towards it."""
        searches = [
            (row, row.choice, at)
            for row, at in zip(rows, _starts(drafts), strict=True)
            if isinstance(row.choice, Search)
        ]
        there = [
            (search, at) for row, search, at in searches if not search.is_done and len(row.answer) == len(search.path)
        ]
        if there:
            parts = shares(logits[[at for _, at in there]], [search.tokens for search, _ in there])
            for (search, _), part in zip(there, parts, strict=True):
                search.take(part)
        for row, search, _ in searches:
            if search.is_done:
                row.finish = "stop"
            else:
                row.answer[:] = next_path(row.answer, search.path)

    def _advance(self, row: Row, choice: Choice, token: int) -> None:
        """Add a token to a row's answer, or see that it has ended."""
        if token in self._end_ids:
            row.finish = "stop"
            return
        row.answer.append(token)
        if choice.matcher is not None and not choice.matcher.consume(token):
            row.finish = "stop"
        elif len(row.answer) >= row.limit:
            row.finish = "length"
        elif repeats(row.answer):
            row.finish = "repetition"

    def _remove_finished(self) -> list[Row]:
        finished: list[Row] = []
        for slot in range(len(self._active) - 1, -1, -1):
            if not self._active[slot].finish:
                continue
            finished.append(self._active[slot])
            last = self._active.pop()
            if slot < len(self._active):
                self._own.move(len(self._active), slot, last.length)
                self._active[slot] = last
        return finished


def _starts(drafts: Sequence[Sequence[int]]) -> list[int]:
    """For each row the place of its first logits, where it has one and one more for each token of its draft."""
    return [0, *itertools.accumulate(1 + len(draft) for draft in drafts)][:-1]


def _order(row: Row) -> tuple[int, list[int]]:
    """Long rows first, in classes each up to four times as long as the next, so that little is padded; alike rows side by side."""
    return -((row.length.bit_length() + 1) // 2), row.tokens
