"""LoRA on all linear layers of a decoder: small trained matrices beside frozen weights, in and out of PEFT's format.

Knows no data and no loop. A and B are kept in fp32 and cast for each use, so that small steps are not lost in bf16.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import PreTrainedModel

from sapwood.errors import InvalidOptionError
from sapwood.inference.adapter import CONFIG, WEIGHTS
from sapwood.inference.siblings import Product, groups

Lora = Mapping[str, "LoraLinear"]
"""The adapted layers of a model by module name."""


class LoraLinear(nn.Module):
    """A frozen linear layer plus B A x, scaled. A Pair computes it together with its siblings, and holds their A and B."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.weight = base.weight
        self.bias: nn.Parameter | None = base.bias
        self.pair: Pair | None = None

    def forward(self, x: Tensor) -> Tensor:
        return self._paired.of(self, x)

    @property
    def lora_a(self) -> Tensor:
        """A [rank, in], a view of the pair's."""
        return self._paired.part(self)[0]

    @property
    def lora_b(self) -> Tensor:
        """B [out, rank], a view of the pair's."""
        return self._paired.part(self)[1]

    @property
    def _paired(self) -> Pair:
        if self.pair is None:
            raise AssertionError("an adapted layer is paired before it is asked")
        return self.pair


class Pair(Product):
    """The trained matrices of layers that read the same input: `a` [layers * rank, in] and `b` [sum of outs, rank], in fp32.

    B starts at zero, so at first the layers are what they were. Their frozen weights move into one, of which each has a view.
    """

    def __init__(
        self, layers: Sequence[LoraLinear], drawn: Sequence[Tensor], *, scale: float, dropout: float = 0.0
    ) -> None:
        """`drawn` are the layers' A as they start, [rank, in] each."""
        super().__init__(layers, [len(layer.weight) for layer in layers])
        self._scale, self._dropout = scale, dropout
        self._weight = torch.cat([layer.weight.detach() for layer in layers]) if len(layers) > 1 else layers[0].weight
        self._bias = None if layers[0].bias is None else torch.cat([cast(Tensor, layer.bias) for layer in layers])
        self.a = nn.Parameter(torch.cat(list(drawn)).to(self._weight.device))
        self.b = nn.Parameter(torch.zeros(len(self._weight), len(drawn[0]), device=self._weight.device))
        for layer, weight in zip(layers, self._weight.split(self.sizes), strict=True):
            layer.weight, layer.pair = nn.Parameter(weight, requires_grad=False), self

    def compute(self, x: Tensor) -> Tensor:
        """All layers' outputs [..., sum of outs] of x [..., in]."""
        kept = self.draw(x.flatten(0, -2)) if self._dropout and torch.is_grad_enabled() else None
        line = _Adapted.apply(x.flatten(0, -2), kept, self._weight, self.a, self.b, self.sizes, self._scale)
        out = line if self._bias is None else line + self._bias
        return out.view(*x.shape[:-1], -1)

    def draw(self, x: Tensor) -> Tensor:
        """What A's input is multiplied by: 0 for the part left out, and for the rest so much that the sum stays. Siblings leave out
        the same, and rows the same of their shared prefix. A model that is only asked drops nothing."""
        # of eight bytes at a time, which takes a tenth of what torch's own takes for a number each
        words = torch.empty(-(-x.numel() // 8), dtype=torch.int64, device=x.device).random_(-(2**63), None)
        least = round(self._dropout * 256)
        kept = words.view(torch.uint8)[: x.numel()].view(x.shape) >= least
        return kept.to(x.dtype).mul_(256 / (256 - least))

    def part(self, layer: LoraLinear) -> tuple[Tensor, Tensor]:
        """A and B of one of the layers, as views."""
        at = self.layers.index(layer)
        return self.a.detach().chunk(len(self.layers))[at], self.b.detach().split(self.sizes)[at]


class _Adapted(torch.autograd.Function):
    """x [T, in] -> [T, outs]: x W^T + (x * kept) A^T B^T * scale, with W [outs, in] frozen, and each layer's B [out, rank] reading
    only the part of x A^T that is its own; `kept` [T, in] may be None.

    Few passes over large matrices, since small models wait for those.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        kept: Tensor | None,
        weight: Tensor,
        a: Tensor,
        b: Tensor,
        sizes: Sequence[int],
        scale: float,
    ) -> Tensor:
        down, up = a.to(x.dtype), _spread(b, sizes, scale, x.dtype)
        read = x if kept is None else x * kept
        low = read @ down.t()
        ctx.save_for_backward(read, kept, weight, down, up, low)
        ctx.sizes, ctx.scale, ctx.kind = sizes, scale, a.dtype
        return (x @ weight.t()).addmm_(low, up.t())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, None, None, Tensor, Tensor, None, None]:
        read, kept, weight, down, up, low = ctx.saved_tensors
        (out,) = gradients
        back, inward = out @ up, None
        if ctx.needs_input_grad[0]:
            inward = out @ weight
            inward = inward.addmm_(back, down) if kept is None else inward.addcmul_(back @ down, kept)
        for_b = _gather(out.t() @ low, ctx.sizes).to(ctx.kind).mul_(ctx.scale)
        return inward, None, None, (back.t() @ read).to(ctx.kind), for_b, None, None


def _spread(b: Tensor, sizes: Sequence[int], scale: float, dtype: torch.dtype) -> Tensor:
    """[sum of outs, rank] -> [sum of outs, layers * rank], each layer's block in its own columns; scaled."""
    scaled = (b * scale).to(dtype)
    return scaled if len(sizes) == 1 else torch.block_diag(*scaled.split(list(sizes)))


def _gather(spread: Tensor, sizes: Sequence[int]) -> Tensor:
    """The blocks that `_spread` puts apart, one below the other."""
    rank = spread.shape[1] // len(sizes)
    blocks = spread.split(list(sizes))
    return torch.cat([block[:, at * rank : (at + 1) * rank] for at, block in enumerate(blocks)])


def attach(
    model: PreTrainedModel, *, rank: int, alpha: float, seed: int, targets: Sequence[str] = (), dropout: float = 0.0
) -> Lora:
    """Put LoRA beside each linear layer of the decoder (not the head) and freeze all else. Gives the layers by name.

    Only layers whose names end with one of `targets` get it, if there are any. Raises InvalidOptionError if the model has no
    linear layers, or none of one of those names.
    """
    model.requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    linear = _linear(model, targets)
    layers: dict[str, LoraLinear] = {}
    drawn: dict[LoraLinear, Tensor] = {}
    for name, base in linear:
        layer = layers[name] = LoraLinear(base)
        bound = 1 / math.sqrt(base.in_features)  # Kaiming with a = sqrt(5), as PEFT draws it
        drawn[layer] = torch.rand(rank, base.in_features, generator=generator).mul_(2 * bound).sub_(bound)
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, layer)
    for group in _by_input(layers):
        Pair(group, [drawn[layer] for layer in group], scale=alpha / rank, dropout=dropout)
    return layers


def _linear(model: PreTrainedModel, targets: Sequence[str]) -> list[tuple[str, nn.Linear]]:
    head = model.get_output_embeddings()
    linear = [(name, part) for name, part in model.named_modules() if isinstance(part, nn.Linear) and part is not head]
    if not linear:
        raise InvalidOptionError(
            f"models of type {model.config.model_type} can't be fine-tuned: they have no linear layers",
            hint="Take another base model.",
        )
    known = sorted({_ending(name) for name, _ in linear})
    strange = [target for target in targets if target not in known]
    if strange:
        raise InvalidOptionError(
            f"Invalid FINETUNE option 'targets': the model has no linear layers named {strange[0]!r}",
            hint=f"It has {', '.join(known)}.",
        )
    return [(name, part) for name, part in linear if not targets or _ending(name) in targets]


def _ending(name: str) -> str:
    """The last part of a module's name, such as q_proj."""
    return name.rpartition(".")[2]


def _by_input(layers: Lora) -> list[list[LoraLinear]]:
    """All layers, those together that read the same input."""
    children: dict[str, dict[str, LoraLinear]] = {}
    for name, layer in layers.items():
        parent, _, child = name.rpartition(".")
        children.setdefault(parent, {})[child] = layer
    together: list[list[LoraLinear]] = []
    for family in children.values():
        alike = [names for names in groups(family) if len({family[name].bias is None for name in names}) == 1]
        together += [[family.pop(name) for name in names] for names in alike]
        together += [[layer] for layer in family.values()]
    return together


def parameters(lora: Lora) -> list[nn.Parameter]:
    """What is trained, always in the same order."""
    pairs = dict.fromkeys(lora[name].pair for name in sorted(lora))
    return [matrix for pair in pairs if pair is not None for matrix in (pair.a, pair.b)]


def copy_state(lora: Lora) -> dict[str, Tensor]:
    """The trained matrices under PEFT's names, copied, on the CPU."""
    state: dict[str, Tensor] = {}
    for name, layer in lora.items():
        state[f"base_model.model.{name}.lora_A.weight"] = layer.lora_a.detach().cpu().clone()
        state[f"base_model.model.{name}.lora_B.weight"] = layer.lora_b.detach().cpu().clone()
    return state


def load_state(lora: Lora, state: Mapping[str, Tensor]) -> None:
    """Put matrices from `copy_state` back."""
    with torch.no_grad():
        for name, layer in lora.items():
            layer.lora_a.copy_(state[f"base_model.model.{name}.lora_A.weight"])
            layer.lora_b.copy_(state[f"base_model.model.{name}.lora_B.weight"])


def write_adapter(folder: Path, state: Mapping[str, Tensor], *, rank: int, alpha: float, base: str) -> None:
    """Write adapter_config.json and adapter_model.safetensors as PEFT does; `base` is the base model's name."""
    targets = sorted({_ending(name.removesuffix(".lora_A.weight")) for name in state if ".lora_A." in name})
    config: dict[str, Any] = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "r": rank,
        "lora_alpha": alpha,
        "lora_dropout": 0.0,
        "target_modules": targets,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
    }
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    save_file(dict(state), folder / WEIGHTS, metadata={"format": "pt"})
