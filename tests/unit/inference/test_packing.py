from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from sapwood.inference.packing import pack_rows  # noqa: E402

ROWS = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=8), min_size=1, max_size=12)


@given(ROWS)
def test_each_row_can_be_read_from_the_line(rows: list[list[int]]) -> None:
    packing = pack_rows(rows, device=torch.device("cpu"))
    for at, row in enumerate(rows):
        places = packing.index[at, : len(row)]
        assert packing.ids[places].tolist() == row
        assert packing.depths[places].tolist() == list(range(len(row)))
        assert packing.last[at] == places[-1]
    assert packing.index.view(-1)[packing.owners].tolist() == list(range(len(packing.ids)))
    assert sum(packing.counts) == len(packing.ids)


@given(ROWS)
def test_of_sorted_rows_each_beginning_stands_once(rows: list[list[int]]) -> None:
    packing = pack_rows(sorted(rows), device=torch.device("cpu"))
    assert len(packing.ids) == len({tuple(row[:end]) for row in rows for end in range(1, len(row) + 1)})
