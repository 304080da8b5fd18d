"""What one statement was answered, by the question's key, so that it never asks twice, with or without the cache.

Completions that are not stored elsewhere lie in a file without a name; of the others only a digest stays in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from operator import attrgetter
from pathlib import Path

from sapwood.engine.key import shortened
from sapwood.engine.ledger import Texts
from sapwood.inference.request import Completion


class Answered:
    """The completions of one statement."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._texts: Texts | None = None
        self._numbers: dict[bytes, int | None] = {}

    def __contains__(self, key: str) -> bool:
        return shortened(key) in self._numbers

    def find(self, keys: Iterable[str]) -> list[Completion]:
        """Those of the keys that are in the file."""
        texts = self._texts
        if texts is None:
            return []
        numbers = [number for key in keys if (number := self._numbers.get(shortened(key))) is not None]
        return [Completion(*json.loads(text)) for text in texts.take(numbers).to_pylist()]

    def keep(self, completion: Completion, *, is_stored: bool) -> None:
        """Remember a completion, or only that it is in the store of answers."""
        number = None
        if not is_stored:
            self._texts = self._texts or Texts(self._folder)
            number = self._texts.add(json.dumps(_values(completion)))
        self._numbers[shortened(completion.key)] = number

    def close(self) -> None:
        """Let go of the completions."""
        if self._texts is not None:
            self._texts.close()


_values = attrgetter(*(field.name for field in fields(Completion)))
