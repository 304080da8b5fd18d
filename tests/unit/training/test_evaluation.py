from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sapwood.inference.attention import use_shared_attention
from sapwood.inference.chat import Chat
from sapwood.training.data import Dataset, Encoder, make_dataset
from sapwood.training.evaluation import FEWEST_ROWS, LONGEST_ANSWER, Examiner
from sapwood.training.plan import make_plan

PAIRS = [(f"Which is it? {word} {at}", label) for at in range(20) for word, label in (("aa", "X"), ("bb", "Y"))]


@pytest.fixture
def chat(tokenizer: Any) -> Chat:
    return Chat(tokenizer)


def dataset(chat: Chat, pairs: list[tuple[str, str]] = PAIRS) -> Dataset:
    encoder = Encoder(chat, prompt_tokens=100, completion_tokens=200)
    rows = [encoder.example(*pair) for pair in pairs]
    return make_dataset(rows[:-10], rows[-10:], seed=0)


def examiner(chat: Chat, data: Dataset, *labels: str, check: Callable[[], None] = lambda: None) -> Examiner:
    return Examiner(chat, data, make_plan({"max_epochs": 1}, rows=len(data.train), hidden=32), labels, check)


@pytest.fixture
def model(build_model: Callable[..., Any]) -> Any:
    found = build_model("llama")
    use_shared_attention(found)
    return found


def test_rows_asked_are_bounded_by_the_rows_that_training_reads(chat: Chat) -> None:
    assert len(examiner(chat, dataset(chat)).rows) == FEWEST_ROWS
    many = dataset(chat, PAIRS * 10)
    long = Examiner(chat, many, make_plan({"max_epochs": 10}, rows=len(many.train), hidden=32), ())
    assert len(long.rows) == len(many.validation) == 10  # a fortieth of 10 x 390 rows would be 98


def test_an_untrained_model_is_scored_and_a_linear_one_beside_it(chat: Chat, model: Any) -> None:
    base, linear = examiner(chat, dataset(chat), "X", "Y").base(model, 1.5)
    assert (base.subject, base.epoch, base.loss, base.scores.rows) == ("base", 0, 1.5, FEWEST_ROWS)
    assert base.scores.well_formed is not None
    assert 0 <= base.scores.well_formed <= 1
    assert (linear.subject, linear.scores.rows, linear.scores.exact_match) == ("linear", 10, 1.0)


def test_the_likeliest_labels_are_always_labels(chat: Chat, model: Any) -> None:
    free, labels = examiner(chat, dataset(chat), "X", "Y").end(model, 3, 0.5)
    assert (free.method, labels.method, free.epoch) == ("answers", "labels", 3)
    assert labels.scores.well_formed == 1.0
    assert labels.scores.calibration_error is not None
    assert sum(rows for _, _, rows in labels.scores.confusion) == FEWEST_ROWS


def test_free_texts_are_scored_whole_and_have_no_baseline(chat: Chat, model: Any) -> None:
    (base,) = examiner(chat, dataset(chat)).base(model, 1.5)
    assert (base.scores.macro_f1, base.scores.confusion) == (None, ())
    assert len(examiner(chat, dataset(chat)).end(model, 1, 0.5)) == 1


def test_what_the_last_epoch_has_said_is_not_asked_again(chat: Chat, model: Any) -> None:
    passes: list[None] = []
    asked = examiner(chat, dataset(chat), check=lambda: passes.append(None))
    epoch = asked.epoch(model, 1, 0.5)
    count = len(passes)
    (same,) = asked.end(model, 1, 0.5)
    assert (same.scores, same.subject, len(passes)) == (epoch.scores, "tuned", count)
    asked.end(model, 1, 0.4)  # an earlier one was better, and is kept
    assert len(passes) == 2 * count


def test_a_longer_run_asks_only_the_rows_that_its_last_epoch_left_out(chat: Chat, model: Any) -> None:
    many = dataset(chat, PAIRS * 2)
    asked = Examiner(chat, many, make_plan({"max_epochs": 10}, rows=len(many.train), hidden=32), ())
    few = asked.epoch(model, 10, 0.5).scores.rows
    (end,) = asked.end(model, 10, 0.5)
    assert (few, end.scores.rows) == (FEWEST_ROWS, 10)
    assert end.scores.exact_match == asked.end(model, 10, 0.4)[0].scores.exact_match


def test_long_answers_are_not_asked_for(chat: Chat) -> None:
    long = dataset(chat, [(prompt, "x" * LONGEST_ANSWER) for prompt, _ in PAIRS])
    assert not examiner(chat, long).can_ask
    assert examiner(chat, dataset(chat)).can_ask


def test_a_stop_ends_the_questions(chat: Chat, model: Any) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        examiner(chat, dataset(chat), "X", "Y", check=stop).epoch(model, 1, 0.5)
