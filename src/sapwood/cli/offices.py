"""The catalogue and the files of a data directory, for the length of a command."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sapwood.office import Office
    from sapwood.registry.registry import Download


@contextmanager
def opened(data: Path | None, *, on_download: Callable[[Download], None] | None = None) -> Generator[Office]:
    """The office of a data directory, closed in the end."""
    from sapwood import config
    from sapwood.office import open_office

    office = open_office(config.load(data), on_download=on_download)
    try:
        yield office
    finally:
        office.close()
