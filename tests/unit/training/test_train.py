from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import torch

from sapwood.inference.attention import use_shared_attention
from sapwood.training.data import Dataset, Example, make_dataset
from sapwood.training.loss import label_logits
from sapwood.training.plan import STRAY_MARGIN, Plan, make_plan
from sapwood.training.train import Trained, train


class Quiet:
    """An observer that keeps what it is told and stops the run, as a kill would, at a step."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.progress: list[float] = []
        self.checkpoints: list[int] = []
        self.epochs: list[tuple[int, float]] = []
        self._stop_at = stop_at

    def report(self, progress: float, detail: str, *, loss: float) -> None:
        self.progress.append(progress)
        if len(self.progress) == self._stop_at:
            raise KeyboardInterrupt

    def checkpointed(self, step: int) -> None:
        self.checkpoints.append(step)

    def measured(self, epoch: int, validation_loss: float) -> None:
        self.epochs.append((epoch, validation_loss))


LABELS = (100, 101, 102, 258)


def dataset() -> Dataset:
    """Rows whose completion is told by the prompt's last token: 24 to learn from, 6 to measure by."""
    whole = [Example((1, 2, 3, 10 + at % 7, 20 + at % 3), (100 + at % 3, 258)) for at in range(30)]
    return make_dataset(whole[:24], whole[24:], seed=0)


def plan(**changes: Any) -> Plan:
    return make_plan(
        {"max_epochs": 3, "batch_size": 4, "rank": 4, "learning_rate": 0.01, **changes}, rows=24, hidden=32
    )


def run(
    build_model: Callable[..., Any], folder: Path, observer: Quiet, *, checkpoint_s: float = 0.0, **changes: Any
) -> Trained:
    model = build_model("llama")
    use_shared_attention(model)
    folder.mkdir(exist_ok=True)
    return train(model, dataset(), plan(**changes), folder=folder, observer=observer, checkpoint_s=checkpoint_s)


def test_a_run_learns_what_the_rows_show(build_model: Callable[..., Any], tmp_path: Path) -> None:
    observer = Quiet()
    done = run(build_model, tmp_path, observer, max_epochs=8, checkpoint_s=1e9)
    assert done.validation_loss < 0.3  # an even guess at three completions has ln(3) / 2 = 0.55
    assert done.records[0].training_loss > 1
    assert (done.epochs, len(done.records), observer.progress[-1]) == (8, 48, 1.0)
    assert observer.progress == sorted(observer.progress)
    assert observer.checkpoints == []


def test_labels_leave_nothing_to_other_tokens(build_model: Callable[..., Any], tmp_path: Path) -> None:
    def stray(known: tuple[int, ...]) -> float:
        """Nats by which the labels' tokens are likelier than all others, at the least of all positions held out."""
        model = build_model("llama", hidden_size=64)  # a narrower one has no such odds, whatever it is taught
        use_shared_attention(model)
        rows = replace(dataset(), known=known)
        (tmp_path / str(len(known))).mkdir()
        train(model, rows, plan(max_epochs=8), folder=tmp_path / str(len(known)), observer=Quiet(), checkpoint_s=1e9)
        with torch.no_grad():
            odds = label_logits(model, rows.validation, rows.prefix)[0].softmax(1)[:, list(LABELS)].sum(1).logit()
        return odds.min().item()

    without, with_them = stray(()), stray(LABELS)
    assert with_them > without + 2
    assert with_them > 0.9 * STRAY_MARGIN


def test_tokens_are_input_tokens_times_epochs(build_model: Callable[..., Any], tmp_path: Path) -> None:
    assert run(build_model, tmp_path, Quiet()).tokens == 24 * 7 * 3


def test_validation_loss_stands_on_the_last_step_of_each_epoch(build_model: Callable[..., Any], tmp_path: Path) -> None:
    observer = Quiet()
    records = run(build_model, tmp_path, observer).records
    assert observer.epochs == [(at + 1, records[6 * at + 5].validation_loss) for at in range(3)]
    assert [record.step for record in records] == list(range(1, 19))
    assert [record.epoch for record in records] == [1] * 6 + [2] * 6 + [3] * 6
    assert [record.step for record in records if record.validation_loss is not None] == [6, 12, 18]


def test_a_run_that_gets_worse_stops_early_and_keeps_the_best_adapter(
    build_model: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([0.5, 0.3, 0.4, 0.6, 0.1])
    seen: list[torch.Tensor] = []

    def evaluate(model: Any, *rest: Any) -> float:
        seen.append(model.model.layers[0].mlp.up_proj.lora_b.detach().clone())
        return next(losses)

    monkeypatch.setattr("sapwood.training.train.evaluate", evaluate)
    done = run(build_model, tmp_path, Quiet(), max_epochs=5)
    assert (done.validation_loss, done.epochs, done.stop_reason) == (0.3, 4, "early_stop")
    kept = done.lora["base_model.model.model.layers.0.mlp.up_proj.lora_B.weight"]
    assert [torch.equal(kept, matrix) for matrix in seen] == [False, True, False, False]
    assert done.training_loss == pytest.approx(sum(record.training_loss for record in done.records[6:12]) / 6)


def assert_same(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> None:
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        assert torch.equal(tensor, theirs[name]), name


@pytest.mark.parametrize("stop_at", [1, 7, 12, 18])
def test_a_stopped_run_goes_on_to_the_same_bits(build_model: Callable[..., Any], tmp_path: Path, stop_at: int) -> None:
    whole = run(build_model, tmp_path / "whole", Quiet(), checkpoint_s=1e9)
    with pytest.raises(KeyboardInterrupt):
        run(build_model, tmp_path / "cut", Quiet(stop_at))
    observer = Quiet()
    resumed = run(build_model, tmp_path / "cut", observer)
    assert len(observer.progress) == 18 - (stop_at - 1)
    assert_same(resumed.lora, whole.lora)
    assert (resumed.records, resumed.validation_loss) == (whole.records, whole.validation_loss)


def test_a_run_with_dropout_and_targets_goes_on_to_the_same_bits(
    build_model: Callable[..., Any], tmp_path: Path
) -> None:
    options: dict[str, Any] = {"dropout": 0.3, "alpha": 3.0, "targets": ["q_proj", "v_proj", "o_proj"]}
    whole = run(build_model, tmp_path / "whole", Quiet(), checkpoint_s=1e9, **options)
    with pytest.raises(KeyboardInterrupt):
        run(build_model, tmp_path / "cut", Quiet(7), **options)
    assert_same(run(build_model, tmp_path / "cut", Quiet(), **options).lora, whole.lora)
    assert {name.split(".")[-3] for name in whole.lora} == {"q_proj", "v_proj", "o_proj"}
    dry = run(build_model, tmp_path / "dry", Quiet(), checkpoint_s=1e9, **{**options, "dropout": 0.0})
    assert [record.training_loss for record in dry.records] != [record.training_loss for record in whole.records]


KILLED = """
    import sys, time, torch
    sys.path.insert(0, {here!r})
    from pathlib import Path
    from conftest import _load_builder
    import test_train

    class Slow(test_train.Quiet):
        def report(self, progress, detail, *, loss):
            (Path(sys.argv[1]) / "step").write_text(str(progress))
            time.sleep(0.05)

    torch.set_num_threads(1)
    test_train.run(_load_builder().tiny_model, Path(sys.argv[1]), Slow())
"""


def test_a_killed_process_goes_on_to_the_same_bits(build_model: Callable[..., Any], tmp_path: Path) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    whole = run(build_model, tmp_path / "whole", Quiet(), checkpoint_s=1e9)
    folder = tmp_path / "cut"
    folder.mkdir()
    script = dedent(KILLED).format(here=str(Path(__file__).parent))
    process = subprocess.Popen([sys.executable, "-c", script, str(folder)])
    while not ((folder / "step").exists() and float((folder / "step").read_text() or 0) > 0.4):
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    observer = Quiet()
    resumed = run(build_model, folder, observer)
    torch.set_num_threads(threads)
    assert 0 < len(observer.progress) < 18
    assert_same(resumed.lora, whole.lora)


def test_a_checkpoint_of_another_plan_is_not_used(build_model: Callable[..., Any], tmp_path: Path) -> None:
    run(build_model, tmp_path, Quiet())
    observer = Quiet()
    run(build_model, tmp_path, observer, seed=9)
    assert len(observer.progress) == 18
