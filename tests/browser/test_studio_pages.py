"""Studio in a real browser, as its user clicks through it. The models are `echo`: they answer with what they were asked."""

from __future__ import annotations

from typing import Any

import pytest

PASSWORD = "Sap-And-Bark-7"
PAGES = ("Home", "Worksheet", "Playground", "Create custom LLM", "Jobs", "Models", "Usage", "Settings")

NO_WIDER = """() => {
    const main = document.querySelector('[data-testid=stMain]');
    return main.scrollWidth <= main.clientWidth;
}"""


def sign_in(tab: Any, password: str = PASSWORD, user: str = "admin") -> None:
    tab.get_by_label("User", exact=True).fill(user)
    tab.get_by_label("Password or access token").fill(password)
    tab.get_by_role("button", name="Sign in").click()


def go(tab: Any, page: str) -> None:
    tab.get_by_test_id("stSidebarNav").get_by_role("link", name=page).click()
    tab.get_by_role("heading", name=page, exact=True).wait_for()
    tab.get_by_text("SQL of this page").wait_for()  # the last thing on a page


def load_sample(tab: Any) -> None:
    """By the button of Home, if no test did so before."""
    done = tab.get_by_text("Loaded")
    button = tab.get_by_role("button", name="Load tickets")
    button.or_(done).first.wait_for()
    if button.is_visible():
        button.click()
        done.wait_for()


@pytest.fixture
def signed_in(tab: Any) -> Any:
    """A tab of ADMIN, with the sample loaded."""
    sign_in(tab)
    tab.get_by_role("heading", name="Home").wait_for()
    load_sample(tab)
    return tab


def test_a_wrong_password_is_told_in_plain_words(tab: Any) -> None:
    sign_in(tab, "not-the-password")
    tab.get_by_text("The name or the password is wrong").wait_for()


def test_no_page_is_wider_than_a_phone_or_shows_a_traceback(signed_in: Any) -> None:
    for page in PAGES:
        signed_in.set_viewport_size({"width": 1440, "height": 900})
        go(signed_in, page)
        signed_in.set_viewport_size({"width": 390, "height": 900})
        signed_in.wait_for_function(NO_WIDER)
        assert signed_in.get_by_test_id("stException").count() == 0, page


def test_nothing_is_loaded_from_elsewhere(browser: Any, studio: Any) -> None:
    context = browser.new_context()
    context.set_default_timeout(30_000)
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


def test_a_worksheet_shows_rows_errors_and_stops(signed_in: Any) -> None:
    go(signed_in, "Worksheet")
    field = signed_in.get_by_label("SQL", exact=True)
    run = signed_in.get_by_role("button", name="Run")
    field.fill("select service_type, count(*) as n from support_tickets group by 1")
    run.click()
    signed_in.get_by_text("3 rows ·").wait_for()
    field.fill("select * from nowhere")
    field.press("Control+Enter")
    signed_in.get_by_text("There is no such thing, or you may not see it").wait_for()
    signed_in.get_by_text("SHOW TABLES lists what is there").wait_for()
    field.fill("select snowflake.cortex.complete('mistral-7b', '#sleep: 1000\n' || request) from support_tickets")
    run.click()
    signed_in.get_by_text("of 1,000 questions answered").wait_for()
    signed_in.get_by_role("button", name="Cancel").click()
    signed_in.get_by_text("Rows that were finished are kept").wait_for()


def test_a_million_rows_are_read_a_page_at_a_time(signed_in: Any) -> None:
    go(signed_in, "Worksheet")
    signed_in.get_by_label("SQL", exact=True).fill("select seq4() as i from table(generator(rowcount => 1000000))")
    signed_in.get_by_role("button", name="Run").click()
    signed_in.get_by_text("1,000,000 rows ·").wait_for()
    assert signed_in.get_by_test_id("stException").count() == 0


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
    name = signed_in.get_by_label("Name", exact=True)
    name.fill("tickets_7b")
    name.press("Enter")
    signed_in.get_by_text("CORTEX_FINETUNING_DB.PUBLIC.TICKETS_7B").wait_for()
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
