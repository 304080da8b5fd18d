"""The parts of the run that need no model: word counts, pictures, figures, and the data steps over a real engine."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from sapwood import app
from sapwood.engine.result import Usage
from sapwood.errors import ConfigError
from sapwood.quickstart import run, story
from sapwood.quickstart.teller import Answer, Teller
from sapwood.terminal.bars import Bars

ECHO = {"models.aliases": {"mistral-7b": "echo", "mistral-large": "echo"}}


@pytest.fixture(scope="module", name="teller")
def make_teller(tmp_path_factory: pytest.TempPathFactory):
    with app.connect(tmp_path_factory.mktemp("data"), flags=ECHO) as connection:
        yield Teller(connection, Console(file=io.StringIO(), width=200), Bars())


@pytest.mark.parametrize(
    ("contact", "words", "expected"),
    [
        ("📲 Text Message", 24, "24 words of 24"),
        ("📲 Text Message", 25, "25 words of 24, too many"),
        ("📩 Email", 100, "100 words of 100"),
        ("📩 Email", 101, "101 words of 100, too many"),
    ],
)
def test_words_are_counted_against_the_prompts_limits(contact: str, words: int, expected: str) -> None:
    """'In less than 25 words' allows 24; 'in maximum 100 words' allows 100."""
    assert run.count_words(contact, "word " * words) == expected


def test_the_story_tells_title_statement_and_cost(tmp_path: Path) -> None:
    out = Console(file=io.StringIO(), width=200)
    with app.connect(tmp_path, flags=ECHO) as connection:
        found = Teller(connection, out, Bars()).tell(
            story.Step("A title", "A sentence.", "select snowflake.cortex.complete('echo', 'hello') as a")
        )
    assert found.rows == [("hello",)]
    text = out.file.getvalue() if isinstance(out.file, io.StringIO) else ""
    assert text.index("A title") < text.index("A sentence.") < text.index("select snowflake") < text.index("1 row in")


def test_what_was_loaded_is_told_and_long_texts_are_readable(tmp_path: Path) -> None:
    out = io.StringIO()
    with app.connect(tmp_path, flags=ECHO) as connection:
        teller = Teller(connection, Console(file=out, width=80), Bars())
        for step in story.setup()[:4]:
            teller.tell(step)
        teller.letter("To Rosa, by mail", "  Dear [name],\n\n" + "save money " * 20)
        teller.table(("a", "b"), [("one", "word " * 100)])
    text = out.getvalue()
    assert "  1,000 rows loaded" in text
    assert "To Rosa, by mail\n    Dear [name]," in text
    assert max(len(line) for line in text.splitlines() if "save money" in line) <= 80
    assert "…" in text and text.count("word") < 100


def test_loading_gives_the_true_category_of_all_tickets(teller: Teller) -> None:
    truth = run.load_tickets(teller)
    assert len(truth) == 1200
    assert set(truth.values()) == set(story.CATEGORIES)


def test_the_split_without_a_large_model_has_300_and_75_true_labels(teller: Teller) -> None:
    truth = run.load_tickets(teller)
    rows = run.make_training_data(teller, seed=42, small=True)
    assert (len(rows["train"].rows), len(rows["eval"].rows)) == (300, 75)
    for ticket, request, prompt, label in rows["train"].rows + rows["eval"].rows:
        assert prompt == f"{story.PROMPT} {request}"
        assert label == truth[ticket]


def test_the_split_has_800_and_200_rows_and_the_same_each_time(teller: Teller) -> None:
    run.load_tickets(teller)
    first = run.make_training_data(teller, seed=42, small=False)
    second = run.make_training_data(teller, seed=42, small=False)
    other = run.make_training_data(teller, seed=43, small=False)
    assert (len(first["train"].rows), len(first["eval"].rows)) == (800, 200)
    assert first["train"].rows == second["train"].rows
    assert {row[0] for row in first["eval"].rows} != {row[0] for row in other["eval"].rows}
    assert not {row[0] for row in first["train"].rows} & {row[0] for row in first["eval"].rows}


def test_the_untuned_model_answers_forty_rows(teller: Teller) -> None:
    run.load_tickets(teller)
    base = run.ask_untuned(teller, small=False)
    assert len(base.rows) == story.BASE_ROWS
    assert base.usage.rows == story.BASE_ROWS


def test_mails_go_to_five_customers_of_the_picked_category(teller: Teller) -> None:
    run.load_tickets(teller)
    create = (
        "create or replace table support_tickets_fine_tuned as select t.ticket_id, t.request, "
        "c.category as fine_tuned_mistral_7b_model_response from support_tickets t join ticket_categories c on t.ticket_id = c.ticket_id"
    )
    teller.ask(story.Step("", "", create))
    picked, written = story.mails("echo")
    teller.ask(picked)
    rows = teller.ask(written).rows
    assert len(rows) == story.MAILS
    for _, name, contact, mail in rows:
        assert mail.endswith(f"Name: {name}, Contact preference: {contact.partition(' ')[2]}")


def test_the_linear_baseline_learns_from_the_training_rows() -> None:
    words = {"bill": "Roaming fees", "phone": "Lost phone"}
    training = Answer([("T", f"my {word}", "prompt", label) for word, label in words.items()] * 3, Usage())
    held_out = Answer([("H1", "a bill", None), ("H2", "the phone", None)], Usage())
    assert run.ask_linear(training, held_out).answers == {"H1": "Roaming fees", "H2": "Lost phone"}


def test_pictures_are_drawn_without_a_loss_curve_if_the_results_are_gone(tmp_path: Path) -> None:
    answers = {"large": None, "tuned": Answer([("H1", "request", "Lost phone")], Usage())}
    pictures = run.draw(tmp_path / "quickstart", tmp_path / "nowhere", answers, {"H1": "Lost phone"})
    assert [picture.name for picture in pictures] == ["confusion.png"]
    assert pictures[0].is_file()


def test_packages_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "sklearn" else object())  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    with pytest.raises(ConfigError, match="sklearn") as raised:
        run.check_packages()
    assert "sapwood[local]" in raised.value.hint
