"""A GGUF file -> a folder that transformers loads: config.json, model.safetensors in bf16, tokenizer.

Tensor by tensor and in slices of rows, so that memory stays at some hundred MB whatever the model's size. gguf's own
dequantiser gives the numbers; what is ours is where each tensor goes. Knows nothing of digests and of the cache.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

from sapwood.errors import UnsupportedError
from sapwood.registry.gguf_file import GgufFile, GgufTensor, read_gguf
from sapwood.registry.tokenizer import write_tokenizer

_SLICE = 2**20
"""Bytes of float32 that are dequantised at once: they stay in the processor's cache, which is three times as fast."""

_LAYER = re.compile(r"blk\.(\d+)\.(\w+)\.(weight|bias)")
_THERE = re.compile(r"model\.layers\.(\d+)\.([\w.]+)\.(weight|bias)")
_OUTSIDE = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
_INSIDE = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
ROPE_FACTORS = "rope_freqs.weight"


@dataclass(frozen=True)
class Architecture:
    """What differs between architectures: transformers' class, settings of its own, whether llama.cpp permuted q and k."""

    model_class: str
    settings: Mapping[str, Any]
    permuted: bool = False


ARCHITECTURES = {
    "llama": Architecture("LlamaForCausalLM", {"attention_bias": False, "mlp_bias": False}, permuted=True),
    "qwen2": Architecture("Qwen2ForCausalLM", {"use_sliding_window": False}),
    "qwen3": Architecture("Qwen3ForCausalLM", {"attention_bias": False, "use_sliding_window": False}),
}


def context_length(path: Path) -> int:
    """Tokens that a GGUF's model can take. Raises UnsupportedError for an architecture that can't be unpacked."""
    file = open_gguf(path)
    return int(file.value(f"{architecture_of(file)[0]}.context_length"))


def unpacked_bytes(parameters: int) -> int:
    """Bytes that the unpacked folder takes, roughly."""
    return 2 * parameters + 32 * 2**20


def unpack(
    path: Path, folder: Path, *, rope: Mapping[str, Any] | None = None, report: Callable[[int, int], None]
) -> None:
    """Write the folder (which must be there and empty). `report` gets bytes done and in all; `rope` are settings that the file lacks.

    Raises UnsupportedError, naming what it is, for a file that would come out wrong.
    """
    file = open_gguf(path)
    name, architecture = architecture_of(file)
    plan = _plan(file, name, architecture, rope or {})
    config = _config(file, name, architecture, rope or {})
    tokenizer = write_tokenizer(file, folder, context=config["max_position_embeddings"])
    _write_json(folder / "config.json", {**config, **tokenizer.ids})
    _write_json(folder / "generation_config.json", {**tokenizer.ids, "eos_token_id": list(tokenizer.end_ids)})
    _write_safetensors(path, folder / "model.safetensors", plan, report)


@dataclass(frozen=True)
class _Move:
    """A tensor on its way: its name in the folder, where it is in the file, and the heads whose rows to put back in order (0: none)."""

    name: str
    tensor: GgufTensor
    heads: int = 0

    @property
    def bytes(self) -> int:
        return 2 * math.prod(self.tensor.shape)


def open_gguf(path: Path) -> GgufFile:
    """The header of a GGUF file. Raises UnsupportedError for what is none, or where gguf is not installed."""
    if find_spec("gguf") is None:
        hint = "pip install 'sapwood[local]'"
        raise UnsupportedError("local models need packages that are not installed", hint=hint)
    return read_gguf(path)


def architecture_of(file: GgufFile) -> tuple[str, Architecture]:
    """The architecture's name and what is special of it; UnsupportedError for one that is not known."""
    name = str(file.value("general.architecture"))
    if name not in ARCHITECTURES:
        hint = "Add the model as a folder of safetensors, or serve it with an OpenAI-compatible server and add that."
        raise UnsupportedError(f"GGUF files of the architecture {name!r} are not supported", hint=hint)
    return name, ARCHITECTURES[name]


def _plan(file: GgufFile, prefix: str, architecture: Architecture, rope: Mapping[str, Any]) -> list[_Move]:
    permuted = permuted_heads(file, prefix, architecture)
    plan: list[_Move] = []
    for tensor in file.tensors:
        if tensor.name == ROPE_FACTORS and rope:
            continue
        name, part = place(tensor.name)
        plan.append(_Move(name, tensor, permuted.get(part, 0)))
    return plan


def permuted_heads(file: GgufFile, prefix: str, architecture: Architecture) -> Mapping[str, int]:
    """The parts of a layer whose rows llama.cpp's converter permutes, and how many heads they have."""
    heads = int(file.value(f"{prefix}.attention.head_count"))
    kv_heads = int(file.value(f"{prefix}.attention.head_count_kv", heads))
    return {"attn_q": heads, "attn_k": kv_heads} if architecture.permuted else {}


def place(name: str) -> tuple[str, str]:
    """A GGUF tensor's name in transformers, and what it is in its layer ('' outside)."""
    if name in _OUTSIDE:
        return _OUTSIDE[name], ""
    layer = _LAYER.fullmatch(name)
    if layer is None or layer[2] not in _INSIDE:
        hint = "Add the model as a folder of safetensors instead."
        raise UnsupportedError(f"the GGUF file has a tensor {name!r} that is not supported", hint=hint)
    return f"model.layers.{layer[1]}.{_INSIDE[layer[2]]}.{layer[3]}", layer[2]


def gguf_name(name: str) -> str:
    """A tensor's name in a GGUF file by its name in transformers. Raises UnsupportedError for one that has none."""
    outside = {there: here for here, there in _OUTSIDE.items()}
    if name in outside:
        return outside[name]
    inside = {there: here for here, there in _INSIDE.items()}
    layer = _THERE.fullmatch(name)
    if layer is None or layer[2] not in inside:
        raise UnsupportedError(f"the model has a tensor {name!r} that a GGUF file has no name for")
    return f"blk.{layer[1]}.{inside[layer[2]]}.{layer[3]}"


def _config(file: GgufFile, prefix: str, architecture: Architecture, rope: Mapping[str, Any]) -> dict[str, Any]:
    def value(key: str, default: Any = None) -> Any:
        return file.value(f"{prefix}.{key}", default)

    hidden, heads = int(value("embedding_length")), int(value("attention.head_count"))
    shapes = {tensor.name: tensor.shape for tensor in file.tensors}
    scaling = value("rope.scaling.type", "none")
    if scaling != "none" and not rope:
        raise UnsupportedError(f"the GGUF file scales its positions by {scaling!r}, which is not supported")
    return {
        "architectures": [architecture.model_class],
        "model_type": prefix,
        "dtype": "bfloat16",
        "hidden_act": "silu",
        "hidden_size": hidden,
        "intermediate_size": int(value("feed_forward_length")),
        "num_hidden_layers": int(value("block_count")),
        "num_attention_heads": heads,
        "num_key_value_heads": int(value("attention.head_count_kv", heads)),
        "head_dim": int(value("attention.key_length", hidden // heads)),
        "max_position_embeddings": int(value("context_length")),
        "rms_norm_eps": _round(value("attention.layer_norm_rms_epsilon")),
        "rope_parameters": {"rope_type": "default", **rope, "rope_theta": _round(value("rope.freq_base", 10000.0))},
        "tie_word_embeddings": "output.weight" not in shapes,
        "vocab_size": shapes["token_embd.weight"][0],
        **architecture.settings,
    }


def _round(value: float) -> float:
    """A float32 of the file as the decimal number that it was made from."""
    return float(f"{value:.6g}")


def _write_safetensors(source: Path, target: Path, plan: list[_Move], report: Callable[[int, int], None]) -> None:
    """The format: 8 bytes of header length, a JSON header, the tensors' bytes one after another."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for move in plan:
        header[move.name] = {"dtype": "BF16", "shape": move.tensor.shape, "data_offsets": [end, end + move.bytes]}
        end += move.bytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    done = 0
    with source.open("rb") as file, target.open("wb") as out:
        out.write(len(text).to_bytes(8, "little"))
        out.write(text)
        for move in plan:
            for rows in _slices(file, move):
                done += out.write(rows)
                report(done, end)
        out.flush()
        os.fsync(out.fileno())


def _slices(file: BinaryIO, move: _Move) -> Iterator[memoryview]:
    """The tensor's values in bf16, some rows at a time; all at once where rows change places."""
    import numpy as np
    from gguf.constants import GGMLQuantizationType
    from gguf.quants import dequantize

    tensor = move.tensor
    step = tensor.rows if move.heads else max(1, _SLICE // (4 * tensor.shape[-1]))
    file.seek(tensor.offset)
    for start in range(0, tensor.rows, step):
        rows = min(step, tensor.rows - start)
        data = np.frombuffer(file.read(rows * tensor.row_bytes), dtype=np.uint8).reshape(rows, -1)
        values = dequantize(data, GGMLQuantizationType(tensor.kind))
        if move.heads:
            values = _in_order(values, move.heads)
        yield memoryview(_bf16(np.ascontiguousarray(values, dtype=np.float32)))


def _in_order(values: Any, heads: int) -> Any:
    """Undo llama.cpp's permutation: it puts the two halves of each head's rows side by side in pairs."""
    rows, columns = values.shape
    return values.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def _bf16(values: Any) -> Any:
    """float32 to bfloat16, to the nearest, ties to even; as 16-bit whole numbers, which numpy can hold."""
    import numpy as np

    bits = values.view(np.uint32)
    return ((bits + (0x7FFF + ((bits >> 16) & 1))) >> 16).astype(np.uint16)


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
