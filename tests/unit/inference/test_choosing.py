from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from sapwood.inference.choosing import Choice, choose, repeats  # noqa: E402
from sapwood.inference.request import Sampling  # noqa: E402


def shares(probabilities: list[float], sampling: Sampling, draws: int = 4000) -> list[float]:
    choice = Choice(sampling)
    logits = torch.tensor([[math.log(p) for p in probabilities]])
    drawn = [choose(logits.clone(), [choice])[0] for _ in range(draws)]
    return [drawn.count(token) / draws for token in range(len(probabilities))]


def test_greedy_takes_the_likeliest() -> None:
    logits = torch.tensor([[0.0, 2.0, 1.0], [3.0, 2.0, 1.0]])
    assert choose(logits, [Choice(Sampling()), Choice(Sampling())]) == [1, 0]


def test_sampling_follows_the_probabilities() -> None:
    assert shares([0.5, 0.3, 0.2], Sampling(temperature=1.0, seed=1)) == pytest.approx([0.5, 0.3, 0.2], abs=0.03)


def test_temperature_sharpens() -> None:
    total = 0.5**2 + 0.3**2 + 0.2**2
    expected = [0.25 / total, 0.09 / total, 0.04 / total]
    assert shares([0.5, 0.3, 0.2], Sampling(temperature=0.5, seed=2)) == pytest.approx(expected, abs=0.03)


def test_top_p_keeps_the_likeliest_that_reach_it() -> None:
    expected = [0.5 / 0.8, 0.3 / 0.8, 0.0]
    assert shares([0.5, 0.3, 0.2], Sampling(temperature=1.0, top_p=0.6, seed=3)) == pytest.approx(expected, abs=0.03)


def test_a_rows_draws_do_not_depend_on_its_neighbours() -> None:
    logits = torch.randn(3, 50, generator=torch.Generator().manual_seed(0))
    sampling = [Sampling(temperature=1.0, seed=seed) for seed in (1, 2, 3)]
    together, alone = [Choice(one) for one in sampling], [Choice(one) for one in sampling]
    for _ in range(5):
        assert choose(logits.clone(), together) == [
            choose(logits[at : at + 1].clone(), [alone[at]])[0] for at in range(3)
        ]


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ([7] * 31, False),
        ([1, 2, 7, *[7] * 31], True),
        ([1, *[3, 4] * 15], False),
        ([1, *[3, 4] * 16], True),
        ([9, *list(range(20)) * 4], True),
        ([*list(range(20)) * 3, *range(19)], False),
        (list(range(64)) * 4, True),
        (list(range(65)) * 4, False),
        ([*[7] * 40, 8], False),
        (list(range(500)), False),
    ],
)
def test_an_answer_repeats_itself_once_its_tail_is_one_block_four_times(tokens: list[int], expected: bool) -> None:
    assert repeats(tokens) is expected
