from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from torch import nn

from sapwood.errors import InvalidOptionError
from sapwood.inference.adapter import check_canary, fold, write_canary
from sapwood.inference.attention import use_shared_attention
from sapwood.training.lora import attach, copy_state, load_state, write_adapter

IDS = torch.tensor([[5, 9, 200, 31, 7]])


def trained_model(build_model: Callable[..., Any]) -> tuple[Any, Any]:
    model = build_model("llama")
    lora = attach(model, rank=4, alpha=12, seed=3)
    torch.manual_seed(8)
    state = {name: torch.randn_like(tensor).mul_(0.1) for name, tensor in copy_state(lora).items()}
    load_state(lora, state)
    return model, state


def test_a_fresh_adapter_changes_nothing(build_model: Callable[..., Any]) -> None:
    model = build_model("llama")
    before = model(IDS).logits
    attach(model, rank=4, alpha=8, seed=0)
    torch.testing.assert_close(
        model(IDS).logits, before, rtol=0, atol=1e-5
    )  # one product for query, key and value rounds otherwise


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")  # PEFT reads it
def test_peft_loads_what_we_write_and_answers_the_same(build_model: Callable[..., Any], tmp_path: Path) -> None:
    model, state = trained_model(build_model)
    write_adapter(tmp_path, state, rank=4, alpha=12, base="tiny")
    theirs = peft.PeftModel.from_pretrained(build_model("llama"), str(tmp_path))
    torch.testing.assert_close(theirs(IDS).logits, model(IDS).logits, rtol=1e-5, atol=1e-5)
    assert not torch.allclose(theirs(IDS).logits, build_model("llama")(IDS).logits, atol=1e-3)


def test_inference_folds_what_we_write_and_the_canary_agrees(build_model: Callable[..., Any], tmp_path: Path) -> None:
    model, state = trained_model(build_model)
    write_adapter(tmp_path, state, rank=4, alpha=12, base="tiny")
    use_shared_attention(model)
    write_canary(tmp_path, model, [5, 9, 200, 31, 7])
    folded = build_model("llama")
    use_shared_attention(folded)
    fold(folded, tmp_path)
    assert check_canary(folded, tmp_path) < 1e-3


def test_the_same_seed_draws_the_same_adapter(build_model: Callable[..., Any]) -> None:
    first, again, other = (copy_state(attach(build_model("llama"), rank=4, alpha=8, seed=seed)) for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_a_model_without_linear_layers_is_refused(build_model: Callable[..., Any]) -> None:
    model = build_model("llama")
    model.model.layers = nn.ModuleList()
    with pytest.raises(InvalidOptionError, match="can't be fine-tuned"):
        attach(model, rank=4, alpha=8, seed=0)


def test_only_the_targets_are_adapted(build_model: Callable[..., Any]) -> None:
    model = build_model("llama")
    lora = attach(model, rank=4, alpha=8, seed=0, targets=["q_proj", "down_proj"])
    assert {name.rpartition(".")[2] for name in lora} == {"q_proj", "down_proj"}
    assert len(lora) == 2 * model.config.num_hidden_layers
    learning = [name for name, weight in model.named_parameters() if weight.requires_grad]
    assert all(".q_proj." in name or ".down_proj." in name for name in learning)
    with pytest.raises(InvalidOptionError, match="no linear layers named 'query'") as refused:
        attach(build_model("llama"), rank=4, alpha=8, seed=0, targets=["query"])
    assert "q_proj" in refused.value.hint


def test_dropout_keeps_the_sum(build_model: Callable[..., Any]) -> None:
    lora = attach(build_model("llama"), rank=4, alpha=12, seed=3, dropout=0.25)
    torch.manual_seed(2)
    pair: Any = next(iter(lora.values())).pair
    kept = pair.draw(torch.zeros(401, 77))
    assert kept.unique().tolist() == pytest.approx([0.0, 4 / 3])
    # the standard deviation of the mean of 30,877 draws is 0.0033
    assert kept.mean().item() == pytest.approx(1.0, abs=0.015)
    assert kept[0].tolist() != kept[1].tolist()


def test_gradients_with_dropout_are_those_of_the_plain_formula(build_model: Callable[..., Any]) -> None:
    model = build_model("llama").double()
    lora = attach(model, rank=4, alpha=8, seed=3, dropout=0.4)
    layer = lora["model.layers.0.mlp.down_proj"]
    pair: Any = layer.pair
    with torch.no_grad():
        for matrix in (pair.a, pair.b):
            matrix.copy_(torch.randn_like(matrix))
    x = torch.randn(5, layer.weight.shape[1], dtype=torch.float64, requires_grad=True)
    outcomes: list[list[Any]] = []
    for is_plain in (True, False):
        torch.manual_seed(4)
        if is_plain:
            kept = pair.draw(x)
            out = x @ layer.weight.t() + (x * kept) @ pair.a.double().t() @ pair.b.double().t() * 2
        else:
            out = layer(x)
        outcomes.append([out, *torch.autograd.grad(out.sin().sum(), [x, pair.a, pair.b])])
    for ours, wanted in zip(*outcomes, strict=True):
        torch.testing.assert_close(ours, wanted, rtol=1e-5, atol=1e-6)


def test_dropout_leaves_a_part_of_the_adapters_input_out(build_model: Callable[..., Any]) -> None:
    plain, dropping = build_model("llama"), build_model("llama")
    state = {}
    for model, dropout in ((plain, 0.0), (dropping, 0.4)):
        lora = attach(model, rank=4, alpha=12, seed=3, dropout=dropout)
        state = state or {name: torch.randn_like(tensor).mul_(0.1) for name, tensor in copy_state(lora).items()}
        load_state(lora, state)
    attention = "model.layers.0.self_attn.q_proj"
    x = torch.randn(3, plain.get_submodule(attention).weight.shape[1])
    pair = dropping.get_submodule(attention).pair
    torch.manual_seed(1)
    kept = x * pair.draw(x)
    a, b = (state[f"base_model.model.{attention}.lora_{part}.weight"] for part in "AB")
    wanted = x @ plain.get_submodule(attention).weight.t() + kept @ a.t() @ b.t() * (12 / 4)
    torch.manual_seed(1)
    torch.testing.assert_close(dropping.get_submodule(attention)(x), wanted, rtol=1e-4, atol=1e-5)
    with torch.no_grad():  # a model that is asked drops nothing
        torch.testing.assert_close(dropping(IDS).logits, plain(IDS).logits)


def test_layers_that_read_the_same_input_share_one_product(build_model: Callable[..., Any]) -> None:
    model = build_model("llama")
    lora = attach(model, rank=4, alpha=8, seed=0)
    attention, mlp = model.model.layers[0].self_attn, model.model.layers[0].mlp
    assert attention.q_proj.pair is attention.k_proj.pair is attention.v_proj.pair
    assert mlp.gate_proj.pair is mlp.up_proj.pair
    alone = [lora[f"model.layers.0.{name}"].pair for name in ("self_attn.o_proj", "mlp.down_proj")]
    assert len({attention.q_proj.pair, mlp.up_proj.pair, *alone}) == 4
    # one storage: what the layers had apart is let go
    assert attention.k_proj.weight.untyped_storage().data_ptr() == attention.q_proj.weight.untyped_storage().data_ptr()


def test_siblings_asked_apart_or_twice_answer_the_same(build_model: Callable[..., Any]) -> None:
    attention = build_model("llama").model.layers[0].self_attn
    names = ("q_proj", "k_proj", "v_proj")
    x, y = torch.randn(2, 5, attention.q_proj.in_features), torch.randn(2, 5, attention.q_proj.in_features)
    wanted = {(name, at): getattr(attention, name)(each) for name in names for at, each in enumerate((x, y))}
    model = build_model("llama")
    attach(model, rank=4, alpha=8, seed=0)
    adapted = model.model.layers[0].self_attn
    for name, at in (("v_proj", 0), ("q_proj", 1), ("q_proj", 0), ("q_proj", 0), ("k_proj", 0), ("v_proj", 1)):
        torch.testing.assert_close(getattr(adapted, name)((x, y)[at]), wanted[name, at], rtol=0, atol=1e-5)


def test_siblings_of_which_some_have_a_bias_stay_apart_and_keep_it(build_model: Callable[..., Any]) -> None:
    model = build_model("llama")
    attention = model.model.layers[0].self_attn
    attention.v_proj.bias = nn.Parameter(torch.randn(attention.v_proj.out_features))
    before = model(IDS).logits
    attach(model, rank=4, alpha=8, seed=0)
    torch.testing.assert_close(model(IDS).logits, before, rtol=0, atol=1e-5)
