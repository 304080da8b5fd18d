"""What bench/functions.py measured of a function, as a part of its page: the newest result in, Markdown out. Knows no declarations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

GRADES = ((0.8, "good"), (0.5, "fair"))
"""The least gain that a grade takes: the share of what guessing gets wrong that the model gets right."""
NO_GOOD = "no good"


def newest(results: Path) -> dict[str, Any]:
    """The newest result of the functions; empty if there is none."""
    found = sorted(results.glob("*-functions.json"))
    return json.loads(found[-1].read_text(encoding="utf-8")) if found else {}


def quality(result: dict[str, Any], function: str) -> str:
    """The table of a function with a word on each figure, and what to use where a model is no good; '' if it was not measured."""
    figures = [each for each in result.get("figures", ()) if each["function"] == function]
    if not figures:
        return ""
    head = f"Measured on {result['date']}, on {result['threads']} cores, with `bench/functions.py` (rows marked * were written for it):"
    lines = ["| model | rows | right | by guessing | rows/s | |", "|---|---|--:|--:|--:|---|"]
    lines += [
        f"| {each['model']} | {each['rows']} {each['task']}{' *' if each['is_ours'] else ''} | {each['right']:.0%} | {each['guess']:.0%}"
        f" | {_rate(each, result['threads'])} | {grade(each)} |"
        for each in figures
    ]
    return "\n".join([head, "", *lines, *_advice(figures)])


def grade(figure: dict[str, Any]) -> str:
    """`good`, `fair` or `no good`.

    >>> grade({"right": 0.95, "guess": 0.5}), grade({"right": 0.6, "guess": 0.5})
    ('good', 'no good')
    """
    gain = (figure["right"] - figure["guess"]) / (1 - figure["guess"])
    return next((name for least, name in GRADES if gain >= least), NO_GOOD)


def _rate(figure: dict[str, Any], threads: int) -> str:
    """Rows a second; a dash where others used the machine meanwhile."""
    return f"{figure['rows_per_s']:.3g}" if figure["load"] <= threads + 1 else "-"


def _advice(figures: Sequence[dict[str, Any]]) -> list[str]:
    models = dict.fromkeys(each["model"] for each in figures)
    bad = [
        f"`{model}` ({', '.join(each['task'] for each in figures if each['model'] == model and grade(each) == NO_GOOD)})"
        for model in models
        if any(grade(each) == NO_GOOD for each in figures if each["model"] == model)
    ]
    if not bad:
        return []
    return ["", f"No good here: {'; '.join(bad)}. Use a larger model, or one that was tuned for the task."]
