"""A tuned model as files that other programs load: an adapter in PEFT's format, merged safetensors, merged GGUF.

In: the model's version with its files in place, and a folder that is made. Out: the files' paths. Knows no SQL and no names.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sapwood.errors import InvalidOptionError, ObjectExistsError
from sapwood.inference.adapter import CONFIG, WEIGHTS
from sapwood.jobs.durable import sync_folder
from sapwood.registry.pack import pack
from sapwood.registry.repack import KINDS, repack
from sapwood.store.records import ModelVersion
from sapwood.training.card import CARD
from sapwood.training.merging import Merged

BASE, ORIGIN = "base", "base_model.json"
"""Folder of the base's weights beside an adapter whose base nobody else can load by its name; and the file that says which
base that is, by its digest."""


@dataclass(frozen=True)
class Order:
    """What is to be exported: a tuned model whose files are here, and the GGUF file that its base came as, if it did."""

    version: ModelVersion
    source: Path | None

    @property
    def base(self) -> Path:
        return Path(self.version.path)

    @property
    def adapter(self) -> Path:
        return Path(self.version.adapter_path)


def export_model(order: Order, folder: Path, form: str) -> list[Path]:
    """Write the model into a new folder; its files. `form` is one of FORMATS.

    Raises InvalidOptionError for another form or for a model that is not tuned, ObjectExistsError if the folder is there and
    not empty, UnsupportedError for a base that can't be written as GGUF, ModelError for an adapter that does not fit.
    """
    if form not in FORMATS:
        raise InvalidOptionError(f"models can't be exported as {form!r}", hint=f"Known: {', '.join(FORMATS)}.")
    if order.version.kind != "tuned":
        raise InvalidOptionError(f"{order.version.name} is no tuned model", hint="Its own files are what it came as.")
    if folder.exists() and any(folder.iterdir()):
        raise ObjectExistsError(f"{folder} is there and not empty", hint="Name a folder that is not there yet.")
    folder.mkdir(parents=True, exist_ok=True)
    FORMATS[form](order, folder)
    if (order.adapter / CARD).is_file():
        shutil.copyfile(order.adapter / CARD, folder / CARD)
    sync_folder(folder)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _peft(order: Order, folder: Path) -> None:
    """The adapter; with it the base, if that was unpacked here from a GGUF file, which peft and vLLM can't load."""
    shutil.copyfile(order.adapter / WEIGHTS, folder / WEIGHTS)
    config = json.loads((order.adapter / CONFIG).read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = order.version.base
    if order.source is not None:
        shutil.copytree(order.base, folder / BASE)
        config["base_model_name_or_path"] = BASE
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    origin = {"base_model": order.version.base, "base_model_digest": order.version.digest}
    (folder / ORIGIN).write_text(json.dumps(origin, indent=2) + "\n", encoding="utf-8")


def _safetensors(order: Order, folder: Path) -> None:
    """The base with the adapter added, and the base's other files."""
    Merged(order.base, order.adapter).write(folder)
    for path in order.base.iterdir():
        if path.is_file() and path.suffix != ".safetensors":
            shutil.copyfile(path, folder / path.name)


def _gguf(kind: str) -> Callable[[Order, Path], None]:
    def write(order: Order, folder: Path) -> None:
        merged = Merged(order.base, order.adapter)

        def values(name: str) -> NDArray[np.float32]:
            return merged.tensor(name).float().numpy()

        name = order.version.name.rpartition(".")[2].lower()
        target = folder / f"{name}-{kind}.gguf"
        if order.source is not None:
            repack(order.source, target, values, kind=kind, name=name)
        else:
            pack(order.base, target, values, kind=kind, name=name)

    return write


FORMATS: Mapping[str, Callable[[Order, Path], None]] = {
    "peft": _peft,
    "safetensors": _safetensors,
    **{f"gguf-{kind}": _gguf(kind) for kind in KINDS},
}
"""The forms of an export by the names that users write."""
