from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch")

from sapwood.inference.grouping import group_rows


def test_rows_of_one_instruction_are_one_group() -> None:
    prompts = [[1, 2, 3, row, 9] for row in (5, 6, 7)]
    (group,) = group_rows(prompts)
    assert (group.shared, sorted(group.rows)) == (3, [0, 1, 2])


def test_each_row_keeps_a_token_of_its_own() -> None:
    (group,) = group_rows([[1, 2, 3], [1, 2, 3]])
    assert group.shared == 2


def test_two_instructions_of_one_statement_are_two_groups() -> None:
    prompts = [[0, which] * 100 + [row] for row in range(20) for which in (1, 2)]
    assert sorted((group.shared, len(group.rows)) for group in group_rows(prompts)) == [(200, 20), (200, 20)]


def test_rows_that_begin_alike_by_chance_stay_together() -> None:
    prompts = [[0] * 50 + [row % 3, row % 5, row] for row in range(30)]
    assert [(group.shared, len(group.rows)) for group in group_rows(prompts)] == [(50, 30)]


@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=40), min_size=1, max_size=30))
def test_every_row_is_in_one_group_whose_prefix_it_has(prompts: list[list[int]]) -> None:
    groups = group_rows(prompts)
    assert sorted(row for group in groups for row in group.rows) == list(range(len(prompts)))
    for group in groups:
        first = prompts[group.rows[0]][: group.shared]
        assert all(prompts[row][: group.shared] == first and len(prompts[row]) > group.shared for row in group.rows)
