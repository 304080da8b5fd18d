"""Studio in a real browser, as its user clicks through it. The models are `echo`: they answer with what they were asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest
from studio_tab import PAGES, PATIENCE_MS, choose, go, name_model, picture, settle, sign_in, write

from sapwood.studio.launch import Studio

ROWS = """create or replace table cortex_finetuning_db.public.labelled_rows as
select '#answer: Roaming fees' || char(10) || ticket_id as prompt,
  iff(row_number() over (order by ticket_id) % 2 = 0, 'Roaming fees', 'Lost phone') as completion
from cortex_finetuning_db.public.support_tickets limit 40"""
"""Prompts that `echo` answers with Roaming fees, which is right for every second one."""


def test_a_wrong_password_is_told_in_plain_words(tab: Any) -> None:
    sign_in(tab, "not-the-password")
    tab.get_by_text("The name or the password is wrong").wait_for()


def test_no_page_is_wider_than_a_phone_or_shows_a_traceback(signed_in: Any, shots: Path) -> None:
    for page in PAGES:
        go(signed_in, page)
        picture(signed_in, shots, page.lower().replace(" ", "-"))
        assert signed_in.get_by_test_id("stException").count() == 0, page


def test_nothing_is_loaded_from_elsewhere(browser: Any, studio: Any) -> None:
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    tab = context.new_page()
    tab.goto(studio.url)
    sign_in(tab)
    tab.get_by_role("heading", name="Home").wait_for()
    for page in PAGES:
        go(tab, page)
    context.close()
    assert [url for url in asked if not url.startswith((studio.url, "data:", "blob:"))] == []


def test_a_worksheet_shows_rows_errors_and_stops(signed_in: Any, shots: Path) -> None:
    go(signed_in, "Worksheet")
    field = signed_in.get_by_label("SQL", exact=True)
    run = signed_in.get_by_role("button", name="Run")
    field.fill("select service_type, count(*) as n from support_tickets group by 1")
    run.click()
    signed_in.get_by_text("3 rows ·").wait_for()
    picture(signed_in, shots, "worksheet-rows")
    field.fill("select * from nowhere")
    field.press("Control+Enter")
    signed_in.get_by_text("There is no such thing, or you may not see it").wait_for()
    signed_in.get_by_text("SHOW TABLES lists what is there").wait_for()
    picture(signed_in, shots, "worksheet-error")
    asking = "select snowflake.cortex.complete('mistral-7b', '#sleep: 1000\n' || request) from support_tickets"
    field.fill(asking)
    run.click()
    signed_in.get_by_text("of 1,000 questions answered").wait_for()
    assert field.input_value() == asking  # no run of the page puts an older text into the editor
    picture(signed_in, shots, "worksheet-running")
    signed_in.get_by_role("button", name="Cancel").click()
    signed_in.get_by_text("Rows that were finished are kept").wait_for()


def test_a_million_rows_are_read_a_page_at_a_time(signed_in: Any, studio: Studio) -> None:
    go(signed_in, "Worksheet")
    signed_in.get_by_label("SQL", exact=True).fill("select seq4() as i from table(generator(rowcount => 1000000))")
    signed_in.get_by_role("button", name="Run").click()
    signed_in.get_by_text("1,000,000 rows ·").wait_for()
    signed_in.get_by_test_id("stPagination").get_by_role("button", name="1000").click()
    signed_in.get_by_test_id("stPagination").get_by_role("button", name="999").wait_for()
    assert signed_in.get_by_test_id("stException").count() == 0
    assert psutil.Process(studio.process.pid).memory_info().rss < 500e6


def test_three_people_work_at_once(browser: Any, studio: Studio) -> None:
    contexts = [browser.new_context() for _ in range(3)]
    tabs = [context.new_page() for context in contexts]
    for tab in tabs:
        tab.set_default_timeout(PATIENCE_MS)
        tab.goto(studio.url)
        sign_in(tab)
    for number, tab in enumerate(tabs):
        tab.get_by_role("heading", name="Home").wait_for()
        go(tab, "Worksheet")
        tab.get_by_label("SQL", exact=True).fill(f"select * from missing_{number}")
        tab.get_by_role("button", name="Run").click()
    for number, tab in enumerate(tabs):
        tab.get_by_text(f"MISSING_{number}'").wait_for()
    for context in contexts:
        context.close()


def test_the_editor_completes_names_of_tables(signed_in: Any) -> None:
    go(signed_in, "Worksheet")
    field = signed_in.get_by_label("SQL", exact=True)
    field.fill("")
    field.press_sequentially("select * from support_t")
    signed_in.get_by_role("option", name="SUPPORT_TICKETS", exact=True).wait_for()
    field.press("Tab")
    assert field.input_value() == "select * from SUPPORT_TICKETS"


def test_two_models_answer_side_by_side(signed_in: Any) -> None:
    go(signed_in, "Playground")
    signed_in.get_by_label("Compare with").click()
    signed_in.get_by_role("option", name="mistral-large · echo").click()
    question = signed_in.get_by_placeholder("Ask something")
    signed_in.get_by_text("Sync").wait_for()
    question.fill("Why is the sky blue?")
    question.press("Enter")
    signed_in.get_by_text("5 tokens asked, 5 answered").nth(1).wait_for()
    assert signed_in.get_by_text("Why is the sky blue?", exact=True).count() == 4


@pytest.fixture
def labelled(signed_in: Any) -> Any:
    """A tab where there is a table of forty labelled rows."""
    run_in_worksheet(signed_in, ROWS)
    return signed_in


def run_in_worksheet(tab: Any, sql: str) -> None:
    go(tab, "Worksheet")
    tab.get_by_label("SQL", exact=True).fill(sql)
    tab.get_by_role("button", name="Run").click()
    tab.get_by_text("1 row ·").wait_for()


def test_two_models_are_evaluated_on_one_table(labelled: Any, shots: Path) -> None:
    go(labelled, "Evaluate")
    choose(labelled, "Table", "LABELLED_ROWS ·")
    labelled.get_by_role("button", name="Evaluate", exact=True).click()
    labelled.get_by_text("Row by row").wait_for()
    labelled.get_by_text("20 rows", exact=True).wait_for()  # half of the labels are another one
    picture(labelled, shots, "evaluate-figures")
    choose(labelled, "Show", "Answers differ")
    labelled.get_by_text("There is no such row.").wait_for()


def test_a_label_is_corrected_kept_as_gold_and_measures_the_next_model(labelled: Any) -> None:
    run_in_worksheet(labelled, "drop table if exists cortex_finetuning_db.public.labelled_rows_gold")
    go(labelled, "Labels")
    choose(labelled, "Table", "LABELLED_ROWS ·")
    labelled.get_by_text("0 checked, 0 of them corrected").wait_for()
    grid = labelled.get_by_test_id("stDataFrame").last
    grid.scroll_into_view_if_needed()
    grid.click(position={"x": 92, "y": 50})  # the box of the first row; the grid is one picture
    labelled.get_by_text("1 checked, 0 of them corrected").wait_for()
    correct_first(labelled, grid)
    labelled.get_by_text("1 checked, 1 of them corrected").wait_for()
    labelled.get_by_role("button", name="Keep as gold").click()
    labelled.get_by_role("button", name="To the wizard").first.click()
    for step in range(1, 9):
        labelled.get_by_text(f"Step {step} of 9").wait_for()
        if step == 4:
            name_model(labelled, "M")
        labelled.get_by_role("button", name="Next").click()
    labelled.get_by_text("of CORTEX_FINETUNING_DB.PUBLIC.LABELLED_ROWS_UNCHECKED").wait_for()


def correct_first(tab: Any, grid: Any) -> None:
    """The other label for the first row."""
    first = tab.get_by_test_id("glide-cell-1-0").last.inner_text()
    settle(tab)  # a page drawn again closes the cell
    grid.dblclick(position={"x": 260, "y": 50})
    tab.locator("#portal input").first.wait_for()  # where the grid lets a label be chosen
    tab.keyboard.type("Lost phone" if first == "Roaming fees" else "Roaming fees")
    tab.keyboard.press("Enter")
    settle(tab)


def test_a_plan_says_what_a_statement_would_ask(signed_in: Any) -> None:
    go(signed_in, "Worksheet")
    sql = "select snowflake.cortex.complete('mistral-7b', 'plan ' || ticket_id) from cortex_finetuning_db.public.support_tickets limit 30"
    signed_in.get_by_label("SQL", exact=True).fill(sql)
    signed_in.get_by_role("button", name="Explain").click()
    signed_in.get_by_text("Questions", exact=True).wait_for()
    signed_in.get_by_test_id("stMetricValue").get_by_text("30", exact=True).wait_for()


def test_the_wizard_labels_rows_and_comes_to_a_review(signed_in: Any) -> None:
    go(signed_in, "Create custom LLM")

    def step(number: int) -> None:
        signed_in.get_by_text(f"Step {number} of 9").wait_for()

    def forward(number: int) -> None:
        step(number)
        signed_in.get_by_role("button", name="Next").click()
        step(number + 1)

    for number in (1, 2, 3):
        forward(number)
    name_model(signed_in, "TICKETS_7B")
    forward(4)
    signed_in.get_by_role("button", name="My rows have no labels yet").click()
    told = signed_in.get_by_label("What the teacher is told")
    told.fill("#answer: Roaming fees")
    told.press("Control+Enter")
    signed_in.get_by_role("button", name="Label 20 rows").click()
    label_all = signed_in.get_by_role("button", name="Label all rows")
    label_all.and_(signed_in.locator(":enabled")).wait_for()
    label_all.click()
    for number in (5, 6, 7, 8):
        forward(number)
    signed_in.get_by_text("All completions are the same: there is nothing to learn.").wait_for()
    signed_in.get_by_role("button", name="Start").click()
    signed_in.get_by_text("model 'mistral-7b' can't be fine-tuned: it has no weights").wait_for()


def test_roles_and_tokens_are_made_and_a_token_is_revoked(signed_in: Any, shots: Path) -> None:
    go(signed_in, "Settings")
    parts = signed_in.get_by_test_id("stButtonGroup")
    parts.get_by_text("Roles").click()
    signed_in.get_by_label("New role", exact=True).fill("auditors")
    signed_in.get_by_role("button", name="Create role").click()
    signed_in.get_by_text("AUDITORS is there").wait_for()
    settle(signed_in)
    choose(signed_in, "What a role may do", "AUDITORS")
    picture(signed_in, shots, "settings-roles")
    parts.get_by_text("Access tokens").click()
    write(signed_in, "Name of the token", "robot")
    signed_in.get_by_role("button", name="Make token").click()
    signed_in.get_by_text("Keep it now: it can't be shown again.").wait_for()
    settle(signed_in)
    choose(signed_in, "Token", "ROBOT")
    picture(signed_in, shots, "settings-tokens")
    signed_in.get_by_role("button", name="Revoke").click()
    signed_in.get_by_text("No token opens the door for this user.").wait_for()


def test_who_may_see_nothing_is_told_so_and_stays_where_the_tab_was(signed_in: Any, tab: Any) -> None:
    go(signed_in, "Worksheet")
    signed_in.get_by_label("SQL", exact=True).fill("create user if not exists guest password = 'Bark-And-Sap-8'")
    signed_in.get_by_role("button", name="Run").click()
    signed_in.get_by_text("1 row ·").wait_for()
    signed_in.reload()
    sign_in(tab, "Bark-And-Sap-8", "guest")
    tab.get_by_role("heading", name="Worksheet").wait_for()
    tab.get_by_label("SQL", exact=True).fill("select * from cortex_finetuning_db.public.support_tickets")
    tab.get_by_role("button", name="Run").click()
    tab.get_by_text("There is no such thing, or you may not see it").wait_for()
