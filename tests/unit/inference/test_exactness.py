"""Greedy answers in fp32 against transformers' own `generate`, row by row: whatever runs beside a row, its text is the same.

Random models of three architectures. Where transformers' two best logits are closer than TIE, either token is right, and what
follows is not compared.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from tiny_models import tiny_model  # noqa: E402

from sapwood.config import InferenceConfig  # noqa: E402
from sapwood.inference import batch, models  # noqa: E402
from sapwood.inference.adapter import fold, write_canary  # noqa: E402
from sapwood.inference.attention import use_shared_attention  # noqa: E402
from sapwood.inference.chat import Chat  # noqa: E402
from sapwood.inference.local import LocalBackend  # noqa: E402
from sapwood.inference.request import Completion, Message, Request, Sampling  # noqa: E402
from sapwood.inference.weights import load_tokenizer  # noqa: E402
from sapwood.store.records import ModelVersion  # noqa: E402

PROMPTS = int(os.environ.get("SAPWOOD_PROMPTS", "12"))
"""Prompts of each model; by hand with SAPWOOD_PROMPTS=500."""
FAMILIES = ["llama", "qwen3", "gemma2"]
TOKENS = 16
TIE = 1e-4

Build = Callable[..., ModelVersion]
Asked = Sequence[Request]


@dataclass(frozen=True)
class Truth:
    """What transformers says: the answer's tokens, and by how much each was ahead of the next best."""

    tokens: tuple[int, ...]
    leads: tuple[float, ...]

    def allows(self, answer: Completion, chat: Chat) -> bool:
        """Whether an answer is this one, up to the first tie and to an end that was cut short on purpose."""
        sure = next((at for at, lead in enumerate(self.leads) if lead < TIE), len(self.tokens))
        if sure < len(self.tokens):
            return answer.text.startswith(chat.decode(list(self.tokens[:sure])))
        if answer.finish == "repetition":
            return answer.text == chat.decode(list(self.tokens[: answer.completion_tokens]))
        return answer.text == chat.decode(list(self.tokens))


def prompts(count: int) -> list[str]:
    """Different prompts, most of which begin as others do: with one of three instructions, one inside another, or with none."""
    draw = random.Random(7)
    label = "Name the category of this request: "
    beginnings = [label, label + "phone, line or bill? ", "Translate into German. ", ""]
    words = ["line", "phone", "bill", "roaming", "Zürich", "is", "not", "slow", "?", "42"]
    bodies = {" ".join(draw.choices(words, k=draw.randrange(1, 9))) for _ in range(4 * count)}
    return [draw.choice(beginnings) + body for body in sorted(bodies)[:count]]


def requests_of(model: ModelVersion) -> list[Request]:
    sampling = Sampling(max_tokens=TOKENS)
    return [Request(f"{model.name} {text}", model, (Message("user", text),), sampling) for text in prompts(PROMPTS)]


def truth(model: Any, chat: Chat, request: Request) -> Truth:
    ids = torch.tensor([chat.prompt_ids(request.messages)])
    options: dict[str, Any] = {"max_new_tokens": TOKENS, "do_sample": False, "eos_token_id": sorted(chat.end_ids)}
    out = model.generate(
        input_ids=ids, attention_mask=torch.ones_like(ids), output_logits=True, return_dict_in_generate=True, **options
    )
    best = [step[0].topk(2).values.tolist() for step in out.logits]
    said = out.sequences[0, ids.shape[1] :].tolist()
    end = next((at for at, token in enumerate(said) if token in chat.end_ids), len(said))
    return Truth(tuple(said[:end]), tuple(one - other for one, other in best))


def open_backend(**changes: Any) -> LocalBackend:
    config = InferenceConfig(number_type="fp32", threads=1, **changes)
    return LocalBackend(config, prepare=lambda version: version)


def answers(backend: LocalBackend, requests: Asked) -> Iterator[Completion]:
    return backend.generate(requests, is_cancelled=lambda: False)


def alone(requests: Asked, patch: pytest.MonkeyPatch) -> Iterator[Completion]:
    """One by one; nothing is shared."""
    backend = open_backend()
    for request in requests:
        yield from answers(backend, [request])


def together(requests: Asked, patch: pytest.MonkeyPatch) -> Iterator[Completion]:
    """Sixty-four at a time, behind shared prefixes; and again, behind those that were kept."""
    backend = open_backend(batch_rows=64)
    yield from answers(backend, requests)
    yield from answers(backend, requests)


def shuffled(requests: Asked, patch: pytest.MonkeyPatch) -> Iterator[Completion]:
    """In another order, a few at a time."""
    yield from answers(open_backend(batch_rows=5, batch_tokens=300), random.Random(1).sample(requests, len(requests)))


def evicted(requests: Asked, patch: pytest.MonkeyPatch) -> Iterator[Completion]:
    """With room for one prefix and for a hundred tokens of rows, so that both are let go and computed anew."""
    patch.setattr(models.Prefixes.__init__, "__kwdefaults__", {"limit": 1})
    patch.setattr(batch, "RESERVE", 1)
    patch.setattr(batch, "KV_BYTES", 100 * 3 * 2 * 2 * 8 * 4)
    backend = open_backend()
    yield from answers(backend, requests)
    yield from answers(backend, requests[::-1])


def check(found: Iterator[Completion], wanted: Mapping[str, Truth], chat: Chat) -> None:
    done = list(found)
    assert {answer.key for answer in done} == set(wanted)
    assert [answer for answer in done if answer.error or not wanted[answer.key].allows(answer, chat)] == []


@pytest.mark.parametrize("family", FAMILIES)
def test_an_answer_is_transformers_whatever_runs_beside_it(version: Build, family: str) -> None:
    from transformers import AutoModelForCausalLM

    model = version(family)
    chat, theirs = (
        Chat(load_tokenizer(model.path)),
        AutoModelForCausalLM.from_pretrained(model.path, dtype=torch.float32),
    )
    requests = requests_of(model)
    wanted = {request.key: truth(theirs, chat, request) for request in requests}
    assert len(wanted) == PROMPTS
    assert sum(min(one.leads) >= TIE for one in wanted.values()) >= 0.9 * PROMPTS
    for way in (alone, together, shuffled, evicted):
        with pytest.MonkeyPatch.context() as patch:
            check(way(requests, patch), wanted, chat)


@pytest.mark.filterwarnings(
    "ignore:`is_gradient_checkpointing`:FutureWarning"
)  # PEFT 0.21 reads a name of transformers 4
@pytest.mark.parametrize("family", FAMILIES)
def test_an_adapter_and_its_base_take_turns_and_stay_themselves(version: Build, family: str, tmp_path: Path) -> None:
    from peft import LoraConfig, PeftModel, get_peft_model
    from transformers import AutoModelForCausalLM

    base = version(family)
    chat = Chat(load_tokenizer(base.path))
    made: Any = get_peft_model(tiny_model(family), LoraConfig(r=4, lora_alpha=8, target_modules="all-linear"))
    torch.manual_seed(1)
    for name, weight in made.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=0.1)
    made.save_pretrained(str(tmp_path), save_embedding_layers=False)
    folded = tiny_model(family)
    use_shared_attention(folded)
    fold(folded, tmp_path)
    write_canary(tmp_path, folded, chat.prompt_ids([Message("user", "why")]))

    tuned = version(family, name="tuned", kind="tuned", adapter_path=str(tmp_path), adapter_digest="adapter")
    plain: Any = AutoModelForCausalLM.from_pretrained(base.path, dtype=torch.float32)
    wanted = {request.key: truth(plain, chat, request) for request in requests_of(base)}
    theirs = PeftModel.from_pretrained(plain, str(tmp_path))
    wanted |= {request.key: truth(theirs, chat, request) for request in requests_of(tuned)}
    pairs = list(zip(requests_of(base), requests_of(tuned), strict=True))
    assert sum(wanted[one.key].tokens != wanted[other.key].tokens for one, other in pairs) > PROMPTS / 2

    backend = open_backend()
    turns = [
        *(request for pair in pairs for request in pair),
        *(other for _, other in pairs),
        *(one for one, _ in pairs),
    ]
    for some in (turns[: 2 * PROMPTS], turns[2 * PROMPTS : 3 * PROMPTS], turns[3 * PROMPTS :]):
        check(answers(backend, some), {request.key: wanted[request.key] for request in some}, chat)
