from __future__ import annotations

import pytest

from sapwood.training.plan import make_plan, rate_at


@pytest.mark.parametrize(("rows", "epochs"), [(1, 10), (80, 10), (125, 7), (400, 2), (800, 1), (10_000, 1)])
def test_few_rows_get_more_epochs(rows: int, epochs: int) -> None:
    assert make_plan({}, rows=rows, hidden=576).epochs == epochs


def test_options_win() -> None:
    options = {"max_epochs": 1, "learning_rate": 0.25, "rank": 8, "batch_size": 3, "seed": 7}
    plan = make_plan(options, rows=100, hidden=576)
    assert (plan.epochs, plan.learning_rate, plan.rank, plan.alpha, plan.batch_rows, plan.seed) == (
        1,
        0.25,
        8,
        16,
        3,
        7,
    )


def test_options_of_the_adapter() -> None:
    plan = make_plan({"alpha": 4, "dropout": 0.1, "targets": ["v_proj", "q_proj"]}, rows=100, hidden=576)
    assert (plan.rank, plan.alpha, plan.dropout, plan.targets) == (16, 4, 0.1, ("q_proj", "v_proj"))
    plain = make_plan({}, rows=100, hidden=576)
    assert (plain.alpha, plain.dropout, plain.targets) == (32, 0, ())


def test_wider_models_learn_at_a_lower_rate() -> None:
    rates = [make_plan({}, rows=100, hidden=hidden).learning_rate for hidden in (576, 896, 1536)]
    assert rates == sorted(rates, reverse=True)


@pytest.mark.parametrize("steps", [1, 2, 7, 300])
def test_the_rate_rises_stays_falls_and_is_never_zero(steps: int) -> None:
    plan = make_plan({"learning_rate": 0.01}, rows=100, hidden=576)
    rates = [rate_at(plan, step, steps) for step in range(steps)]
    first, last = rates.index(max(rates)), steps - rates[::-1].index(max(rates))
    assert rates[: first + 1] == sorted(rates[: first + 1])
    assert len(set(rates[first:last])) == 1
    assert rates[last - 1 :] == sorted(rates[last - 1 :], reverse=True)
    assert 0 < min(rates) <= max(rates) == pytest.approx(0.01)
