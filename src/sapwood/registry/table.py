"""models.toml as values: base models with their sources, and the alias table. Reads the shipped file and nothing else."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

MACHINES = ("small-cpu", "large-cpu", "gpu")
"""Classes of machine that the alias table knows."""

ENCODER_FILES = (
    "model.safetensors",
    "config.json",
    "modules.json",
    "1_Pooling/config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
)
"""What is loaded of an embedding model, as sentence-transformers lays it out."""


@dataclass(frozen=True)
class Source:
    """A place that a model's file can be had from. `kind` is path, hub or wheels; the other fields belong to one kind each."""

    kind: str
    path: str = ""
    repo: str = ""
    revision: str = ""
    file: str = ""
    endpoint: str = ""
    requirement: str = ""
    member: str = ""
    count: int = 1

    def __str__(self) -> str:
        return {
            "path": self.path,
            "hub": f"huggingface.co/{' '.join(filter(None, (self.repo, self.file)))} at {self.revision[:12]}",
            "wheels": f"package index: {self.requirement.format(n=f'1..{self.count}')}",
        }[self.kind]


@dataclass(frozen=True)
class ModelEntry:
    """A base model. `sha256` is its file's and is its identity; sizes are in bytes and tokens; `rope` are settings that its file lacks.

    A model of several files has their digests in `files`, and `sha256` is that of its weights. Where the digests are not known
    ('') its one source is a commit of the hub, which names the bytes as well, and its digest stands for `sha256`. A model with
    `dimensions` makes vectors of so many numbers, and no text.
    """

    name: str
    sha256: str
    bytes: int
    context: int
    sources: tuple[Source, ...]
    max_output: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    dimensions: int = 0
    files: Mapping[str, str] = field(default_factory=dict)
    family: str = ""
    architecture: str = ""
    parameters: int = 0
    quantisation: str = ""
    licence: str = ""
    gated: bool = False
    tested: bool = True
    chat_template: str = ""
    max_rows: int | None = None
    rope: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelTable:
    """Base models by name, Cortex name -> base model by class of machine, and dimensions of Cortex names without public weights."""

    models: Mapping[str, ModelEntry]
    aliases: Mapping[str, Mapping[str, str]]
    embeddings: Mapping[str, int]


def read_table(text: str | None = None) -> ModelTable:
    """The shipped models.toml, or another one's text."""
    toml = tomllib.loads(text if text is not None else _shipped())
    models = [_entry(key, values) for key, values in toml["models"].items()]
    aliases = {name: {m: row[m] for m in MACHINES} for row in toml.get("aliases", []) for name in row["names"]}
    return ModelTable({model.name: model for model in models}, aliases, toml.get("embeddings", {}))


def _shipped() -> str:
    return (files("sapwood.registry") / "models.toml").read_text(encoding="utf-8")


def _entry(key: str, values: Mapping[str, Any]) -> ModelEntry:
    sources = tuple(Source(**source) for source in values["sources"])
    fields: dict[str, Any] = {"name": key, **values, "sources": sources}
    if "sha256" not in values:
        fields["sha256"] = hashlib.sha256(f"{sources[0].repo}@{sources[0].revision}".encode()).hexdigest()
        fields["files"] = dict.fromkeys(ENCODER_FILES, "")
    return ModelEntry(**fields)
