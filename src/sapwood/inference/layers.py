"""Norm, attention and feed-forward of Llama's kind in few passes over memory, with and without gradients.

A model of transformers in, the same model with these parts replaced out; other kinds stay as they are. A small model on a CPU
spends more time in the steps between its matrix products than in these, since each step reads and writes all tokens' states:
each part here does its work in the fewest steps that torch has for it. Results are transformers' up to rounding. The parts keep
the names and the linear layers of what they replace, so adapters and quantisation find them. Knows no requests.

Shapes: B rows, S tokens a row, H heads, D head size.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from transformers.cache_utils import Cache

from sapwood.inference.attention import shared_attention

FAMILIES = ("Llama", "Mistral", "Qwen2", "Qwen3")
"""Beginnings of transformers' class names whose norms, attention and feed-forward are computed as here."""


class Norm(nn.Module):
    """Root mean square norm (arXiv 1910.07467), computed in fp32 at least."""

    def __init__(self, base: Any) -> None:
        super().__init__()
        self.weight, self.epsilon = base.weight, float(base.variance_epsilon)

    def forward(self, x: Tensor) -> Tensor:
        return _Norm.apply(x, self.weight, self.epsilon)


class FeedForward(nn.Module):
    """down(silu(gate(x)) * up(x)): SwiGLU (arXiv 2002.05202)."""

    def __init__(self, base: Any) -> None:
        super().__init__()
        self.gate_proj, self.up_proj, self.down_proj = base.gate_proj, base.up_proj, base.down_proj

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(_Gated.apply(self.gate_proj(x), self.up_proj(x)))


class Heads(nn.Module):
    """Rotation by position (arXiv 2104.09864) and attention over shared and own tokens, between the projections."""

    def __init__(
        self,
        *,
        layer_idx: int,
        head_dim: int,
        scaling: float,
        window: int | None,
        q_norm: nn.Module | None,
        k_norm: nn.Module | None,
    ) -> None:
        super().__init__()
        self.layer_idx, self.head_dim, self.scaling, self.window = layer_idx, head_dim, scaling, window
        self.q_norm, self.k_norm = q_norm, k_norm

    @classmethod
    def of(cls, other: Heads) -> Heads:
        """The same without what a subclass has beside."""
        return Heads(
            layer_idx=other.layer_idx,
            head_dim=other.head_dim,
            scaling=other.scaling,
            window=other.window,
            q_norm=other.q_norm,
            k_norm=other.k_norm,
        )

    def attend(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        position_embeddings: tuple[Tensor, Tensor],
        attention_mask: Tensor | None,
        cache: Cache | None,
        **options: Any,
    ) -> Tensor:
        """Queries, keys and values [B, S, H or fewer, D] -> [B, S, H * D]."""
        if self.q_norm is not None and self.k_norm is not None:
            query, key = self.q_norm(query), self.k_norm(key)
        query, key = (_Rotated.apply(part, *position_embeddings) for part in (query, key))
        query, key, value = (part.transpose(1, 2) for part in (query, key, value))
        if cache is not None:
            key, value = cache.update(key, value, self.layer_idx)
        out, _ = shared_attention(
            self,
            query,
            key,
            value,
            attention_mask,
            scaling=self.scaling,
            sliding_window=self.window,
            **options,
        )
        return out.flatten(2)


class Attention(Heads):
    """Projections and what is between them."""

    def __init__(self, base: Any) -> None:
        window = getattr(base, "sliding_window", None)
        if type(base).__name__.startswith("Mistral"):  # the others' layers know it
            window = getattr(base.config, "sliding_window", None)
        super().__init__(
            layer_idx=base.layer_idx,
            head_dim=base.head_dim,
            scaling=base.scaling,
            window=window,
            q_norm=getattr(base, "q_norm", None),
            k_norm=getattr(base, "k_norm", None),
        )
        self.q_proj, self.k_proj, self.v_proj, self.o_proj = base.q_proj, base.k_proj, base.v_proj, base.o_proj

    def forward(
        self,
        hidden_states: Tensor,
        position_embeddings: tuple[Tensor, Tensor],
        attention_mask: Tensor | None = None,
        past_key_values: Cache | None = None,
        **options: Any,
    ) -> tuple[Tensor, None]:
        by_head = (*hidden_states.shape[:-1], -1, self.head_dim)
        query, key, value = (layer(hidden_states).view(by_head) for layer in (self.q_proj, self.k_proj, self.v_proj))
        seen = self.attend(query, key, value, position_embeddings, attention_mask, past_key_values, **options)
        return self.o_proj(seen), None


PARTS = {"RMSNorm": Norm, "MLP": FeedForward, "Attention": Attention}
"""Ends of transformers' class names, and what takes their place."""


def slim(model: nn.Module) -> None:
    """Replace the parts of the families above; the model must compute attention by `shared_attention`."""
    replacing = {family + part: made for family in FAMILIES for part, made in PARTS.items()}
    for name, module in list(model.named_modules()):
        made = replacing.get(type(module).__name__)
        if made is not None and _is_gated_by_silu(module):
            parent, _, child = name.rpartition(".")
            setattr(model.get_submodule(parent), child, made(model.get_submodule(name)))


def _is_gated_by_silu(module: Any) -> bool:
    """Whether a feed-forward part, if it is one, has the activation that FeedForward has."""
    return not hasattr(module, "act_fn") or "SiLU" in type(module.act_fn).__name__


class _Norm(torch.autograd.Function):
    """x [..., n] -> x / rms(x) * weight."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
        wide = x.to(torch.promote_types(x.dtype, torch.float32), copy=True)
        mean = torch.linalg.vector_norm(wide, dim=-1, keepdim=True).square_().div_(x.shape[-1])
        inverse = mean.add_(epsilon).rsqrt_()
        ctx.save_for_backward(x, weight, inverse)
        return wide.mul_(inverse).to(x.dtype).mul_(weight)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        x, weight, inverse = ctx.saved_tensors
        scaled = gradients[0].to(inverse.dtype, copy=True).mul_(weight)
        along = torch.linalg.vecdot(scaled, x.to(inverse.dtype))[..., None]
        along.mul_(inverse.pow(3)).div_(-x.shape[-1])
        return scaled.mul_(inverse).addcmul_(along, x).to(x.dtype), None, None


class _Gated(torch.autograd.Function):
    """silu(gate) * up."""

    @staticmethod
    def forward(ctx: Any, gate: Tensor, up: Tensor) -> Tensor:
        ctx.save_for_backward(gate, up)
        return F.silu(gate).mul_(up)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        gate, up = ctx.saved_tensors
        (out,) = gradients
        return torch.ops.aten.silu_backward(out * up, gate), F.silu(gate).mul_(out)


class _Rotated(torch.autograd.Function):
    """Heads [B, S, H, D] turned by their positions' cosines and sines [B, S, D], of which both halves are equal."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        half = x.shape[-1] // 2
        cosine, sine = cosine[..., None, :half], sine[..., None, :half]
        ctx.save_for_backward(cosine, sine)
        return _rotate(x, cosine, sine)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        cosine, sine = ctx.saved_tensors
        return _rotate(gradients[0], cosine, -sine), None, None


def _rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    half = x.shape[-1] // 2
    out = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    (first, second), (left, right) = x.split(half, dim=-1), out.split(half, dim=-1)
    torch.mul(first, cosine, out=left).addcmul_(second, sine, value=-1)
    torch.mul(second, cosine, out=right).addcmul_(first, sine)
    return out
