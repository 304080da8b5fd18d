from __future__ import annotations

from typing import Any

import pytest
from tiny_models import tiny_model

torch = pytest.importorskip("torch")

from sapwood.inference import byte_decoder, byte_product  # noqa: E402
from sapwood.inference.attention import decode_rows, prefill_rows, read_rows, use_shared_attention  # noqa: E402
from sapwood.inference.byte_decoder import ByteLayer, replace_decoder  # noqa: E402
from sapwood.inference.kv import OwnKV  # noqa: E402
from sapwood.inference.layers import slim  # noqa: E402
from sapwood.inference.packing import pack_rows  # noqa: E402
from sapwood.inference.weights import byte_levels  # noqa: E402

LEVELS_HERE = byte_levels()
pytestmark = pytest.mark.skipif(not LEVELS_HERE, reason="this CPU has no quick products of bytes")

FAMILIES: dict[str, dict[str, Any]] = {"llama": {}, "qwen2": {}, "qwen3": {}, "mistral": {"sliding_window": 11}}
IDS = torch.tensor([[40, 41, 52, 53, 54], [60, 61, 62, 63, 64]])
PREFIX = list(range(5, 25))


@pytest.fixture(autouse=True)
def small_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(byte_product, "TURN", 8)


def loaded(family: str, **changes: Any) -> Any:
    model = tiny_model(family, **changes)
    with torch.no_grad():  # norms and biases start at one and zero, which would hide them
        for weight in model.parameters():
            if weight.dim() == 1:
                weight.add_(torch.randn_like(weight) * 0.2)
    use_shared_attention(model)
    slim(model)
    return model


def hidden(model: Any) -> Any:
    with torch.inference_mode():
        return read_rows(model, IDS, prefix=PREFIX)


def error(ours: Any, wanted: Any) -> float:
    return ((ours - wanted).norm() / wanted.norm()).item()


@pytest.mark.parametrize("family", FAMILIES)
def test_states_are_near_those_of_floats(family: str) -> None:
    model = loaded(family, **FAMILIES[family])
    wanted = hidden(model)
    weights = sum(layer.weight.numel() for layer in model.model.layers.modules() if isinstance(layer, torch.nn.Linear))
    assert replace_decoder(model, levels=LEVELS_HERE, threads=2) == weights
    assert all(type(layer) is ByteLayer for layer in model.model.layers)
    # each of 12 products has an error of one or two in a hundred, and they add up like noise
    assert 0 < error(hidden(model), wanted) < 0.1


def test_tokens_taken_some_at_a_time_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    model = loaded("qwen2")
    replace_decoder(model, levels=LEVELS_HERE)
    wanted = hidden(model)
    monkeypatch.setattr(byte_decoder, "PIECE_ROWS", 7)
    torch.testing.assert_close(hidden(model), wanted, rtol=1e-4, atol=1e-4)


def test_a_decoded_token_is_as_if_it_had_been_read() -> None:
    model = loaded("llama")
    replace_decoder(model, levels=LEVELS_HERE)
    with torch.inference_mode():
        wanted = read_rows(model, IDS)[:, -2:]
        own = OwnKV(model, rows=2, capacity=8)
        read = prefill_rows(model, pack_rows(IDS[:, :4].tolist(), device=IDS.device), prefix=None, own=own, first=0)
        decoded = decode_rows(model, IDS[:, 4:], lengths=torch.tensor([4, 4]), longest=4, prefix=None, own=own)
    ours = torch.cat([read[:, None], decoded], dim=1)
    # sums in another order may round a value to the level beside it
    assert error(ours, wanted) < 0.01


@pytest.mark.parametrize(
    ("family", "changes"),
    [
        ("gemma2", {"query_pre_attn_scalar": 8}),
        ("llama", {"attention_bias": True}),
        ("llama", {"intermediate_size": 52}),
    ],
)
def test_what_does_not_fit_stays_as_it_is(family: str, changes: dict[str, Any]) -> None:
    model = loaded(family, **changes)
    wanted = hidden(model)
    assert replace_decoder(model, levels=LEVELS_HERE) == 0
    assert torch.equal(hidden(model), wanted)
