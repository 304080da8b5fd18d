from __future__ import annotations

import io
import json

from rich.console import Console

from sapwood.quickstart.evaluation import Scores
from sapwood.quickstart.report import Figures, Models, closing_table, json_line, meaning

BASE = Figures(Scores(40, 0.05, 0.0, 0.05, 0.01), tokens_asked=5_000, tokens_computed=3_000, seconds=20.0)
LARGE = Figures(Scores(200, 0.98, 0.99, 1.0, 0.98), tokens_asked=30_000, tokens_computed=12_000, seconds=50.0)
TUNED = Figures(Scores(200, 0.975, 1.0, 0.97, 0.94), tokens_asked=30_000, tokens_computed=12_000, seconds=5.0)
LINEAR = Figures(Scores(200, 0.9, 1.0, 0.91, 0.87), tokens_asked=0, tokens_computed=0, seconds=0.0)
ALL: Models = {"base": BASE, "large": LARGE, "tuned": TUNED, "linear": LINEAR}
SMALL: Models = {
    "base": Figures(Scores(40, 0.05, 0.0), 1, 1, 1.0),
    "large": None,
    "tuned": Figures(Scores(200, 0.9, 1.0), 1, 1, 1.0),
    "linear": Figures(Scores(200, 0.9, 1.0), 0, 0, 0.1),
}


def shown(models: Models, width: int = 200) -> str:
    out = Console(file=io.StringIO(), width=width)
    out.print(closing_table(models))
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def row(text: str, measure: str) -> list[str]:
    """The cells of a measure, in the order of the models."""
    line = next(line for line in text.splitlines() if line.strip().startswith(measure))
    return line.replace(measure, "").split()


def test_json_is_one_line_with_the_keys_that_were_promised() -> None:
    line = json_line(ALL, train=800, evaluation=200, seconds=123.42, peak_mb=4321.9)
    assert "\n" not in line
    data = json.loads(line)
    assert list(data) == ["rows", "models", "seconds", "peak_mb"]
    assert data["rows"] == {"train": 800, "eval": 200}
    assert list(data["models"]) == ["base", "large", "tuned", "linear"]
    keys = ["accuracy", "agreement", "well_formed", "rows_per_s", "tokens_asked", "tokens_computed", "seconds"]
    assert all(list(model) == keys for model in data["models"].values())
    assert data["models"]["tuned"] == dict(zip(keys, [0.975, 0.97, 1.0, 40.0, 30_000, 12_000, 5.0], strict=True))
    assert (data["seconds"], data["peak_mb"]) == (123.4, 4322)


def test_without_a_large_model_its_row_and_the_agreements_are_null() -> None:
    models = json.loads(json_line(SMALL, train=300, evaluation=75, seconds=1, peak_mb=None))["models"]
    assert models["large"] is None
    assert [models[name]["agreement"] for name in ("base", "tuned", "linear")] == [None] * 3


def test_no_time_to_speak_of_gives_no_speed() -> None:
    assert (
        json.loads(json_line(ALL, train=1, evaluation=1, seconds=1, peak_mb=1))["models"]["linear"]["rows_per_s"]
        is None
    )


def test_the_table_has_a_column_for_each_model_even_one_that_was_left_out() -> None:
    assert row(shown(SMALL), "right category") == ["5.0%", "–", "90.0%", "90.0%"]
    assert row(shown(ALL), "tokens asked") == ["5,000", "30,000", "30,000", "0"]


def test_the_table_does_not_praise_the_large_model_for_agreeing_with_itself() -> None:
    assert row(shown(ALL), "agrees with large") == ["5.0%", "–", "97.0%", "91.0%"]
    assert row(shown(ALL), "at least") == ["1.0%", "–", "94.0%", "87.0%"]


def test_80_characters_cut_and_wrap_nothing() -> None:
    wide, narrow = shown(ALL, 120), shown(ALL, 80)
    assert "…" not in narrow
    assert [line.split() for line in narrow.splitlines()] == [line.split() for line in wide.splitlines()]


def test_the_meaning_is_two_sentences_with_the_figures() -> None:
    text = meaning(ALL)
    assert "5.0% to 97.5%" in text
    assert "98.0%" in text
    assert "10.0 times the large model's speed" in text
    assert text.count(". ") == 1
    assert meaning(SMALL).count(". ") == 1
