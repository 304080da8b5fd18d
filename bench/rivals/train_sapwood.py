"""Our trainer, as its job runs it: MODEL ROWS BATCH."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from turns import Turns, read_rows

from sapwood.inference.threads import wait_as_cores_allow


class Watch:
    """Counts the loop's steps."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    def report(self, progress: float, detail: str, *, loss: float) -> None:
        self._turns.stepped()

    def checkpointed(self, step: int) -> None: ...

    def measured(self, epoch: int, validation_loss: float) -> None: ...


def main(path: str, rows: str, batch: str) -> None:
    os.environ.update(wait_as_cores_allow())
    from sapwood.config import InferenceConfig
    from sapwood.inference.chat import Chat
    from sapwood.inference.weights import load_model, load_tokenizer, precision
    from sapwood.training.data import Encoder, make_dataset
    from sapwood.training.plan import make_plan
    from sapwood.training.train import train

    encoder = Encoder(Chat(load_tokenizer(path)), prompt_tokens=4_096, completion_tokens=1_024)
    examples = [encoder.example(row.prompt, row.completion) for row in read_rows(rows)]
    model = load_model(path, precision(InferenceConfig()).dtype)
    options = {"batch_size": int(batch), "max_epochs": 10}
    plan = make_plan(options, rows=len(examples), hidden=model.config.get_text_config().hidden_size)
    labels = {token for example in examples for token in example.completion}
    # an epoch's measurement is not what is timed
    dataset = make_dataset(examples[1:], examples[:1], seed=0, known=labels)
    watch = Watch(Turns(["torch", "transformers", "sapwood"]))
    with tempfile.TemporaryDirectory() as folder:
        never = float("inf")  # the clock runs while others have their turns
        train(model, dataset, plan, folder=Path(folder), observer=watch, checkpoint_s=never)


if __name__ == "__main__":
    main(*sys.argv[1:])
