"""Models that the user adds by path: a .gguf file, or a folder of safetensors as transformers saves it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from sapwood.errors import ConfigError
from sapwood.registry.download import sha256_of
from sapwood.registry.table import ModelEntry, Source
from sapwood.registry.unpack import context_length
from sapwood.store.records import LocalModel

_FULL_CONTEXT = 8192
"""A context of more tokens than this gives 4,096 to the completion, a smaller one a quarter; as the vendor's table does."""


def read_local(path: Path) -> tuple[str, int]:
    """(digest, context in tokens) of a file or folder.

    Raises ConfigError if it is neither, UnsupportedError for a GGUF file that can't be unpacked.
    """
    if path.is_file() and path.suffix.lower() == ".gguf":
        return sha256_of(path), context_length(path)
    if not (path / "config.json").is_file() or not (weights := sorted(path.glob("*.safetensors"))):
        hint = "Give a .gguf file, or a folder with config.json, *.safetensors and the tokenizer's files."
        raise ConfigError(f"{path} holds no model", hint=hint)
    try:
        config = json.loads((path / "config.json").read_text(encoding="utf-8"))
        context = config.get("max_position_embeddings")
    except (ValueError, AttributeError) as error:
        raise ConfigError(f"{path}/config.json holds no JSON object", hint="Save the model again.") from error
    if not isinstance(context, int):
        raise ConfigError(f"{path}/config.json does not say max_position_embeddings")
    return _folder_digest(path, [*weights, *sorted(path.glob("*.json")), *sorted(path.glob("*/config.json"))]), context


def local_entry(model: LocalModel) -> ModelEntry:
    """A model that was added, in the form of those in models.toml."""
    path = Path(model.path)
    completion = 4096 if model.context > _FULL_CONTEXT else model.context // 4
    return ModelEntry(
        name=model.name,
        sha256=model.digest,
        bytes=path.stat().st_size if path.is_file() else 0,
        context=model.context,
        max_output=min(model.context, 8192),
        prompt_tokens=model.context - completion,
        completion_tokens=completion,
        dimensions=_dimensions(path),
        sources=(Source("path", path=model.path),),
    )


def _dimensions(path: Path) -> int:
    """Numbers of the vectors that a folder's model makes; 0 if it makes text: sentence-transformers' files are not there."""
    if not (path / "modules.json").is_file():
        return 0
    return int(json.loads((path / "config.json").read_text(encoding="utf-8"))["hidden_size"])


def _folder_digest(folder: Path, files: list[Path]) -> str:
    """One digest over the names and digests of files."""
    lines = [f"{sha256_of(file)}  {file.relative_to(folder)}\n" for file in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
