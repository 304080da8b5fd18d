from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from sapwood.config import InferenceConfig  # noqa: E402
from sapwood.errors import ConfigError, ModelError  # noqa: E402
from sapwood.inference import weights  # noqa: E402
from sapwood.inference.attention import IMPLEMENTATION  # noqa: E402
from sapwood.inference.weights import (  # noqa: E402
    BF16_FLAGS,
    BYTE_FLAGS,
    NARROW_ISAS,
    PAIR_FLAGS,
    Precision,
    byte_levels,
    cpu_has,
    load_model,
    load_tokenizer,
    precision,
)


@pytest.mark.parametrize(
    ("flags", "isa", "has_bf16", "levels"),
    [
        ("fpu avx2 avx512f avx512_bf16 avx512_vnni", "", True, 127),
        ("fpu avx2 amx_bf16 amx_tile amx_int8", "", True, 127),
        ("fpu avx2 avx512f avx512_vnni", "", False, 127),
        ("fpu avx2 avx_vnni", "", False, 127),
        ("fpu avx2 avx512f", "", False, 63),
        ("fpu avx2", "", False, 63),
        ("fpu avx", "", False, 0),
        ("fpu avx2 avx512f avx512_bf16 avx512_vnni", "AVX2", False, 63),
        ("fpu avx2 avx512f avx512_bf16 avx512_vnni", "avx512_core", False, 63),
        ("fpu avx2 avx512f avx512_bf16 avx512_vnni", "SSE41", False, 0),
        ("fpu avx2 avx512f avx512_bf16 avx512_vnni", "AVX512_CORE_VNNI", False, 127),
        ("fpu avx2 avx512f avx512_bf16 avx512_vnni", "AVX512_CORE_BF16", True, 127),
    ],
)
def test_arithmetic_is_taken_only_where_the_cpu_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: str, isa: str, has_bf16: bool, levels: int
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: {flags}\n")
    monkeypatch.setattr(weights, "CPUINFO", cpuinfo)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", isa)
    assert cpu_has(BF16_FLAGS, unless=NARROW_ISAS) is has_bf16
    assert byte_levels() == levels


def test_without_cpuinfo_there_is_no_bf16(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "CPUINFO", tmp_path / "missing")
    assert cpu_has(BF16_FLAGS, unless=NARROW_ISAS) is False


@pytest.mark.parametrize(
    ("setting", "flags", "name"),
    [
        ("auto", BF16_FLAGS | BYTE_FLAGS, "int8-bf16"),
        ("auto", BYTE_FLAGS, "int8-fp32"),
        ("auto", BF16_FLAGS, "bf16"),
        ("auto", PAIR_FLAGS, "int7-fp32"),
        ("auto", frozenset[str](), "fp32"),
        ("int8", BF16_FLAGS | BYTE_FLAGS, "int8-bf16"),
        ("bf16", frozenset[str](), "bf16"),
        ("fp32", BF16_FLAGS | BYTE_FLAGS, "fp32"),
    ],
)
def test_the_precision_follows_the_cpu_unless_it_is_set(
    monkeypatch: pytest.MonkeyPatch, setting: str, flags: frozenset[str], name: str
) -> None:
    monkeypatch.setattr(weights.torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(weights, "cpu_has", lambda wanted, **_: not flags.isdisjoint(wanted))
    assert precision(InferenceConfig(number_type=setting)).name == name


def test_a_precision_that_can_not_be_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "cpu_has", lambda *_, **__: False)
    with pytest.raises(ConfigError, match="fp8"):
        precision(InferenceConfig(number_type="fp8"))
    with pytest.raises(ConfigError, match="AVX2"):
        precision(InferenceConfig(number_type="int8"))
    assert precision(InferenceConfig()) == Precision(torch.float32)


def test_a_loaded_model_has_its_type_and_no_gradients(folder: Callable[..., Path]) -> None:
    model = load_model(folder("llama"), torch.bfloat16)
    assert model.dtype is torch.bfloat16
    assert not any(weight.requires_grad for weight in model.parameters())
    assert getattr(model.config, "_attn_implementation") == IMPLEMENTATION  # noqa: B009


def test_a_folder_without_a_model_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="can't be loaded"):
        load_model(tmp_path, torch.float32)
    with pytest.raises(ModelError, match="can't be loaded"):
        load_tokenizer(tmp_path)
