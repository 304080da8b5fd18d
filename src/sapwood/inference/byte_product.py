"""Matrix products of bytes: rows and weights in floats in, sums of integers out. For CPUs with AVX2; no gradients.

Weights get one scale for each output, rows one for each row as it comes (symmetric, by the absolute maximum). A few inputs of
a language model are a hundred times greater than the rest and would take all levels for themselves, so both sides are first
turned by a Hadamard matrix, block by block, which spreads each value over its block and leaves the product as it is (QuaRot,
arXiv 2404.00456). A row's result depends on that row alone. Knows no models.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import torch
from torch import Tensor

LEVELS = 127
ZERO = 128
"""Rows are unsigned bytes around this zero, up to 127 from it: what vpdpbusd multiplies with signed weights."""

TURN = 64
"""Inputs that are turned together. Of 128 tickets the 1.5B model had 99 % right with 64 and 98 % with 128 and 256; without
turning 77 % of their kind, with bf16 95 %."""

BLOCK = 128
"""Weights that are rounded at a time, so that the steps in between stay in the CPU's cache; a multiple of TURN."""


@dataclass(frozen=True)
class Bytes:
    """Rows [n, in]: (line - ZERO) * scale, with one scale a row [n, 1], in the number type of what comes of them."""

    line: Tensor
    scale: Tensor


class ByteProduct:
    """Turned weights [out, in] in bytes, by which rows that are turned too are multiplied."""

    def __init__(self, weight: Tensor, *, levels: int = LEVELS) -> None:
        """`weight` is as the model has it; no level of it becomes greater than `levels`."""
        rounded, scale = to_levels(weight, levels)
        self._ops = cast(Any, torch.ops.onednn)
        self._weight = self._ops.qlinear_prepack(rounded, None)
        self._scale, self._zeros = scale, torch.zeros(len(scale), dtype=torch.int64)
        self.bytes = rounded.numel()

    def unscaled(self, rows: Bytes) -> Tensor:
        """The product [n, out], each row still to be multiplied by its scale."""
        return self._ops.qlinear_pointwise(
            rows.line, 1.0, ZERO, self._weight, self._scale, self._zeros, None, 1.0, 0, rows.scale.dtype, "none", [], ""
        )


def to_bytes(rows: Tensor, dtype: torch.dtype, *, factor: Tensor | None = None) -> Bytes:
    """Rows [n, in] in fp32, each times its `factor` [n, 1], as bytes for a product in `dtype`. `rows` are used up."""
    # two passes that only read: abs() would write as much as it reads, aminmax is slower than both
    greatest = torch.maximum(rows.amax(dim=1, keepdim=True), rows.amin(dim=1, keepdim=True).neg_())
    if factor is not None:
        greatest.mul_(factor)
    # rounded to the type in which the product is multiplied by it, so that both sides mean the same step
    scale = greatest.div_(LEVELS).clamp_(min=torch.finfo(torch.float32).tiny).to(dtype)
    steps = scale.float().reciprocal()
    rows.mul_(steps if factor is None else steps.mul_(factor)).round_()
    # torch turns floats into signed bytes nine times as fast as into unsigned ones
    line = rows.to(torch.int8).view(torch.uint8).bitwise_xor_(ZERO)
    return Bytes(line, scale)


def to_levels(weight: Tensor, levels: int) -> tuple[Tensor, Tensor]:
    """Weights [out, in] as signed bytes up to `levels`, and each output's scale [out] in fp32: turn(weight) = bytes * scale."""
    rounded = torch.empty(weight.shape, dtype=torch.int8)
    scales = torch.empty(len(weight))
    for at in range(0, len(weight), BLOCK):
        block = turn(weight[at : at + BLOCK].float())
        scale = block.abs().amax(dim=1, keepdim=True).div_(levels).clamp_(min=torch.finfo(torch.float32).tiny)
        rounded[at : at + BLOCK] = block.div_(scale).round_()
        scales[at : at + BLOCK] = scale[:, 0]
    return rounded, scales


def turn(x: Tensor) -> Tensor:
    """Rows [..., n] with each block of TURN values turned. Lengths and products of rows stay; turning twice gives x again."""
    return (x.reshape(-1, TURN) @ hadamard(TURN).to(x.dtype)).view(x.shape)


def turn_outputs(weight: Tensor) -> Tensor:
    """Weights [out, in] that give turned outputs."""
    return turn(weight.t()).t()


@cache
def hadamard(size: int) -> Tensor:
    """Sylvester's matrix [size, size] over the square root of `size`, a power of two: symmetric and orthonormal."""
    matrix = torch.ones(1, 1)
    while len(matrix) < size:
        matrix = torch.cat([torch.cat([matrix, matrix], dim=1), torch.cat([matrix, -matrix], dim=1)])
    return matrix / math.sqrt(size)
