"""Whether an exported GGUF file answers in other engines as the tuned model does here.

    python bench/exports.py DB.PUBLIC.MODEL --data DIR --prompts 200 --llama ENV/bin/python --openvino ENV/bin/python

Exports the model as f16 and q8_0, asks it and each engine the prompts of its job (those held out first), rendered alike and
answered greedily, and counts the answers that are the same. An engine lives in an environment of its own with xllamacpp
or openvino-genai. Prints a line an engine and file; the last line is JSON. Exit code 1 if one agrees on less than 99 %.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sapwood import config
from sapwood.inference.local import LocalBackend
from sapwood.inference.request import Message, Request, Sampling
from sapwood.inference.weights import load_tokenizer
from sapwood.jobs.durable import read_table
from sapwood.office import Office, export_model, open_office
from sapwood.store.records import ModelVersion

RIVALS = Path(__file__).parent / "rivals"
MOST_TOKENS = 24
LEAST = 0.99
"""Share of the answers that have to be the same."""


def prompts_of(office: Office, version: ModelVersion, count: int) -> list[str]:
    """Distinct prompts of the job that made the model, those held out first."""
    job = next(model.job_id for model in office.catalog.models() if version.adapter_path.endswith(model.adapter_path))
    files = [office.jobs.folder(job) / f"{part}.arrow" for part in ("validation", "train")]
    texts = [text for file in files if file.is_file() for text in read_table(file).column("prompt").to_pylist()]
    return list(dict.fromkeys(texts))[:count]


def our_answers(office: Office, version: ModelVersion, prompts: Sequence[str]) -> list[str]:
    """What the model says here."""
    backend = LocalBackend(office.config.inference, prepare=office.registry.prepare)
    sampling = Sampling(max_tokens=MOST_TOKENS)
    requests = [Request(str(at), version, (Message("user", text),), sampling, None) for at, text in enumerate(prompts)]
    answers = {done.key: done.text for done in backend.generate(requests, is_cancelled=lambda: False)}
    return [answers[request.key] for request in requests]


def rival_answers(command: Sequence[str], rendered: Sequence[str]) -> list[str]:
    """What another engine says; see rivals/line.py for how it is asked."""
    question = json.dumps({"prompts": list(rendered), "max_tokens": MOST_TOKENS, "labels": None})
    done = subprocess.run(command, input=question + "\n", capture_output=True, text=True, check=False, cwd=RIVALS)
    if done.returncode:
        raise RuntimeError(f"{command[1]} failed: {done.stderr[-2_000:]}")
    return list(json.loads(done.stdout.splitlines()[-1])["answers"])


def compare(given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One result an engine and file."""
    office = open_office(config.load(given.data))
    version = office.registry.prepare(office.registry.resolve(given.model))
    prompts = prompts_of(office, version, given.prompts)
    ours = our_answers(office, version, prompts)
    tokenizer: Any = load_tokenizer(version.path)
    rendered = [
        tokenizer.apply_chat_template([{"role": "user", "content": text}], add_generation_prompt=True, tokenize=False)
        for text in prompts
    ]
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("f16", "q8_0"):
            made = export_model(office, given.model, Path(folder) / kind, f"gguf-{kind}")
            file = str(next(path for path in made if path.suffix == ".gguf"))
            engines = {
                "llama.cpp": [given.llama, "with_llamacpp.py", file],
                "OpenVINO": [given.openvino, "with_openvino.py", file, "f32"],
            }
            for name, command in engines.items():
                if command[0]:
                    theirs = rival_answers(command, rendered)
                    yield _result(name, kind, ours, theirs)
    office.close()


def _result(engine: str, kind: str, ours: Sequence[str], theirs: Sequence[str]) -> dict[str, Any]:
    pairs = list(zip((text.strip() for text in ours), (text.strip() for text in theirs), strict=True))
    other = [pair for pair in pairs if pair[0] != pair[1]]
    return {"engine": engine, "file": kind, "prompts": len(pairs), "same": len(pairs) - len(other), "other": other[:5]}


def main() -> None:
    """Compare and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--llama", default="", help="Python of an environment with xllamacpp.")
    parser.add_argument("--openvino", default="", help="Python of an environment with openvino-genai.")
    results: list[dict[str, Any]] = []
    for result in compare(parser.parse_args()):
        print(f"{result['engine']:10} {result['file']:5} {result['same']} of {result['prompts']} answers are the same")
        results.append(result)
    print(json.dumps(results, ensure_ascii=False))
    sys.exit(any(result["same"] < LEAST * result["prompts"] for result in results))


if __name__ == "__main__":
    main()
