"""What a result says of its answers."""

from __future__ import annotations

from sapwood.engine.result import Usage


def test_answers_that_were_cut_or_repeat_themselves_are_named() -> None:
    assert Usage(distinct=9).notices == ()
    cut, repeated = Usage(distinct=9, cut=2, repeated=1).notices
    assert cut.startswith("2 of 9 answers ended at the limit of tokens") and "MAX_ANSWER_TOKENS" in cut
    assert repeated.startswith("1 of 9 answers only repeated themselves")
