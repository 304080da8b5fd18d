"""Linear layers in 8 bits: a loaded model in, the same model with integer arithmetic out. For CPUs with AVX2; no gradients.

Weights get one scale for each output, activations one for each token as it comes (symmetric, by the absolute maximum). A few
inputs of a language model are a hundred times greater than the rest and would take all levels for themselves, so both sides
are first turned by a Hadamard matrix, block by block, which spreads each value over its block and leaves the product as it is
(QuaRot, arXiv 2404.00456). A token's result depends on that token alone, so rows do not feel what else is in the batch. The
vocabulary head, embeddings and norms stay as they were. Knows no requests and no adapters.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from sapwood.inference.siblings import join_children

LEVELS = 127
ZERO = 128
"""Activations are unsigned bytes around this zero, up to 127 from it: what vpdpbusd multiplies with signed weights."""

TURN = 64
"""Inputs that are turned together. Of 128 tickets the 1.5B model had 99 % right with 64 and 98 % with 128 and 256; without
turning 77 % of their kind, with bf16 95 %."""

LEAST_INPUTS = 1024
"""Narrower layers stay as they are: turning activations into bytes costs them what the product saves."""

BLOCK = 128
"""Rows that are quantised at a time, so that the steps in between stay in the CPU's cache."""


class Int8Linear(nn.Module):
    """A linear layer whose product is computed in integers; in and out it has the base layer's number type."""

    def __init__(self, base: nn.Linear, *, levels: int = LEVELS) -> None:
        super().__init__()
        rounded, scale = to_levels(base.weight.detach(), levels)
        self._ops = cast(Any, torch.ops.onednn)
        self._weight = self._ops.qlinear_prepack(rounded, None)
        self._scale, self._zeros = scale, torch.zeros(len(scale), dtype=torch.int64)
        self._bias: Tensor | None = base.bias
        self.out_features, self.bytes = base.out_features, rounded.numel()

    def forward(self, x: Tensor) -> Tensor:
        line, scale = to_bytes(x.flatten(0, -2))
        out: Tensor = self._ops.qlinear_pointwise(
            line, 1.0, ZERO, self._weight, self._scale, self._zeros, None, 1.0, 0, x.dtype, "none", [], ""
        )
        out.mul_(scale.to(x.dtype))
        if self._bias is not None:
            out.add_(self._bias)
        return out.view(*x.shape[:-1], self.out_features)


def quantize(model: PreTrainedModel, dtype: torch.dtype, *, levels: int = LEVELS) -> int:
    """Replace the decoder's wide linear layers and let their old weights go; what is left becomes `dtype`. Gives the bytes of
    the new ones, none of them greater than `levels`.

    Several parents of layers at a time with a thread each: one layer's steps are too short to be shared out.
    """
    head = model.get_output_embeddings()
    parents = [
        part for part in model.modules() if any(_is_wide(child) and child is not head for child in part.children())
    ]

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(threads) as pool:
            size = sum(pool.map(lambda parent: _replace_children(parent, head, levels), parents))
    finally:
        torch.set_num_threads(threads)
    for left in model.parameters():
        # else they would be views into the mapped file, which would stay in memory with them
        left.data = left.data.to(dtype, copy=True)
    return size


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


def to_bytes(x: Tensor) -> tuple[Tensor, Tensor]:
    """Rows [tokens, in] as bytes around ZERO, and each row's scale [tokens, 1] in fp32: turn(x) = (bytes - ZERO) * scale."""
    line = torch.empty(x.shape, dtype=torch.uint8)
    scales = torch.empty(len(x), 1)
    for at in range(0, len(x), BLOCK):
        block = turn(x[at : at + BLOCK]).float()
        scale = _scale(block, LEVELS)
        line[at : at + BLOCK] = block.mul_(1 / scale).add_(ZERO + 0.5)
        scales[at : at + BLOCK] = scale
    return line, scales


def to_levels(weight: Tensor, levels: int) -> tuple[Tensor, Tensor]:
    """Weights [out, in] as signed bytes up to `levels`, and each output's scale [out] in fp32: turn(weight) = bytes * scale."""
    rounded = torch.empty(weight.shape, dtype=torch.int8)
    scales = torch.empty(len(weight))
    for at in range(0, len(weight), BLOCK):
        block = turn(weight[at : at + BLOCK].float())
        scale = _scale(block, levels)
        rounded[at : at + BLOCK] = block.div_(scale).round_()
        scales[at : at + BLOCK] = scale[:, 0]
    return rounded, scales


def turn(x: Tensor) -> Tensor:
    """Rows [n, in] with each block of TURN inputs turned. Lengths and products of rows stay; turning twice gives x again."""
    return (x.reshape(-1, TURN) @ hadamard(TURN).to(x.dtype)).view(x.shape)


def _scale(block: Tensor, levels: int) -> Tensor:
    """What one level of each row [n, 1] stands for."""
    # two passes, since aminmax takes thrice as long as both
    return block.abs().amax(dim=1, keepdim=True).div_(levels).clamp_(min=torch.finfo(torch.float32).tiny)


@cache
def hadamard(size: int) -> Tensor:
    """Sylvester's matrix [size, size] over the square root of `size`, a power of two: symmetric and orthonormal."""
    matrix = torch.ones(1, 1)
    while len(matrix) < size:
        matrix = torch.cat([torch.cat([matrix, matrix], dim=1), torch.cat([matrix, -matrix], dim=1)])
    return matrix / math.sqrt(size)


def _is_wide(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Linear) and layer.in_features >= LEAST_INPUTS and layer.in_features % TURN == 0
