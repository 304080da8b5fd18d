"""The real small model, from the shared cache: what a random model can't show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from sapwood import config as settings  # noqa: E402
from sapwood.inference.local import LocalBackend  # noqa: E402
from sapwood.inference.request import Completion, Message, Request, Sampling  # noqa: E402
from sapwood.registry.registry import Registry  # noqa: E402
from sapwood.store.catalog import Catalog  # noqa: E402
from sapwood.store.records import ModelVersion  # noqa: E402

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelVersion]:
    folder: Path = tmp_path_factory.mktemp("catalog")
    catalog = Catalog(f"sqlite:///{folder}/catalog.sqlite")
    registry = Registry(catalog, settings.load(folder))
    yield registry.prepare(registry.resolve("smollm2-135m-instruct"))
    catalog.close()


def new_backend(**changes: Any) -> LocalBackend:
    return LocalBackend(settings.InferenceConfig(**changes), prepare=lambda version: version)


@pytest.fixture(scope="module")
def backend() -> LocalBackend:
    """One that loads the model once for several tests."""
    return new_backend()


def ask(
    backend: LocalBackend, model: ModelVersion, questions: dict[str, str], *, schema: str | None = None
) -> dict[str, Completion]:
    requests = [
        Request(key, model, (Message("user", text),), Sampling(max_tokens=24), schema)
        for key, text in questions.items()
    ]
    return {done.key: done for done in backend.generate(requests, is_cancelled=lambda: False)}


QUESTIONS = {
    "france": "What is the capital of France? Answer in one short sentence.",
    "japan": "What is the capital of Japan? Answer in one short sentence.",
    "sum": "What is the capital of Italy? Answer in one short sentence.",
}


def test_it_knows_its_capitals(backend: LocalBackend, small: ModelVersion) -> None:
    found = ask(backend, small, QUESTIONS)
    assert "Paris" in found["france"].text
    assert "Tokyo" in found["japan"].text
    assert "<|im_end|>" not in "".join(done.text for done in found.values())


def test_in_fp32_neighbours_change_nothing(small: ModelVersion) -> None:
    together = ask(new_backend(number_type="fp32"), small, QUESTIONS)
    another = new_backend(number_type="fp32")
    for key, text in QUESTIONS.items():
        assert ask(another, small, {key: text})[key].text == together[key].text


def test_the_templates_own_system_message_is_kept(backend: LocalBackend, small: ModelVersion) -> None:
    bare = backend.count_text_tokens(small, "Hello")
    system = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
    rendered = f"<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n"
    assert bare == 1
    assert backend.count_tokens(small, (Message("user", "Hello"),)) == backend.count_text_tokens(small, rendered)


def test_a_schema_is_followed(backend: LocalBackend, small: ModelVersion) -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"city": {"enum": ["Paris", "Rome"]}},
        "required": ["city"],
    }
    schema["additionalProperties"] = False
    (done,) = ask(backend, small, {"france": QUESTIONS["france"]}, schema=json.dumps(schema)).values()
    assert json.loads(done.text)["city"] in ("Paris", "Rome")
