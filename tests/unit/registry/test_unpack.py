"""A GGUF file comes out as the model that went in: every tensor, the tokenizer, the settings."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import gguf
import pytest
import torch
from tiny_gguf import PLAIN_MARK, random_model, vocabulary, write_gguf
from transformers import AutoModelForCausalLM, AutoTokenizer

from sapwood.errors import UnsupportedError
from sapwood.registry.gguf_file import read_gguf
from sapwood.registry.unpack import context_length, unpack


def unpacked(file: Path, folder: Path, **rope: Any) -> Path:
    folder.mkdir()
    unpack(file, folder, rope=rope, report=lambda done, total: None)
    return folder


def load(folder: Path, dtype: torch.dtype = torch.float32) -> Any:
    return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()


@pytest.mark.parametrize(
    ("family", "tied"), [("llama", True), ("llama", False), ("qwen2", True), ("qwen2", False), ("qwen3", True)]
)
def test_a_model_answers_as_the_one_that_was_packed(tmp_path: Path, family: str, tied: bool) -> None:
    model = random_model(family, tied=tied)
    again = load(unpacked(write_gguf(tmp_path / "m.gguf", model), tmp_path / "m"))
    ids = torch.tensor([[3, 1, 4, 1, 5, 9, 2, 6]])
    with torch.no_grad():
        assert torch.equal(again(ids).logits, model(ids).logits)
    assert again.config.tie_word_embeddings is tied


@pytest.mark.parametrize("family", ["llama", "qwen2"])
def test_quantised_numbers_are_those_of_the_reference_reader_rounded_once(tmp_path: Path, family: str) -> None:
    file = write_gguf(tmp_path / "m.gguf", random_model(family, tied=False), kind=gguf.GGMLQuantizationType.Q8_0)
    ours = load(unpacked(file, tmp_path / "m")).state_dict()
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file="m.gguf", dtype=torch.float32).state_dict()
    assert ours.keys() == theirs.keys()
    for name, values in theirs.items():
        assert torch.equal(ours[name], values.to(torch.bfloat16).float()), name


def test_progress_ends_at_the_size_of_all_tensors(tmp_path: Path) -> None:
    model = random_model("llama", tied=True)
    seen: list[tuple[int, int]] = []
    (tmp_path / "m").mkdir()
    unpack(
        write_gguf(tmp_path / "m.gguf", model), tmp_path / "m", report=lambda done, total: seen.append((done, total))
    )
    size = 2 * sum(parameter.numel() for parameter in model.parameters())
    assert seen[-1] == (size, size)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_text_is_cut_as_the_model_was_trained(tmp_path: Path) -> None:
    model = random_model("llama", tied=True)
    smollm = AutoTokenizer.from_pretrained(unpacked(write_gguf(tmp_path / "a.gguf", model), tmp_path / "a"))
    # SmolLM2 cuts digits off first, so two blanks before a number are one piece; GPT-2's way leaves one to the number.
    assert smollm.tokenize("hello  12") == ["hello", "ĠĠ", "1", "2"]
    gpt2 = AutoTokenizer.from_pretrained(unpacked(write_gguf(tmp_path / "b.gguf", model, pre="gpt-2"), tmp_path / "b"))
    assert gpt2.tokenize("hello  12") == ["hello", "Ġ", "Ġ", "1", "2"]
    qwen = AutoTokenizer.from_pretrained(unpacked(write_gguf(tmp_path / "c.gguf", model, pre="qwen2"), tmp_path / "c"))
    # Qwen composes letters and accents first: e + U+0301 is the two bytes of é.
    assert qwen("e\u0301").input_ids == qwen("\u00e9").input_ids
    assert smollm("e\u0301").input_ids != smollm("\u00e9").input_ids


def test_the_tokenizer_keeps_marks_template_and_ends(tmp_path: Path) -> None:
    folder = unpacked(write_gguf(tmp_path / "m.gguf", random_model("llama", tied=True)), tmp_path / "m")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokens, _ = vocabulary()
    assert tokenizer("<|im_start|>hello<|im_end|>").input_ids == [1, tokens.index("hello"), 2]
    assert tokenizer(PLAIN_MARK).input_ids == [tokens.index(PLAIN_MARK)]
    assert (
        tokenizer.decode([1, tokens.index("hello"), tokens.index(PLAIN_MARK), 2], skip_special_tokens=True)
        == f"hello{PLAIN_MARK}"
    )
    assert "[PAD]" not in tokenizer.get_vocab()
    assert (tokenizer.eos_token_id, tokenizer.pad_token_id, tokenizer.bos_token_id) == (2, 2, 1)
    chat = tokenizer.apply_chat_template(
        [{"role": "user", "content": "hello"}], tokenize=False, add_generation_prompt=True
    )
    assert chat == "<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n"
    text = "Grüße, 你好!\n\n don't  1234\t🙂"
    assert tokenizer.decode(tokenizer(text).input_ids) == text
    settings = json.loads((folder / "generation_config.json").read_text())
    assert settings["eos_token_id"] == [2, 0]


def test_rope_settings_that_the_file_lacks_are_written(tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "m.gguf", random_model("llama", tied=True))
    config = json.loads((unpacked(file, tmp_path / "m", rope_type="llama3", factor=8.0) / "config.json").read_text())
    assert config["rope_parameters"] == {"rope_type": "llama3", "factor": 8.0, "rope_theta": 50000.0}


def test_the_context_is_read_from_the_file(tmp_path: Path) -> None:
    assert context_length(write_gguf(tmp_path / "m.gguf", random_model("qwen2", tied=True))) == 128


def test_our_header_reader_says_what_the_reference_one_says(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "m.gguf", random_model("llama", tied=False), kind=gguf.GGMLQuantizationType.Q8_0)
    ours, theirs = read_gguf(path), gguf.GGUFReader(path)
    for name, field in theirs.fields.items():
        if not name.startswith("GGUF."):
            assert ours.fields[name] == field.contents(), name
    assert [t.name for t in ours.tensors] == [t.name for t in theirs.tensors]
    assert [t.offset for t in ours.tensors] == [t.data_offset for t in theirs.tensors]
    assert [t.row_bytes * t.rows for t in ours.tensors] == [t.n_bytes for t in theirs.tensors]


def test_what_would_come_out_wrong_is_refused_by_name(tmp_path: Path) -> None:
    model = random_model("llama", tied=True)
    with pytest.raises(UnsupportedError, match="'weird'"):
        unpacked(write_gguf(tmp_path / "a.gguf", model, pre="weird"), tmp_path / "a")
    whole = write_gguf(tmp_path / "b.gguf", model).read_bytes()
    (tmp_path / "c.gguf").write_bytes(whole[:2000])
    with pytest.raises(UnsupportedError, match="no whole GGUF file"):
        read_gguf(tmp_path / "c.gguf")
    (tmp_path / "f.gguf").write_bytes(whole[:24] + b"\xff" * 7 + b"\x0f" + whole[32:])  # a name of 2**60 bytes
    with pytest.raises(UnsupportedError, match="no whole GGUF file"):
        read_gguf(tmp_path / "f.gguf")
    (tmp_path / "d.gguf").write_bytes(b"PK\x03\x04" + whole[4:])
    with pytest.raises(UnsupportedError, match="no GGUF file"):
        read_gguf(tmp_path / "d.gguf")
    writer = gguf.GGUFWriter(tmp_path / "e.gguf", "mamba")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    with pytest.raises(UnsupportedError, match="'mamba'"):
        context_length(tmp_path / "e.gguf")


def test_unpacking_needs_no_torch(tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "m.gguf", random_model("llama", tied=True))
    (tmp_path / "m").mkdir()
    code = (
        "import sys; from pathlib import Path; from sapwood.registry.unpack import unpack\n"
        "unpack(Path(sys.argv[1]), Path(sys.argv[2]), report=lambda done, total: None)\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(file), str(tmp_path / "m")], check=False).returncode == 0
