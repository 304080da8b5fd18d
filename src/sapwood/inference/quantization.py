"""Linear layers in 8 bits: a loaded model in, the same model with integer arithmetic out. For CPUs with AVX2; no gradients.

Models of Llama's kind get other layers altogether (byte_decoder.py); of the rest the wide linear layers are replaced one by
one. The vocabulary head, embeddings and norms stay as they were. Knows no requests and no adapters.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from sapwood.inference import byte_product
from sapwood.inference.byte_decoder import replace_decoder
from sapwood.inference.byte_product import LEVELS, ByteProduct, to_bytes, turn
from sapwood.inference.siblings import join_children

LEAST_INPUTS = 1024
"""Narrower layers stay as they are: turning activations into bytes costs them what the product saves."""


class Int8Linear(nn.Module):
    """A linear layer whose product is computed in integers; in and out it has the base layer's number type."""

    def __init__(self, base: nn.Linear, *, levels: int = LEVELS) -> None:
        super().__init__()
        self._product = ByteProduct(base.weight.detach(), levels=levels)
        self._bias: Tensor | None = base.bias
        self.out_features, self.bytes = base.out_features, self._product.bytes

    def forward(self, x: Tensor) -> Tensor:
        rows = to_bytes(turn(x.flatten(0, -2)).to(torch.float32), x.dtype)
        out = self._product.unscaled(rows).mul_(rows.scale)
        if self._bias is not None:
            out.add_(self._bias)
        return out.view(*x.shape[:-1], self.out_features)


def quantize(model: PreTrainedModel, dtype: torch.dtype, *, levels: int = LEVELS) -> int:
    """Replace the decoder's linear layers and let their old weights go; what is left becomes `dtype`. Gives the bytes of the
    new ones, none of them greater than `levels`.

    Several layers at a time with a thread each: one layer's steps are too short to be shared out.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        size = replace_decoder(model, levels=levels, threads=threads) or _replace_wide(model, levels, threads)
    finally:
        torch.set_num_threads(threads)
    for left in model.parameters():
        # else they would be views into the mapped file, which would stay in memory with them
        left.data = left.data.to(dtype, copy=True)
    return size


def _replace_wide(model: PreTrainedModel, levels: int, threads: int) -> int:
    head = model.get_output_embeddings()
    parents = [
        part for part in model.modules() if any(_is_wide(child) and child is not head for child in part.children())
    ]
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(lambda parent: _replace_children(parent, head, levels), parents))


def _replace_children(parent: nn.Module, head: nn.Module | None, levels: int) -> int:
    """Join what are siblings among a module's children and replace the wide ones; gives the new layers' bytes."""
    places: list[tuple[nn.Module, str]] = [(joined, "linear") for joined in join_children(parent)]
    places += [(parent, name) for name, child in parent.named_children() if child is not head]
    size = 0
    for place, name in places:
        base = place.get_submodule(name)
        if _is_wide(base):
            layer = Int8Linear(cast(nn.Linear, base), levels=levels)
            setattr(place, name, layer)
            size += layer.bytes
    return size


def _is_wide(layer: nn.Module) -> bool:
    return (
        isinstance(layer, nn.Linear)
        and layer.in_features >= LEAST_INPUTS
        and layer.in_features % byte_product.TURN == 0
    )
