from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_models import tiny_model, tiny_tokenizer

torch = pytest.importorskip("torch")

from sapwood.config import InferenceConfig  # noqa: E402
from sapwood.errors import ModelError  # noqa: E402
from sapwood.inference import embedding  # noqa: E402
from sapwood.inference.embedding import Tokens, batches, load_encoder, read_pooling  # noqa: E402
from sapwood.inference.local import LocalBackend  # noqa: E402
from sapwood.inference.request import Embed, Message, Request, Vector  # noqa: E402
from sapwood.store.records import ModelVersion  # noqa: E402

TEXTS = ["lost phone", "", "a", "roaming in Peru was dear", "slow", "add a line please", "lost phoneS", "why"]
LIMIT = 30
MEAN, FIRST = "pooling_mode_mean_tokens", "pooling_mode_cls_token"

Make = Callable[..., ModelVersion]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT with a start and an end token around each text."""
    from tokenizers.processors import TemplateProcessing
    from transformers import BertConfig, BertModel

    path = tmp_path_factory.mktemp("bert")
    torch.manual_seed(0)
    size: dict[str, Any] = {"vocab_size": 259, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2}
    config = BertConfig(**size, num_attention_heads=4, max_position_embeddings=64, initializer_range=0.3)
    BertModel(config).eval().save_pretrained(path)
    tokenizer = tiny_tokenizer()
    special = [("<|im_start|>", 257), ("<|im_end|>", 258)]
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<|im_start|> $A <|im_end|>", special_tokens=special
    )
    tokenizer.save_pretrained(path)
    return path


@pytest.fixture
def make(weights: Path, tmp_path: Path) -> Make:
    """The model with a card of its own."""

    def build(pooling: str = MEAN, *, is_normalised: bool = True, limit: int | None = LIMIT) -> ModelVersion:
        for file in weights.iterdir():
            (tmp_path / file.name).write_bytes(file.read_bytes())
        kinds = ["Transformer", "Pooling", *(["Normalize"] if is_normalised else [])]
        modules = [{"type": f"sentence_transformers.models.{kind}"} for kind in kinds]
        (tmp_path / "modules.json").write_text(json.dumps(modules))
        (tmp_path / "1_Pooling").mkdir(exist_ok=True)
        (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps({MEAN: False, FIRST: False, pooling: True}))
        if limit:
            (tmp_path / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": limit}))
        return ModelVersion("tiny", "local", "d", path=str(tmp_path), dimensions=32)

    return build


def open_backend(**changes: Any) -> LocalBackend:
    return LocalBackend(replace(InferenceConfig(threads=1), **changes), prepare=lambda version: version)


def embed(model: ModelVersion, texts: Sequence[str], backend: LocalBackend | None = None) -> dict[str, Vector]:
    requests = [Embed(text, model, text, 32) for text in texts]
    found = {done.key: done for done in (backend or open_backend()).embed(requests, is_cancelled=lambda: False)}
    assert sorted(found) == sorted(texts)
    return found


def numbers(vector: Vector) -> Any:
    return np.frombuffer(vector.values, "<f4")


def by_transformers(model: ModelVersion, text: str) -> Any:
    """States of one text alone, [tokens, 32], cut at LIMIT."""
    from transformers import AutoModel, AutoTokenizer

    plain: Any = AutoModel.from_pretrained(model.path)
    tokenizer: Any = AutoTokenizer.from_pretrained(model.path)
    with torch.no_grad():
        read = tokenizer(text, return_tensors="pt", truncation=True, max_length=LIMIT)
        return plain(**read).last_hidden_state[0].numpy()


@pytest.mark.parametrize("shape", [{"batch_tokens": 1}, {"batch_tokens": 64}, {"batch_tokens": 4096}])
def test_vectors_are_those_of_transformers_one_by_one(make: Make, shape: dict[str, Any]) -> None:
    model = make()
    for text, vector in embed(model, TEXTS, open_backend(**shape)).items():
        mean = by_transformers(model, text).mean(0)
        np.testing.assert_allclose(numbers(vector), mean / np.linalg.norm(mean), atol=1e-5)
        assert (vector.tokens, vector.is_truncated, vector.error) == (len(text) + 2, False, None)


def test_pooling_is_as_the_card_says(make: Make) -> None:
    model = make(FIRST, is_normalised=False)
    for text, vector in embed(model, TEXTS).items():
        np.testing.assert_allclose(numbers(vector), by_transformers(model, text)[0], atol=1e-5)


def test_a_long_text_is_cut_and_says_so(make: Make) -> None:
    model, long = make(), "long " * 20
    found = embed(model, [long, "short"])
    mean = by_transformers(model, long).mean(0)
    np.testing.assert_allclose(numbers(found[long]), mean / np.linalg.norm(mean), atol=1e-5)
    assert (found[long].tokens, found[long].is_truncated) == (LIMIT, True)
    assert not found["short"].is_truncated


def test_other_dimensions_than_declared_are_an_error_of_the_row(make: Make) -> None:
    model = make()
    requests = [Embed("wrong", model, "a", 768), Embed("right", model, "a", 32), Embed("any", model, "a")]
    found = {done.key: done for done in open_backend().embed(requests, is_cancelled=lambda: False)}
    assert found["wrong"].error == "model tiny makes vectors of 32 numbers, not 768"
    assert found["wrong"].values == b""
    assert found["right"].values == found["any"].values != b""


def test_cancelling_ends_without_an_error(make: Make) -> None:
    requests = [Embed(text, make(), text) for text in TEXTS]
    calls: list[int] = []

    def is_cancelled() -> bool:
        calls.append(1)
        return len(calls) > 4

    assert len(list(open_backend(batch_tokens=1).embed(requests, is_cancelled=is_cancelled))) == 2


def test_a_failing_batch_fails_its_rows_only(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    real = embedding.Encoder.encode

    def encode(self: embedding.Encoder, rows: Sequence[Sequence[int]]) -> Any:
        if len(rows[0]) == 3:
            raise RuntimeError("can't allocate memory")
        return real(self, rows)

    monkeypatch.setattr(embedding.Encoder, "encode", encode)
    found = embed(make(), ["a", "lost phone"], open_backend(batch_tokens=1))
    assert (found["a"].error, found["a"].retryable) == ("inference failed: can't allocate memory", True)
    assert found["lost phone"].error is None


def test_a_model_does_only_what_it_can(make: Make, tmp_path_factory: pytest.TempPathFactory) -> None:
    model, backend = make(), open_backend()
    with pytest.raises(ModelError, match="model tiny makes vectors, not text"):
        list(backend.generate([Request("k", model, (Message("user", "hi"),))], is_cancelled=lambda: False))
    assert backend.count_text_tokens(model, "four") == 6
    path = tmp_path_factory.mktemp("text")
    tiny_model("llama").save_pretrained(path)
    tiny_tokenizer().save_pretrained(path)
    with pytest.raises(ModelError, match="model other makes text, not vectors"):
        embed(ModelVersion("other", "local", "e", path=str(path)), ["a"], backend)


def test_a_card_that_is_not_understood_is_refused(make: Make, tmp_path: Path) -> None:
    make("pooling_mode_max_tokens")
    with pytest.raises(ModelError, match=r"pools by \['max_tokens'\]"):
        load_encoder(tmp_path)
    modules = [{"type": "sentence_transformers.models.Transformer"}, {"type": "sentence_transformers.models.Dense"}]
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ModelError, match="has a layer Dense"):
        load_encoder(tmp_path)
    (tmp_path / "modules.json").unlink()
    with pytest.raises(ModelError, match=r"modules\.json"):
        load_encoder(tmp_path)


def test_without_a_limit_of_its_own_a_model_takes_what_its_positions_allow(make: Make, tmp_path: Path) -> None:
    make(limit=None)
    assert read_pooling(tmp_path, most=64).limit == 64


def test_batches_are_of_like_length_and_within_the_budget() -> None:
    rows = [Tokens((1,) * length, is_truncated=False) for length in (3, 9, 1, 4, 4, 30)]
    assert list(batches(rows, budget=12)) == [[5], [1], [3, 4, 0], [2]]
    assert list(batches([], budget=12)) == []
