"""What a session has agreed on for dates and times: how texts of them are written and read, when a week begins, what TIMESTAMP is.

The compiler lets a session's conventions hold while it compiles one of its statements, so that casts, which are everywhere, need
not be handed them; outside of that the vendor's defaults hold. Source: the vendor's page "Parameters".
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

CONVENTIONS = "CONVENTIONS"
"""The name of a session's conventions among the values of its `Scope.context`."""
AUTO = "AUTO"
OUTPUT_FORMATS: Mapping[str, str] = {
    "DATE": "YYYY-MM-DD",
    "TIME": "HH24:MI:SS",
    "TIMESTAMP": "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM",
    "TIMESTAMP_NTZ": "YYYY-MM-DD HH24:MI:SS.FF3",
    "TIMESTAMP_LTZ": "",
    "TIMESTAMP_TZ": "",
}
"""The defaults of `<name>_OUTPUT_FORMAT`; where one is empty, TIMESTAMP_OUTPUT_FORMAT counts."""
INPUT_FORMATS = ("DATE", "TIME", "TIMESTAMP")
"""What has a parameter `<name>_INPUT_FORMAT`; AUTO is the default of each."""


def _outputs(formats: Mapping[str, str]) -> Mapping[str, str]:
    return {name: form or formats["TIMESTAMP"] for name, form in formats.items()}


@dataclass(frozen=True)
class Conventions:
    """`outputs` has the format of each type's texts, `inputs` those by which texts are read. `week_start` is 0 for the vendor's
    older rule, else 1 for Monday to 7 for Sunday; by `week_policy` 1 the week of 1 January is a year's first. `timestamp` is the
    logical name of what TIMESTAMP means."""

    outputs: Mapping[str, str] = field(default_factory=lambda: _outputs(OUTPUT_FORMATS))
    inputs: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(INPUT_FORMATS, AUTO))
    week_start: int = 0
    week_policy: int = 0
    timestamp: str = "TIMESTAMP_NTZ"

    @classmethod
    def of(cls, parameter: Callable[[str], Any]) -> Conventions:
        """The conventions of a session whose parameters `parameter` gives by name."""
        return cls(
            _outputs({name: str(parameter(f"{name}_OUTPUT_FORMAT")) for name in OUTPUT_FORMATS}),
            {name: str(parameter(f"{name}_INPUT_FORMAT")) for name in INPUT_FORMATS},
            int(parameter("WEEK_START")),
            int(parameter("WEEK_OF_YEAR_POLICY")),
            str(parameter("TIMESTAMP_TYPE_MAPPING")),
        )

    def input_of(self, name: str) -> str:
        """The format by which a text becomes a value of a type."""
        return self.inputs["TIMESTAMP" if name.startswith("TIMESTAMP") else name]


DEFAULT = Conventions()
_HOLDING: ContextVar[Conventions] = ContextVar("conventions", default=DEFAULT)


def current() -> Conventions:
    """The conventions that hold."""
    return _HOLDING.get()


@contextmanager
def holding(conventions: Conventions) -> Generator[None]:
    """Let conventions hold for the length of a block, in this thread."""
    before = _HOLDING.set(conventions)
    try:
        yield
    finally:
        _HOLDING.reset(before)
