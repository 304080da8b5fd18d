"""The model card of a tuned model: what it was made of and how good it is, as Markdown with the hub's YAML head."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CARD = "README.md"
_SCORES = ("rows", "loss", "exact_match", "macro_f1", "well_formed", "calibration_error")


@dataclass(frozen=True)
class Facts:
    """What a card tells. `data` has rows, dropped_rows and sha256 by part; `options` are all settings of the run."""

    name: str
    base: str
    base_digest: str
    licence: str
    data: Mapping[str, Mapping[str, Any]]
    warnings: Sequence[str]
    options: Mapping[str, Any]
    evaluations: Sequence[Mapping[str, Any]]


def write_card(facts: Facts) -> str:
    """The card's text."""
    return "\n".join(_lines(facts)) + "\n"


def _lines(facts: Facts) -> Iterator[str]:
    head = {"base_model": facts.base, "library_name": "peft", "license": facts.licence or "unknown"}
    yield from ("---", *(f"{key}: {json.dumps(value)}" for key, value in head.items()), "---", "")
    yield f"# {facts.name}"
    yield ""
    yield f"A LoRA adapter of `{facts.base}` (sha256 `{facts.base_digest}`), made by sapwood. Its licence is that of the base model"
    yield f"({facts.licence or 'not known here'}) and what the data's owner says."
    yield from ("", "## Data", "")
    parts = [
        (part, each["rows"], each["dropped_rows"], f"`{each.get('sha256', '')}`") for part, each in facts.data.items()
    ]
    yield from _table(("part", "rows", "dropped", "sha256"), parts)
    if facts.warnings:
        yield ""
        yield from (f"- {warning}" for warning in facts.warnings)
    yield from ("", "## Options", "")
    yield from _table(("option", "value"), facts.options.items())
    if facts.evaluations:
        yield from ("", "## Rows held out", "")
        names = ("subject", "method", "epoch", *_SCORES)
        yield from _table(names, ([_figure(each[name]) for name in names] for each in facts.evaluations))


def _table(titles: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    yield f"| {' | '.join(title.replace('_', ' ') for title in titles)} |"
    yield f"|{'---|' * len(titles)}"
    for row in rows:
        yield f"| {' | '.join(str(value) for value in row)} |"


def _figure(value: Any) -> str:
    return "" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)
