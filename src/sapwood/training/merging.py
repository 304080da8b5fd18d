"""A base model's tensors with an adapter added: two folders in, tensors out, one at a time. Loads no model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from sapwood.errors import ModelError
from sapwood.inference.adapter import PREFIX, Adapter, read_adapter


class Merged:
    """The tensors of a folder of safetensors, with an adapter added where it has something to add."""

    def __init__(self, base: Path, adapter: Path) -> None:
        """Raises ModelError if the adapter can't be read or does not fit."""
        self._adapter = read_adapter(adapter)
        self._places = {name: file for file in sorted(base.glob("*.safetensors")) for name in _names(file)}
        strangers = [module for module in self._adapter.pairs if f"{module}.weight" not in self._places]
        if strangers:
            raise ModelError(
                f"the adapter in {adapter} does not fit its base model: {strangers[0]} is not in {base}",
                hint="It was made for another base model, or changes a matrix that the base shares with another one.",
            )

    def tensor(self, name: str) -> Tensor:
        """One tensor, in the base's number type; the sum is made in fp32 and rounded once."""
        with safe_open(self._places[name], framework="pt") as file:
            weight: Tensor = file.get_tensor(name)
        change = _change(self._adapter, name.removesuffix(".weight"))
        return weight if change is None else (weight.float() + change).to(weight.dtype)

    def files(self) -> Iterator[tuple[str, list[str]]]:
        """The base's files with the tensors of each."""
        for file in dict.fromkeys(self._places.values()):
            yield file.name, [name for name, place in self._places.items() if place == file]

    def write(self, folder: Path) -> None:
        """Write the tensors into files named and divided as the base's are; one file is in memory at a time."""
        for file, names in self.files():
            save_file(
                {name: self.tensor(name).contiguous() for name in names}, folder / file, metadata={"format": "pt"}
            )


def _change(adapter: Adapter, module: str) -> Tensor | None:
    if module not in adapter.pairs:
        return None
    a, b, scale = adapter.pairs[module]
    delta = (b.float() @ a.float()).mul_(scale)
    return delta.t() if adapter.is_transposed else delta


def stacked(first: Adapter, state: dict[str, Tensor], *, rank: int, alpha: float) -> tuple[dict[str, Tensor], int]:
    """An adapter trained on top of another, as one for their common base: its matrices under PEFT's names, and its rank.

    Two low-rank changes of a layer are one of the sum of their ranks: their A below one another, their B side by side. The
    scales go into B, so that alpha is the rank. A layer that only one of them changes is filled up with zeros to the same rank.
    """
    second = {module: (a, b, alpha / rank) for module, (a, b) in _pairs(state).items()}
    most = max(a.shape[0] for a, _, _ in first.pairs.values())
    whole: dict[str, Tensor] = {}
    for module in {**first.pairs, **second}:
        parts = [pairs[module] for pairs in (first.pairs, second) if module in pairs]
        a = torch.cat([part[0].float() for part in parts])
        b = torch.cat([part[1].float() * part[2] for part in parts], dim=1)
        missing = most + rank - len(a)
        whole[f"{PREFIX}{module}.lora_A.weight"] = F.pad(a, (0, 0, 0, missing))
        whole[f"{PREFIX}{module}.lora_B.weight"] = F.pad(b, (0, missing))
    return whole, most + rank


def _pairs(state: dict[str, Tensor]) -> dict[str, tuple[Tensor, Tensor]]:
    """A and B by module, of matrices under PEFT's names."""
    names = [name for name in state if name.endswith(".lora_A.weight")]
    return {
        name.removeprefix(PREFIX).removesuffix(".lora_A.weight"): (
            state[name],
            state[name.replace(".lora_A.", ".lora_B.")],
        )
        for name in names
    }


def _names(file: Path) -> list[str]:
    with safe_open(file, framework="pt") as opened:
        return list(opened.keys())
