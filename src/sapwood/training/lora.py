"""LoRA on all linear layers of a decoder: small trained matrices beside frozen weights, in and out of PEFT's format.

Knows no data and no loop. A and B are kept in fp32 and cast for each use, so that small steps are not lost in bf16.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import PreTrainedModel

from sapwood.errors import InvalidOptionError
from sapwood.inference.adapter import CONFIG, WEIGHTS

Lora = Mapping[str, "LoraLinear"]
"""The adapted layers of a model by module name."""

SIBLINGS = (frozenset({"q_proj", "k_proj", "v_proj"}), frozenset({"gate_proj", "up_proj"}))
"""Layers of one parent that read the same input: one product computes them all."""


class LoraLinear(nn.Module):
    """A frozen linear layer plus B A x, scaled. B starts at zero, so at first the layer is what it was."""

    def __init__(self, base: nn.Linear, *, rank: int, scale: float, generator: torch.Generator) -> None:
        super().__init__()
        self.weight, self.scale = base.weight, scale
        self.bias: nn.Parameter | None = base.bias
        device = base.weight.device
        bound = 1 / math.sqrt(base.in_features)  # Kaiming with a = sqrt(5), as PEFT draws it
        drawn = torch.rand(rank, base.in_features, generator=generator).mul_(2 * bound).sub_(bound)
        self.lora_a = nn.Parameter(drawn.to(device))
        self.lora_b = nn.Parameter(torch.zeros(base.out_features, rank, device=device))
        self.product = Product([self])

    def forward(self, x: Tensor) -> Tensor:
        return self.product.of(self, x)


class Product:
    """Layers that read the same input, computed together when the first one is asked; the others take what is there.

    Their frozen weights move into one matrix, of which each layer keeps a view.
    """

    def __init__(self, layers: Sequence[LoraLinear]) -> None:
        self._layers = list(layers)
        self._input: Tensor | None = None
        self._ready: dict[LoraLinear, Tensor] = {}
        self._weight = layers[0].weight
        if len(layers) > 1:
            self._weight = nn.Parameter(torch.cat([layer.weight.detach() for layer in layers]), requires_grad=False)
            for layer, part in zip(layers, self._weight.split(self._sizes), strict=True):
                layer.weight, layer.product = nn.Parameter(part, requires_grad=False), self

    @property
    def _sizes(self) -> list[int]:
        return [layer.lora_b.shape[0] for layer in self._layers]

    def of(self, layer: LoraLinear, x: Tensor) -> Tensor:
        """This layer's output [..., out] for x [..., in]."""
        if self._input is not x or layer not in self._ready:
            self._ready = self._compute(x)
            self._input = x
        out = self._ready.pop(layer)
        if not self._ready:
            self._input = None
        return out

    def _compute(self, x: Tensor) -> dict[LoraLinear, Tensor]:
        a = torch.cat([layer.lora_a for layer in self._layers]).to(x.dtype)
        b = torch.block_diag(*[layer.lora_b * layer.scale for layer in self._layers]).to(x.dtype)
        line = _Adapted.apply(x.flatten(0, -2), self._weight, a, b)
        out: Tensor = line.view(*x.shape[:-1], -1)
        parts = dict(zip(self._layers, out.split(self._sizes, dim=-1), strict=True))
        return {layer: part if layer.bias is None else part + layer.bias for layer, part in parts.items()}


class _Adapted(torch.autograd.Function):
    """x [T, in] -> [T, out]: x W^T + x A^T B^T with W [out, in] frozen, A [ranks, in] and B [out, ranks] of all siblings, scaled.

    Few passes over large matrices, since small models wait for those.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, a: Tensor, b: Tensor) -> Tensor:
        low = x @ a.t()
        ctx.save_for_backward(x, weight, a, b, low)
        return (x @ weight.t()).addmm_(low, b.t())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, None, Tensor, Tensor]:
        x, weight, a, b, low = ctx.saved_tensors
        (out,) = gradients
        back = out @ b
        inward = (out @ weight).addmm_(back, a) if ctx.needs_input_grad[0] else None
        return inward, None, back.t() @ x, out.t() @ low


def attach(model: PreTrainedModel, *, rank: int, alpha: float, seed: int) -> Lora:
    """Put LoRA beside each linear layer of the decoder (not the head) and freeze all else. Gives the layers by name.

    Raises InvalidOptionError if the model has no linear layers.
    """
    model.requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    head = model.get_output_embeddings()
    linear = [(name, part) for name, part in model.named_modules() if isinstance(part, nn.Linear) and part is not head]
    layers: dict[str, LoraLinear] = {}
    for name, base in linear:
        layers[name] = LoraLinear(base, rank=rank, scale=alpha / rank, generator=generator)
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, layers[name])
    for group in _siblings(layers):
        Product(group)
    if not layers:
        raise InvalidOptionError(
            f"models of type {model.config.model_type} can't be fine-tuned: they have no linear layers",
            hint="Take another base model.",
        )
    return layers


def _siblings(layers: Lora) -> list[list[LoraLinear]]:
    """Groups of at least two layers that have one parent and, by their names, one input."""
    groups: dict[tuple[str, frozenset[str]], list[LoraLinear]] = {}
    for name, layer in layers.items():
        parent, _, child = name.rpartition(".")
        for kind in SIBLINGS:
            if child in kind:
                groups.setdefault((parent, kind), []).append(layer)
    return [group for group in groups.values() if len({layer.lora_a.shape for layer in group}) == 1 < len(group)]


def parameters(lora: Lora) -> list[nn.Parameter]:
    """What is trained, always in the same order."""
    return [matrix for name in sorted(lora) for matrix in (lora[name].lora_a, lora[name].lora_b)]


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
    targets = sorted({name.removesuffix(".lora_A.weight").rpartition(".")[2] for name in state if ".lora_A." in name})
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
