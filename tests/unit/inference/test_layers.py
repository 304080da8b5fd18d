from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from tiny_models import tiny_model

torch = pytest.importorskip("torch")

from sapwood.inference.attention import read_rows, use_shared_attention  # noqa: E402
from sapwood.inference.layers import Attention, FeedForward, Norm, slim  # noqa: E402
from sapwood.inference.siblings import JoinedLayer, groups, join  # noqa: E402

FAMILIES: dict[str, dict[str, Any]] = {
    "llama": {},
    "qwen2": {},
    "qwen3": {},
    "mistral": {"sliding_window": 11},
}
IDS = torch.tensor([[40, 41, 52, 53, 54], [60, 61, 62, 63, 64]])
PREFIX = list(range(5, 25))


def hidden(model: Any) -> Any:
    with torch.no_grad():
        return read_rows(model, IDS, prefix=PREFIX)


def with_shared_attention(family: str, **changes: Any) -> Any:
    model = tiny_model(family, **changes)
    with torch.no_grad():  # norms and biases start at one and zero, which would hide them
        for weight in model.parameters():
            if weight.dim() == 1:
                weight.add_(torch.randn_like(weight) * 0.2)
    use_shared_attention(model)
    return model


@pytest.mark.parametrize("family", FAMILIES)
def test_replaced_parts_answer_as_transformers_do(family: str) -> None:
    model = with_shared_attention(family, **FAMILIES[family])
    wanted = hidden(model)
    slim(model)
    kinds = {type(module) for module in model.modules()}
    assert {Norm, FeedForward, Attention} <= kinds
    torch.testing.assert_close(hidden(model), wanted, rtol=1e-5, atol=1e-5)
    join(model)
    assert any(isinstance(module, JoinedLayer) for module in model.modules())
    torch.testing.assert_close(hidden(model), wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_replaced_parts_have_the_same_gradients(family: str) -> None:
    gradients: list[dict[str, Any]] = []
    for replaced in (False, True):
        model = with_shared_attention(family, **FAMILIES[family])
        model.get_input_embeddings().weight.requires_grad_(True)
        if replaced:
            slim(model)
        for name, weight in model.named_parameters():
            weight.requires_grad_("proj" in name or "embed" in name)
        read_rows(model, IDS, prefix=PREFIX).square().sum().backward()
        gradients.append({name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None})
    assert gradients[0].keys() == gradients[1].keys()
    for name, wanted in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], wanted, rtol=1e-3, atol=1e-4 * float(wanted.abs().max()))


def test_gradients_are_the_functions_derivatives() -> None:
    torch.manual_seed(1)
    norm = Norm(SimpleNamespace(weight=torch.linspace(0.5, 2, 6, dtype=torch.float64), variance_epsilon=1e-5))
    sizes = {"gate_proj": (6, 4), "up_proj": (6, 4), "down_proj": (4, 6)}
    gated = FeedForward(
        SimpleNamespace(**{name: torch.nn.Linear(*size, dtype=torch.float64) for name, size in sizes.items()})
    )
    x = torch.randn(3, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(norm, [x])
    assert torch.autograd.gradcheck(gated, [x])


def test_other_families_and_activations_stay_as_they_are() -> None:
    for model in (tiny_model("gemma2", query_pre_attn_scalar=8), tiny_model("llama", hidden_act="gelu")):
        slim(model)
        assert not any(isinstance(module, FeedForward) for module in model.modules())


def test_siblings_of_another_kind_are_not_joined() -> None:
    model = tiny_model("llama")
    attention = model.model.layers[0].self_attn
    attention.k_proj = torch.nn.Sequential(attention.k_proj)
    join(model)
    assert type(attention.q_proj) is torch.nn.Linear
    assert isinstance(model.model.layers[1].self_attn.q_proj, JoinedLayer)


def test_siblings_are_known_by_their_names() -> None:
    names = ["o_proj", "v_proj", "q_proj", "k_proj", "up_proj"]
    assert groups(dict.fromkeys(names)) == [["v_proj", "q_proj", "k_proj"]]


def test_siblings_asked_apart_or_twice_answer_the_same() -> None:
    attention = tiny_model("qwen2").model.layers[0].self_attn
    names = ("q_proj", "k_proj", "v_proj")
    x, y = torch.randn(2, 5, 32), torch.randn(2, 5, 32)
    wanted = {(name, at): getattr(attention, name)((x, y)[at]) for name in names for at in (0, 1)}
    join(attention)
    for name, at in (("v_proj", 0), ("q_proj", 1), ("q_proj", 0), ("q_proj", 0), ("k_proj", 0), ("v_proj", 1)):
        torch.testing.assert_close(getattr(attention, name)((x, y)[at]), wanted[name, at], rtol=1e-5, atol=1e-6)
