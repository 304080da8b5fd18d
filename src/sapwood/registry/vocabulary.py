"""tokenizer.json -> the fields of a GGUF file: tokenizer.py's way back. A byte-level BPE, cut in a way that llama.cpp knows by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sapwood.errors import UnsupportedError
from sapwood.registry.tokenizer import CUTS, Cut, pre_tokenizer

FILE = "tokenizer.json"


def add_vocabulary(writer: Any, folder: Path, *, size: int, hint: str) -> None:
    """Give a gguf writer the folder's tokenizer; `size` is the number of the model's embeddings.

    Raises UnsupportedError, with this hint, for a tokenizer that llama.cpp would read otherwise.
    """
    import gguf

    state = _read(folder, hint)
    tokens, kinds = _tokens(state, size)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_cut_name(state, hint))
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    special = gguf.SpecialVocab(folder, load_merges=True, n_vocab=size)
    special.add_special_token["bos"] = _begins(folder, special.special_token_ids.get("bos"))
    special.add_to_gguf(writer, quiet=True)


def _begins(folder: Path, begin: int | None) -> bool:
    """Whether the tokenizer puts this token before a text."""
    from tokenizers import Tokenizer

    return begin is not None and Tokenizer.from_file(str(folder / FILE)).encode("").ids[:1] == [begin]


def _read(folder: Path, hint: str) -> Mapping[str, Any]:
    path = folder / FILE
    state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    kind = state.get("model", {}).get("type")
    if kind != "BPE" or state["model"].get("byte_fallback"):
        what = (
            "a SentencePiece tokenizer"
            if kind == "BPE"
            else f"a tokenizer of the kind {kind!r}"
            if kind
            else f"no {FILE}"
        )
        raise UnsupportedError(f"a model with {what} can't be written as a GGUF file", hint=hint)
    return state


def _tokens(state: Mapping[str, Any], size: int) -> tuple[list[str], list[int]]:
    """All tokens by number with their kinds; a number that no token has gets one that is unused, as llama.cpp's converter does."""
    from gguf import TokenType

    found = {number: (token, TokenType.NORMAL) for token, number in state["model"]["vocab"].items()}
    for token in state["added_tokens"]:
        found[token["id"]] = (token["content"], TokenType.CONTROL if token["special"] else TokenType.USER_DEFINED)
    listed = [found.get(number, (f"[PAD{number}]", TokenType.UNUSED)) for number in range(size)]
    return [token for token, _ in listed], [int(kind) for _, kind in listed]


def _cut_name(state: Mapping[str, Any], hint: str) -> str:
    """llama.cpp's name of the way in which the tokenizer cuts text."""
    wanted = _steps(state["pre_tokenizer"])
    traits = (_type(state["normalizer"]), bool(state["model"].get("ignore_merges")))
    for name, cut in CUTS.items():
        if (wanted, *traits) == (_steps(_built(cut)), "NFC" if cut.composed else "", cut.whole_words_first):
            return name
    raise UnsupportedError(
        "the model's tokenizer cuts text in a way that has no name here, so a GGUF file of it would read text otherwise",
        hint=hint,
    )


def _built(cut: Cut) -> Any:
    """A way of cutting as tokenizer.json writes it."""
    from tokenizers import Tokenizer, models

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizer(cut)
    return json.loads(made.to_str())["pre_tokenizer"]


def _steps(state: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The steps one after another; what only moves offsets is left out."""
    steps = (state or {}).get("pretokenizers", [state] if state else [])
    return [{key: value for key, value in step.items() if key != "trim_offsets"} for step in steps]


def _type(state: Mapping[str, Any] | None) -> str:
    return str((state or {}).get("type", ""))
