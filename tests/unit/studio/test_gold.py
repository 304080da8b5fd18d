"""The statements of the Labels page."""

from __future__ import annotations

import pytest

pytest.importorskip("snowflake.snowpark", reason="the extra [studio] is not installed")

from sapwood.studio.gold import Checked, Labels
from sapwood.studio.places import Table

LABELS = Labels(Table("DB", "S", "T"), "PROMPT", "Answer")


def test_what_was_checked_is_not_shown_again() -> None:
    assert "PROMPT NOT IN (SELECT PROMPT FROM DB.S.T_GOLD)" in LABELS.unchecked(20, has_gold=True)
    assert "T_GOLD" not in LABELS.unchecked(20, has_gold=False)


def test_rows_are_found_by_label_and_by_text_in_any_case() -> None:
    sql = LABELS.unchecked(20, label="it's", text="Roaming", has_gold=False)
    assert "\"Answer\" = 'it''s' AND CONTAINS(LOWER(PROMPT), 'roaming')" in sql


def test_a_checked_row_keeps_what_the_teacher_said() -> None:
    assert "('p', 'wrong', 'right')" in LABELS.keep([Checked("p", "wrong", "right")])


def test_gold_rows_are_left_out_of_the_one_view_and_stand_for_the_teachers_in_the_other() -> None:
    assert LABELS.make_without_gold.endswith("WHERE PROMPT NOT IN (SELECT PROMPT FROM DB.S.T_GOLD)")
    assert 'COALESCE(G."Answer", T."Answer") AS "Answer"' in LABELS.make_corrected
