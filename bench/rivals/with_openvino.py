"""OpenVINO GenAI with continuous batching and cached prefixes: MODEL (an IR's folder or a GGUF) PRECISION (bf16 or f32)."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

import openvino_genai as genai  # pyright: ignore[reportMissingImports]  # in an environment of its own
from line import Question, serve


def main(path: str, precision: str) -> None:
    scheduler = genai.SchedulerConfig()
    scheduler.enable_prefix_caching = True
    scheduler.cache_size = 2
    pipeline = genai.LLMPipeline(path, "CPU", scheduler_config=scheduler, INFERENCE_PRECISION_HINT=precision)

    def answer(question: Question) -> Sequence[str]:
        config = genai.GenerationConfig()
        config.max_new_tokens, config.do_sample, config.apply_chat_template = question.max_tokens, False, False
        if question.labels:
            config.structured_output_config = genai.StructuredOutputConfig(
                regex="|".join(f"({re.escape(label)})" for label in question.labels)
            )
        return list(pipeline.generate(list(question.prompts), config).texts)

    serve(answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
