"""The real small model, out of the shared cache (fetched on first use)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from sapwood.config import load
from sapwood.registry.registry import Registry
from sapwood.store.catalog import Catalog

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    config = load(tmp_path_factory.mktemp("data"), {"models.machine": "small-cpu"})
    catalog = Catalog(f"sqlite:///{config.data}/catalog.sqlite")
    yield Registry(catalog, config)
    catalog.close()


@pytest.fixture(scope="module")
def folder(registry: Registry) -> Path:
    return Path(registry.pull("mistral-7b").path)


def test_the_unpacked_model_is_what_transformers_reads_from_the_file(registry: Registry, folder: Path) -> None:
    version = registry.resolve("mistral-7b")
    file = folder.parents[1] / "files" / f"{version.digest}.gguf"
    ours = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    theirs = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32).eval()
    for name, values in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[name], values.to(torch.bfloat16).float()), name
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = torch.tensor([tokenizer("The three colours of the flag of France are").input_ids])
    with torch.no_grad():
        mine, reference = ours(ids).logits, theirs(ids).logits
    # bf16 keeps 8 bits of each weight; a wrong order of rows would move logits by tens.
    assert (mine - reference).abs().max() < 0.5
    assert torch.equal(mine.argmax(-1), reference.argmax(-1))


def test_its_chat_template_and_end_of_turn_work(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    turns = [{"role": "user", "content": "What is the capital of France?"}]
    prompt = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    with torch.no_grad():
        answer = model.generate(**prompt, max_new_tokens=32, do_sample=False)[0, prompt["input_ids"].shape[1] :]
    assert "Paris" in tokenizer.decode(answer, skip_special_tokens=True)
    assert int(answer[-1]) == tokenizer.convert_tokens_to_ids("<|im_end|>")
