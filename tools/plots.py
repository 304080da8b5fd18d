"""The page of benchmarks and its plots, from the files of bench/results: JSON in, Markdown and SVG out. Nothing is measured here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

_STYLE = {
    "svg.hashsalt": "sapwood",
    "svg.fonttype": "none",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_GREENS = ("#00796b", "#80cbc4", "#b0bec5", "#37474f")
_MODELS = {"base": "small, untuned", "large": "large", "tuned": "small, tuned", "linear": "TF-IDF + linear"}

Runs = Mapping[str, Any]


def benchmarks_page(results: Path) -> str:
    """The page; each figure says from which file it is."""
    story, load = _read(results, "quickstart"), _read(results, "load")
    run = story["runs"][0]
    return "\n\n".join(
        [
            "# Benchmarks",
            "Made from the files in `bench/results` when the site is built. Each file names its command, commit, machine and"
            " versions; the [log](log.md) says what else ran on the machine, and what did not work. No GPU was used.",
            "## The quickstart",
            f"`{story['command']}`, 2 cores, seed {run['seed']}: {run['seconds']:,.0f} seconds from an empty data directory, at"
            f" most {run['peak_mb']:,} MB of memory. On {run['rows']['eval']} tickets that training never saw:",
            _table(["", *_MODELS.values()], _quality(run["models"])),
            "![Right answers and rows a second, by model](plots/quickstart.svg)",
            "The linear model does as well on this sample, which has five clear categories: tuning pays where it does not.",
            "## Rows that ask a model",
            "What the engine itself takes, with the model `echo`, which costs next to nothing; all prompts different.",
            "![CPU time a row by number of rows](plots/rows.svg)",
            "## Two predicates that ask",
            "Of a condition with two predicates that ask a model, a sample tells which to ask first. The plot has what was asked,"
            " what the better order would have asked, and what one would ask who knew each row's answers beforehand.",
            "![Questions by selectivity](plots/predicates.svg)",
            "## Loading",
            f"COPY INTO of {load['megabytes']:,} MB of CSV, {load['rows']:,} rows, on {load['cores']} cores.",
            _table(["", "seconds", "CPU seconds", "peak memory, MB"], _loads(load)),
        ]
    )


def plots(results: Path) -> Mapping[str, bytes]:
    """SVG by name."""
    story, sql = _read(results, "quickstart"), _read(results, "sql")
    with rc_context(_STYLE):  # type: ignore[arg-type]
        return {
            "quickstart": _svg(_draw_models(story["runs"][0]["models"])),
            "rows": _svg(_draw_rows(sql["rows"])),
            "predicates": _svg(_draw_predicates(sql["predicates"])),
        }


def _read(results: Path, bench: str) -> Any:
    """The newest file of a benchmark."""
    return json.loads(max(results.glob(f"*-{bench}.json")).read_text(encoding="utf-8"))


def _quality(models: Runs) -> Sequence[Sequence[str]]:
    return [
        ["right category", *(f"{models[name]['accuracy']:.1%}" for name in _MODELS)],
        ["one of the five, and nothing else", *(f"{models[name]['well_formed']:.1%}" for name in _MODELS)],
        ["rows/s", *(f"{models[name]['rows_per_s']:,.1f}" for name in _MODELS)],
    ]


def _loads(load: Runs) -> Sequence[Sequence[str]]:
    return [
        [name, f"{load[name]['seconds']:.1f}", f"{load[name]['cpu_seconds']:.1f}", f"{load[name]['peak_mb']:,}"]
        for name in ("sapwood", "duckdb")
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _draw_models(models: Runs) -> Figure:
    figure = Figure(figsize=(8, 3), layout="constrained")
    right, pace = figure.subplots(1, 2)
    names = list(_MODELS.values())
    bars = right.barh(names, [100 * models[name]["accuracy"] for name in _MODELS], color=_GREENS)
    right.bar_label(bars, fmt="%.1f%%", padding=3)
    right.set(xlabel="right category, %", xlim=(0, 125))
    asked = [name for name in _MODELS if name != "linear"]
    bars = pace.barh([_MODELS[name] for name in asked], [models[name]["rows_per_s"] for name in asked], color=_GREENS)
    pace.bar_label(bars, fmt="%.1f", padding=3)
    pace.set(xlabel="rows/s", xlim=(0, 1.25 * max(models[name]["rows_per_s"] for name in asked)))
    for axes in (right, pace):
        axes.invert_yaxis()
    return figure


def _draw_rows(rows: Sequence[Runs]) -> Figure:
    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.subplots()
    axes.plot([row["rows"] for row in rows], [row["cpu_us_per_row"] for row in rows], "o-", color=_GREENS[0])
    axes.set(xscale="log", xlabel="rows", ylabel="CPU microseconds a row")
    axes.set_ylim(bottom=0)
    return figure


def _draw_predicates(rows: Sequence[Runs]) -> Figure:
    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.subplots()
    lines = {"calls": "asked", "fewest": "the better order", "knowing_all": "knowing all answers"}
    for (key, label), color in zip(lines.items(), _GREENS, strict=False):
        axes.plot([row["selectivity"] for row in rows], [row[key] for row in rows], "o-", label=label, color=color)
    axes.set(xlabel="share of rows that the first predicate keeps", ylabel="questions")
    axes.legend(frameon=False)
    return figure


def _svg(figure: Figure) -> bytes:
    """A picture without a date, so that the same figures give the same bytes."""
    out = BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()
