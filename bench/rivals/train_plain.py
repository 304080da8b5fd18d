"""A plain loop over transformers and PEFT: padded batches, bf16 weights, logits of label positions only: MODEL ROWS BATCH."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from peft import LoraConfig, get_peft_model
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer
from turns import Row, Turns, read_rows

RATE = 6e-4
Pair = tuple[list[int], list[int]]
"""The tokens of a prompt and of its completion."""


def main(path: str, rows: str, batch: str) -> None:
    tokenizer: Any = AutoTokenizer.from_pretrained(path)
    pairs = [tokens(tokenizer, row) for row in read_rows(rows)]
    plain: Any = AutoModelForCausalLM.from_pretrained(path, dtype=torch.bfloat16)
    config = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
    model: Any = get_peft_model(plain, config).train()
    optimizer = torch.optim.AdamW([each for each in model.parameters() if each.requires_grad], lr=RATE)
    turns = Turns(["torch", "transformers", "peft"])
    for some in batches(pairs, int(batch)):
        ids, mask, keep, labels = padded(some)
        logits = model(input_ids=ids, attention_mask=mask, logits_to_keep=keep).logits
        F.cross_entropy(logits.flatten(0, -2).float(), labels).backward()
        optimizer.step()
        optimizer.zero_grad()
        turns.stepped()


def tokens(tokenizer: Any, row: Row) -> Pair:
    asked = [{"role": "user", "content": row.prompt}]
    prompt = tokenizer.apply_chat_template(asked, add_generation_prompt=True, tokenize=False)
    completion = row.completion + tokenizer.eos_token
    return tuple(tokenizer(text, add_special_tokens=False)["input_ids"] for text in (prompt, completion))


def batches(pairs: Sequence[Pair], size: int) -> Iterator[Sequence[Pair]]:
    """Batches without end, drawn anew each epoch."""
    draw = random.Random(0)
    while True:
        order = draw.sample(pairs, len(pairs))
        yield from (order[at : at + size] for at in range(0, len(order) - size + 1, size))


def padded(pairs: Sequence[Pair]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Right-padded ids [B, S], their mask, the mask of positions that foretell a label, and the labels."""
    width = max(len(prompt) + len(completion) for prompt, completion in pairs)
    ids, mask = torch.zeros(len(pairs), width, dtype=torch.long), torch.zeros(len(pairs), width, dtype=torch.long)
    keep = torch.zeros(len(pairs), width, dtype=torch.bool)
    for at, (prompt, completion) in enumerate(pairs):
        end = len(prompt) + len(completion)
        ids[at, :end] = torch.tensor([*prompt, *completion])
        mask[at, :end] = 1
        keep[at, len(prompt) - 1 : end - 1] = True
    return ids, mask, keep, torch.tensor([token for _, completion in pairs for token in completion])


if __name__ == "__main__":
    main(*sys.argv[1:])
