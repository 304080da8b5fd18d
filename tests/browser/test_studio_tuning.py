"""From the wizard to a tuned model that answers, in a real browser. The model is a tiny random one: the job is real and short.

It takes more than five seconds: the job's process imports torch, and learns long enough for its curve to be seen growing.
"""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="the extra [local] is not installed")

from studio_server import running_server, running_studio
from studio_tab import PATIENCE_MS, choose, go, name_model, picture, sign_in

from sapwood.studio.launch import Studio

TINY_MODELS = Path(__file__).parents[1] / "unit" / "inference" / "tiny_models.py"
SETTINGS = """
[models.aliases]
mistral-7b = "tiny"
[inference]
threads = 1
max_answer_tokens = 4
number_type = "fp32"
"""
TABLE = """create database pets;
create table pets.public.sounds as
select 'Who says ' || column1 || ' number ' || seq4() || '?' as prompt, column2 as completion
from values ('woof', 'dog'), ('meow', 'cat') cross join table(generator(rowcount => 60));"""
JOB_MS = 300_000


@pytest.fixture(scope="module")
def tuning(tmp_path_factory: pytest.TempPathFactory) -> Generator[Studio]:
    """Studio on a server with a tiny model and a table of labelled rows."""
    folder = tmp_path_factory.mktemp("tuning")
    build = runpy.run_path(str(TINY_MODELS))
    build["tiny_model"]("llama", max_position_embeddings=1024).save_pretrained(folder / "tiny")
    build["tiny_tokenizer"]().save_pretrained(folder / "tiny")
    sapwood("models", "add", "tiny", "--path", str(folder / "tiny"), "--data", str(folder / "data"))
    with running_server(folder / "data", settings=SETTINGS) as server:
        sapwood("sql", "-", "--data", str(server.data), text=TABLE)
        with running_studio(server.url) as studio:
            yield studio


def sapwood(*arguments: str, text: str = "") -> None:
    command = [sys.executable, "-m", "sapwood", *arguments]
    subprocess.run(command, input=text, text=True, check=True, capture_output=True, timeout=60)


def test_the_wizard_makes_a_model_that_answers(browser: Any, tuning: Studio, shots: Path) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    tab = context.new_page()
    tab.goto(tuning.url)
    sign_in(tab)
    tab.get_by_role("heading", name="Home").wait_for()
    start_job(tab)
    watch_curve(tab)
    picture(tab, shots, "jobs-curves")
    try_model(tab)
    picture(tab, shots, "models-tuned")
    context.close()


def start_job(tab: Any) -> None:
    choices = {1: ("Base model", "mistral-7b"), 3: ("Database", "PETS"), 5: ("Training table", "SOUNDS ·")}
    go(tab, "Create custom LLM")
    for step in range(1, 9):
        tab.get_by_text(f"Step {step} of 9").wait_for()
        if step in choices:
            choose(tab, *choices[step])
        if step == 4:
            name_model(tab, "SOUNDS_7B")
        tab.get_by_role("button", name="Next").click()
    tab.get_by_text("Step 9 of 9").wait_for()
    tab.get_by_role("button", name="Start").click()
    tab.get_by_role("button", name="Watch it").click()


def watch_curve(tab: Any) -> None:
    """The loss is drawn before the job has ended, and after."""
    tab.get_by_role("heading", name="Jobs", exact=True).wait_for()
    chart = tab.get_by_test_id("stVegaLiteChart").first
    chart.wait_for(timeout=JOB_MS)
    assert tab.get_by_role("button", name="Cancel job").is_visible()
    tab.get_by_role("link", name="Open the model").wait_for(timeout=JOB_MS)
    chart.wait_for()


def try_model(tab: Any) -> None:
    tab.get_by_role("link", name="Open the model").click()
    tab.get_by_role("heading", name="Models", exact=True).wait_for()
    tab.get_by_text("Confusion matrix").wait_for()
    tab.get_by_label("Prompt", exact=True).fill("Who says woof number 77?")
    tab.get_by_role("button", name="Ask", exact=True).click()
    tab.get_by_test_id("stAlertContentInfo").get_by_text(re.compile("dog|cat")).wait_for(timeout=JOB_MS)
