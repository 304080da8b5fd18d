"""Weights and tokenizers from a folder: number type, loading. Knows no adapters, no prompts and no registry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils.logging import disable_progress_bar

from sapwood.config import InferenceConfig, secret
from sapwood.errors import ConfigError, ModelError
from sapwood.inference.attention import use_shared_attention
from sapwood.inference.layers import slim

TYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}
SETTINGS = ("auto", "int8", *TYPES)

CPUINFO = Path("/proc/cpuinfo")

BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
BYTE_FLAGS = frozenset({"avx512_vnni", "avx_vnni", "amx_int8"})
PAIR_FLAGS = frozenset({"avx2"})
"""Flags in /proc/cpuinfo of a CPU with bf16 arithmetic ('bf16' is Arm's), with products of bytes summed in 32 bits, and with
such products summed pair by pair in 16 bits."""

OLD_ISAS = frozenset({"SSE41", "AVX"})
PAIR_ISAS = OLD_ISAS | {"AVX2", "AVX2_VNNI", "AVX512_CORE"}
NARROW_ISAS = PAIR_ISAS | {"AVX512_CORE_VNNI"}
"""Values of ONEDNN_MAX_CPU_ISA under which oneDNN has no arithmetic of bytes that is worth it, may sum them in 16 bits, and has
none of bf16: it would compute in fp32 and convert each time."""

FULL_LEVELS, PAIR_LEVELS = 127, 63
"""Greatest weight in bytes. Two products of an activation (up to 255) and a weight must fit into 16 signed bits where they are
summed there: 2 x 255 x 63 = 32,130."""


@dataclass(frozen=True)
class Precision:
    """What a model computes in: weights and activations are `dtype`; where `levels` is not 0, linear layers multiply bytes, and
    no weight is greater than that."""

    dtype: torch.dtype
    levels: int = 0

    @property
    def name(self) -> str:
        """bf16, fp32, or with bytes int8-bf16, int8-fp32 and, of 63 levels, int7-fp32."""
        name = next(name for name, dtype in TYPES.items() if dtype == self.dtype)
        return f"int{self.levels.bit_length() + 1}-{name}" if self.levels else name


def precision(config: InferenceConfig) -> Precision:
    """The precision of inference. 'auto' takes what the hardware has arithmetic for: on CPUs int8, bf16, else fp32.

    Raises ConfigError for another name than auto, int8, bf16 and fp32, and for int8 where the hardware has none.
    """
    wanted = config.number_type
    if wanted not in SETTINGS:
        raise ConfigError(f"inference.number_type is {wanted!r}", hint=f"It must be one of {', '.join(SETTINGS)}.")
    is_gpu = torch.cuda.is_available()
    levels = 0 if is_gpu else byte_levels()
    if wanted == "int8" and not levels:
        raise ConfigError(
            "inference.number_type is int8, which needs a CPU with AVX2 and no GPU", hint="Set it to auto."
        )
    if wanted in TYPES:
        return Precision(TYPES[wanted])
    is_bf16 = is_gpu or cpu_has(BF16_FLAGS, unless=NARROW_ISAS)
    return Precision(torch.bfloat16 if is_bf16 else torch.float32, levels)


def byte_levels() -> int:
    """Greatest weight in bytes whose products this CPU sums exactly; 0 if it is no faster with bytes."""
    if cpu_has(BYTE_FLAGS, unless=PAIR_ISAS):
        return FULL_LEVELS
    return PAIR_LEVELS if cpu_has(PAIR_FLAGS, unless=OLD_ISAS) else 0


def cpu_has(flags: frozenset[str], *, unless: frozenset[str]) -> bool:
    """Whether the CPU has one of these flags, and ONEDNN_MAX_CPU_ISA is none of `unless`: oneDNN obeys it, so must we."""
    if (secret("ONEDNN_MAX_CPU_ISA") or "").upper() in unless:
        return False
    try:
        text = CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    lines = (line.partition(":")[2].split() for line in text.splitlines() if line.startswith(("flags", "Features")))
    return not flags.isdisjoint(next(lines, []))


def load_model(path: str | Path, dtype: torch.dtype | None) -> PreTrainedModel:
    """The model in `path` (safetensors and config.json), in evaluation mode, without gradients, with shared attention; as it is
    stored if `dtype` is None.

    Goes to the GPU if there is one. Raises ModelError if the folder can't be read.
    """
    disable_progress_bar()  # the time that loading takes is shown by who asked for it
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(str(path), dtype=dtype or "auto", local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"the model in {path} can't be loaded: {error}", hint="Remove the model and pull it again."
        ) from error
    use_shared_attention(model)
    slim(model)
    model.requires_grad_(False)
    model.eval()
    return model.to("cuda") if torch.cuda.is_available() else model


def load_tokenizer(path: str | Path) -> PreTrainedTokenizerBase:
    """The tokenizer in `path`. Raises ModelError if there is none."""
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(str(path), local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"the tokenizer in {path} can't be loaded: {error}", hint="Remove the model and pull it again."
        ) from error
    return tokenizer
