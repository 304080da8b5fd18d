"""Texts to vectors by an encoder model in a folder: lists of token ids in, one vector each out. Knows no requests.

What a model's card says about its vectors stands in the files that sentence-transformers keeps beside the weights: whether
they are the mean of all tokens' states or the state of the first, whether they are scaled to length 1, and how many tokens
it was made for. Everything is computed in fp32, since vectors are kept and compared for years.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from transformers import AutoModel, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils.logging import disable_progress_bar

from sapwood.errors import ModelError
from sapwood.inference.weights import load_tokenizer

WINDOW = 2048
"""Texts that are put in order by length together, so that little is padded."""

_MODES = "pooling_mode_"


@dataclass(frozen=True)
class Pooling:
    """How states become a vector. `limit` is the most tokens of a text, the special ones included."""

    takes_first: bool
    is_normalised: bool
    limit: int


@dataclass(frozen=True)
class Tokens:
    """A text's tokens, cut at the model's limit if `is_truncated`."""

    ids: tuple[int, ...]
    is_truncated: bool


class Encoder:
    """An encoder model in memory."""

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, pooling: Pooling) -> None:
        self._model, self._tokenizer, self._pooling = model, tokenizer, pooling
        self.dimensions: int = model.config.hidden_size

    @property
    def bytes(self) -> int:
        return sum(part.numel() * part.element_size() for part in self._model.parameters())

    def read(self, texts: Sequence[str]) -> list[Tokens]:
        """Tokens of texts. What stands behind the model's limit is left out."""
        tokenize: Any = self._tokenizer
        whole = tokenize(list(texts), verbose=False)["input_ids"]
        limit = self._pooling.limit
        long = [at for at, ids in enumerate(whole) if len(ids) > limit]
        if long:
            cut = tokenize([texts[at] for at in long], truncation=True, max_length=limit)["input_ids"]
            for at, ids in zip(long, cut, strict=True):
                whole[at] = ids
        too_long = set(long)
        return [Tokens(tuple(ids), at in too_long) for at, ids in enumerate(whole)]

    def encode(self, rows: Sequence[Sequence[int]]) -> Tensor:
        """One vector a row, [N, dimensions] in fp32 on the CPU. Rows of one length need no mask."""
        lengths = torch.tensor([len(row) for row in rows])
        width = int(lengths.max())
        pad = int(self._tokenizer.pad_token_id or 0)  # pyright: ignore[reportArgumentType]
        ids = torch.tensor([[*row, *[pad] * (width - len(row))] for row in rows])
        mask = (torch.arange(width) < lengths[:, None]) if int(lengths.min()) < width else None
        device = self._model.device
        model: Any = self._model
        with torch.inference_mode():
            states = model(input_ids=ids.to(device), attention_mask=None if mask is None else mask.long().to(device))
            vectors = self._pool(states.last_hidden_state.float().cpu(), mask)
        return F.normalize(vectors, dim=-1) if self._pooling.is_normalised else vectors

    def _pool(self, states: Tensor, mask: Tensor | None) -> Tensor:
        if self._pooling.takes_first:
            return states[:, 0]
        if mask is None:
            return states.mean(dim=1)
        return (states * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)


def load_encoder(path: str | Path) -> Encoder:
    """The encoder in `path`, on the GPU if there is one. Raises ModelError if the folder can't be read."""
    disable_progress_bar()
    tokenizer: Any = load_tokenizer(path)
    try:
        model: Any = AutoModel.from_pretrained(str(path), dtype=torch.float32, local_files_only=True)
        most = min(model.config.max_position_embeddings, tokenizer.model_max_length)
        pooling = read_pooling(Path(path), most=most)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"the model in {path} can't be loaded: {error}", hint="Remove the model and add it again."
        ) from error
    model.requires_grad_(False)
    model.eval()
    return Encoder(model.to("cuda") if torch.cuda.is_available() else model, tokenizer, pooling)


def read_pooling(folder: Path, *, most: int) -> Pooling:
    """Pooling by sentence-transformers' files; `most` tokens where they set no limit.

    Raises ModelError for a way of pooling that is neither the mean nor the first token, OSError or ValueError for files
    that can't be read.
    """
    modules = [module["type"].rsplit(".", 1)[-1] for module in _read(folder / "modules.json")]
    if unknown := [kind for kind in modules if kind not in ("Transformer", "Pooling", "Normalize")]:
        raise ModelError(f"the model in {folder} has a layer {unknown[0]}", hint="Only pooling and scaling are known.")
    pooling = _read(folder / "1_Pooling" / "config.json")
    modes = {name.removeprefix(_MODES) for name, is_on in pooling.items() if name.startswith(_MODES) and is_on is True}
    if modes not in ({"mean_tokens"}, {"cls_token"}):
        raise ModelError(f"the model in {folder} pools by {sorted(modes)}", hint="mean_tokens and cls_token are known.")
    limits = folder / "sentence_bert_config.json"
    limit = _read(limits).get("max_seq_length") if limits.is_file() else None
    return Pooling(modes == {"cls_token"}, "Normalize" in modules, limit or most)


def batches(rows: Sequence[Tokens], *, budget: int) -> Iterator[list[int]]:
    """Numbers of rows that are read together: the longest first, at most `budget` tokens, pads included, or one row."""
    some: list[int] = []
    for at in sorted(range(len(rows)), key=lambda at: -len(rows[at].ids)):
        if some and (len(some) + 1) * len(rows[some[0]].ids) > budget:
            yield some
            some = []
        some.append(at)
    if some:
        yield some


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
