from sapwood.training.baseline import linear_baseline


def test_it_learns_words_that_tell_the_labels_apart() -> None:
    requests = ["my bill is wrong", "this bill is too high", "the phone is lost", "I lost my phone"] * 3
    found = linear_baseline(
        requests, ["bill", "bill", "phone", "phone"] * 3, ["a wrong bill", "where is the lost phone"]
    )
    assert found.answers == ["bill", "phone"]
    assert found.seconds > 0


def test_a_single_label_is_the_answer_to_everything() -> None:
    assert linear_baseline(["a", "b"], ["x", "x"], ["c", "d"]).answers == ["x", "x"]
