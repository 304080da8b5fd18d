"""Weights and tokenizers from a folder: number type, loading. Knows no adapters, no prompts and no registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils.logging import disable_progress_bar

from sapwood.config import InferenceConfig, secret
from sapwood.errors import ConfigError, ModelError
from sapwood.inference.attention import use_shared_attention

TYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}
NAMES = {number: name for name, number in TYPES.items()}

CPU_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""Flags in /proc/cpuinfo of a CPU with bf16 arithmetic ('bf16' is Arm's)."""

NARROW_ISAS = frozenset({"SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX512_CORE", "AVX512_CORE_VNNI"})
"""Values of ONEDNN_MAX_CPU_ISA under which oneDNN has no bf16 arithmetic: it would compute in fp32 and convert each time."""


def number_type(config: InferenceConfig) -> torch.dtype:
    """The number type that models are loaded in. 'auto' takes bf16 only where the hardware computes in it, else fp32.

    Raises ConfigError for a name that is neither auto, bf16 nor fp32.
    """
    if config.number_type == "auto":
        return torch.bfloat16 if torch.cuda.is_available() or cpu_has_bf16() else torch.float32
    if config.number_type not in TYPES:
        raise ConfigError(f"inference.number_type is {config.number_type!r}", hint="It must be auto, bf16 or fp32.")
    return TYPES[config.number_type]


def cpu_has_bf16(cpuinfo: Path = Path("/proc/cpuinfo"), isa: str | None = None) -> bool:
    """Whether the CPU multiplies bf16. `isa` is ONEDNN_MAX_CPU_ISA, taken from the environment if None: oneDNN obeys it, so must we."""
    limit = isa if isa is not None else secret("ONEDNN_MAX_CPU_ISA") or ""
    if limit.upper() in NARROW_ISAS:
        return False
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    flags = (line.partition(":")[2].split() for line in text.splitlines() if line.startswith(("flags", "Features")))
    return not CPU_FLAGS.isdisjoint(next(flags, []))


def load_model(path: str | Path, dtype: torch.dtype) -> PreTrainedModel:
    """The model in `path` (safetensors and config.json), in evaluation mode, without gradients, with shared attention.

    Goes to the GPU if there is one. Raises ModelError if the folder can't be read.
    """
    disable_progress_bar()  # the time that loading takes is shown by who asked for it
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(str(path), dtype=dtype, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"the model in {path} can't be loaded: {error}", hint="Remove the model and pull it again."
        ) from error
    use_shared_attention(model)
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
