from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_models import tiny_model, tiny_tokenizer

from sapwood.store.records import ModelVersion


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Folder of a tiny model of a family, made once a session."""
    made: dict[tuple[str, int], Path] = {}

    def build(family: str = "llama", seed: int = 0) -> Path:
        if (family, seed) not in made:
            path = tmp_path_factory.mktemp(f"{family}{seed}")
            tiny_model(family, seed=seed).save_pretrained(path)
            tiny_tokenizer().save_pretrained(path)
            made[family, seed] = path
        return made[family, seed]

    return build


@pytest.fixture(scope="session")
def version(folder: Callable[..., Path]) -> Callable[..., ModelVersion]:
    def build(family: str = "llama", seed: int = 0, **changes: Any) -> ModelVersion:
        fields: dict[str, Any] = {
            "name": f"{family}-{seed}",
            "kind": "local",
            "digest": f"{family}{seed}",
            "context": 512,
        }
        fields |= {"path": str(folder(family, seed)), **changes}
        return ModelVersion(**fields)

    return build
