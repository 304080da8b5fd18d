"""What one statement was answered, by the question's key, so that it never asks twice, with or without the cache.

Completions that are not stored elsewhere lie in a file without a name; of the others only a digest stays in memory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import fields
from operator import attrgetter
from pathlib import Path

from sapwood.engine.ledger import Texts
from sapwood.inference.request import Completion


class Answered:
    """The completions of one statement."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._texts: Texts | None = None
        self._places: dict[bytes, int | None] = {}

    def __contains__(self, key: str) -> bool:
        return _short(key) in self._places

    def find(self, keys: Iterable[str]) -> list[Completion]:
        """Those of the keys that are in the file."""
        texts = self._texts
        if texts is None:
            return []
        places = [place for key in keys if (place := self._places.get(_short(key))) is not None]
        return [Completion(*json.loads(texts.get(place))) for place in places]

    def keep(self, completion: Completion, *, is_stored: bool) -> None:
        """Remember a completion, or only that it is in the store of answers."""
        place = None
        if not is_stored:
            self._texts = self._texts or Texts(self._folder)
            place = self._texts.add(json.dumps(_values(completion)))
        self._places[_short(completion.key)] = place

    def close(self) -> None:
        """Let go of the completions."""
        if self._texts is not None:
            self._texts.close()


_values = attrgetter(*(field.name for field in fields(Completion)))


def _short(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=16).digest()
