"""LoRA on all linear layers of a decoder: small trained matrices beside frozen weights, in and out of PEFT's format.

Knows no data and no loop. A and B are kept in fp32 and cast for each use, so that small steps are not lost in bf16.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import PreTrainedModel

from sapwood.errors import InvalidOptionError
from sapwood.inference.adapter import CONFIG, WEIGHTS

Lora = Mapping[str, "LoraLinear"]
"""The adapted layers of a model by module name."""


class LoraLinear(nn.Module):
    """A frozen linear layer plus B A x, scaled. B starts at zero, so at first the layer is what it was."""

    def __init__(self, base: nn.Linear, *, rank: int, scale: float, generator: torch.Generator) -> None:
        super().__init__()
        self.weight, self.bias, self.scale = base.weight, base.bias, scale
        device = base.weight.device
        bound = 1 / math.sqrt(base.in_features)  # Kaiming with a = sqrt(5), as PEFT draws it
        drawn = torch.rand(rank, base.in_features, generator=generator).mul_(2 * bound).sub_(bound)
        self.lora_a = nn.Parameter(drawn.to(device))
        self.lora_b = nn.Parameter(torch.zeros(base.out_features, rank, device=device))

    def forward(self, x: Tensor) -> Tensor:
        out = F.linear(x, self.weight, self.bias)
        low = F.linear(x, self.lora_a.to(x.dtype))
        flat = torch.addmm(out.flatten(0, -2), low.flatten(0, -2), self.lora_b.to(x.dtype).t(), alpha=self.scale)
        return flat.view_as(out)


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
    if not layers:
        raise InvalidOptionError(
            f"models of type {model.config.model_type} can't be fine-tuned: they have no linear layers",
            hint="Take another base model.",
        )
    return layers


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
