from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tiny_models import tiny_tokenizer

pytest.importorskip("torch")

from sapwood.config import InferenceConfig
from sapwood.errors import InvalidOptionError
from sapwood.inference.local import LocalBackend
from sapwood.inference.request import Message, Request, Sampling
from sapwood.inference.schema import Schemas
from sapwood.store.records import ModelVersion

CHOICE = {
    "type": "object",
    "properties": {"category": {"enum": ["Lost phone", "Roaming fees"]}, "urgent": {"type": "boolean"}},
    "required": ["category", "urgent"],
    "additionalProperties": False,
}
END = 258


def test_only_what_the_schema_allows_may_come_next() -> None:
    tokenizer: Any = tiny_tokenizer()
    matcher = Schemas(tokenizer, end_id=END).matcher(json.dumps(CHOICE))
    for token in tokenizer('{"category": "')["input_ids"]:
        assert bool(matcher.allowed(300)[token])
        assert matcher.consume(token)
    allowed = {tokenizer.decode([at]) for at, is_allowed in enumerate(matcher.allowed(300).tolist()) if is_allowed}
    assert allowed == {"L", "R"}


def test_a_whole_answer_ends() -> None:
    tokenizer: Any = tiny_tokenizer()
    matcher = Schemas(tokenizer, end_id=END).matcher(json.dumps(CHOICE))
    *most, last = tokenizer('{"category": "Lost phone", "urgent": true}')["input_ids"]
    assert all(matcher.consume(token) for token in most)
    assert not matcher.consume(last)
    assert matcher.error == ""


@pytest.mark.parametrize("schema", ["{", "[]", '{"type": "colour"}', '{"properties": 3}'])
def test_a_bad_schema_is_refused(schema: str) -> None:
    tokenizer: Any = tiny_tokenizer()
    with pytest.raises(InvalidOptionError, match="input schema validation error"):
        Schemas(tokenizer, end_id=END).matcher(schema)


@pytest.mark.parametrize("sampling", [Sampling(), Sampling(temperature=1.0, seed=5)])
def test_answers_of_a_random_model_follow_the_schema(version: Callable[..., ModelVersion], sampling: Sampling) -> None:
    backend = LocalBackend(InferenceConfig(number_type="fp32", threads=1), prepare=lambda model: model)
    schemas = {"good": json.dumps(CHOICE), "bad": '{"type": "colour"}', "free": None}
    requests = [
        Request(key, version("llama"), (Message("user", "hi"),), sampling, schema) for key, schema in schemas.items()
    ]
    found = {done.key: done for done in backend.generate(requests, is_cancelled=lambda: False)}
    answer = json.loads(found["good"].text)
    assert answer["category"] in ("Lost phone", "Roaming fees")
    assert isinstance(answer["urgent"], bool)
    assert found["good"].finish == "stop"
    assert found["bad"].error is not None
    assert found["bad"].error.startswith("input schema validation error")
    assert found["free"].error is None
