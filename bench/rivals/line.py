"""How a rival talks with the benchmark: one line of JSON a question, one a set of answers. Knows no engine.

A question is {"prompts": [...], "max_tokens": n, "labels": [...] or null}; the prompts are rendered, special tokens and all. The
answer is {"answers": [...], "seconds": s}. The first line that a rival writes says that its model is loaded.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """What one run asks. With `labels` each answer must be one of them."""

    prompts: Sequence[str]
    max_tokens: int
    labels: Sequence[str] | None = None


def serve(answer: Callable[[Question], Sequence[str]]) -> None:
    """Answer questions until there are no more. What a library prints goes to stderr."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    print(json.dumps({"ready": True}), file=out, flush=True)
    for line in sys.stdin:
        question = Question(**json.loads(line))
        started = time.perf_counter()
        answers = list(answer(question))
        print(json.dumps({"answers": answers, "seconds": time.perf_counter() - started}), file=out, flush=True)
