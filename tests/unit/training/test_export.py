"""A tuned tiny model in each form of an export, read back by the libraries that others use."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer

from sapwood.errors import InvalidOptionError, ModelError, ObjectExistsError, UnsupportedError
from sapwood.inference.adapter import fold, read_adapter, read_canary
from sapwood.inference.weights import load_model
from sapwood.registry.gguf_file import read_gguf
from sapwood.registry.unpack import unpack
from sapwood.store.records import ModelVersion
from sapwood.training import importing
from sapwood.training.export import Order, export_model
from sapwood.training.importing import import_adapter
from sapwood.training.lora import attach, copy_state, write_adapter
from sapwood.training.merging import stacked

_BUILDER = Path(__file__).parents[1] / "registry" / "tiny_gguf.py"
IDS = torch.tensor([[3, 40, 50, 60, 70, 80]])


@pytest.fixture(scope="module", params=["llama", "qwen2"])
def gguf_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = importlib.util.spec_from_file_location("training_tiny_gguf", _BUILDER)
    assert spec is not None
    assert spec.loader is not None
    builder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    return builder.write_gguf(path, builder.random_model(request.param, tied=True))


@pytest.fixture(scope="module")
def base(gguf_file: Path) -> Path:
    folder = gguf_file.parent / "unpacked"
    folder.mkdir()
    unpack(gguf_file, folder, report=lambda done, total: None)
    return folder


def adapter_of(base: Path, folder: Path, seed: int, *, rank: int = 4) -> Path:
    """A random adapter that changes every linear layer."""
    folder.mkdir(exist_ok=True)
    layers = attach(load_model(base, torch.float32), rank=rank, alpha=2.0 * rank, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in layers.values():
            layer.lora_b.copy_(torch.randn(layer.lora_b.shape, generator=generator) * 0.1)
    write_adapter(folder, copy_state(layers), rank=rank, alpha=2.0 * rank, base="tiny")
    (folder / "README.md").write_text("# a card\n")
    return folder


@pytest.fixture
def order(gguf_file: Path, base: Path, tmp_path: Path) -> Order:
    adapter = adapter_of(base, tmp_path / "adapter", seed=1)
    version = ModelVersion("DB.S.M", "tuned", "digest", path=str(base), adapter_path=str(adapter), base="tiny")
    return Order(version, gguf_file)


def logits(model: Any) -> Tensor:
    with torch.no_grad():
        return model(IDS).logits[0].float()


def folded(order: Order) -> Tensor:
    """What inference says: the base in fp32 with the adapter folded in."""
    model = load_model(order.base, torch.float32)
    fold(model, order.adapter)
    return logits(model)


def test_merged_safetensors_say_what_inference_says(order: Order, tmp_path: Path) -> None:
    made = export_model(order, tmp_path / "out", "safetensors")
    assert {path.name for path in made} >= {"README.md", "config.json", "model.safetensors", "tokenizer.json"}
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "out", dtype=torch.float32)
    spread = float(folded(order).std())
    assert float((logits(model) - folded(order)).abs().mean()) < 0.02 * spread  # bf16 rounds each weight once
    assert AutoTokenizer.from_pretrained(tmp_path / "out")("hello")["input_ids"]


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")  # peft's own
def test_an_adapter_loads_in_peft_with_the_base_that_goes_with_it(order: Order, tmp_path: Path) -> None:
    export_model(order, tmp_path / "out", "peft")
    config = json.loads((tmp_path / "out" / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "base"
    origin = json.loads((tmp_path / "out" / "base_model.json").read_text())
    assert origin == {"base_model": "tiny", "base_model_digest": "digest"}
    plain = AutoModelForCausalLM.from_pretrained(tmp_path / "out" / "base", dtype=torch.float32)
    model = PeftModel.from_pretrained(plain, tmp_path / "out")
    assert torch.allclose(logits(model), folded(order), atol=1e-3)


@pytest.mark.parametrize(("kind", "share"), [("f16", 0.02), ("q8_0", 0.1)])
def test_a_merged_gguf_file_unpacks_to_the_same_model(order: Order, tmp_path: Path, kind: str, share: float) -> None:
    made = export_model(order, tmp_path / "out", f"gguf-{kind}")
    (file,) = (path for path in made if path.suffix == ".gguf")
    assert file.name == f"m-{kind}.gguf"
    ours, theirs = read_gguf(file), read_gguf(order.source or file)
    left_out = {"general.name", "general.file_type", "general.quantization_version"}
    assert {key: value for key, value in ours.fields.items() if key not in left_out} == {
        key: value for key, value in theirs.fields.items() if key not in left_out
    }
    again = tmp_path / "again"
    again.mkdir()
    unpack(file, again, report=lambda done, total: None)
    distance = float((logits(load_model(again, torch.float32)) - folded(order)).abs().mean())
    assert distance < share * float(folded(order).std())


def test_what_can_not_be_exported_is_refused_by_name(order: Order, tmp_path: Path) -> None:
    with pytest.raises(InvalidOptionError, match="'onnx'"):
        export_model(order, tmp_path / "out", "onnx")
    with pytest.raises(UnsupportedError, match="did not come as a GGUF file"):
        export_model(Order(order.version, None), tmp_path / "none", "gguf-f16")
    with pytest.raises(ObjectExistsError):
        export_model(order, order.adapter, "peft")


def test_two_adapters_stacked_are_both_changes(order: Order, base: Path, tmp_path: Path) -> None:
    second = adapter_of(base, tmp_path / "second", seed=2, rank=3)
    one_after_the_other = load_model(base, torch.float32)
    fold(one_after_the_other, order.adapter)
    fold(one_after_the_other, second)
    state = load_file(second / "adapter_model.safetensors")
    whole, rank = stacked(read_adapter(order.adapter), state, rank=3, alpha=6.0)
    assert rank == 7
    (tmp_path / "whole").mkdir()
    write_adapter(tmp_path / "whole", whole, rank=rank, alpha=rank, base="tiny")
    at_once = load_model(base, torch.float32)
    fold(at_once, tmp_path / "whole")
    assert torch.allclose(logits(at_once), logits(one_after_the_other), atol=1e-3)


def test_an_adapter_comes_in_with_a_canary_of_its_own(order: Order, tmp_path: Path) -> None:
    version = ModelVersion("tiny", "local", "digest", path=str(order.base))
    place = importing.Place("DB", "S", "MINE", "TRAINER", tmp_path / "data")
    model = import_adapter(order.adapter, version, place, dtype=torch.float32)
    assert (model.full_name, model.base_digest, model.owner) == ("DB.S.MINE", "digest", "TRAINER")
    folder = tmp_path / "data" / model.adapter_path
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md", "adapter_config.json", "adapter_model.safetensors", "canary.json",
    ]  # fmt: skip
    assert read_canary(folder).tokens


@pytest.mark.parametrize(
    ("file", "key"), [("base_model.json", "base_model_digest"), ("adapter_config.json", "base_model_name_or_path")]
)
def test_an_adapter_of_another_base_is_refused_unless_told(order: Order, tmp_path: Path, file: str, key: str) -> None:
    path = order.adapter / file
    known = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps({**known, key: "org/other"}))
    version = ModelVersion("tiny", "local", "digest", path=str(order.base))
    place = importing.Place("DB", "S", "MINE", "TRAINER", tmp_path / "data")
    with pytest.raises(InvalidOptionError, match="other"):
        import_adapter(order.adapter, version, place, dtype=torch.float32)
    assert not (tmp_path / "data").exists()
    assert import_adapter(order.adapter, version, place, dtype=torch.float32, allows_other_base=True).name == "MINE"


def test_an_adapter_that_does_not_fit_leaves_nothing_behind(order: Order, tmp_path: Path) -> None:
    path = order.adapter / "adapter_model.safetensors"
    save_file({name: tensor[..., :3].contiguous() for name, tensor in load_file(path).items()}, path)
    version = ModelVersion("tiny", "local", "digest", path=str(order.base))
    place = importing.Place("DB", "S", "MINE", "TRAINER", tmp_path / "data")
    with pytest.raises(ModelError, match="does not fit"):
        import_adapter(order.adapter, version, place, dtype=torch.float32)
    assert list((tmp_path / "data" / "models").iterdir()) == []
