"""An adapter that was trained elsewhere: its folder and a base model in, a folder of ours out, checked against the base."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from sapwood.errors import InvalidOptionError
from sapwood.inference.adapter import CONFIG, WEIGHTS, fold, read_adapter, write_canary
from sapwood.inference.chat import Chat
from sapwood.inference.request import Message
from sapwood.inference.weights import load_model, load_tokenizer
from sapwood.jobs.durable import move_folder
from sapwood.store.records import ModelVersion, TunedModel
from sapwood.training.card import CARD
from sapwood.training.export import ORIGIN

CANARY_TEXT = "Say hello."
"""What the imported model is asked, so that every later load can be compared with this one."""


@dataclass(frozen=True)
class Place:
    """Where an imported model goes: its names, its owner, and the data directory."""

    database: str
    schema: str
    name: str
    owner: str
    data: Path


def import_adapter(
    source: Path, base: ModelVersion, place: Place, *, dtype: torch.dtype, allows_other_base: bool = False
) -> TunedModel:
    """Copy an adapter in PEFT's format into the data directory, not yet registered. `base` has its files in place.

    Raises ModelError for what is no LoRA or does not fit the base, InvalidOptionError for one that was made for another base,
    as far as its files tell, unless that is allowed.
    """
    config = read_adapter(source).config
    if not allows_other_base:
        _check_base(source, config, base)
    folder = place.data / "models" / f"import_{uuid.uuid4()}"
    made = folder.with_name(f".{folder.name}")
    made.mkdir(parents=True)
    try:
        for name in (CONFIG, WEIGHTS, CARD):
            if (source / name).is_file():
                shutil.copyfile(source / name, made / name)
        model = load_model(base.path, dtype)
        fold(model, made)
        write_canary(made, model, Chat(load_tokenizer(base.path)).prompt_ids([Message("user", CANARY_TEXT)]))
        move_folder(made, folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    with (folder / WEIGHTS).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return TunedModel(
        place.database,
        place.schema,
        place.name,
        base_model=base.name,
        base_digest=base.digest,
        adapter_path=str(folder.relative_to(place.data)),
        adapter_digest=digest,
        created_on=time.time_ns() // 1_000_000,
        owner=place.owner,
        metrics={"imported_from": str(source)},
    )


def _check_base(source: Path, config: Any, base: ModelVersion) -> None:
    """An adapter says its base's digest, if it was made here, or its base's name, which has to be this one's."""
    origin = source / ORIGIN
    digest = json.loads(origin.read_text(encoding="utf-8"))["base_model_digest"] if origin.is_file() else ""
    name = str(config.get("base_model_name_or_path") or "")
    if digest == base.digest or (not digest and name.rpartition("/")[2].lower() == base.name.lower()):
        return
    made_for = f"sha256 {digest}" if digest else json.dumps(name)
    raise InvalidOptionError(
        f"the adapter in {source} was made for {made_for}, not for {base.name} (sha256 {base.digest})",
        hint="Name its own base model. If you know that the weights are the same, allow another base: --other-base.",
    )
