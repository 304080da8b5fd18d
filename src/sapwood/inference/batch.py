"""One group of rows behind one prefix, answered side by side: rows in, finished rows out, one step at a time.

Rows leave as they finish and waiting ones take their places, so one that rambles holds nobody up. Slots are dense: the
last row moves into a hole. Where memory for own keys and values runs short, the rows that came last go back to wait and
read their own tokens again later. Knows neither requests nor text.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from transformers import PreTrainedModel

from sapwood.inference.attention import OwnKV, PrefixKV, decode_rows, head_logits, prefill_rows
from sapwood.inference.choosing import Choice, choose, repeats, shares
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
        self._own = OwnKV(model, rows=0, capacity=0)
        self._kv_tokens = max(1, KV_BYTES // self._own.bytes_per_token)

    @property
    def is_busy(self) -> bool:
        return bool(self._active or self._waiting)

    def step(self) -> tuple[list[Row], list[Row]]:
        """Read new rows or add a token to each active one. Gives the rows that took part and those that finished."""
        free = self._batch_rows - len(self._active)
        enter = (
            self._next_rows()
            if self._waiting and (not self._active or free >= min(self._batch_rows // REFILL, len(self._waiting)))
            else []
        )
        with torch.inference_mode():
            rows = enter or self._active
            logits = self._read(enter) if enter else self._decode()
            self._write(rows, logits)
            self._search(rows, logits)
            part = list(rows)
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

    def _decode(self) -> Tensor:
        """Read each active row's newest token; logits behind it."""
        self._spare_memory()
        newest = torch.tensor([row.answer[-1] for row in self._active], device=self._model.device)
        places = [row.length - 1 for row in self._active]
        lengths = torch.tensor(places, device=self._model.device)
        self._make_room(rows=len(self._active), capacity=max(places) + 1)
        hidden = decode_rows(
            self._model, newest, lengths=lengths, longest=max(places), prefix=self._prefix, own=self._own
        )
        for row in self._active:
            row.computed += 1
        return head_logits(self._model, hidden)

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

    def _write(self, rows: Sequence[Row], logits: Tensor) -> None:
        """Let the rows that answer freely choose their next token."""
        free = {at: row.choice for at, row in enumerate(rows) if isinstance(row.choice, Choice)}
        if free:
            some = logits if len(free) == len(rows) else logits[list(free)]
            for at, token in zip(free, choose(some, list(free.values())), strict=True):
                self._advance(rows[at], free[at], token)

    def _search(self, rows: Sequence[Row], logits: Tensor) -> None:
        """Let the rows that answer with a label look at what their search has come to, or go a token towards it."""
        searches = {at: row.choice for at, row in enumerate(rows) if isinstance(row.choice, Search)}
        there = [
            at for at, search in searches.items() if not search.is_done and len(rows[at].answer) == len(search.path)
        ]
        if there:
            for at, part in zip(there, shares(logits[there], [searches[at].tokens for at in there]), strict=True):
                searches[at].take(part)
        for at, search in searches.items():
            if search.is_done:
                rows[at].finish = "stop"
            else:
                rows[at].answer[:] = next_path(rows[at].answer, search.path)

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


def _order(row: Row) -> tuple[int, list[int]]:
    """Long rows first, in classes each up to four times as long as the next, so that little is padded; alike rows side by side."""
    return -((row.length.bit_length() + 1) // 2), row.tokens
