"""Attention over a prefix that many rows share: token ids and prefix KV in, hidden states out.

A table job asks one instruction about many short rows. The instruction's keys and values are computed once, with batch 1,
and no row ever copies them: each row attends to the shared part and to its own part, under one softmax, so the result is
exact (Hydragen, arXiv 2402.05099). The model's code stays transformers' own: this module only brings an attention function
for their registry; its caches are in kv.py. It works with and without gradients, through the prefix also: training reads prefix
and rows as one line of tokens. It knows nothing of tokenizers, sampling or scheduling.

Shapes: B rows, S new tokens a row, T own tokens a row so far, P prefix tokens, H heads, K key-value heads, D head size.
Own parts are right-padded: what is computed at a pad position is never read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from transformers import AttentionInterface, PreTrainedModel
from transformers.cache_utils import Cache

from sapwood.inference.flash import attend_newest, flash, merge
from sapwood.inference.kv import DecodeCache, OwnKV, PackedCache, PrefixKV, RecordingCache
from sapwood.inference.packing import Packing

IMPLEMENTATION = "sapwood_shared"
"""The attention function's name in transformers' registry. No mask function goes with it, so no mask is built per step."""

SHORT_PREFIX = 512
"""Behind a prefix up to this many tokens rows attend by plain products over keys that each of them has a copy of: torch's kernel
takes two or three times as long there, with gradients and without, and as long with 1,000 tokens."""

CACHED_SCORES = 1024 * 1024
"""Scores of one such product without gradients: as many as the CPU's cache holds."""

SCORE_ELEMENTS = 16 * 1024 * 1024
"""Attention scores that one pass may hold without gradients; more are computed in slices of rows or queries."""


@dataclass(frozen=True)
class _Line:
    """A line of tokens: a prefix of `prefix`, then `rows` rows of equal width behind it."""

    prefix: int
    rows: int


@dataclass
class _Context:
    """What the attention function needs besides query, key and value; travels as a keyword through the model's layers."""

    prefix: PrefixKV | None = None
    line: _Line | None = None
    """Set where queries, keys and values are such a line."""
    packing: Packing | None = None
    """Set where the queries are a packed line of tokens; the keys are then already laid out by rows."""
    visible: Tensor | None = None
    """[B, S, T] of bool: which own key a query sees; None where that is plainly causal (S == T)."""
    offset: Tensor | None = None
    """[B]: own position of the first query of each row; None means 0."""
    bias: dict[int | None, Tensor | None] = field(default_factory=dict[int | None, Tensor | None])
    """Additive masks by sliding window, made on first use."""
    own_mask: Tensor | None = None
    """Additive mask over own keys alone, made on first use."""

    @cached_property
    def alone(self) -> _Context:
        """The prefix's own context: it sees itself and nothing else."""
        return _Context()

    @property
    def shared_tokens(self) -> int:
        return self.prefix.tokens if self.prefix else self.line.prefix if self.line else 0

    def shared(self, layer: int) -> tuple[Tensor, Tensor] | None:
        return (self.prefix.keys[layer], self.prefix.values[layer]) if self.prefix else None


def use_shared_attention(model: PreTrainedModel) -> None:
    """Let the model compute attention by this module. Can be called twice."""
    AttentionInterface.register(IMPLEMENTATION, shared_attention)
    model.set_attn_implementation(IMPLEMENTATION)


def encode_prefix(
    model: PreTrainedModel, tokens: Sequence[int] | Tensor, *, before: PrefixKV | None = None
) -> PrefixKV:
    """Keys and values of a prefix, computed once with batch 1; `before` is what already stands in front of it."""
    ids = torch.as_tensor(tokens, device=model.device).view(1, -1)
    cache = RecordingCache(before)
    _forward(model, ids, _places(ids, before), cache, _Context(before))
    keys = [key[0] for key in cache.keys]
    values = [value[0] for value in cache.values]
    if before is not None:
        keys = [torch.cat(pair, dim=1) for pair in zip(before.keys, keys, strict=True)]
        values = [torch.cat(pair, dim=1) for pair in zip(before.values, values, strict=True)]
    return PrefixKV(tuple(key.contiguous() for key in keys), tuple(value.contiguous() for value in values))


def read_rows(model: PreTrainedModel, ids: Tensor, *, prefix: Sequence[int] = ()) -> Tensor:
    """Hidden states [B, S, hidden] of rows behind a prefix of tokens; `ids` [B, S] is right-padded. Keeps no KV.

    This is what training and one-pass scoring use: prefix and rows are read in one pass, so that each matrix product is a
    large one, and gradients flow through both. No mask is needed, since pads stand at the end.
    """
    if not len(prefix):
        return _forward(model, ids, _places(ids, None), RecordingCache(None), _Context())
    rows, width = ids.shape
    start = torch.as_tensor(prefix, device=ids.device)
    line = torch.cat([start, ids.flatten()])[None]
    behind = torch.arange(len(prefix), len(prefix) + width, device=ids.device).repeat(rows)
    places = torch.cat([torch.arange(len(prefix), device=ids.device), behind])[None]
    context = _Context(line=_Line(len(prefix), rows))
    hidden = _forward(model, line, places, RecordingCache(None), context)
    return hidden[0, len(prefix) :].unflatten(0, (rows, width))


def prefill_rows(
    model: PreTrainedModel, packing: Packing, *, prefix: PrefixKV | None, own: OwnKV, first: int
) -> Tensor:
    """Read rows' own tokens and keep their KV in the slots `first`.. of `own`: hidden states [B, hidden] of their last tokens.

    No gradients.
    """
    start = prefix.tokens if prefix else 0
    cache = PackedCache(own, packing, first=first, seen=start)
    hidden = _forward(model, packing.ids[None], packing.depths[None] + start, cache, _Context(prefix, packing=packing))
    return hidden[0, packing.last]


def decode_rows(
    model: PreTrainedModel, ids: Tensor, *, lengths: Tensor, longest: int, prefix: PrefixKV | None, own: OwnKV
) -> Tensor:
    """New tokens for the first B slots: `ids` [B, S], right-padded, `lengths` [B] own tokens so far. Hidden states [B, S, hidden].

    `longest` is the greatest of `lengths`, known to the caller without asking the device; all slots have room for S tokens
    more than that. What is written at pads is overwritten by the tokens that come there. No gradients.
    """
    start, used = prefix.tokens if prefix else 0, longest + ids.shape[1]
    places = lengths[:, None] + torch.arange(ids.shape[1], device=ids.device)
    visible = torch.arange(used, device=ids.device)[None, None] <= places[:, :, None]
    cache = DecodeCache(own, places, used=used, seen=start)
    context = _Context(prefix, visible=visible, offset=lengths)
    return _forward(model, ids, places + start, cache, context)


def head_logits(model: PreTrainedModel, hidden: Tensor) -> Tensor:
    """Logits [N, vocabulary] of hidden states [N, hidden]: hand in only the rows and positions that are needed.

    The states are made contiguous first: of a sliced 3-D tensor torch would copy the head's weights once a row.
    """
    head: Any = model.get_output_embeddings()
    logits: Tensor = head(hidden.contiguous())
    config = model.config.get_text_config()
    if cap := getattr(config, "final_logit_softcapping", None):  # Gemma 2
        logits = torch.tanh(logits / cap) * cap
    if divisor := getattr(config, "logits_scaling", None):  # Granite
        logits = logits / divisor
    if factor := getattr(config, "logit_scale", None):  # Cohere
        logits = logits * factor
    return logits


def shared_attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    softcap: float | None = None,
    sapwood_context: _Context | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """transformers' attention interface: query [B, H, S, D], own key and value [B, K, T, D] -> [B, S, H, D].

    Raises NotImplementedError for attention that it can't do exactly (sinks, dropout, a mask from outside).
    """
    if dropout or attention_mask is not None or kwargs.get("s_aux") is not None:
        raise NotImplementedError("shared attention takes no dropout, no mask from outside and no attention sinks")
    context = sapwood_context or _Context()
    shared = context.shared(cast(int, module.layer_idx))
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    total = key.shape[2] + (shared[0].shape[1] if shared else 0)
    window = sliding_window if sliding_window is not None and sliding_window < total else None
    is_plain = window is None and softcap is None
    if context.line is not None:
        return _attend_line(query, key, value, context, context.line, window, scale, softcap), None
    if context.packing is not None:
        laid_out = _lay_out(query[0], context.packing)
        if not (is_plain and query.device.type == "cpu"):
            bias = _bias(context, laid_out, key, window)
            out = _in_slices(laid_out, key, value, shared, bias, scale, softcap)
        elif (
            total - key.shape[2] <= SHORT_PREFIX and laid_out[0].numel() // laid_out.shape[3] * total <= SCORE_ELEMENTS
        ):
            out = _by_products(laid_out, key, value, shared, _bias(context, laid_out, key, window), scale)
        else:
            return _attend_packed(query[0], laid_out, key, value, shared, context.packing, scale)[None], None
        return _take_up(out, context.packing)[None], None
    if shared is None and context.visible is None and is_plain:
        return _attend_plainly(query, key, value, scale), None
    if context.visible is not None and query.shape[2] == 1 and is_plain and query.device.type == "cpu":
        return attend_newest(query, key, value, shared, _own_mask(context, query.dtype), scale), None
    return _in_slices(query, key, value, shared, _bias(context, query, key, window), scale, softcap), None


def _places(ids: Tensor, prefix: PrefixKV | None) -> Tensor:
    start = prefix.tokens if prefix else 0
    return torch.arange(start, start + ids.shape[1], device=ids.device)[None].expand(ids.shape[0], -1)


def _forward(model: PreTrainedModel, ids: Tensor, places: Tensor, cache: Cache, context: _Context) -> Tensor:
    """Run the decoder, without the head."""
    decoder: Any = model.get_decoder()
    output = decoder(input_ids=ids, position_ids=places, past_key_values=cache, use_cache=True, sapwood_context=context)
    return output.last_hidden_state


def _attend_plainly(query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
    """Causal attention, torch's own: [B, H, S, D] -> [B, S, H, D]."""
    has_groups = query.shape[1] != key.shape[1]
    out = F.scaled_dot_product_attention(query, key, value, is_causal=True, scale=scale, enable_gqa=has_groups)
    return out.transpose(1, 2)


def _attend_line(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    context: _Context,
    line: _Line,
    window: int | None,
    scale: float,
    softcap: float | None,
) -> Tensor:
    """[1, H, P + B*S, D] -> [1, P + B*S, H, D]: the prefix sees itself, each row the prefix and itself."""
    (query, rows_query), (key, rows_key), (value, rows_value) = (
        (part[:, :, : line.prefix], part[0, :, line.prefix :].unflatten(1, (line.rows, -1)).transpose(0, 1))
        for part in (query, key, value)
    )
    rows_bias = _bias(context, rows_query, rows_key, window)
    shared, is_plain = (key[0], value[0]), window is None and softcap is None
    if is_plain and line.prefix <= SHORT_PREFIX:
        first = _by_products(query, key, value, None, _bias(context.alone, query, key, window), scale)
        behind = _by_products(rows_query, rows_key, rows_value, shared, rows_bias, scale)
    else:
        first = (
            _attend_plainly(query, key, value, scale)
            if is_plain
            else _in_slices(query, key, value, None, _bias(context.alone, query, key, window), scale, softcap)
        )
        behind = _in_slices(rows_query, rows_key, rows_value, shared, rows_bias, scale, softcap)
    return torch.cat([first, behind.flatten(0, 1)[None]], dim=1)


def _by_products(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    shared: tuple[Tensor, Tensor] | None,
    bias: Tensor | None,
    scale: float,
) -> Tensor:
    """[B, H, S, D] -> [B, S, H, D], each row's keys behind a copy of the shared ones; some rows at a time without gradients."""
    rows, heads, new, _ = query.shape
    keys = key.shape[2] + (shared[0].shape[1] if shared else 0)
    step = rows if torch.is_grad_enabled() else max(1, CACHED_SCORES // (heads * new * keys))
    pieces = [slice(at, at + step) for at in range(0, rows, step)]
    some_keys, some_values = (
        _behind(part, own, pieces) for part, own in zip(shared or (None, None), (key, value), strict=True)
    )
    parts = [
        _attend_some(query[piece], piece_keys, piece_values, bias, scale)
        for piece, piece_keys, piece_values in zip(pieces, some_keys, some_values, strict=True)
    ]
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def _behind(shared: Tensor | None, own: Tensor, pieces: Sequence[slice]) -> Iterator[Tensor]:
    """[B, K, T, D] piece by piece, each row behind a copy of the shared [K, P, D]: [some, K, P + T, D], overwritten by the next."""
    if shared is None or len(pieces) == 1:
        yield from (own[piece] if shared is None else _put_behind(shared, own[piece]) for piece in pieces)
        return
    both = own.new_empty(pieces[0].stop, own.shape[1], shared.shape[1] + own.shape[2], own.shape[3])
    both[:, :, : shared.shape[1]] = shared
    for piece in pieces:
        some = own[piece]
        both[: len(some), :, shared.shape[1] :] = some
        yield both[: len(some)]


def _put_behind(shared: Tensor, own: Tensor) -> Tensor:
    """[K, P, D] and [B, K, T, D] -> [B, K, P + T, D]."""
    return torch.cat([shared.expand(len(own), -1, -1, -1), own], dim=2)


def _attend_some(query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, scale: float) -> Tensor:
    """[B, H, S, D] over keys [B, K, T, D] -> [B, S, H, D]; bias [1, 1, S, 1, T]. Heads that share keys are one product."""
    rows, heads, new, size = query.shape
    groups = key.shape[1]
    share = heads // groups
    by_group = (query * scale).reshape(rows * groups, share * new, size)
    across = key.reshape(rows * groups, -1, size).transpose(1, 2)
    if bias is None:
        scores = torch.bmm(by_group, across)
    else:
        hidden = bias[0, 0, :, 0].repeat(share, 1).expand(rows * groups, -1, -1)
        scores = torch.baddbmm(hidden, by_group, across)
    out = torch.bmm(scores.softmax(dim=-1), value.reshape(rows * groups, -1, size))
    return out.view(rows, heads, new, size).transpose(1, 2)


def _lay_out(line: Tensor, packing: Packing) -> Tensor:
    """Packed [H, U, D] -> by rows [B, H, S, D]."""
    rows, width = packing.index.shape
    return line.transpose(0, 1).index_select(0, packing.index.view(-1)).unflatten(0, (rows, width)).transpose(1, 2)


def _take_up(by_rows: Tensor, packing: Packing) -> Tensor:
    """By rows [B, S, ...] -> packed [U, ...]."""
    return by_rows.flatten(0, 1).index_select(0, packing.owners)


def _attend_packed(
    query: Tensor,
    laid_out: Tensor,
    key: Tensor,
    value: Tensor,
    shared: tuple[Tensor, Tensor] | None,
    packing: Packing,
    scale: float,
) -> Tensor:
    """[H, U, D], also laid out by rows -> [U, H, D]."""
    heads, line, size = query.shape
    groups = key.shape[1]
    many = (part.repeat_interleave(heads // groups, dim=1) if heads > groups else part for part in (key, value))
    own, own_sum = flash(laid_out, *many, is_causal=True, scale=scale)
    own = _take_up(own.transpose(1, 2), packing)
    if shared is None:
        return own
    own_sum = _take_up(own_sum.transpose(1, 2), packing)
    theirs, their_sum = flash(query.reshape(1, groups, -1, size), shared[0][None], shared[1][None], scale=scale)
    theirs = theirs.reshape(heads, line, size).transpose(0, 1)
    return merge(own, own_sum, theirs, their_sum.reshape(heads, line).t())


def _own_mask(context: _Context, dtype: torch.dtype) -> Tensor:
    """Additive mask over own keys, [B, 1, 1, T]."""
    if context.own_mask is None:
        if context.visible is None:
            raise AssertionError("a step that adds one token a row says what each sees")
        context.own_mask = torch.zeros(context.visible.shape, dtype=dtype).masked_fill_(
            ~context.visible, torch.finfo(dtype).min
        )[:, None]
    return context.own_mask


def _bias(context: _Context, query: Tensor, key: Tensor, window: int | None) -> Tensor | None:
    """Additive mask over prefix and own keys, [B or 1, 1, S, 1, P + T]; None if nothing is hidden."""
    if window not in context.bias:
        context.bias[window] = _make_bias(context, query, key, window)
    return context.bias[window]


def _make_bias(context: _Context, query: Tensor, key: Tensor, window: int | None) -> Tensor | None:
    new, own, device = query.shape[2], key.shape[2], query.device
    shared = context.shared_tokens
    visible = context.visible
    if visible is None:
        if new == 1 and own == 1 and window is None:
            return None
        visible = torch.ones(new, own, dtype=torch.bool, device=device).tril_()[None]
    visible = F.pad(visible, (shared, 0), value=True)
    if window is not None:
        at = torch.arange(new, device=device)[None] + shared
        at = at if context.offset is None else at + context.offset[:, None]
        visible = visible & (torch.arange(shared + own, device=device) > at[:, :, None] - window)
    bias = torch.zeros(visible.shape, dtype=query.dtype, device=device).masked_fill_(
        ~visible, torch.finfo(query.dtype).min
    )
    return bias[:, None, :, None, :]


def _in_slices(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    shared: tuple[Tensor, Tensor] | None,
    bias: Tensor | None,
    scale: float,
    softcap: float | None,
) -> Tensor:
    """Attention in slices of rows, then of queries, so that scores stay small. With gradients all at once."""
    rows, heads, new, _ = query.shape
    keys = key.shape[2] + (shared[0].shape[1] if shared else 0)
    if torch.is_grad_enabled() or rows * heads * new * keys <= SCORE_ELEMENTS:
        return _attend(query, key, value, shared, bias, scale, softcap)
    parts: list[Tensor] = []
    if rows > 1:
        step = max(1, SCORE_ELEMENTS // (heads * new * keys))
        for at in range(0, rows, step):
            cut = slice(at, at + step)
            some = bias if bias is None or bias.shape[0] == 1 else bias[cut]
            parts.append(_in_slices(query[cut], key[cut], value[cut], shared, some, scale, softcap))
        return torch.cat(parts, dim=0)
    step = max(1, SCORE_ELEMENTS // (heads * keys))
    for at in range(0, new, step):
        cut = slice(at, at + step)
        some = bias if bias is None else bias[:, :, cut]
        parts.append(_attend(query[:, :, cut], key, value, shared, some, scale, softcap))
    return torch.cat(parts, dim=1)


def _attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    shared: tuple[Tensor, Tensor] | None,
    bias: Tensor | None,
    scale: float,
    softcap: float | None,
) -> Tensor:
    """One softmax over shared and own scores. The shared part is one matrix product for all rows: [K, B*S*G, D] x [K, D, P]."""
    rows, heads, new, size = query.shape
    groups, own = key.shape[1], key.shape[2]
    share = heads // groups
    # scaled here, where it is cheap: there are fewer queries than scores
    by_row = (query * scale).reshape(rows, groups, share, new, size).transpose(2, 3)  # [B, K, S, G, D]
    scores = torch.bmm(
        by_row.reshape(rows * groups, new * share, size), key.reshape(rows * groups, own, size).transpose(1, 2)
    )
    scores = scores.view(rows, groups, new, share, own)
    if shared is not None:
        by_head = by_row.transpose(0, 1).reshape(groups, rows * new * share, size)
        prefix = torch.bmm(by_head, shared[0].transpose(1, 2)).view(groups, rows, new, share, -1)
        scores = torch.cat([prefix.transpose(0, 1), scores], dim=-1)
    weights = _softmax(scores, bias, softcap)
    mine = weights[..., -own:].reshape(rows * groups, new * share, own)
    out = torch.bmm(mine, value.reshape(rows * groups, own, size)).view(rows, groups, new, share, size)
    if shared is not None:
        theirs = weights[..., :-own].transpose(0, 1).reshape(groups, rows * new * share, -1)
        out = out + torch.bmm(theirs, shared[1]).view(groups, rows, new, share, size).transpose(0, 1)
    return out.permute(0, 2, 1, 3, 4).reshape(rows, new, heads, size)


def _softmax(scores: Tensor, bias: Tensor | None, softcap: float | None) -> Tensor:
    """Softmax in fp32; the result has the scores' own type."""
    kind = scores.dtype
    if softcap is not None:
        scores = torch.tanh(scores.float() / softcap) * softcap
    if bias is not None:
        scores = scores + bias
    return scores.softmax(dim=-1, dtype=torch.promote_types(scores.dtype, torch.float32)).to(kind)
