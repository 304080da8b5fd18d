"""PUT and GET of a client on another machine: which files it may send or fetch by itself, instead of doing it here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Transfer:
    """Files of one folder on their way. `local` is the client's path as written.

    An upload may write any file below `folder`, a download read those of `names`, given below `folder`. `options` are those
    of the statement, by upper-case name.
    """

    is_upload: bool
    local: str
    folder: Path
    names: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def is_on(self, option: str, *, default: bool) -> bool:
        """The value of an option that is TRUE or FALSE."""
        return str(self.options.get(option, default)).upper() == "TRUE"
