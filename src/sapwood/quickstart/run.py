"""`sapwood quickstart`: the whole story on this machine, its figures and its pictures.

Answers that were finished before come from the cache, with the figures of the run that made them; the training job is
started once. So a run that was interrupted goes on where it stopped, and a second one takes seconds.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from sapwood import app, config
from sapwood.engine.result import Usage
from sapwood.errors import ConfigError
from sapwood.quickstart import story
from sapwood.quickstart.evaluation import OTHER, Answers, confusion, score
from sapwood.quickstart.memory import PeakMemory
from sapwood.quickstart.plots import plot_confusion
from sapwood.quickstart.report import Figures, Models, closing_table, json_line, meaning
from sapwood.quickstart.teller import Answer, Teller
from sapwood.quickstart.training import Trained, train
from sapwood.terminal.bars import Bars
from sapwood.training.baseline import linear_baseline
from sapwood.training.curves import plot_curves


@dataclass(frozen=True)
class Outcome:
    """All that a run found out."""

    train_rows: int
    evaluation_rows: int
    models: Models
    pictures: tuple[Path, ...]


def run_quickstart(data: Path | None, *, small: bool, as_json: bool, seed: int, out: Console) -> int:
    """Tell the story; gives the exit code. With `small` the large model is left out."""
    started = time.perf_counter()
    settings = config.load(data)
    check_packages()
    bars = Bars()
    announce(settings, out, small=small)
    with PeakMemory() as memory, app.connect(data, on_progress=bars) as connection:
        outcome = tell(Teller(connection, out, bars), settings.data, memory, small=small, seed=seed)
    close(outcome, out)
    if as_json:
        line = json_line(
            outcome.models,
            train=outcome.train_rows,
            evaluation=outcome.evaluation_rows,
            seconds=time.perf_counter() - started,
            peak_mb=memory.megabytes,
        )
        out.file.write(line + "\n")
        out.file.flush()
    return 0


def check_packages() -> None:
    """ConfigError if the packages for models and figures are not installed."""
    missing = [
        name for name in ("torch", "transformers", "sklearn", "matplotlib") if importlib.util.find_spec(name) is None
    ]
    if missing:
        raise ConfigError(
            f"the quickstart needs {', '.join(missing)}", hint="Install them: pip install 'sapwood[local]'"
        )


def announce(settings: config.Config, out: Console, *, small: bool) -> None:
    """Say what will be downloaded, before it is."""
    office = app.open_office(settings)
    try:
        wanted = {office.registry.resolve(name).name for name in (story.SMALL, *(() if small else (story.LARGE,)))}
        models = [model for model in office.registry.listing() if model.name in wanted]
    finally:
        office.close()
    for model in models:
        state = "is here" if model.present else f"will be fetched once: {model.size / 1e6:,.0f} MB"
        out.print(f"Model {model.name} ({model.licence}) {state}.", highlight=False)


def tell(teller: Teller, data: Path, memory: PeakMemory, *, small: bool, seed: int) -> Outcome:
    """Run all steps in their order and measure the models."""
    truth = load_tickets(teller)
    base = ask_untuned(teller, small=small)
    rows = make_training_data(teller, seed=seed, small=small)
    parts = [row for part in rows.values() for row in part.rows]
    job = train(teller, parts, seed=seed, memo=data / "quickstart" / "training.json", on_job=memory.watch)
    tuned = ask_tuned(teller, job)
    large = None if small else teller.tell(story.large_held_out())
    write_mails(teller, story.SMALL if small else story.LARGE)
    linear = ask_linear(rows["train"], tuned)
    reference = large.column(2) if large else None
    models: Models = {
        "base": figures(base.column(2), truth, reference, base.usage),
        "large": large and figures(large.column(2), truth, reference, large.usage),
        "tuned": figures(tuned.column(2), truth, reference, tuned.usage),
        "linear": figures(linear.answers, truth, reference, Usage(seconds=linear.seconds)),
    }
    pictures = draw(data / "quickstart", data / "models" / job.job_id, {"large": large, "tuned": tuned}, truth)
    return Outcome(len(rows["train"].rows), len(rows["eval"].rows), models, pictures)


def load_tickets(teller: Teller) -> dict[str, str]:
    """Load everything, show three tickets; gives the true category by ticket."""
    for step in story.setup():
        teller.tell(step)
    teller.table(("ticket_id", "service_type", "request", "contact_preference"), teller.tell(story.look()).rows)
    return teller.tell(story.truth()).column(1)


def ask_untuned(teller: Teller, *, small: bool) -> Answer:
    """The small model as it comes, over a sample of the held-out tickets; beside it five answers of the large one."""
    teller.tell(story.sample())
    base = teller.tell(story.untuned())
    if small:
        teller.table(("ticket_id", "request", "small model"), base.rows[:5])
    else:
        both = teller.tell(story.side_by_side())
        teller.table(("ticket_id", "request", "small model", "large model"), both.rows)
    return base


def make_training_data(teller: Teller, *, seed: int, small: bool) -> dict[str, Answer]:
    """Label the tickets, split them; gives the rows to train on and those to validate by."""
    if not small:
        teller.tell(story.label())
    teller.tell(story.training_table(seed, small=small))
    for step in story.split(seed):
        teller.tell(step)
    return {table: teller.tell(story.training_rows(table)) for table in ("train", "eval")}


def ask_tuned(teller: Teller, job: Trained) -> Answer:
    """The tuned model over all tickets; gives its answers for the held-out ones."""
    everything, kept, counts, held_out = story.tuned(job.model)
    teller.tell(everything)
    teller.tell(kept)
    teller.table(("category", "tickets"), teller.tell(counts).rows)
    return teller.tell(held_out)


def write_mails(teller: Teller, model: str) -> None:
    """Five e-mails or texts, with their words counted against the limits of the prompt."""
    picked, written = story.mails(model)
    teller.tell(picked)
    for _, name, contact, text in teller.tell(written).rows:
        teller.letter(f"To {name}, {contact}: {count_words(contact, text)}", text)


def count_words(contact: str, text: str | None) -> str:
    """The number of words against the limit for this way of contact.

    >>> count_words("📲 Text Message", "Save money with our new plan!")
    '6 words of 24'
    """
    words = len((text or "").split())
    limit = next((limit for way, limit in story.WORD_LIMITS.items() if contact.endswith(way)), None)
    over = "" if limit is None or words <= limit else ", too many"
    return f"{words} words of {limit}{over}"


@dataclass(frozen=True)
class Linear:
    """The linear baseline's answers by ticket, and the seconds that they took."""

    answers: Answers
    seconds: float


def ask_linear(training: Answer, held_out: Answer) -> Linear:
    """Train the linear baseline on the rows that the job trained on, and let it answer the held-out tickets."""
    requests = held_out.column(1)
    texts = [row[1] for row in training.rows]
    labels = [row[3] or "" for row in training.rows]
    found = linear_baseline(texts, labels, list(requests.values()))
    return Linear(dict(zip(requests, found.answers, strict=True)), found.seconds)


def figures(answers: Answers, truth: Mapping[str, str], reference: Answers | None, usage: Usage) -> Figures:
    """One model's row of the closing table."""
    scores = score(answers, truth, story.CATEGORIES, reference=reference)
    return Figures(scores, usage.tokens_asked, usage.tokens_computed, usage.seconds)


def draw(folder: Path, model: Path, answers: Mapping[str, Answer | None], truth: Mapping[str, str]) -> tuple[Path, ...]:
    """Confusion matrices and the loss curve, as PNG in `folder`."""
    counts = {name: confusion(answer.column(2), truth, story.CATEGORIES) for name, answer in answers.items() if answer}
    plot_confusion(folder / "confusion.png", counts, story.CATEGORIES, OTHER)
    results = model / "training_results.csv"
    if not results.is_file():
        return (folder / "confusion.png",)
    plot_curves(folder / "loss.png", results)
    return (folder / "confusion.png", folder / "loss.png")


def close(outcome: Outcome, out: Console) -> None:
    """The closing table, where the pictures are, and what it all means."""
    out.print()
    out.print(closing_table(outcome.models))
    for line in legend(outcome):
        out.print(line, style="dim", highlight=False)
    for picture in outcome.pictures:
        out.print(f"Picture: {picture}", highlight=False, soft_wrap=True)
    out.print()
    out.print(meaning(outcome.models), highlight=False)


def legend(outcome: Outcome) -> tuple[str, ...]:
    """What the words in the closing table mean, a sentence a line."""
    return (
        f"Small is {story.SMALL}, large is {story.LARGE}: see `sapwood models list`.",
        f"Trained on {outcome.train_rows} rows, validated by {outcome.evaluation_rows}.",
        "Well-formed: one of the five categories, and nothing else.",
        "At least: one-sided 95 % lower bound of the agreement (Clopper-Pearson).",
        "Tokens computed: a prompt's beginning that rows share counts once.",
    )
