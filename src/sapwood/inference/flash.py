"""Attention in two passes over two parts of the keys, merged exactly: torch's CPU kernel, which stores no scores.

The kernel gives, beside its output, the log of each query's sum of exponentials. Two passes with their sums make one softmax
over all keys (Hydragen, arXiv 2402.05099). Query heads that share a key head stand side by side as its queries, so no key is
copied. Without gradients. Knows no model.

Shapes: B rows, S queries a row, T own keys a row, P shared keys, H heads, K key-value heads, D head size.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def flash(query: Tensor, key: Tensor, value: Tensor, **options: Any) -> tuple[Tensor, Tensor]:
    """[B, H, S, D] of output, and [B, H, S] of the logs of the sums of exponentials, which the public function keeps to itself."""
    return torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(query, key, value, **options)  # noqa: SLF001


def merge(own: Tensor, own_sum: Tensor, theirs: Tensor, their_sum: Tensor) -> Tensor:
    """Attention [..., D] over all keys from that over either part, and the logs [...] of either part's sum."""
    part = torch.sigmoid(their_sum - own_sum)[..., None]
    return torch.lerp(own.to(part.dtype), theirs.to(part.dtype), part).to(own.dtype)


def attend_newest(
    query: Tensor, key: Tensor, value: Tensor, shared: tuple[Tensor, Tensor] | None, mask: Tensor, scale: float
) -> Tensor:
    """One token a row: [B, H, 1, D], own keys [B, K, T, D], shared ones [K, P, D], mask [B, 1, 1, T] -> [B, 1, H, D]."""
    rows, heads, _, size = query.shape
    by_group = query.reshape(rows, key.shape[1], -1, size)
    own, own_sum = flash(by_group, key, value, attn_mask=mask, scale=scale)
    if shared is not None:
        theirs, their_sum = _over_shared(by_group, *shared, scale)
        own = merge(own, own_sum, theirs, their_sum)
    return own.reshape(rows, 1, heads, size)


def _over_shared(query: Tensor, key: Tensor, value: Tensor, scale: float) -> tuple[Tensor, Tensor]:
    """All rows' queries [B, K, N, D] in one pass over the shared keys [K, P, D]: output and sums in the queries' order."""
    rows, groups, queries, size = query.shape
    line = query.transpose(0, 1).reshape(1, groups, rows * queries, size)
    out, total = flash(line, key[None], value[None], scale=scale)
    by_row = out.reshape(groups, rows, queries, size).transpose(0, 1)
    return by_row, total.reshape(groups, rows, queries).transpose(0, 1)
