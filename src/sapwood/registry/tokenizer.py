"""The tokenizer inside a GGUF file -> tokenizer.json and what belongs to it.

A byte-level BPE is built here, since transformers' own reader leaves out how text is cut before merging (SmolLM2's
digits, Qwen's Unicode form) and takes ten seconds. A SentencePiece one is left to transformers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sapwood.errors import UnsupportedError
from sapwood.registry.gguf_file import GgufFile

_CONTROL, _USER_DEFINED, _UNUSED = 3, 4, 5
"""Kinds of token in a GGUF file (gguf.TokenType)."""

_ENDS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "<|eom_id|>", "</s>")
"""Tokens that end an answer wherever they are special."""

_QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_LLAMA3 = _QWEN2.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
_TEKKEN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@dataclass(frozen=True)
class Cut:
    """How text is cut before merging. '' as `pattern` means GPT-2's own; sources: the models' own tokenizer.json."""

    pattern: str = ""
    single_digits: bool = False
    composed: bool = False
    whole_words_first: bool = False
    begins: bool = False


CUTS = {
    "gpt-2": Cut(),
    "smollm": Cut(single_digits=True),
    "qwen2": Cut(_QWEN2, composed=True),
    "llama-bpe": Cut(_LLAMA3, whole_words_first=True, begins=True),
    "tekken": Cut(_TEKKEN, whole_words_first=True, begins=True),
}
"""By tokenizer.ggml.pre: ways of cutting text by llama.cpp's names."""


@dataclass(frozen=True)
class Tokenizer:
    """What config.json needs to know: bos, eos and pad ids by their names there, and all ids that end an answer."""

    ids: Mapping[str, int]
    end_ids: tuple[int, ...]


def write_tokenizer(file: GgufFile, folder: Path, *, context: int) -> Tokenizer:
    """Write the tokenizer of a GGUF file into a folder. Raises UnsupportedError for a kind that would come out wrong."""
    kind = _contents(file, "model", "")
    if kind == "gpt2":
        made = _byte_level(file, context)
    elif kind == "llama":
        made = _sentence_piece(file.path, context)
    else:
        raise UnsupportedError(f"the GGUF file has a tokenizer of the kind {kind!r}, which is not supported")
    made.save_pretrained(folder)
    ids = {
        f"{key}_token_id": int(number)
        for key, field in (("bos", "bos"), ("eos", "eos"), ("pad", "padding"))
        if (number := _contents(file, f"{field}_token_id")) is not None
    }
    return Tokenizer(ids, _end_ids(file, ids))


def _sentence_piece(path: Path, context: int) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name, model_max_length=context)


def _byte_level(file: GgufFile, context: int) -> Any:
    from transformers import PreTrainedTokenizerFast

    tokens = _contents(file, "tokens", ())
    named = {
        f"{key}_token": tokens[number]
        for key, field in (("bos", "bos"), ("eos", "eos"), ("pad", "padding"), ("unk", "unknown"))
        if (number := _contents(file, f"{field}_token_id")) is not None
    }
    return PreTrainedTokenizerFast(
        tokenizer_object=_build(file, tokens, named),
        chat_template=_contents(file, "chat_template", None),
        model_max_length=context,
        clean_up_tokenization_spaces=False,
        **named,
    )


def _build(file: GgufFile, tokens: list[str], named: Mapping[str, str]) -> Any:
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers

    name = _contents(file, "pre", "gpt-2")
    if name not in CUTS:
        raise UnsupportedError(f"the GGUF file cuts its text in the way {name!r}, which is not supported")
    cut = CUTS[name]
    kinds = _contents(file, "token_type", ())
    vocabulary = {token: number for number, token in enumerate(tokens) if kinds[number] != _UNUSED}
    merges = [tuple(merge.split(" ", 1)) for merge in _contents(file, "merges", ())]
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, ignore_merges=cut.whole_words_first))
    if cut.composed:
        made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizer(cut)
    made.decoder = decoders.ByteLevel()
    made.post_processor = _post_processor(file, cut, vocabulary, named)
    added = {_CONTROL: True, _USER_DEFINED: False}
    marks = [(token, added[kind]) for token, kind in zip(tokens, kinds, strict=True) if kind in added]
    made.add_tokens([AddedToken(token, special=special, normalized=False) for token, special in marks])
    return made


def pre_tokenizer(cut: Cut) -> Any:
    """The part of a tokenizer that cuts text this way."""
    from tokenizers import Regex, pre_tokenizers

    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=not cut.pattern)
    steps: list[Any] = []
    if cut.single_digits:
        steps.append(pre_tokenizers.Digits(individual_digits=True))
    if cut.pattern:
        steps.append(pre_tokenizers.Split(Regex(cut.pattern), behavior="isolated"))
    return pre_tokenizers.Sequence([*steps, byte_level])


def _post_processor(file: GgufFile, cut: Cut, vocabulary: Mapping[str, int], named: Mapping[str, str]) -> Any:
    from tokenizers import processors

    byte_level = processors.ByteLevel(trim_offsets=False)
    begin = named.get("bos_token")
    if begin is None or not _contents(file, "add_bos_token", cut.begins):
        return byte_level
    template = processors.TemplateProcessing(
        single=f"{begin} $A", pair=f"{begin} $A {begin} $B", special_tokens=[(begin, vocabulary[begin])]
    )
    return processors.Sequence([byte_level, template])


def _end_ids(file: GgufFile, ids: Mapping[str, int]) -> tuple[int, ...]:
    tokens, kinds = _contents(file, "tokens", ()), _contents(file, "token_type", ())
    places = {token: number for number, token in enumerate(tokens) if kinds[number] == _CONTROL}
    ends = [ids["eos_token_id"]] if "eos_token_id" in ids else []
    if (turn := _contents(file, "eot_token_id")) is not None:
        ends.append(int(turn))
    return tuple(dict.fromkeys([*ends, *(places[token] for token in _ENDS if token in places)]))


def _contents(file: GgufFile, key: str, default: Any = None) -> Any:
    return file.fields.get("tokenizer.chat_template" if key == "chat_template" else f"tokenizer.ggml.{key}", default)
