"""The shipped sample files: their shape, their balance, and that the generator still makes the same bytes."""

from __future__ import annotations

import csv
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from sapwood.samples import compose

FOLDER = Path(compose.__file__).parent
CATEGORIES = {"Roaming fees", "Slow data speed", "Lost phone", "Add new line", "Closing account"}


def read(path: str) -> list[dict[str, str]]:
    with (FOLDER / path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module", name="training")
def read_training() -> list[dict[str, str]]:
    return read(compose.TICKETS)


@pytest.fixture(scope="module", name="held_out")
def read_held_out() -> list[dict[str, str]]:
    return read(compose.HELD_OUT)


@pytest.fixture(scope="module", name="truth")
def read_truth() -> dict[str, dict[str, str]]:
    return {row["TICKET_ID"]: row for row in read(compose.TRUTH)}


def test_the_generator_makes_the_shipped_files_byte_for_byte() -> None:
    for path, text in compose.files(compose.compose()).items():
        assert (FOLDER / path).read_bytes() == text.encode()


def test_another_seed_makes_other_tickets() -> None:
    assert compose.compose(seed=1)[0].request != compose.compose(seed=2)[0].request


def test_each_file_lies_in_a_folder_whose_url_no_other_file_shares() -> None:
    """COPY loads all that lies under the stage's URL, and URLs are prefixes."""
    folders = ["/".join(path.split("/")[:-1]) + "/" for path in (compose.TICKETS, compose.HELD_OUT, compose.TRUTH)]
    shipped = [str(file.relative_to(FOLDER)) for file in (FOLDER / "sfquickstarts").rglob("*.csv")]
    assert [sum(file.startswith(folder) for file in shipped) for folder in folders] == [1, 1, 1]
    assert folders[0] == "sfquickstarts/finetuning_llm_using_snowflake_cortex_ai/"


def test_there_are_as_many_tickets_of_each_category(
    training: list[dict[str, str]], held_out: list[dict[str, str]], truth: dict[str, dict[str, str]]
) -> None:
    for rows, each in ((training, 200), (held_out, 40)):
        assert Counter(truth[row["TICKET_ID"]]["CATEGORY"] for row in rows) == dict.fromkeys(CATEGORIES, each)


def test_ids_are_in_order_and_none_is_there_twice(
    training: list[dict[str, str]], held_out: list[dict[str, str]], truth: dict[str, dict[str, str]]
) -> None:
    ids = [row["TICKET_ID"] for row in training + held_out]
    assert ids == [f"TR{number:04d}" for number in range(1, 1201)]
    assert list(truth) == ids


def test_held_out_tickets_come_from_families_of_their_own(
    training: list[dict[str, str]], held_out: list[dict[str, str]], truth: dict[str, dict[str, str]]
) -> None:
    seen, unseen = ({truth[row["TICKET_ID"]]["FAMILY"] for row in rows} for rows in (training, held_out))
    assert not seen & unseen
    assert len(seen) >= 30
    assert len(unseen) >= 10


def test_no_sentence_of_a_held_out_family_occurs_in_another() -> None:
    families = compose.read_templates().families
    sentences = {
        held: {text for family in families if family.holdout == held for text in _sentences(family)}
        for held in (True, False)
    }
    assert not sentences[True] & sentences[False]


def _sentences(family: compose.Family) -> tuple[str, ...]:
    return (*family.opening, *family.detail, *family.ask)


def test_each_category_has_several_families_of_both_sorts() -> None:
    counts = Counter((family.category, family.holdout) for family in compose.read_templates().families)
    assert set(counts) == {(category, holdout) for category in CATEGORIES for holdout in (True, False)}
    assert min(counts.values()) >= 3


def test_no_two_tickets_have_the_same_request(training: list[dict[str, str]], held_out: list[dict[str, str]]) -> None:
    assert len({row["REQUEST"] for row in training + held_out}) == 1200


def test_most_requests_have_25_to_75_words_and_some_are_shorter(training: list[dict[str, str]]) -> None:
    words = [len(row["REQUEST"].split()) for row in training]
    assert sum(25 <= count <= 75 for count in words) / len(words) > 0.85
    assert 0.01 < sum(count < 25 for count in words) / len(words) < 0.15
    assert max(words) <= 75


def test_columns_have_the_shape_of_the_quickstarts_data(
    training: list[dict[str, str]], held_out: list[dict[str, str]]
) -> None:
    for row in training + held_out:
        assert re.fullmatch(rf"{row['CUSTOMER_NAME']}\.[A-Z]@[a-z]+\.com", row["CUSTOMER_EMAIL"])
        assert row["SERVICE_TYPE"] in {"Cellular", "Business Internet", "Home Internet"}
        assert row["CONTACT_PREFERENCE"] in {"Text Message", "Email"}
        assert max(len(value) for key, value in row.items() if key != "REQUEST") <= 60
        assert "\n" not in row["REQUEST"]
        assert not set("{}[]|") & set(row["REQUEST"])


def test_a_lost_phone_is_never_home_internet(training: list[dict[str, str]], truth: dict[str, dict[str, str]]) -> None:
    lost = [row for row in training if truth[row["TICKET_ID"]]["CATEGORY"] == "Lost phone"]
    assert {row["SERVICE_TYPE"] for row in lost} == {"Cellular"}


def test_an_aside_is_never_about_the_tickets_own_category() -> None:
    templates = compose.read_templates()
    for group in (group for group in templates.shared if group.part == "aside"):
        assert not set(group.texts) & set(templates.asides(group.topic))


def test_misspelling_changes_a_few_words_and_no_number() -> None:
    text = "please take the charges of 125 dollars off my account before Friday comes around"
    changed = compose.misspelt(compose.Draw(3), text)
    differing = [(old, new) for old, new in zip(text.split(), changed.split(), strict=True) if old != new]
    assert 1 <= len(differing) <= 3
    assert all(abs(len(old) - len(new)) <= 1 and old.islower() for old, new in differing)


def test_names_and_nouns_are_single_words() -> None:
    names = tomllib.loads((FOLDER / "names.toml").read_text(encoding="utf-8"))
    assert all(name.isalpha() and name[0].isupper() for name in names["first"])
    assert all(noun.isalpha() and noun.islower() for noun in names["noun"])
    assert len(names["first"]) > 100
