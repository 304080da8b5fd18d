"""Many texts and one instruction to one answer: at once if they fit the model's context, else by a tree of partial answers.

Comes in: texts in an order that does not depend on the table's. Goes out: rounds of questions. Each level cuts the texts
into parts that fit, has each answered, and goes on with the answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sapwood.errors import ContextLengthError
from sapwood.functions.asking import ask
from sapwood.functions.function import Ask, Models, Rounds
from sapwood.functions.splitting import split_recursively
from sapwood.store.records import ModelVersion

SEPARATOR = "\n---\n"
OVERHEAD_TOKENS = 64
"""Room for the chat template around a prompt."""
FEWEST_TOKENS = 64
"""A part of the context smaller than this holds nothing worth asking about."""


@dataclass(frozen=True)
class Reduction:
    """What is asked. `prompt` makes the question of joined texts; its second argument says whether the answer is a partial one."""

    model: ModelVersion
    models: Models
    prompt: Callable[[str, bool], str]
    answer_tokens: int

    def rounds(self, texts: Sequence[str]) -> Rounds:
        """Ask level by level until one answer is left; raises ContextLengthError if the instruction leaves no room."""
        budget = self._budget()
        parts = self._parts(texts, budget)
        while len(parts) > 1:
            answers = yield [self._ask(part, is_partial=True) for part in parts]
            halves = [
                self._pieces(answer.text.strip(), budget // 2)[0] for answer in answers
            ]  # two fit: levels get smaller
            parts = self._parts(halves, budget)
        (answer,) = yield (self._ask(parts[0], is_partial=False),)
        return answer.text.strip()

    def _ask(self, part: str, *, is_partial: bool) -> Ask:
        return ask(self.model, self.prompt(part, is_partial), max_tokens=self.answer_tokens)

    def _budget(self) -> int:
        """Tokens of text that one question may hold."""
        frame = max(self._size(self.prompt("", is_partial)) for is_partial in (False, True))
        budget = self.model.context - self.answer_tokens - frame - OVERHEAD_TOKENS
        if budget < FEWEST_TOKENS:
            raise ContextLengthError(
                f"max tokens of count exceeded: the instruction has {frame} tokens, the context of {self.model.name} is"
                f" {self.model.context}",
                hint="Shorten the instruction, or lower MAX_ANSWER_TOKENS.",
            )
        return budget

    def _parts(self, texts: Sequence[str], budget: int) -> list[str]:
        """Texts joined, in order, into parts of at most `budget` tokens."""
        joined = SEPARATOR.join(texts)
        if len(joined.encode()) <= budget:
            return [joined]
        parts: list[list[str]] = [[]]
        left = budget
        for piece in (piece for text in texts for piece in self._pieces(text, budget)):
            tokens = self._size(SEPARATOR + piece)
            if parts[-1] and tokens > left:
                parts.append([])
                left = budget
            parts[-1].append(piece)
            left -= tokens
        return [SEPARATOR.join(part) for part in parts]

    def _pieces(self, text: str, budget: int) -> list[str]:
        """A text, or its pieces if it does not fit alone."""
        if len((SEPARATOR + text).encode()) <= budget or (size := self._size(SEPARATOR + text)) <= budget:
            return [text]
        share = max(1, len(text) * budget // (2 * size))
        return [piece for part in split_recursively(text, share) for piece in self._pieces(part, budget)]

    def _size(self, text: str) -> int:
        """Tokens of a text, never too few: of an endpoint, whose tokens can't be counted, one for each two bytes."""
        if self.model.kind == "endpoint":
            return (len(text.encode()) + 1) // 2
        return self.models.count_text_tokens(self.model, text)
