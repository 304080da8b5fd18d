from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from sapwood.config import InferenceConfig  # noqa: E402
from sapwood.errors import ConfigError, ModelError  # noqa: E402
from sapwood.inference.attention import IMPLEMENTATION  # noqa: E402
from sapwood.inference.weights import cpu_has_bf16, load_model, load_tokenizer, number_type  # noqa: E402


@pytest.mark.parametrize(
    ("flags", "isa", "expected"),
    [
        ("fpu avx2 avx512f avx512_bf16", "", True),
        ("fpu avx2 amx_bf16 amx_tile", "", True),
        ("fpu avx2 avx512f avx512_vnni", "", False),
        ("fpu avx2 avx512f avx512_bf16", "AVX2", False),
        ("fpu avx2 avx512f avx512_bf16", "avx512_core", False),
        ("fpu avx2 avx512f avx512_bf16", "AVX512_CORE_BF16", True),
    ],
)
def test_bf16_is_taken_only_where_the_cpu_computes_in_it(tmp_path: Path, flags: str, isa: str, expected: bool) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: {flags}\n")
    assert cpu_has_bf16(cpuinfo, isa) is expected


def test_without_cpuinfo_there_is_no_bf16(tmp_path: Path) -> None:
    assert cpu_has_bf16(tmp_path / "missing", "") is False


def test_the_number_type_can_be_set() -> None:
    assert number_type(InferenceConfig(number_type="fp32")) is torch.float32
    assert number_type(InferenceConfig(number_type="bf16")) is torch.bfloat16
    with pytest.raises(ConfigError, match="fp8"):
        number_type(InferenceConfig(number_type="fp8"))


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
