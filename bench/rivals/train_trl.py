"""TRL's SFTTrainer with PEFT, at its defaults or tuned for a CPU: MODEL ROWS BATCH defaults|tuned."""

from __future__ import annotations

import sys
import tempfile
from typing import Any

from datasets import Dataset  # pyright: ignore[reportMissingImports]  # in an environment of its own
from peft import LoraConfig
from transformers import TrainerCallback
from trl import SFTConfig, SFTTrainer  # pyright: ignore[reportMissingImports]
from turns import Turns, read_rows

SETTINGS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "tuned": {
        "gradient_checkpointing": False,
        "model_init_kwargs": {"dtype": "bfloat16"},
        "train_sampling_strategy": "group_by_length",
    },
}
"""What is set beside the batch: nothing, or what makes it faster on a CPU. bf16 is on in both."""


class Pause(TrainerCallback):
    """Takes its turn after each step."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        self._turns.stepped()


def main(path: str, rows: str, batch: str, settings: str) -> None:
    turns = Turns(["torch", "transformers", "peft", "trl"])
    pairs = [
        {
            "prompt": [{"role": "user", "content": row.prompt}],
            "completion": [{"role": "assistant", "content": row.completion}],
        }
        for row in read_rows(rows)
    ]
    with tempfile.TemporaryDirectory() as folder:
        config = SFTConfig(
            output_dir=folder,
            per_device_train_batch_size=int(batch),
            max_steps=1_000_000,
            learning_rate=6e-4,
            save_strategy="no",
            report_to="none",
            use_cpu=True,
            **SETTINGS[settings],
        )
        lora = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
        trainer: Any = SFTTrainer(model=path, args=config, train_dataset=Dataset.from_list(pairs), peft_config=lora)
        trainer.add_callback(Pause(turns))
        trainer.train()


if __name__ == "__main__":
    main(*sys.argv[1:])
