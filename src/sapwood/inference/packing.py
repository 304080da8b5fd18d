"""Own parts of rows laid into one line of tokens, in which beginnings that rows share stand once. Knows no model.

Tickets begin alike ("Hello, I was charged ..."): a token is computed once for all rows that have the same tokens before it,
and no pads are computed at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sapwood.inference.grouping import common


@dataclass(frozen=True)
class Packing:
    """U distinct tokens of B rows, the longest of which has S.

    `ids` and `depths` [U] are the tokens and their places in their rows; `index` [B, S] says where each row's tokens
    stand in that line (0 behind a row's end); `owners` [U] is for each token one place in the flattened [B, S] that
    leads to it; `last` [B] is each row's last token; `counts` says how many tokens each row added.
    """

    ids: Tensor
    depths: Tensor
    index: Tensor
    owners: Tensor
    last: Tensor
    counts: tuple[int, ...]


def pack_rows(rows: Sequence[Sequence[int]], *, device: torch.device) -> Packing:
    """Pack rows of at least one token. Only neighbours are compared, so sorted rows share the most."""
    width = max(len(row) for row in rows)
    ids: list[int] = []
    depths: list[int] = []
    owners: list[int] = []
    index: list[list[int]] = []
    counts: list[int] = []
    before: Sequence[int] = ()
    for at, row in enumerate(rows):
        shared = common(row, before)
        added = range(shared, len(row))
        places = [*(index[-1][:shared] if index else ()), *range(len(ids), len(ids) + len(added))]
        ids.extend(row[shared:])
        depths.extend(added)
        owners.extend(at * width + place for place in added)
        index.append(places + [0] * (width - len(row)))
        counts.append(len(added))
        before = row
    last = [places[len(row) - 1] for places, row in zip(index, rows, strict=True)]
    numbers = [torch.tensor(part, device=device) for part in (ids, depths, index, owners, last)]
    return Packing(*numbers, counts=tuple(counts))
