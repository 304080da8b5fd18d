"""Tiny models for training tests; built by the inference room's own builder."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_BUILDER = Path(__file__).parents[1] / "inference" / "tiny_models.py"


def _load_builder() -> Any:
    spec = importlib.util.spec_from_file_location("training_tiny_models", _BUILDER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def build_model() -> Callable[..., Any]:
    """(family, seed=0, **config) -> a random model of a few thousand weights, in fp32."""
    return _load_builder().tiny_model


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    return _load_builder().tiny_tokenizer()


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory, build_model: Callable[..., Any], tokenizer: Any) -> Path:
    """A tiny Llama with its tokenizer, as the registry unpacks one."""
    folder = tmp_path_factory.mktemp("tiny-llama")
    build_model("llama").save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
