from __future__ import annotations

from typing import Any

from sapwood.training.survey import MOST_LABELS, Survey, Surveyor


def survey(*pairs: tuple[str, str], **counts: Any) -> Survey:
    surveyor = Surveyor()
    assert list(surveyor.watch(pairs)) == list(pairs)
    return surveyor.survey(**counts)


def test_rows_that_stand_there_twice_are_duplicates_and_no_contradiction() -> None:
    found = survey(("a", "x"), ("a", "x"), ("a", "x"), ("b", "x"))
    assert (found.rows, found.duplicates, found.contradictions, found.contradictory_rows) == (4, 2, 0, 0)


def test_a_prompt_with_two_completions_is_a_contradiction_of_all_its_rows() -> None:
    found = survey(("a", "x"), ("a", "x"), ("a", "y"), ("b", "x"), ("c", "z"), ("c", "x"))
    assert (found.contradictions, found.contradictory_rows, found.duplicates) == (2, 5, 1)


def test_a_prompt_and_completion_that_change_places_are_another_row() -> None:
    assert survey(("a", "x"), ("x", "a")).duplicates == 0


def test_labels_are_counted_the_most_frequent_first() -> None:
    assert list(survey(("a", "x"), ("b", "y"), ("c", "y")).labels.items()) == [("y", 2), ("x", 1)]


def test_free_text_has_no_labels() -> None:
    assert survey(*((f"q{at}", f"answer {at}") for at in range(MOST_LABELS + 1))).labels == {}
    assert survey(("a", "x" * 201), ("b", "y")).labels == {}


def test_labels_are_all_there_are_if_hardly_any_came_once() -> None:
    pairs = [(f"q{at}", "xyz"[at % 3]) for at in range(200)]
    assert survey(*pairs).has_all_labels
    assert survey(*pairs, ("a", "rare"), ("b", "rarer")).has_all_labels
    assert not survey(*pairs, ("a", "rare"), ("b", "rarer"), ("c", "rarest")).has_all_labels
    assert not survey(*((f"q{at}", f"answer {at}") for at in range(20))).has_all_labels
    assert not survey(*((f"q{at}", "x" * 201) for at in range(20))).has_all_labels


def test_each_thing_to_know_of_is_one_sentence() -> None:
    found = survey(("a", "x"), ("a", ""), ("b", "x"), ("d", "x"), dropped_rows=2, cut_prompts=1)
    assert list(found.warnings("train")) == [
        "train: 2 rows have no prompt or no completion and were dropped.",
        "train: 1 of 4 prompts are longer than the model's part for them and were cut.",
        "train: 2 of 4 rows have a prompt that stands there with another completion, too.",
        "train: 1 of 4 completions are blank: the model learns to say nothing.",
        "train: 1 of 2 labels have fewer than 3 rows, such as ''.",
    ]
    assert list(survey(*[("a", "x"), ("b", "y"), ("c", "z")] * 1).warnings("validation")) == []


def test_the_facts_are_what_makes_the_survey_again() -> None:
    found = survey(("a", "x"), ("b", "y"))
    assert Survey(**found.facts) == found
