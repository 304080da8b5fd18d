from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from sapwood.inference.attention import use_shared_attention
from sapwood.training.data import Example
from sapwood.training.lora import Lora, attach, parameters
from sapwood.training.loss import label_logits, label_tokens, loss_sum, passes, stray_sum
from sapwood.training.train import evaluate

PREFIX = tuple(range(40, 57))


def assert_close(ours: list[torch.Tensor], theirs: list[torch.Tensor]) -> None:
    """Equal but for what norms and softmax round: they compute in fp32 also where all else is fp64."""
    for one, other in zip(ours, theirs, strict=True):
        assert other.abs().max() > 0
        assert (one - other).abs().max() <= 1e-4 * other.abs().max()


def rows(count: int, seed: int = 0) -> list[Example]:
    draw = random.Random(seed)

    def ids(most: int) -> tuple[int, ...]:
        return tuple(draw.randrange(256) for _ in range(draw.randrange(1, most)))

    return [Example((*PREFIX, *ids(12)), ids(5)) for _ in range(count)]


def lively(lora: Lora) -> list[torch.nn.Parameter]:
    """Parameters with B drawn as well: at B = 0 the gradients of A are zero and prove nothing."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name in sorted(lora):
            lora[name].lora_b.copy_(torch.randn(lora[name].lora_b.shape, generator=generator).mul_(0.1))
    return parameters(lora)


def gradients(matrices: list[torch.nn.Parameter]) -> list[torch.Tensor]:
    found = [matrix.grad.clone() for matrix in matrices if matrix.grad is not None]
    assert len(found) == len(matrices)
    for matrix in matrices:
        matrix.grad = None
    return found


def plain_loss(model: Any, example: Example) -> torch.Tensor:
    """The textbook way: one row through transformers' own model and attention, all positions through the head."""
    ids = torch.tensor([[*example.prompt, *example.completion]])
    logits = model(input_ids=ids).logits[0]
    first = len(example.prompt) - 1
    return F.cross_entropy(logits[first:-1], torch.tensor(example.completion), reduction="sum")


@pytest.mark.parametrize("family", ["llama", "qwen2"])
def test_shared_prefix_gradients_are_those_of_plain_rows(build_model: Callable[..., Any], family: str) -> None:
    batch = rows(6)
    model = build_model(family).double()
    lora = attach(model, rank=4, alpha=8, seed=1)
    for layer in lora.values():
        layer.double()
    matrices = lively(lora)

    plain = sum((plain_loss(model, example) for example in batch), torch.zeros((), dtype=torch.float64))
    plain.backward()
    wanted = gradients(matrices)

    use_shared_attention(model)
    shared = loss_sum(*label_logits(model, batch, PREFIX))
    shared.backward()
    assert shared.item() == pytest.approx(plain.item(), rel=1e-6)
    assert_close(gradients(matrices), wanted)


def test_a_batch_cut_into_passes_has_the_gradients_of_the_whole(build_model: Callable[..., Any]) -> None:
    model = build_model("llama").double()
    lora = attach(model, rank=4, alpha=8, seed=1)
    for layer in lora.values():
        layer.double()
    use_shared_attention(model)
    matrices, batch = lively(lora), rows(9)
    loss_sum(*label_logits(model, batch, PREFIX)).backward()
    whole = gradients(matrices)
    cut = passes(batch, len(PREFIX), budget=20)
    assert len(cut) > 2
    for is_shared, group in cut:
        loss_sum(*label_logits(model, group, PREFIX if is_shared else ())).backward()
    assert_close(gradients(matrices), whole)


def test_long_rows_are_read_whole_and_short_ones_share() -> None:
    long = Example((*PREFIX, *[7] * 600), (1, 2))
    cut = passes([long, *rows(3)], len(PREFIX), budget=4096)
    assert [(is_shared, len(group)) for is_shared, group in cut] == [(True, 3), (False, 1)]
    assert passes(rows(3), 0, budget=4096)[0][0] is False


def test_evaluation_is_the_mean_over_label_tokens(build_model: Callable[..., Any]) -> None:
    model = build_model("llama").double()
    batch = rows(5)
    with torch.no_grad():
        wanted = sum(plain_loss(model, example).item() for example in batch) / label_tokens(batch)
        use_shared_attention(model)
    assert evaluate(model, tuple(batch), PREFIX, own_tokens=16) == pytest.approx(wanted, rel=1e-6)


def test_what_strays_from_the_labels_costs_until_the_margin_is_there() -> None:
    known = torch.tensor([1, 3])
    # of each position the labels' tokens have the odds 9 : 1, 1 : 1 and e^30 : 1 against all others together
    odds = torch.tensor([math.log(9), 0.0, 30.0], dtype=torch.float64)
    logits = torch.full((3, 6), -math.log(4), dtype=torch.float64)
    logits[:, known] = odds[:, None] - math.log(2)
    expected = sum(math.log1p(math.exp(10 - value)) for value in odds.tolist())
    assert stray_sum(logits, known, 10).item() == pytest.approx(expected)
    assert stray_sum(logits[2:], known, 10).item() < 1e-8


def test_straying_says_nothing_about_which_label_is_right() -> None:
    logits = torch.randn(4, 8, generator=torch.Generator().manual_seed(3), dtype=torch.float64, requires_grad=True)
    known = torch.tensor([0, 2, 5])
    stray_sum(logits, known, 10).backward()
    pushed = logits.grad
    assert pushed is not None
    share = logits.detach().index_select(1, known).softmax(1)  # each label is pushed by its share, so their odds stay
    assert torch.allclose(pushed.index_select(1, known), -pushed.index_fill(1, known, 0).sum(1, keepdim=True) * share)


def test_only_adapters_get_gradients(build_model: Callable[..., Any]) -> None:
    model = build_model("llama")
    lora = attach(model, rank=2, alpha=4, seed=0)
    trained = {id(matrix) for matrix in parameters(lora)}
    assert {id(weight) for weight in model.parameters() if weight.requires_grad} == trained
    assert {name.rpartition(".")[2] for name in lora} == {
        "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
    }  # fmt: skip
