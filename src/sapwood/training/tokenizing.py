"""A job's rows turned into tokens, once: Arrow files of texts in its folder in, files of tokens and a survey out.

What was written before a crash is taken again only whole. Rows pass one batch at a time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from sapwood.errors import InvalidArgumentsError
from sapwood.inference.chat import Chat
from sapwood.jobs.durable import read_table, write_file
from sapwood.training.data import Encoder
from sapwood.training.rows import BATCH, Rows, write_rows
from sapwood.training.survey import Survey, Surveyor

SURVEY = "survey.json"


@dataclass(frozen=True)
class Part:
    """The training or the validation part of a job."""

    rows: Rows
    survey: Survey


def read_parts(
    folder: Path, spec: Mapping[str, Any], chat: Chat, report: Callable[[str], None] = lambda detail: None
) -> dict[str, Part]:
    """The parts of a job's spec, from what an earlier run wrote or made now. `report` hears of each batch and may raise.

    Raises InvalidArgumentsError for rows that can't be trained on.
    """
    if not (folder / SURVEY).is_file():
        surveys = {part: _tokenize(folder, part, spec, chat, report).facts for part in spec["data"]}
        text = json.dumps(surveys, ensure_ascii=False)
        write_file(folder / SURVEY, lambda file: file.write(text.encode()))
    found: dict[str, dict[str, Any]] = json.loads((folder / SURVEY).read_text(encoding="utf-8"))
    return {part: Part(Rows(_tokens(folder, part)), Survey(**facts)) for part, facts in found.items()}


def _tokenize(folder: Path, part: str, spec: Mapping[str, Any], chat: Chat, report: Callable[[str], None]) -> Survey:
    encoder = Encoder(chat, prompt_tokens=spec["prompt_tokens"], completion_tokens=spec["completion_tokens"])
    surveyor = Surveyor()
    pairs = surveyor.watch(_pairs(folder / f"{part}.arrow", part, report))
    write_rows(_tokens(folder, part), (encoder.example(*pair) for pair in pairs))
    survey = surveyor.survey(
        dropped_rows=spec["data"][part]["dropped_rows"],
        cut_prompts=encoder.cut_prompts,
        cut_completions=encoder.cut_completions,
    )
    if survey.blank_completions == survey.rows:
        raise InvalidArgumentsError(
            f"All {survey.rows} completions of the {part} data are blank: there is nothing to learn.",
            hint="Look at the column completion of the query.",
        )
    return survey


def _pairs(path: Path, part: str, report: Callable[[str], None]) -> Iterator[tuple[str, str]]:
    table: pa.Table = read_table(path)
    done = 0
    for batch in table.to_batches(max_chunksize=BATCH):
        report(f"reading the {part} data, row {done} of {table.num_rows}")
        yield from zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True)
        done += batch.num_rows


def _tokens(folder: Path, part: str) -> Path:
    return folder / f"{part}.tokens"
