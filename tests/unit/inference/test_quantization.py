from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from sapwood.inference import byte_product, quantization  # noqa: E402
from sapwood.inference.attention import read_rows  # noqa: E402
from sapwood.inference.byte_product import LEVELS, ZERO, to_bytes, turn  # noqa: E402
from sapwood.inference.quantization import Int8Linear, quantize  # noqa: E402
from sapwood.inference.weights import PAIR_LEVELS, byte_levels, load_model  # noqa: E402

LEVELS_HERE = byte_levels()
pytestmark = pytest.mark.skipif(not LEVELS_HERE, reason="this CPU has no quick products of bytes")


@pytest.mark.parametrize("name", ["float32", "bfloat16"])
def test_bytes_are_within_half_a_step_of_what_they_stand_for(name: str) -> None:
    x = torch.randn(300, 64, generator=torch.Generator().manual_seed(1)) * torch.logspace(-3, 3, 300)[:, None]
    factor = torch.logspace(2, -2, 300)[:, None]
    rows, dtype = x * factor, getattr(torch, name)
    made = to_bytes(x.clone(), dtype, factor=factor)
    assert (made.line.dtype, made.scale.dtype) == (torch.uint8, dtype)
    scale = made.scale.float()
    # bf16 keeps eight bits of the scale, and the bytes are made for what it keeps
    assert scale.flatten().tolist() == pytest.approx((rows.abs().amax(dim=1) / LEVELS).tolist(), rel=1 / 256)
    assert ((made.line.float() - ZERO) * scale - rows).abs().div(scale).max() <= 0.501


def test_turning_keeps_lengths_and_products_and_undoes_itself() -> None:
    x, y = torch.randn(2, 5, 192, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    torch.testing.assert_close(turn(x).norm(dim=1), x.norm(dim=1))
    torch.testing.assert_close(turn(x) @ turn(y).t(), x @ y.t())
    torch.testing.assert_close(turn(turn(x)), x)


def test_one_great_input_does_not_take_the_levels_of_the_others() -> None:
    torch.manual_seed(6)
    base = nn.Linear(1024, 64, bias=False)
    with torch.no_grad():
        base.weight[:, 7] = 0.0  # so that the product is that of the small inputs alone
    x = torch.randn(20, 1024)
    x[:, 7] = 500.0
    with torch.inference_mode():
        exact, ours = base(x), Int8Linear(base, levels=LEVELS_HERE)(x)
    # one level is 500 / 127 = 4 without turning, above nearly all other inputs: an error of 100 %
    assert ((ours - exact).norm() / exact.norm()).item() < 0.3


def test_a_row_of_zeros_stays_zero() -> None:
    rows = to_bytes(torch.zeros(2, 64), torch.float32)
    assert rows.line.tolist() == [[ZERO] * 64] * 2
    assert bool(torch.isfinite(rows.scale).all())


@pytest.mark.parametrize("name", ["float32", "bfloat16"])
def test_the_product_is_near_that_of_floats(name: str) -> None:
    torch.manual_seed(2)
    dtype = getattr(torch, name)
    base = nn.Linear(512, 256, bias=True, dtype=dtype)
    x = torch.randn(3, 40, 512, dtype=dtype)
    untouched = x.clone()
    with torch.inference_mode():
        exact, ours = base(x).float(), Int8Linear(base, levels=LEVELS_HERE)(x)
        assert torch.equal(x, untouched)
        assert (ours.dtype, ours.shape) == (dtype, (3, 40, 256))
        # two roundings to 1/127 (1/63) of the greatest value, uniform: about 0.8 (1.6) % each for normal numbers of this width
        assert ((ours.float() - exact).norm() / exact.norm()).item() < (0.02 if LEVELS_HERE > PAIR_LEVELS else 0.03)


def test_a_token_does_not_feel_its_neighbours() -> None:
    torch.manual_seed(3)
    layer = Int8Linear(nn.Linear(128, 64, bias=False))
    x = torch.randn(200, 128)
    with torch.inference_mode():
        assert torch.equal(layer(x)[77], layer(x[77:78])[0])


def test_sums_of_the_greatest_products_are_exact() -> None:
    """255 x 63 twice is what 16 bits hold; more would stand still at 32,767 where products are summed pair by pair."""
    base = nn.Linear(1024, 64, bias=False)
    with torch.no_grad():
        base.weight.zero_()[:, ::64] = 1.0  # turned: one value everywhere, the greatest level
    x = torch.zeros(3, 1024)
    x[:, ::64] = torch.tensor([1.0, -1.0, 0.5])[:, None]
    with torch.inference_mode():
        ours = Int8Linear(base, levels=LEVELS_HERE)(x)
        torch.testing.assert_close(ours, base(x))


def test_what_is_not_quantised_takes_the_wanted_type(folder: Callable[..., Path]) -> None:
    model = load_model(folder("llama"), None)
    quantize(model, torch.bfloat16, levels=LEVELS_HERE)
    assert model.dtype is torch.bfloat16


def test_siblings_share_the_bytes_of_one_input(folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantization, "LEAST_INPUTS", 1)
    monkeypatch.setattr(byte_product, "TURN", 8)
    model = load_model(folder("gemma2"), torch.float32)
    quantize(model, torch.float32, levels=LEVELS_HERE)
    made: list[int] = []
    monkeypatch.setattr(quantization, "to_bytes", lambda x, dtype: made.append(len(x)) or to_bytes(x, dtype))
    with torch.inference_mode():
        read_rows(model, torch.randint(3, 90, (2, 12)))
    # query, key and value; what attention gives; gate and up; what they give
    assert made == [24] * 4 * model.config.num_hidden_layers


def test_only_wide_layers_of_the_decoder_are_replaced(
    folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_model(folder("gemma2"), torch.float32)
    ids = torch.randint(3, 90, (2, 12))
    with torch.inference_mode():
        before = read_rows(model, ids)
        assert quantize(model, torch.float32, levels=LEVELS_HERE) == 0
        assert torch.equal(read_rows(model, ids), before)
        monkeypatch.setattr(quantization, "LEAST_INPUTS", 1)
        monkeypatch.setattr(byte_product, "TURN", 8)
        linear = [part for part in model.get_decoder().modules() if isinstance(part, nn.Linear)]
        assert quantize(model, torch.float32, levels=LEVELS_HERE) == sum(part.weight.numel() for part in linear)
        after = read_rows(model, ids)
    assert isinstance(model.get_output_embeddings(), nn.Linear)
    assert 0 < ((after - before).norm() / before.norm()).item() < 0.1
