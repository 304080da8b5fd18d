"""Linear layers of one parent that read the same input: one product computes them all. Knows no attention and no adapters.

A small model's products are short, and one large one is quicker than three small ones. The layers stay where they were, under
their own names: the first that is asked computes for all, the others take what is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

SIBLINGS = (frozenset({"q_proj", "k_proj", "v_proj"}), frozenset({"gate_proj", "up_proj"}))
"""Names of layers that read the same input if they have the same parent."""


class Product(nn.Module):
    """What siblings share: `compute` gives all their outputs [..., sum of sizes] of an input, in the siblings' order."""

    def __init__(self, layers: Sequence[nn.Module], sizes: Sequence[int]) -> None:
        super().__init__()
        self.layers, self.sizes = tuple(layers), list(sizes)  # a tuple, so that they do not become parts of this module
        self._input: Tensor | None = None
        self._ready: dict[nn.Module, Tensor] = {}

    def of(self, layer: nn.Module, x: Tensor) -> Tensor:
        """This layer's output [..., out] for x [..., in]; a view if it has siblings."""
        if self._input is not x or layer not in self._ready:
            self._ready = dict(zip(self.layers, self.compute(x).split(self.sizes, dim=-1), strict=True))
            self._input = x
        out = self._ready.pop(layer)
        if not self._ready:
            self._input = None
        return out

    def compute(self, x: Tensor) -> Tensor:
        raise NotImplementedError


class Joined(Product):
    """Siblings as one frozen linear layer."""

    def __init__(self, layers: Sequence[JoinedLayer], linear: nn.Module, sizes: Sequence[int]) -> None:
        super().__init__(layers, sizes)
        self.linear = linear
        for layer in layers:
            layer.product = self

    def compute(self, x: Tensor) -> Tensor:
        return self.linear(x)


class JoinedLayer(nn.Module):
    """What stands in a sibling's place."""

    def __init__(self) -> None:
        super().__init__()
        self.product: Joined | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self.product is None:
            raise AssertionError("a joined layer gets its product before it is asked")
        return self.product.of(self, x)


def join(model: nn.Module) -> None:
    """Let plain linear siblings of a model that is only read be one layer. Those of another kind stay as they are."""
    for parent in list(model.modules()):
        join_children(parent)


def join_children(parent: nn.Module) -> list[Joined]:
    """Join what are siblings among a module's own children."""
    found = (_join(parent, names) for names in groups(dict(parent.named_children())))
    return [joined for joined in found if joined is not None]


def groups(children: Mapping[str, Any]) -> list[list[str]]:
    """Names of at least two children that read the same input, in the children's order."""
    found = [[name for name in children if name in kind] for kind in SIBLINGS]
    return [names for names in found if len(names) > 1]


def _join(parent: nn.Module, names: Sequence[str]) -> Joined | None:
    layers = [parent.get_submodule(name) for name in names]
    plain = [layer for layer in layers if type(layer) is nn.Linear]
    biases = [cast("Tensor | None", layer.bias) for layer in plain]
    given = [bias.detach() for bias in biases if bias is not None]
    if len(plain) < len(layers) or len(given) not in (0, len(plain)):
        return None
    sizes = [layer.out_features for layer in plain]
    linear = nn.Linear(plain[0].in_features, sum(sizes), bias=bool(given), device="meta")
    linear.weight = nn.Parameter(torch.cat([layer.weight.detach() for layer in plain]), requires_grad=False)
    if given:
        linear.bias = nn.Parameter(torch.cat(given), requires_grad=False)
    places = [JoinedLayer() for _ in names]
    joined = Joined(places, linear, sizes)
    for name, place in zip(names, places, strict=True):
        setattr(parent, name, place)
    return joined
