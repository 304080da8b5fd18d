"""A folder of safetensors -> a GGUF file, for a model that came as no GGUF file: unpack.py's way back from what transformers saves.

In: config.json, the tokenizer's files, the tensors by transformers' names. Out: a file that llama.cpp loads. A tensor at a
time is in memory. What would come out wrong is refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sapwood.errors import UnsupportedError
from sapwood.registry.repack import begin, llama_order, write_tensors
from sapwood.registry.unpack import ARCHITECTURES, Architecture, gguf_name, place
from sapwood.registry.vocabulary import add_vocabulary

_HINT = "Export safetensors, and convert them with llama.cpp's convert_hf_to_gguf.py."


def pack(folder: Path, target: Path, values_of: Callable[[str], Any], *, kind: str, name: str) -> None:
    """Write `target`. `values_of` gives a tensor as a float32 array; `kind` is one of KINDS, `name` the model's.

    Raises InvalidOptionError for a kind that is not known, UnsupportedError for a model that can't be written so.
    """
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    architecture = _architecture(config)
    shapes = {gguf_name(there): shape for there, shape in _shapes(folder).items() if not _is_tied(there, config)}
    heads = int(config["num_attention_heads"])
    kv_heads = int(config.get("num_key_value_heads") or heads)
    permuted = {"attn_q": heads, "attn_k": kv_heads} if architecture.permuted else {}

    def values(tensor: str) -> Any:
        there, part = place(tensor)
        return llama_order(values_of(there), permuted.get(part, 0))

    writer = begin(target, config["model_type"], kind=kind, name=name)
    _add_config(writer, config, heads=heads, kv_heads=kv_heads)
    add_vocabulary(writer, folder, size=int(config["vocab_size"]), hint=_HINT)
    write_tensors(writer, shapes, values, kind=kind)


def _architecture(config: Mapping[str, Any]) -> Architecture:
    """What is special of the model's architecture. Raises UnsupportedError for one that is not known, or is used in another way."""
    name = str(config.get("model_type"))
    known = ARCHITECTURES.get(name)
    if known is None:
        raise UnsupportedError(f"models of the architecture {name!r} can't be written as GGUF files", hint=_HINT)
    wanted = {**known.settings, "hidden_act": "silu"}
    strange = [key for key, value in wanted.items() if config.get(key, value) != value]
    if _rope(config).get("rope_type", "default") != "default":
        strange.append("rope_parameters")
    if strange:
        raise UnsupportedError(
            f"a model of the architecture {name!r} with {strange[0]} {json.dumps(config[strange[0]])} can't be written as a GGUF file",
            hint=_HINT,
        )
    return known


def _rope(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """How positions are turned; files of transformers 4 say it in two places."""
    older = {"rope_theta": config.get("rope_theta", 10000.0), **(config.get("rope_scaling") or {})}
    return {**older, **(config.get("rope_parameters") or {})}


def _is_tied(name: str, config: Mapping[str, Any]) -> bool:
    return name == "lm_head.weight" and bool(config.get("tie_word_embeddings"))


def _shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """The folder's tensors with their shapes, rows first."""
    from safetensors import safe_open

    found: dict[str, tuple[int, ...]] = {}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="numpy") as file:
            found.update({name: tuple(file.get_slice(name).get_shape()) for name in file.keys()})  # noqa: SIM118
    return found


def _add_config(writer: Any, config: Mapping[str, Any], *, heads: int, kv_heads: int) -> None:
    hidden = int(config["hidden_size"])
    size_of_head = int(config.get("head_dim") or hidden // heads)
    writer.add_context_length(int(config["max_position_embeddings"]))
    writer.add_embedding_length(hidden)
    writer.add_block_count(int(config["num_hidden_layers"]))
    writer.add_feed_forward_length(int(config["intermediate_size"]))
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_key_length(size_of_head)
    writer.add_value_length(size_of_head)
    writer.add_layer_norm_rms_eps(float(config["rms_norm_eps"]))
    writer.add_rope_freq_base(float(_rope(config)["rope_theta"]))
    writer.add_rope_dimension_count(size_of_head)
    writer.add_vocab_size(int(config["vocab_size"]))
