"""What one statement's questions have cost so far: counts. It asks nobody and limits nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sapwood.engine.answering import Wanted
from sapwood.engine.result import Usage
from sapwood.inference.request import Completion


class Account:
    """The usage of one statement, as it grows."""

    def __init__(self) -> None:
        self.usage = Usage()
        self.tokens: Counter[tuple[str, str]] = Counter()
        """Tokens asked and answered by function and model."""

    def count_rows(self, rows: int) -> None:
        """So many rows asked in the pass that gave the result."""
        self.usage = replace(self.usage, rows=self.usage.rows + rows)

    def refuse(self, rows: int) -> None:
        """So many rows could not be asked, or had an answer that was of no use."""
        self.usage = replace(self.usage, failed=self.usage.failed + rows)

    def find(self, *, distinct: int, cached: int) -> None:
        """So many new questions, of which so many were answered before this statement."""
        usage = self.usage
        self.usage = replace(usage, distinct=usage.distinct + distinct, cached=usage.cached + cached)

    def count(self, function: str, requests: Mapping[str, Wanted], completions: Sequence[Completion]) -> None:
        """What a function's questions were answered, whenever that was."""
        for completion in completions:
            used = (function, requests[completion.key].model.name)
            self.tokens[used] += completion.prompt_tokens + completion.completion_tokens
        usage, finishes = self.usage, Counter(completion.finish for completion in completions)
        self.usage = replace(
            usage,
            failed=usage.failed + sum(completion.error is not None for completion in completions),
            tokens_asked=usage.tokens_asked + sum(completion.prompt_tokens for completion in completions),
            tokens_answered=usage.tokens_answered + sum(completion.completion_tokens for completion in completions),
            tokens_computed=usage.tokens_computed + sum(completion.computed_tokens for completion in completions),
            seconds=usage.seconds + sum(completion.seconds for completion in completions),
            cut=usage.cut + finishes["length"],
            repeated=usage.repeated + finishes["repetition"],
            shortened=usage.shortened + finishes["shortened"],
        )
