"""transformers' `generate`, one prompt at a time or in padded batches sorted by length: MODEL DTYPE ROWS."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import torch
from line import Question, serve
from transformers import AutoModelForCausalLM, AutoTokenizer


def main(path: str, dtype: str, rows: str) -> None:
    tokenizer: Any = AutoTokenizer.from_pretrained(path, padding_side="left")
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    model: Any = AutoModelForCausalLM.from_pretrained(path, dtype=getattr(torch, dtype)).eval()

    def answer(question: Question) -> Sequence[str]:
        if question.labels:
            raise NotImplementedError("transformers has no label sets")
        order = sorted(range(len(question.prompts)), key=lambda at: len(question.prompts[at]))
        answers = [""] * len(order)
        for start in range(0, len(order), int(rows)):
            some = order[start : start + int(rows)]
            texts = [question.prompts[at] for at in some]
            read = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
            with torch.inference_mode():
                made = model.generate(
                    **read, max_new_tokens=question.max_tokens, do_sample=False, pad_token_id=tokenizer.pad_token_id
                )
            told = tokenizer.batch_decode(made[:, read["input_ids"].shape[1] :], skip_special_tokens=True)
            for at, text in zip(some, told, strict=True):
                answers[at] = text
        return answers

    serve(answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
