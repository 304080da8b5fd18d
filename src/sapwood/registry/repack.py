"""Other weights into the form of a GGUF file: unpack.py's way back.

In: the file that a base model came as, and the new values of its tensors by transformers' names. Out: a file with the same
metadata and tokenizer, matrices as f16 or q8_0, vectors as f32. A tensor at a time is in memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sapwood.errors import InvalidOptionError
from sapwood.registry.unpack import ROPE_FACTORS, architecture_of, open_gguf, permuted_heads, place

KINDS: Mapping[str, tuple[str, int]] = {"f16": ("F16", 1), "q8_0": ("Q8_0", 7)}
"""Number types of matrices by the names that users write: gguf's name, and llama.cpp's number for such a file."""
_WRITTEN_ANEW = ("general.architecture", "general.file_type", "general.name")


def repack(source: Path, target: Path, values_of: Callable[[str], Any], *, kind: str, name: str) -> None:
    """Write `target`. `values_of` gives a tensor as a float32 array; `name` is the model's.

    Raises InvalidOptionError for a kind that is not known, UnsupportedError for a file that can't be repacked.
    """
    file = open_gguf(source)
    prefix, architecture = architecture_of(file)
    writer = begin(target, prefix, kind=kind, name=name)
    heads = permuted_heads(file, prefix, architecture)
    import gguf

    reader = gguf.GGUFReader(source)
    for field in reader.fields.values():
        if not field.name.startswith("GGUF.") and field.name not in _WRITTEN_ANEW:
            inner = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(field.name, field.contents(), field.types[0], sub_type=inner)
    old = {tensor.name: tensor.data for tensor in reader.tensors}

    def values(tensor: str) -> Any:
        if tensor == ROPE_FACTORS:
            return old[tensor]
        there, part = place(tensor)
        return llama_order(values_of(there), heads.get(part, 0))

    write_tensors(writer, {tensor.name: tensor.shape for tensor in file.tensors}, values, kind=kind)


def begin(target: Path, architecture: str, *, kind: str, name: str) -> Any:
    """A gguf writer of a file of this architecture, kind of numbers and name. Raises InvalidOptionError for an unknown kind."""
    if kind not in KINDS:
        raise InvalidOptionError(
            f"GGUF files of the type {kind!r} can't be written", hint=f"Known: {', '.join(KINDS)}."
        )
    import gguf

    writer = gguf.GGUFWriter(target, architecture)
    writer.add_name(name)
    writer.add_file_type(KINDS[kind][1])
    return writer


def write_tensors(
    writer: Any, shapes: Mapping[str, tuple[int, ...]], values_of: Callable[[str], Any], *, kind: str
) -> None:
    """Write what the writer was given and then the tensors, rows first, and close the file; `values_of` gives float32 arrays."""
    import gguf
    import numpy as np

    kinds = {name: _kind(shape, kind) for name, shape in shapes.items()}
    for name, shape in shapes.items():
        in_bytes = gguf.quant_shape_to_byte_shape(shape, kinds[name])  # whatever the type
        writer.add_tensor_info(name, in_bytes, np.dtype(np.uint8), math.prod(in_bytes), kinds[name])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for name in shapes:
        writer.write_tensor_data(gguf.quants.quantize(values_of(name), kinds[name]))
    writer.close()


def _kind(shape: tuple[int, ...], wanted: str) -> Any:
    """What a tensor is written as: q8_0 takes rows of whole blocks only."""
    from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

    if len(shape) < 2:
        return GGMLQuantizationType.F32
    kind = GGMLQuantizationType[KINDS[wanted][0]]
    return kind if shape[-1] % GGML_QUANT_SIZES[kind][0] == 0 else GGMLQuantizationType.F16


def llama_order(values: Any, heads: int) -> Any:
    """llama.cpp's order of the rows of q and k: the two halves of each head side by side in pairs. 0 heads: as they are."""
    if not heads:
        return values
    rows, *rest = values.shape
    return values.reshape(heads, 2, rows // heads // 2, *rest).swapaxes(1, 2).reshape(values.shape)
