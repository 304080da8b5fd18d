"""Messages in, token ids out, and back: one rendering for training and for inference.

The prompt is the tokenizer's own chat template, with all that it adds (SmolLM2's puts a system message of its own in front).
What a model is trained to say is `completion_ids`: the text and the token that ends the assistant's turn. Knows no weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jinja2.exceptions import TemplateError
from transformers import PreTrainedTokenizerBase

from sapwood.errors import ModelError
from sapwood.inference.request import Message

END_TOKENS = (
    "<|im_end|>",
    "<|endoftext|>",
    "<|eot_id|>",
    "<|end_of_text|>",
    "<end_of_turn>",
    "<|end|>",
    "<|eom_id|>",
    "</s>",
    "<eos>",
)
"""Names under which model families end a turn or a text; those that a tokenizer has as special tokens end an answer."""

_MARK = "sapwoodmark"


class Chat:
    """How one model's conversations look in tokens."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Raises ModelError if the tokenizer has no chat template or no token that could end an answer."""
        self._tokenizer: Any = tokenizer
        if not getattr(tokenizer, "chat_template", None):
            raise ModelError(
                "the model has no chat template",
                hint="Take its instruct variant, or put chat_template.jinja into its folder.",
            )
        self.end_id = self._find_end_id()
        special: set[int] = set(self._tokenizer.all_special_ids) | set(self._tokenizer.added_tokens_decoder)
        known = {
            self._tokenizer.convert_tokens_to_ids(name) for name in END_TOKENS if name in self._tokenizer.get_vocab()
        }
        self.end_ids: frozenset[int] = frozenset({self.end_id, *(known & special)})
        """Tokens that end an answer."""

    def prompt_ids(self, messages: Sequence[Message]) -> list[int]:
        """Tokens of the conversation up to where the assistant begins to speak.

        Raises ModelError if the template refuses the messages, such as a system message that the family does not know.
        """
        return self.text_ids(self._render(messages, is_prompt=True))

    def completion_ids(self, text: str) -> list[int]:
        """Tokens of an answer as a model is trained to give it: the text and the end of the turn."""
        return [*self.text_ids(text), self.end_id]

    def text_ids(self, text: str) -> list[int]:
        """Tokens of a bare text, with nothing added."""
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def decode(self, ids: Sequence[int]) -> str:
        """Text of an answer's tokens; special tokens are left out."""
        return self._tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)

    def _render(self, messages: Sequence[Message], *, is_prompt: bool) -> str:
        turns = [{"role": message.role, "content": message.content} for message in messages]
        try:
            return self._tokenizer.apply_chat_template(turns, add_generation_prompt=is_prompt, tokenize=False)
        except TemplateError as error:
            raise ModelError(
                f"the model's chat template refuses the messages: {error}", hint="Try without a system message."
            ) from error

    def _find_end_id(self) -> int:
        """The special token that the template puts behind an assistant's text; the end of text if it puts none."""
        text = self._render([Message("user", "a"), Message("assistant", _MARK)], is_prompt=False)
        special: set[int] = set(self._tokenizer.all_special_ids) | set(self._tokenizer.added_tokens_decoder)
        after = self.text_ids(text[text.rindex(_MARK) + len(_MARK) :].lstrip())
        if after and after[0] in special:
            return after[0]
        end = self._tokenizer.eos_token_id
        if end is None:
            raise ModelError("the tokenizer names no end of text", hint="Set eos_token in its tokenizer_config.json.")
        return int(end)
