"""LoRA adapters in PEFT's format: reading, folding into a model's weights, and the canary that proves the result.

In: a folder with adapter_config.json, adapter_model.safetensors and canary.json. The trainer writes the canary with its own
model, `fold` happens in another process, and `check_canary` compares the two: an adapter that was not applied, or applied
to other weights, is found before a row is answered. Knows neither requests nor the registry.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from transformers import PreTrainedModel

from sapwood.errors import ModelError
from sapwood.inference.attention import head_logits, read_rows

CONFIG, WEIGHTS, CANARY = "adapter_config.json", "adapter_model.safetensors", "canary.json"

TOLERANCE = {"fp32": 0.02, "bf16": 0.35}
"""Greatest mean distance between the canary's logits and ours, by the coarser number type of the two. Logits of small
models spread over some 10 units; folding rounds each bf16 weight once more, which moves a logit by some 0.05."""

CANARY_LOGITS = 32
"""Logits that a canary keeps: the highest, which are those that training moved."""

PREFIX = "base_model.model."
"""What PEFT puts before a module's name."""
_REPAIR = "Train the model again, or restore its folder from a backup."


@dataclass(frozen=True)
class Adapter:
    """A LoRA adapter in memory. `pairs`: module name -> (A [rank, in], B [out, rank], scale)."""

    pairs: Mapping[str, tuple[Tensor, Tensor, float]]
    is_transposed: bool
    config: Mapping[str, Any]


@dataclass(frozen=True)
class Canary:
    """Logits of some ids at the last position of a rendered prompt, as the trainer's model gave them."""

    tokens: tuple[int, ...]
    ids: tuple[int, ...]
    logits: tuple[float, ...]
    number_type: str


def read_adapter(path: str | Path) -> Adapter:
    """Read an adapter folder. Rank, alpha, their patterns and rslora are honoured.

    Raises ModelError if a file is missing or broken, if it is no LoRA, or if a tensor is not understood.
    """
    folder = Path(path)
    try:
        config: dict[str, Any] = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        tensors = load_file(folder / WEIGHTS)
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(f"the adapter in {folder} can't be read: {error}", hint=_REPAIR) from error
    if config.get("peft_type") != "LORA":
        raise ModelError(
            f"the adapter in {folder} has type {config.get('peft_type')}", hint="Only LORA adapters are served."
        )
    pairs: dict[str, tuple[Tensor, Tensor, float]] = {}
    for name in [name for name in tensors if name.endswith(".lora_A.weight")]:
        module = name.removeprefix(PREFIX).removesuffix(".lora_A.weight")
        b = tensors.pop(name.replace(".lora_A.", ".lora_B."), None)
        if b is None:
            raise ModelError(f"the adapter in {folder} has {name} without its lora_B", hint=_REPAIR)
        pairs[module] = (tensors.pop(name), b, _scale(config, module))
    if tensors or not pairs:
        left = ", ".join(sorted(tensors)[:3]) or "no LoRA tensors"
        raise ModelError(
            f"the adapter in {folder} has tensors that are not understood: {left}",
            hint="Only plain LoRA on linear layers is served.",
        )
    return Adapter(pairs, bool(config.get("fan_in_fan_out")), config)


def fold(model: PreTrainedModel, path: str | Path) -> float:
    """Add the adapter in `path` into the weights, each sum in fp32 and cast once. Gives the greatest change of a weight.

    Must come before weights are fused. Raises ModelError, before anything is changed, if a module is missing or has
    another shape.
    """
    adapter = read_adapter(path)
    modules = dict(model.named_modules())
    for name, (a, b, _) in adapter.pairs.items():
        weight = getattr(modules.get(name), "weight", None)
        shape = (a.shape[1], b.shape[0]) if adapter.is_transposed else (b.shape[0], a.shape[1])
        if weight is None or tuple(weight.shape) != shape:
            found = "is not in the model" if weight is None else f"has shape {tuple(weight.shape)}, not {shape}"
            raise ModelError(
                f"the adapter in {path} does not fit its base model: {name} {found}",
                hint="It was made for another base model.",
            )
    _untie(model, adapter)
    greatest = 0.0
    with torch.no_grad():
        for name, (a, b, scale) in adapter.pairs.items():
            weight: Any = modules[name].weight
            delta = (b.float() @ a.float()).mul_(scale).to(weight.device)
            greatest = max(greatest, float(delta.abs().max()))
            weight.copy_((weight.float() + (delta.t() if adapter.is_transposed else delta)).to(weight.dtype))
    return greatest


def write_canary(folder: str | Path, model: PreTrainedModel, tokens: Sequence[int]) -> Canary:
    """Keep what `model` (with its adapter, folded or not) says after `tokens`, a rendered prompt of the training data."""
    logits = _last_logits(model, tokens)
    top = torch.topk(logits, min(CANARY_LOGITS, logits.shape[0]))
    canary = Canary(
        tuple(tokens),
        tuple(top.indices.tolist()),
        tuple(round(value, 5) for value in top.values.tolist()),
        _type_of(model),
    )
    (Path(folder) / CANARY).write_text(json.dumps(asdict(canary)) + "\n", encoding="utf-8")
    return canary


def check_canary(model: PreTrainedModel, path: str | Path) -> float:
    """Compare the loaded model with the trainer's canary. Gives the mean distance of the logits.

    Raises ModelError if it is above TOLERANCE or if the canary can't be read.
    """
    canary = read_canary(path)
    ours = _last_logits(model, canary.tokens)[torch.tensor(canary.ids)]
    distance = float((ours - torch.tensor(canary.logits)).abs().mean())
    kind = "fp32" if (canary.number_type, _type_of(model)) == ("fp32", "fp32") else "bf16"
    if not distance <= TOLERANCE[kind]:  # also true for NaN
        limit = f"logits differ by {distance:.3f}, {kind} allows {TOLERANCE[kind]}"
        raise ModelError(
            f"the model loaded from {path} does not answer as it did after training ({limit})", hint=_REPAIR
        )
    return distance


def read_canary(path: str | Path) -> Canary:
    """Read canary.json of an adapter folder. Raises ModelError."""
    try:
        data = json.loads((Path(path) / CANARY).read_text(encoding="utf-8"))
        canary = Canary(tuple(data["tokens"]), tuple(data["ids"]), tuple(data["logits"]), data["number_type"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"the canary in {path} can't be read: {error!r}", hint=_REPAIR) from error
    if not canary.tokens or len(canary.ids) != len(canary.logits):
        raise ModelError(f"the canary in {path} is broken", hint=_REPAIR)
    return canary


def _scale(config: Mapping[str, Any], module: str) -> float:
    """alpha / rank, or alpha / sqrt(rank) with rslora. PEFT's patterns are regular expressions on the end of a module's name."""
    rank = _by_pattern(config.get("rank_pattern") or {}, module, config["r"])
    alpha = _by_pattern(config.get("alpha_pattern") or {}, module, config["lora_alpha"])
    return alpha / math.sqrt(rank) if config.get("use_rslora") else alpha / rank


def _by_pattern(patterns: Mapping[str, float], module: str, default: float) -> float:
    return next((value for pattern, value in patterns.items() if re.match(rf"(.*\.)?({pattern})$", module)), default)


def _untie(model: PreTrainedModel, adapter: Adapter) -> None:
    """Give the head weights of its own if the adapter changes it and the embeddings share them."""
    embeddings, head = model.get_input_embeddings(), model.get_output_embeddings()
    names = {name for name, module in model.named_modules() if module is embeddings or module is head}
    if head is not None and head.weight is embeddings.weight and not names.isdisjoint(adapter.pairs):
        head.weight = torch.nn.Parameter(head.weight.detach().clone(), requires_grad=False)


def _last_logits(model: PreTrainedModel, tokens: Sequence[int]) -> Tensor:
    with torch.no_grad():
        hidden = read_rows(model, torch.tensor([list(tokens)], device=model.device))
        return head_logits(model, hidden[:, -1])[0].float().cpu()


def _type_of(model: PreTrainedModel) -> str:
    return "fp32" if model.dtype == torch.float32 else "bf16"
