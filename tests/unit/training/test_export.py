"""A tuned tiny model in each form of an export, read back by the libraries that others use."""

from __future__ import annotations

import importlib.util
import json
import shutil
from dataclasses import replace
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
from sapwood.registry.gguf_file import GgufTensor, read_gguf
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


@pytest.mark.parametrize("kind", ["f16", "q8_0"])
def test_a_base_that_came_as_safetensors_gives_the_same_gguf_file(order: Order, tmp_path: Path, kind: str) -> None:
    ours, theirs = (
        export_model(each, tmp_path / f"{at}", f"gguf-{kind}")
        for at, each in enumerate((Order(order.version, None), order))
    )
    made, wanted = (next(read_gguf(path) for path in paths if path.suffix == ".gguf") for paths in (ours, theirs))
    assert {tensor.name: (tensor.shape, tensor.kind) for tensor in made.tensors} == {
        tensor.name: (tensor.shape, tensor.kind) for tensor in wanted.tensors
    }
    for one in made.tensors:
        other = next(tensor for tensor in wanted.tensors if tensor.name == one.name)
        assert _bytes(made.path, one) == _bytes(wanted.path, other), one.name
    *tokens, _ = wanted.fields["tokenizer.ggml.tokens"]  # the last one is not used, and its name not kept
    assert made.fields == {
        **wanted.fields,
        "tokenizer.ggml.tokens": [*tokens, f"[PAD{len(tokens)}]"],
        f"{made.fields['general.architecture']}.attention.value_length": 16,
    }


def _bytes(path: Path, tensor: GgufTensor) -> bytes:
    with path.open("rb") as file:
        file.seek(tensor.offset)
        return file.read(tensor.rows * tensor.row_bytes)


@pytest.mark.parametrize(
    ("file", "changes", "refused"),
    [
        ("config.json", {"model_type": "mamba"}, "architecture 'mamba'"),
        ("config.json", {"hidden_act": "gelu"}, 'hidden_act "gelu"'),
        ("config.json", {"rope_parameters": {"rope_type": "yarn", "rope_theta": 1.0}}, "rope_parameters"),
        ("tokenizer.json", {"normalizer": {"type": "Lowercase"}}, "cuts text in a way"),
        ("tokenizer.json", {"model": {"type": "Unigram"}}, "'Unigram'"),
    ],
)
def test_what_would_come_out_wrong_as_gguf_is_refused_by_name(
    order: Order, tmp_path: Path, file: str, changes: dict[str, Any], refused: str
) -> None:
    base = tmp_path / "base"
    shutil.copytree(order.base, base)
    (base / file).write_text(json.dumps({**json.loads((base / file).read_text()), **changes}))
    with pytest.raises(UnsupportedError, match=refused):
        export_model(Order(replace(order.version, path=str(base)), None), tmp_path / "out", "gguf-f16")


def test_what_can_not_be_exported_is_refused_by_name(order: Order, tmp_path: Path) -> None:
    with pytest.raises(InvalidOptionError, match="'onnx'"):
        export_model(order, tmp_path / "out", "onnx")
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


def test_layers_that_only_one_of_two_adapters_changes_keep_its_change(order: Order, base: Path, tmp_path: Path) -> None:
    second = adapter_of(base, tmp_path / "second", seed=2, rank=3)
    tensors = load_file(second / "adapter_model.safetensors")
    first = replace(
        known := read_adapter(order.adapter), pairs={n: p for n, p in known.pairs.items() if "q_proj" not in n}
    )
    state = {name: tensor for name, tensor in tensors.items() if "down_proj" not in name}
    whole, rank = stacked(first, state, rank=3, alpha=6.0)
    assert {len(matrix) for name, matrix in whole.items() if ".lora_A." in name} == {rank}
    (tmp_path / "whole").mkdir()
    write_adapter(tmp_path / "whole", whole, rank=rank, alpha=rank, base="tiny")
    both = read_adapter(tmp_path / "whole").pairs
    q, down = (next(name for name in both if part in name) for part in ("q_proj", "down_proj"))
    for name, (a, b, scale) in ((q, _pair(tensors, q, scale=2.0)), (down, first.pairs[down])):
        ours = both[name]
        torch.testing.assert_close(ours[1] @ ours[0] * ours[2], b @ a * scale)


def _pair(tensors: dict[str, Tensor], module: str, *, scale: float) -> tuple[Tensor, Tensor, float]:
    a, b = (tensors[f"base_model.model.{module}.lora_{part}.weight"] for part in "AB")
    return a, b, scale


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
