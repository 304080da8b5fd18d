from __future__ import annotations

import random
from typing import Any

import pytest

from sapwood.inference.chat import Chat
from sapwood.inference.request import Message
from sapwood.training.data import (
    MOST_VALIDATION_ROWS,
    Encoder,
    Example,
    cut_by_tokens,
    epoch_batches,
    make_dataset,
    shared_prefix,
    split,
)


@pytest.fixture
def chat(tokenizer: Any) -> Chat:
    return Chat(tokenizer)


def examples(lengths: list[int]) -> list[Example]:
    return [Example((1, *[at + 2] * length), (0,)) for at, length in enumerate(lengths)]


def encoder(chat: Chat, *, prompt_tokens: int = 100, completion_tokens: int = 10) -> Encoder:
    return Encoder(chat, prompt_tokens=prompt_tokens, completion_tokens=completion_tokens)


def test_a_row_is_rendered_as_inference_renders_it(chat: Chat) -> None:
    example = encoder(chat).example("hi", "yes")
    assert list(example.prompt) == chat.prompt_ids([Message("user", "hi")])
    assert list(example.completion) == [*chat.text_ids("yes"), chat.end_id]


def test_a_long_prompt_loses_the_end_of_its_text_and_keeps_the_chats_frame(chat: Chat) -> None:
    ours = encoder(chat, prompt_tokens=len(chat.prompt_ids([Message("user", "x" * 10)])))
    found = [ours.example("x" * 10 + "y" * 5, "a"), ours.example("z" * 10, "b")]
    assert ours.cut_prompts == 1
    assert [list(example.prompt) for example in found] == [
        chat.prompt_ids([Message("user", text)]) for text in ("x" * 10, "z" * 10)
    ]


def test_a_long_completion_loses_its_end_and_does_not_teach_to_stop_there(chat: Chat) -> None:
    ours = encoder(chat, completion_tokens=3)
    found = [ours.example("q", "abcdef"), ours.example("q", "ab")]
    assert ours.cut_completions == 1
    assert [chat.decode(example.completion) for example in found] == ["abc", "ab"]
    assert [example.completion[-1] == chat.end_id for example in found] == [False, True]


@pytest.mark.parametrize(
    ("rows", "held_out"), [(2, 1), (3, 1), (9, 1), (20, 2), (300, 30), (9000, MOST_VALIDATION_ROWS)]
)
def test_a_split_holds_out_a_tenth_but_at_least_one_and_never_all(rows: int, held_out: int) -> None:
    whole = [Example((at,), (0,)) for at in range(rows)]
    train, validation = split(whole, seed=0)
    assert (len(train), len(validation)) == (rows - held_out, held_out)
    assert sorted(example.prompt for example in (*train, *validation)) == [(at,) for at in range(rows)]


def test_a_split_depends_on_the_seed_alone() -> None:
    whole = [Example((at,), (0,)) for at in range(50)]
    first, again, other = ([list(part) for part in split(whole, seed=seed)] for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_the_shared_prefix_leaves_each_prompt_a_token_of_its_own() -> None:
    def prefix(*prompts: tuple[int, ...]) -> tuple[int, ...]:
        return shared_prefix([Example(prompt, (0,)) for prompt in prompts])

    assert prefix((1, 2, 3, 4), (1, 2, 5), (1, 2, 3, 9)) == (1, 2)
    assert prefix((1, 2, 3), (1, 2, 3)) == (1, 2)
    assert prefix((1, 2, 3), (1, 2)) == (1,)
    assert prefix((1, 2), (3, 4)) == ()


def test_validation_rows_count_for_the_prefix() -> None:
    dataset = make_dataset([Example((1, 2, 3), (0,)), Example((1, 2, 4), (0,))], [Example((1, 5, 6), (0,))], seed=0)
    assert dataset.prefix == (1,)


def test_rows_to_measure_by_that_training_has_seen_are_counted() -> None:
    seen, other, new = (Example((1, token), (0,)) for token in (2, 3, 4))
    assert make_dataset([seen, seen, other], [seen, seen, new], seed=0).leaked_rows() == 2


def test_an_epoch_has_each_row_once_and_its_own_order() -> None:
    rows = examples([random.Random(0).randrange(1, 40) for _ in range(100)])
    first, again, second = (list(epoch_batches(rows, rows=8, seed=3, epoch=epoch)) for epoch in (0, 0, 1))
    assert first == again
    assert first != second
    for batches in (first, second):
        assert len(batches) == 13
        assert sorted(row.prompt for batch in batches for row in batch) == sorted(row.prompt for row in rows)


def test_batches_hold_rows_of_like_length() -> None:
    rows = examples([at % 50 + 1 for at in range(160)])
    spread = [
        max(row.tokens for row in batch) - min(row.tokens for row in batch)
        for batch in epoch_batches(rows, rows=10, seed=0, epoch=0)
    ]
    assert max(spread) <= 5


def test_groups_stay_under_the_budget_and_a_longer_row_stands_alone() -> None:
    groups = cut_by_tokens(examples([3, 3, 3, 20, 1]), lambda example: example.tokens, budget=8)
    assert [[row.tokens for row in group] for group in groups] == [[3], [5], [5], [5], [22]]
