"""llama.cpp's server in process (xllamacpp), 16 slots, cached prompts: MODEL (a GGUF)."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import xllamacpp  # pyright: ignore[reportMissingImports]  # in an environment of its own
from line import Question, serve

SLOTS = 16
CONTEXT = 1024
"""Tokens a slot."""


def main(path: str) -> None:
    params = xllamacpp.CommonParams()
    params.model.path = path
    params.n_parallel, params.n_ctx, params.cont_batching = SLOTS, SLOTS * CONTEXT, True
    params.cpuparams.n_threads = os.cpu_count() or 1
    server = xllamacpp.Server(params)

    def answer(question: Question) -> Sequence[str]:
        grammar = "root ::= " + " | ".join(json.dumps(label) for label in question.labels) if question.labels else ""

        def one(prompt: str) -> str:
            asked = {"prompt": prompt, "max_tokens": question.max_tokens, "temperature": 0, "cache_prompt": True}
            return str(
                server.handle_completions({**asked, **({"grammar": grammar} if grammar else {})})["choices"][0]["text"]
            )

        with ThreadPoolExecutor(SLOTS) as pool:
            return list(pool.map(one, question.prompts))

    serve(answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
