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

TYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}
SETTINGS = ("auto", "int8", *TYPES)

BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
INT8_FLAGS = frozenset({"avx512_vnni", "amx_int8"})
"""Flags in /proc/cpuinfo of a CPU with bf16 arithmetic ('bf16' is Arm's), and with products of bytes summed in integers."""

NARROW_ISAS = frozenset({"SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX512_CORE", "AVX512_CORE_VNNI"})
"""Values of ONEDNN_MAX_CPU_ISA under which oneDNN has no bf16 arithmetic: it would compute in fp32 and convert each time."""

BYTELESS_ISAS = NARROW_ISAS - {"AVX512_CORE_VNNI"}
"""Values of ONEDNN_MAX_CPU_ISA under which sums of products of bytes saturate, or are no faster than floats."""


@dataclass(frozen=True)
class Precision:
    """What a model computes in: weights and activations are `dtype`; with `is_int8` linear layers multiply bytes."""

    dtype: torch.dtype
    is_int8: bool = False

    @property
    def name(self) -> str:
        """bf16, fp32, int8-bf16 or int8-fp32."""
        name = next(name for name, dtype in TYPES.items() if dtype == self.dtype)
        return f"int8-{name}" if self.is_int8 else name


def precision(config: InferenceConfig) -> Precision:
    """The precision of inference. 'auto' takes what the hardware has arithmetic for: on CPUs int8, bf16, else fp32.

    Raises ConfigError for another name than auto, int8, bf16 and fp32, and for int8 where sums of bytes would saturate.
    """
    wanted = config.number_type
    if wanted not in SETTINGS:
        raise ConfigError(f"inference.number_type is {wanted!r}", hint=f"It must be one of {', '.join(SETTINGS)}.")
    is_gpu = torch.cuda.is_available()
    has_int8 = not is_gpu and cpu_has(INT8_FLAGS, unless=BYTELESS_ISAS)
    if wanted == "int8" and not has_int8:
        raise ConfigError(
            "inference.number_type is int8, which needs a CPU with VNNI and no GPU", hint="Set it to auto."
        )
    if wanted in TYPES:
        return Precision(TYPES[wanted])
    is_bf16 = is_gpu or cpu_has(BF16_FLAGS, unless=NARROW_ISAS)
    return Precision(torch.bfloat16 if is_bf16 else torch.float32, is_int8=has_int8)


def cpu_has(
    flags: frozenset[str], *, unless: frozenset[str], cpuinfo: Path = Path("/proc/cpuinfo"), isa: str | None = None
) -> bool:
    """Whether the CPU has one of these flags. `isa` is ONEDNN_MAX_CPU_ISA, taken from the environment if None: oneDNN obeys
    it, so must we; `unless` are its values that rule the flags out."""
    limit = isa if isa is not None else secret("ONEDNN_MAX_CPU_ISA") or ""
    if limit.upper() in unless:
        return False
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    lines = (line.partition(":")[2].split() for line in text.splitlines() if line.startswith(("flags", "Features")))
    return not flags.isdisjoint(next(lines, []))


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
