from __future__ import annotations

import pytest
import torch

from sapwood.training.averages import DECAY, Averages


def test_an_average_follows_and_forgets_where_it_began() -> None:
    matrix = torch.zeros(2, dtype=torch.float64)
    averages = Averages([matrix])
    expected = torch.zeros(2, dtype=torch.float64)
    for step in range(1, 201):
        matrix.add_(torch.tensor([1.0, 0.0], dtype=torch.float64))
        decay = min(DECAY, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * matrix
        averages.follow(step)
    with averages.taken():
        assert torch.allclose(matrix, expected)
        # behind a ramp the average lags by decay / (1 - decay) steps
        assert matrix.tolist() == pytest.approx([200 - DECAY / (1 - DECAY), 0], abs=1e-4)
    assert matrix.tolist() == [200, 0]


def test_the_matrices_come_back_also_after_an_error() -> None:
    matrix = torch.nn.Parameter(torch.ones(1))
    averages = Averages([matrix])
    with torch.no_grad():
        matrix.fill_(3)
    with pytest.raises(ValueError, match="within"), averages.taken():
        assert matrix.item() == 1
        raise ValueError("within")
    assert matrix.item() == 3
    assert matrix.requires_grad
