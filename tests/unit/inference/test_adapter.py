from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tiny_models import tiny_model

torch = pytest.importorskip("torch")

from sapwood.errors import ModelError  # noqa: E402
from sapwood.inference.adapter import check_canary, fold, read_adapter, write_canary  # noqa: E402
from sapwood.inference.attention import head_logits, read_rows, use_shared_attention  # noqa: E402

TOKENS = [5, 6, 7, 8, 9]

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*is_gradient_checkpointing:FutureWarning"
)  # PEFT 0.21 reads a name that transformers 5 renamed


def shared_model(seed: int = 0, **changes: Any) -> Any:
    model = tiny_model("llama", seed=seed, **changes)
    use_shared_attention(model)
    return model


def peft_adapter(path: Path, **options: Any) -> Any:
    """Logits of TOKENS from PEFT's own model, whose adapter is saved to `path`. Changes no state of other tests."""
    from peft import LoraConfig, get_peft_model

    settings: dict[str, Any] = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear", **options}
    model = get_peft_model(tiny_model("llama"), LoraConfig(**settings))
    torch.manual_seed(1)
    for name, weight in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=0.1)
    model.save_pretrained(str(path), save_embedding_layers=False)
    with torch.no_grad():
        return model(torch.tensor([TOKENS])).logits[0, -1]


def logits_of(model: Any) -> Any:
    with torch.no_grad():
        return head_logits(model, read_rows(model, torch.tensor([TOKENS]))[:, -1])[0]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"use_rslora": True},
        {"rank_pattern": {"q_proj": 2}, "alpha_pattern": {"q_proj": 5, "layers.1.mlp.down_proj": 1}},
        {"target_modules": ["q_proj", "lm_head"]},
    ],
)
def test_a_folded_adapter_answers_as_peft_does(tmp_path: Path, options: dict[str, Any]) -> None:
    theirs = peft_adapter(tmp_path, **options)
    model = shared_model()
    assert (logits_of(model) - theirs).abs().max() > 0.05
    assert fold(model, tmp_path) > 0
    torch.testing.assert_close(logits_of(model), theirs, atol=1e-4, rtol=1e-4)


def test_folding_into_a_tied_head_leaves_the_embeddings_alone(tmp_path: Path) -> None:
    peft_adapter(tmp_path, target_modules=["lm_head"])
    model = shared_model(tie_word_embeddings=True)
    before = model.get_input_embeddings().weight.clone()
    fold(model, tmp_path)
    assert torch.equal(model.get_input_embeddings().weight, before)
    assert not torch.equal(model.get_output_embeddings().weight, before)


def test_a_tensor_that_is_not_understood_is_an_error(tmp_path: Path) -> None:
    peft_adapter(tmp_path, use_dora=True)
    with pytest.raises(ModelError, match="lora_magnitude_vector"):
        read_adapter(tmp_path)


def test_an_adapter_of_another_base_changes_nothing(tmp_path: Path) -> None:
    peft_adapter(tmp_path)
    model = shared_model(intermediate_size=40)
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    with pytest.raises(ModelError, match="does not fit its base model"):
        fold(model, tmp_path)
    assert all(torch.equal(weight, before[name]) for name, weight in model.named_parameters())


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
def test_a_broken_file_is_a_model_error(tmp_path: Path, name: str) -> None:
    peft_adapter(tmp_path)
    (tmp_path / name).write_bytes(b"\x00{")
    with pytest.raises(ModelError, match="can't be read"):
        read_adapter(tmp_path)


def test_other_adapters_than_lora_are_refused(tmp_path: Path) -> None:
    peft_adapter(tmp_path)
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    (tmp_path / "adapter_config.json").write_text(json.dumps({**config, "peft_type": "IA3"}))
    with pytest.raises(ModelError, match="IA3"):
        read_adapter(tmp_path)


def test_the_canary_passes_the_model_that_was_trained(tmp_path: Path) -> None:
    peft_adapter(tmp_path)
    trained = shared_model()
    fold(trained, tmp_path)
    write_canary(tmp_path, trained, TOKENS)
    loaded = shared_model()
    fold(loaded, tmp_path)
    assert check_canary(loaded, tmp_path) < 1e-4


def test_the_canary_finds_an_adapter_that_was_not_applied(tmp_path: Path) -> None:
    peft_adapter(tmp_path)
    trained = shared_model()
    fold(trained, tmp_path)
    write_canary(tmp_path, trained, TOKENS)
    with pytest.raises(ModelError, match="does not answer as it did after training"):
        check_canary(shared_model(), tmp_path)


def test_the_canary_finds_a_model_of_nan(tmp_path: Path) -> None:
    model = shared_model()
    write_canary(tmp_path, model, TOKENS)
    with torch.no_grad():
        model.model.norm.weight.fill_(float("nan"))
    with pytest.raises(ModelError, match="does not answer"):
        check_canary(model, tmp_path)


def test_a_missing_canary_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="canary"):
        check_canary(shared_model(), tmp_path)
