"""Linear layers of one parent that read the same input: one product computes them all. Knows no attention and no adapters.

A small model's products are short, and one large one is quicker than three small ones. The layers stay where they were, under
their own names: the first that is asked computes for all, the others take what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

SIBLINGS = (frozenset({"q_proj", "k_proj", "v_proj"}), frozenset({"gate_proj", "up_proj"}))
"""Names of layers that read the same input if they have the same parent."""


class Product:
    """What siblings share: `compute` gives all their outputs [..., sum of sizes] of an input, in the siblings' order."""

    def __init__(self, layers: Sequence[nn.Module], sizes: Sequence[int], compute: Callable[[Tensor], Tensor]) -> None:
        self._layers, self._sizes, self._compute = list(layers), list(sizes), compute
        self._input: Tensor | None = None
        self._ready: dict[nn.Module, Tensor] = {}

    def of(self, layer: nn.Module, x: Tensor) -> Tensor:
        """This layer's output [..., out] for x [..., in]; a view if it has siblings."""
        if self._input is not x or layer not in self._ready:
            self._ready = dict(zip(self._layers, self._compute(x).split(self._sizes, dim=-1), strict=True))
            self._input = x
        out = self._ready.pop(layer)
        if not self._ready:
            self._input = None
        return out


class JoinedLinear(nn.Module):
    """A frozen linear layer whose weight is a part of its siblings' common one."""

    def __init__(self, weight: Tensor, product: Product | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.product = product

    def forward(self, x: Tensor) -> Tensor:
        if self.product is None:
            raise AssertionError("a joined layer gets its product before it is asked")
        return self.product.of(self, x)


def join(model: nn.Module) -> None:
    """Give plain linear siblings of a model that is only read one common weight. Layers of another kind stay as they are."""
    for parent in list(model.modules()):
        for names in groups(dict(parent.named_children())):
            _join(parent, names)


def groups(children: Mapping[str, Any]) -> list[list[str]]:
    """Names of at least two children that read the same input, in the children's order."""
    found = [[name for name in children if name in kind] for kind in SIBLINGS]
    return [names for names in found if len(names) > 1]


def _join(parent: nn.Module, names: Sequence[str]) -> None:
    layers = [parent.get_submodule(name) for name in names]
    plain = [layer for layer in layers if type(layer) is nn.Linear]
    biases = [cast("Tensor | None", layer.bias) for layer in plain]
    given = [bias.detach() for bias in biases if bias is not None]
    if len(plain) < len(layers) or len(given) not in (0, len(plain)):
        return
    weight, bias = torch.cat([layer.weight.detach() for layer in plain]), torch.cat(given) if given else None
    parts = weight.split([layer.out_features for layer in plain])
    joined = [JoinedLinear(part) for part in parts]
    product = Product(joined, [len(part) for part in parts], lambda x: F.linear(x, weight, bias))
    for name, layer in zip(names, joined, strict=True):
        layer.product = product
        setattr(parent, name, layer)
