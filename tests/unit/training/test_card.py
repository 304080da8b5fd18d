from __future__ import annotations

from sapwood.training.card import Facts, write_card


def test_a_card_tells_data_options_and_scores() -> None:
    scores = {
        "rows": 8,
        "loss": 0.5,
        "exact_match": 0.75,
        "macro_f1": None,
        "well_formed": 1.0,
        "calibration_error": 0.125,
    }
    facts = Facts(
        name="DB.S.M",
        base="tiny",
        base_digest="abc",
        licence="Apache-2.0",
        data={"train": {"rows": 24, "dropped_rows": 1, "sha256": "def"}},
        warnings=["train: 2 of 24 rows stand there more than once."],
        options={"epochs": 2},
        evaluations=[{"subject": "tuned", "method": "answers", "epoch": 2, **scores}],
    )
    lines = write_card(facts).splitlines()
    assert lines[:5] == ["---", 'base_model: "tiny"', 'library_name: "peft"', 'license: "Apache-2.0"', "---"]
    assert "| train | 24 | 1 | `def` |" in lines
    assert "- train: 2 of 24 rows stand there more than once." in lines
    assert "| epochs | 2 |" in lines
    assert "| tuned | answers | 2 | 8 | 0.5000 | 0.7500 |  | 1.0000 | 0.1250 |" in lines
