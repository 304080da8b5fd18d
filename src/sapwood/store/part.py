"""What every noun of the catalogue stands on: the database and the clock."""

from __future__ import annotations

from collections.abc import Callable

from sapwood.store.database import Database


class Part:
    """A noun of the catalogue. `clock` gives epoch milliseconds."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock
