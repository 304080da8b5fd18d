"""Aggregates and long texts: one question if all fits, else a tree of them; the order of rows does not matter."""

from __future__ import annotations

import itertools
import json

import pytest
from task_bench import ECHO, FakeModels, answered, talked

from sapwood.errors import ContextLengthError
from sapwood.functions import AI_AGG, AI_SUMMARIZE, AI_SUMMARIZE_AGG, SUMMARIZE
from sapwood.functions.function import Default
from sapwood.store.records import ModelVersion


class Narrow(FakeModels):
    """A model of 1,000 tokens, 256 of which are the answer's."""

    def default_of(self, default: Default) -> ModelVersion:
        return ECHO


def words(number: int) -> str:
    return " ".join(f"w{at}" for at in range(number))


def ask(texts: list[str], instruction: str = "Name them.") -> tuple[str | None, list[list[str]]]:
    rounds = AI_AGG.rounds({"text": json.dumps(texts), "instruction": instruction}, Narrow())
    return talked(rounds, lambda prompt: f"seen {sum(text in prompt for text in texts)}")


def test_what_fits_is_one_question() -> None:
    value, prompts = ask(["apple", "pear", "plum"])
    assert value == "seen 3"
    assert len(prompts) == 1 and "apple\n---\npear\n---\nplum" in prompts[0][0]


def test_what_does_not_fit_is_asked_in_parts_and_joined() -> None:
    texts = [f"{name} {words(200)}" for name in ("apple", "pear", "plum", "fig", "quince")]
    value, prompts = ask(texts)
    assert [len(level) for level in prompts] == [2, 1]
    assert [sum(text in prompt for text in texts) for prompt in prompts[0]] == [3, 2]
    assert all("only some of the texts" in prompt for prompt in prompts[0])
    assert "seen 3\n---\nseen 2" in prompts[1][0] and value == "seen 0"


def test_a_text_longer_than_the_context_is_cut() -> None:
    value, prompts = ask([words(3000)])
    assert len(prompts[0]) > 3 and len(prompts[-1]) == 1
    seen = " ".join(prompt.split("Texts:\n")[1].removesuffix("\n\nAnswer:") for prompt in prompts[0])
    assert [word for word in seen.split() if word != "---"] == words(3000).split()
    assert value == "seen 0"


def test_levels_get_smaller_even_if_answers_are_as_long_as_they_may_be() -> None:
    rounds = AI_AGG.rounds({"text": json.dumps([words(600)] * 20), "instruction": "?"}, Narrow())
    _, prompts = talked(rounds, lambda prompt: words(5000))
    sizes = [len(level) for level in prompts]
    assert sizes[0] == 20 and sizes[-1] == 1
    assert all(below <= (above + 1) // 2 for above, below in itertools.pairwise(sizes))


def test_no_question_is_longer_than_the_context() -> None:
    rounds = AI_AGG.rounds({"text": json.dumps([words(170)] * 40), "instruction": "?"}, Narrow())
    _, prompts = talked(rounds, lambda prompt: words(200))
    longest = max(len(prompt.split()) for level in prompts for prompt in level)
    assert longest + Narrow.max_answer_tokens <= ECHO.context


def test_an_instruction_without_room_for_texts_is_refused() -> None:
    with pytest.raises(ContextLengthError, match="the instruction has"):
        ask([words(900)], instruction=words(700))


def test_an_empty_group_is_null() -> None:
    assert answered(AI_AGG, {"text": None, "instruction": "x"}) is None
    assert answered(AI_SUMMARIZE_AGG, {"text": None}) is None
    assert answered(AI_AGG, {"text": '["a"]', "instruction": None}) is None


def test_ai_summarize_gives_short_texts_back() -> None:
    assert answered(AI_SUMMARIZE, {"text": "x" * 110}) == "x" * 110
    value, prompts = talked(AI_SUMMARIZE.rounds({"text": "x" * 111}, Narrow()), lambda prompt: " short ")
    assert value == "short" and len(prompts) == 1


def test_a_summary_of_a_text_beyond_the_limit_is_refused() -> None:
    with pytest.raises(ContextLengthError, match="text of SUMMARIZE has 32001 tokens"):
        SUMMARIZE.ask({"text": "word " * 32001}, Narrow())
