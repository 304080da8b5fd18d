"""Keys and values of tokens that a model has read: kept for a prefix, preallocated for rows, and written by transformers' layers.

The caches are what transformers' layers call `update` on. They know nothing of attention, tokens or scheduling.

Shapes: B rows, S new tokens a row, T own tokens a row so far, P prefix tokens, K key-value heads, D head size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.cache_utils import Cache

from sapwood.inference.packing import Packing


@dataclass(frozen=True)
class PrefixKV:
    """Keys and values of a prefix, one [K, P, D] tensor a layer."""

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]

    @property
    def tokens(self) -> int:
        return self.keys[0].shape[1]

    @property
    def bytes(self) -> int:
        return sum(part.numel() * part.element_size() for part in (*self.keys, *self.values))


class OwnKV:
    """Preallocated keys and values of the rows' own tokens: [rows, K, capacity, D] a layer; row slots are dense from 0."""

    def __init__(self, model: PreTrainedModel, *, rows: int, capacity: int) -> None:
        config = model.config.get_text_config()
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        shape = (rows, heads, capacity, size)
        self.keys = [
            torch.zeros(shape, dtype=model.dtype, device=model.device) for _ in range(config.num_hidden_layers)
        ]
        self.values = [torch.zeros_like(key) for key in self.keys]
        self.rows, self.capacity = rows, capacity

    @property
    def bytes_per_token(self) -> int:
        return 2 * len(self.keys) * self.keys[0].shape[1] * self.keys[0].shape[3] * self.keys[0].element_size()

    def resize(self, *, rows: int, capacity: int, used: int) -> None:
        """Make room; the first `used` rows keep what they hold, up to the smaller capacity."""
        length = min(capacity, self.capacity)
        for blocks in (self.keys, self.values):
            for layer, old in enumerate(blocks):
                new = old.new_zeros(rows, old.shape[1], capacity, old.shape[3])
                new[:used, :, :length] = old[:used, :, :length]
                blocks[layer] = new
        self.rows, self.capacity = rows, capacity

    def move(self, source: int, target: int, tokens: int) -> None:
        """Copy one row's first tokens into another slot."""
        for block in (*self.keys, *self.values):
            block[target, :, :tokens] = block[source, :, :tokens]


class RecordingCache(Cache):
    """Keeps each layer's new keys and values as they are, with their gradients."""

    def __init__(self, prefix: PrefixKV | None) -> None:
        super().__init__(layers=[])
        self.prefix = prefix
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        self.keys.append(key_states)
        self.values.append(value_states)
        return key_states, value_states

    def get_seq_length(self, layer_idx: int = 0) -> int:
        return self.prefix.tokens if self.prefix else 0


class SlotCache(Cache):
    """Writes new keys and values into an OwnKV block and gives back the part that is in use, [B, K, T, D]."""

    def __init__(self, own: OwnKV, *, seen: int) -> None:
        super().__init__(layers=[])
        self.own, self.seen = own, seen

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        return self.put(self.own.keys[layer_idx], key_states), self.put(self.own.values[layer_idx], value_states)

    def put(self, block: Tensor, new: Tensor) -> Tensor:
        raise NotImplementedError

    def get_seq_length(self, layer_idx: int = 0) -> int:
        return self.seen


class PackedCache(SlotCache):
    """Lays a packed line of tokens out into the slots `first`.. of its rows."""

    def __init__(self, own: OwnKV, packing: Packing, *, first: int, seen: int) -> None:
        super().__init__(own, seen=seen)
        self.index, self.first = packing.index, first

    def put(self, block: Tensor, new: Tensor) -> Tensor:
        rows, width = self.index.shape
        slots = block[self.first : self.first + rows, :, :width]
        by_token = new[0].transpose(0, 1).index_select(0, self.index.view(-1))
        slots.copy_(by_token.unflatten(0, (rows, width)).transpose(1, 2))
        return slots


class DecodeCache(SlotCache):
    """Writes new tokens of the first rows, each at its own place [B, S]."""

    def __init__(self, own: OwnKV, places: Tensor, *, used: int, seen: int) -> None:
        super().__init__(own, seen=seen)
        heads = own.keys[0].shape[1]
        row = torch.arange(len(places), device=places.device)
        head = torch.arange(heads, device=places.device)
        self.rows, self.used = len(places), used
        block = (row[:, None] * heads + head[None]) * own.capacity
        self.index = (block[:, :, None] + places[:, None]).reshape(-1)

    def put(self, block: Tensor, new: Tensor) -> Tensor:
        block.view(-1, block.shape[-1]).index_copy_(0, self.index, new.reshape(-1, new.shape[-1]))
        return block[: self.rows, :, : self.used]
