"""Decoders of Llama's kind that multiply bytes: a loaded model in, the same model with its layers replaced out. No gradients.

A small model's products of bytes take less time than the steps around them, and each step reads and writes all tokens' states:
so steps are left out or put together where the result is the same. Values are turned by the weights that make them; a norm
divides nothing, since rows have a scale anyway; scales are multiplied only where a sum or a curve needs them. Tokens are taken
some at a time, whose states stay in the CPU's cache. Knows no requests.

Shapes: N tokens, H hidden size, I inner size of the feed-forward part.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.cache_utils import Cache

from sapwood.inference import byte_product
from sapwood.inference.byte_product import ByteProduct, Bytes, to_bytes, turn, turn_outputs
from sapwood.inference.layers import FAMILIES, Attention, FeedForward, Heads, Norm

PIECE_ROWS, PIECE_VALUES = 1024, 1 << 22
"""Tokens that go through a layer's steps together, and how many inner values they may have. Feed-forward of 3,240 tokens,
1536 x 8960: 410 ms for 512 together and 480 for all; 576 x 1536: 37 ms for 1,024 and 42 for all."""


_PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj")
_FORWARD = ("gate_proj", "up_proj", "down_proj")


def replace_decoder(model: PreTrainedModel, *, levels: int, threads: int = 1) -> int:
    """Let the model's layers multiply bytes; gives their number of weights. 0, and nothing replaced, if it is of another kind."""
    decoder: Any = model.get_decoder()
    layers = list[nn.Module](decoder.layers) if hasattr(decoder, "layers") else []
    if not all(_fits(layer) for layer in layers):
        return 0

    def replace(at: int) -> int:
        decoder.layers[at] = made = ByteLayer(layers[at], levels=levels)
        layers[at] = nn.Identity()  # its weights can go
        return made.bytes

    with ThreadPoolExecutor(threads) as pool:
        size = sum(pool.map(replace, range(len(layers))))
    return size


class ByteLayer(nn.Module):
    """Norm, attention, norm, feed-forward."""

    def __init__(self, base: nn.Module, *, levels: int) -> None:
        super().__init__()
        attention, forward = cast(Attention, base.self_attn), cast(FeedForward, base.mlp)
        before, between = cast(Norm, base.input_layernorm), cast(Norm, base.post_attention_layernorm)
        self.heads, self.before, self.between = Heads.of(attention), before, between
        query, key, value, out = (getattr(attention, name).weight.detach() for name in _PROJECTIONS)
        gate, up, down = (getattr(forward, name).weight.detach() for name in _FORWARD)
        self.sizes, self.inner_size = [len(query), len(key), len(value)], len(gate)
        self.to_heads = ByteProduct(torch.cat([query, key, turn_outputs(value.float())]), levels=levels)
        self.bias = _joined_bias(attention)
        self.from_heads = ByteProduct(out, levels=levels)
        self.inwards = ByteProduct(torch.cat([gate, up]), levels=levels)
        self.outwards = ByteProduct(down, levels=levels)
        self.bytes = sum(part.bytes for part in (self.to_heads, self.from_heads, self.inwards, self.outwards))

    def forward(
        self,
        hidden_states: Tensor,
        position_embeddings: tuple[Tensor, Tensor],
        attention_mask: Tensor | None = None,
        past_key_values: Cache | None = None,
        **options: Any,
    ) -> Tensor:
        x = hidden_states.view(-1, hidden_states.shape[-1])
        heads = x.new_empty(len(x), sum(self.sizes))
        pieces = _pieces(len(x), most=min(PIECE_ROWS, PIECE_VALUES // self.inner_size))
        for some in pieces:
            self._project(x[some], heads[some])
        by_head = heads.view(*hidden_states.shape[:-1], -1, self.heads.head_dim)
        query, key, value = by_head.split([size // self.heads.head_dim for size in self.sizes], dim=-2)
        seen = self.heads.attend(query, key, value, position_embeddings, attention_mask, past_key_values, **options)
        seen = seen.flatten(0, -2)
        for some in pieces:
            _add(x[some], self.from_heads, to_bytes(_wide(seen[some]), x.dtype))
            self._feed_forward(x[some])
        return hidden_states

    def _project(self, x: Tensor, out: Tensor) -> None:
        """Queries, keys and values of states."""
        rows = _normed(x, self.before)
        torch.mul(self.to_heads.unscaled(rows), rows.scale, out=out)
        if self.bias is not None:
            out.add_(self.bias)

    def _feed_forward(self, x: Tensor) -> None:
        """Add down(silu(gate(norm(x))) * up(norm(x))) to x."""
        rows = _normed(x, self.between)
        gate, up = self.inwards.unscaled(rows).chunk(2, dim=-1)
        gate = F.silu(gate.mul_(rows.scale), inplace=True)
        _add(x, self.outwards, to_bytes(_wide(turn(gate * up)), x.dtype, factor=rows.scale.float()))


def _fits(layer: Any) -> bool:
    """Whether a layer has the parts, without biases but those of query, key and value, and sizes that can be turned."""
    parts = {"self_attn": Attention, "mlp": FeedForward, "input_layernorm": Norm, "post_attention_layernorm": Norm}
    if not type(layer).__name__.startswith(FAMILIES):
        return False
    if not all(isinstance(getattr(layer, name, None), kind) for name, kind in parts.items()):
        return False
    linear = [getattr(layer.self_attn, name) for name in _PROJECTIONS] + [getattr(layer.mlp, name) for name in _FORWARD]
    if not all(type(part) is nn.Linear for part in linear) or any(part.bias is not None for part in linear[3:]):
        return False
    sizes = [layer.self_attn.head_dim, *(part.in_features for part in linear)]
    return all(size % byte_product.TURN == 0 for size in sizes)


def _joined_bias(attention: Any) -> Tensor | None:
    """What is added to queries, keys and turned values."""
    query, key, value = (part.bias for part in (attention.q_proj, attention.k_proj, attention.v_proj))
    return None if query is None else torch.cat([query, key, turn(value)]).detach()


def _pieces(rows: int, *, most: int) -> list[slice]:
    """Parts of `rows`, nearly equal, so that none is too short for a quick product."""
    count = -(-rows // most)
    return [slice(rows * at // count, rows * (at + 1) // count) for at in range(count)]


def _wide(x: Tensor) -> Tensor:
    """A copy in fp32."""
    return x.to(torch.float32, copy=True)


def _normed(x: Tensor, norm: Norm) -> Bytes:
    """A norm of states [N, H]. Its division of each row is left to the row's scale."""
    wide = _wide(x)
    mean = torch.linalg.vector_norm(wide, dim=-1, keepdim=True).square_().div_(x.shape[-1])
    return to_bytes(_wide(turn(x * norm.weight)), x.dtype, factor=mean.add_(norm.epsilon).rsqrt_())


def _add(x: Tensor, product: ByteProduct, rows: Bytes) -> None:
    x.addcmul_(product.unscaled(rows), rows.scale)
