from __future__ import annotations

from sapwood.inference.drafts import LONGEST, Drafts


def test_what_most_answers_said_is_guessed() -> None:
    drafts = Drafts()
    for answer in ([1, 2, 3], [1, 2, 3], [1, 4], [5, 6]):
        drafts.add(answer)
    assert drafts.guess([1], most=9) == (2, 3)
    assert drafts.guess([1, 4], most=9) == ()
    assert drafts.guess([5], most=9) == (6,)
    assert drafts.guess([7], most=9) == ()


def test_what_fewer_than_half_said_is_not() -> None:
    drafts = Drafts()
    for last in (2, 3, 4):
        drafts.add([1, last])
    assert drafts.guess([1], most=9) == ()
    drafts.add([1, 3])
    assert drafts.guess([1], most=9) == (3,)


def test_an_answer_that_mostly_ended_there_is_not_gone_on_with() -> None:
    drafts = Drafts()
    for answer in ([1], [1, 2], [1]):
        drafts.add(answer)
    assert drafts.guess([1], most=9) == ()


def test_no_more_is_guessed_than_may_come() -> None:
    drafts = Drafts()
    drafts.add([1, 2, 3, 4])
    assert drafts.guess([1], most=2) == (2, 3)
    assert drafts.guess([1], most=0) == drafts.guess([1], most=-1) == ()


def test_long_answers_are_not_kept() -> None:
    drafts = Drafts()
    drafts.add([1] * (LONGEST + 1))
    assert drafts.guess([1], most=9) == ()
    drafts.add(range(LONGEST))
    assert drafts.guess([0], most=99) == tuple(range(1, LONGEST))
