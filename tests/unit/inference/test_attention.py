from __future__ import annotations

from typing import Any

import pytest
from tiny_models import tiny_model

torch = pytest.importorskip("torch")

from sapwood.inference import attention  # noqa: E402
from sapwood.inference.attention import (  # noqa: E402
    decode_rows,
    encode_prefix,
    head_logits,
    prefill_rows,
    read_rows,
    use_shared_attention,
)
from sapwood.inference.kv import OwnKV  # noqa: E402
from sapwood.inference.packing import pack_rows  # noqa: E402

FAMILIES: dict[str, dict[str, Any]] = {
    "llama": {},
    "qwen2": {},
    "qwen3": {},
    "mistral": {"sliding_window": 11},
    "gemma2": {"sliding_window": 11, "query_pre_attn_scalar": 8},
    "gemma3_text": {
        "sliding_window": 11,
        "query_pre_attn_scalar": 8,
        "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
    },
}
PREFIX = list(range(5, 25))
ROWS = [[40, 41, 42], [40, 41, 52, 53, 54, 55, 56], [60]]


def expected(model: Any, tokens: list[int]) -> Any:
    """Logits of each position as transformers' own eager attention gives them."""
    model.set_attn_implementation("eager")
    with torch.no_grad():
        logits = model(torch.tensor([tokens])).logits[0]
    use_shared_attention(model)
    return logits


def padded(rows: list[list[int]]) -> Any:
    width = max(map(len, rows))
    return torch.tensor([row + [0] * (width - len(row)) for row in rows])


@pytest.mark.parametrize("family", FAMILIES)
def test_rows_behind_a_shared_prefix_read_as_whole_prompts_do(family: str) -> None:
    model = tiny_model(family, **FAMILIES[family])
    use_shared_attention(model)
    with torch.no_grad():
        hidden = read_rows(model, padded(ROWS), prefix=PREFIX)
        for at, row in enumerate(ROWS):
            ours = head_logits(model, hidden[at, : len(row)])
            torch.testing.assert_close(ours, expected(model, PREFIX + row)[len(PREFIX) :], atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("prefix", [PREFIX, []])
@pytest.mark.parametrize("width", [1, 3])
def test_decoding_some_tokens_at_a_time_reads_as_whole_prompts_do(family: str, prefix: list[int], width: int) -> None:
    model = tiny_model(family, **FAMILIES[family])
    use_shared_attention(model)
    more = [[70, 71, 72], [80, 81, 82], [90, 91, 92]]
    with torch.no_grad():
        shared = encode_prefix(model, prefix) if prefix else None
        own = OwnKV(model, rows=4, capacity=12)
        packing = pack_rows(ROWS, device=model.device)
        first = head_logits(model, prefill_rows(model, packing, prefix=shared, own=own, first=0))
        lengths = torch.tensor([len(row) for row in ROWS])
        hidden = torch.empty(0)
        for step in range(0, 3, width):
            ids = torch.tensor([row[step : step + width] for row in more])
            hidden = decode_rows(model, ids, lengths=lengths, longest=int(lengths.max()), prefix=shared, own=own)
            lengths += width
        for at, row in enumerate(ROWS):
            torch.testing.assert_close(first[at], expected(model, prefix + row)[-1], atol=2e-4, rtol=1e-4)
            ours = head_logits(model, hidden[at, -1:])[0]
            torch.testing.assert_close(ours, expected(model, prefix + row + more[at])[-1], atol=2e-4, rtol=1e-4)


def test_a_prefix_can_be_built_upon_another() -> None:
    model = tiny_model("llama")
    use_shared_attention(model)
    with torch.no_grad():
        whole = encode_prefix(model, PREFIX)
        joined = encode_prefix(model, PREFIX[8:], before=encode_prefix(model, PREFIX[:8]))
    assert joined.tokens == len(PREFIX)
    torch.testing.assert_close(joined.keys, whole.keys, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(joined.values, whole.values, atol=1e-4, rtol=1e-4)


def test_the_prefix_is_not_copied_per_row() -> None:
    model = tiny_model("llama")
    use_shared_attention(model)
    with torch.no_grad():
        shared = encode_prefix(model, PREFIX)
    assert shared.keys[0].shape == (2, len(PREFIX), 8)
    assert shared.bytes == 3 * 2 * (2 * len(PREFIX) * 8) * 4


@pytest.mark.parametrize("family", ["llama", "qwen2"])
def test_gradients_through_a_shared_prefix_are_those_of_whole_prompts(family: str) -> None:
    def gradients(loss: Any, model: Any) -> dict[str, Any]:
        model.zero_grad()
        loss.backward()
        return {name: weight.grad.clone() for name, weight in model.named_parameters()}

    model = tiny_model(family)
    model.set_attn_implementation("eager")
    whole = [model(torch.tensor([PREFIX + row])).logits[0, -1].logsumexp(0) for row in ROWS]
    theirs = gradients(torch.stack(whole).sum(), model)
    use_shared_attention(model)
    hidden = read_rows(model, padded(ROWS), prefix=PREFIX)
    last = torch.stack([hidden[at, len(row) - 1] for at, row in enumerate(ROWS)])
    ours = gradients(head_logits(model, last).logsumexp(-1).sum(), model)
    assert theirs.keys() == ours.keys()
    for name in theirs:
        torch.testing.assert_close(ours[name], theirs[name], atol=1e-3, rtol=1e-3, msg=name)


def test_slices_of_rows_and_queries_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_model("llama")
    use_shared_attention(model)
    with torch.no_grad():
        whole = read_rows(model, padded(ROWS), prefix=PREFIX)
        monkeypatch.setattr(attention, "SCORE_ELEMENTS", 4 * 27 * 2)  # two queries of one row
        torch.testing.assert_close(read_rows(model, padded(ROWS), prefix=PREFIX), whole, atol=1e-5, rtol=1e-5)


def test_resized_and_moved_slots_keep_what_they_hold() -> None:
    own = OwnKV(tiny_model("llama"), rows=2, capacity=4)
    own.keys[1][1, :, :3] = 7.0
    own.resize(rows=5, capacity=6, used=2)
    assert own.keys[1].shape == (5, 2, 6, 8)
    assert own.keys[1][1, :, :3].eq(7).all()
    assert own.keys[1][1, :, 3:].eq(0).all()
    own.move(1, 0, 3)
    assert own.keys[1][0, :, :3].eq(7).all()
