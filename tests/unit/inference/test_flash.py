from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402, N812

from sapwood.inference.flash import attend_newest  # noqa: E402

ROWS, GROUPS, SHARE, NEW, SHARED, SIZE = 3, 2, 2, 4, 5, 8
SCALE = 0.3


def drawn(*shape: int) -> Any:
    return torch.randn(*shape, dtype=torch.float64)


def plainly(query: Any, key: Any, value: Any, shared: tuple[Any, Any], visible: Any) -> Any:
    """torch's own attention over shared and own keys side by side: [B, H, S, D] -> [B, S, H, D]."""
    keys, values = (
        torch.cat([theirs.expand(len(query), -1, -1, -1), own], dim=2)
        for theirs, own in zip(shared, (key, value), strict=True)
    )
    everyone = torch.ones(*visible.shape[:-1], shared[0].shape[1], dtype=torch.bool)
    mask = torch.cat([everyone, visible], dim=-1)
    out = F.scaled_dot_product_attention(query, keys, values, attn_mask=mask, scale=SCALE, enable_gqa=True)
    return out.transpose(1, 2)


@pytest.mark.parametrize("shared_tokens", [SHARED, 0])
def test_the_newest_token_of_each_row_sees_the_keys_that_the_mask_shows(shared_tokens: int) -> None:
    torch.manual_seed(2)
    query = drawn(ROWS, GROUPS * SHARE, 1, SIZE)
    key, value = drawn(ROWS, GROUPS, NEW, SIZE), drawn(ROWS, GROUPS, NEW, SIZE)
    shared = drawn(GROUPS, shared_tokens, SIZE), drawn(GROUPS, shared_tokens, SIZE)
    visible = (torch.arange(NEW) < torch.tensor([[1], [4], [2]]))[:, None, None]
    mask = torch.zeros(visible.shape, dtype=torch.float64).masked_fill(~visible, -1e300)
    with torch.no_grad():
        out = attend_newest(query, key, value, shared if shared_tokens else None, mask, SCALE)
        torch.testing.assert_close(out, plainly(query, key, value, shared, visible))
