from __future__ import annotations

import pytest
from tiny_models import tiny_tokenizer

pytest.importorskip("torch")

from sapwood.errors import ModelError
from sapwood.inference.chat import Chat
from sapwood.inference.request import Message

END_OF_TEXT, START, END = 256, 257, 258


def ids(text: str) -> list[int]:
    return tiny_tokenizer()(text)["input_ids"]


def test_a_prompt_ends_where_the_assistant_begins() -> None:
    prompt = Chat(tiny_tokenizer()).prompt_ids([Message("system", "Be brief."), Message("user", "Hi")])
    assert prompt == [
        START,
        *ids("system\nBe brief."),
        END,
        *ids("\n"),
        START,
        *ids("user\nHi"),
        END,
        *ids("\n"),
        START,
        *ids("assistant\n"),
    ]


def test_a_completion_is_the_text_and_the_end_of_the_turn() -> None:
    chat = Chat(tiny_tokenizer())
    assert chat.completion_ids("Lost phone") == [*ids("Lost phone"), END]
    assert chat.decode(chat.completion_ids("Lost phone")) == "Lost phone"


def test_answers_end_at_the_turn_and_at_the_text() -> None:
    assert Chat(tiny_tokenizer()).end_ids == {END, END_OF_TEXT}


def test_without_a_special_token_behind_the_answer_the_end_of_text_ends_it() -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"
    tokenizer.eos_token = "<|endoftext|>"
    assert Chat(tokenizer).end_id == END_OF_TEXT


def test_a_tokenizer_without_a_template_is_refused() -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = None
    with pytest.raises(ModelError, match="no chat template"):
        Chat(tokenizer)


def test_messages_that_the_template_refuses_are_a_model_error() -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = (
        "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}x<|im_end|>"
        + "sapwoodmark"
    )
    with pytest.raises(ModelError, match="no system role"):
        Chat(tokenizer).prompt_ids([Message("system", "a"), Message("user", "b")])
