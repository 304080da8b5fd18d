from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from sapwood.config import InferenceConfig  # noqa: E402
from sapwood.inference import batch, local, models  # noqa: E402
from sapwood.inference.chat import Chat  # noqa: E402
from sapwood.inference.intake import Intake  # noqa: E402
from sapwood.inference.local import LocalBackend  # noqa: E402
from sapwood.inference.request import Completion, Message, Request, Sampling  # noqa: E402
from sapwood.inference.weights import load_tokenizer  # noqa: E402
from sapwood.store.records import ModelVersion  # noqa: E402

CONFIG = InferenceConfig(number_type="fp32", threads=1, max_answer_tokens=24, batch_rows=4)
TEXTS = ["lost phone", "a", "roaming in Peru was dear", "slow", "add a line please", "close it", "lost phoneS", "why"]
INSTRUCTION = "Name the category of this request: "

Build = Callable[..., ModelVersion]


def never() -> bool:
    return False


def open_backend(**changes: Any) -> LocalBackend:
    return LocalBackend(replace(CONFIG, **changes), prepare=lambda version: version)


def ask(model: ModelVersion, texts: Sequence[str], **sampling: Any) -> list[Request]:
    return [Request(text, model, (Message("user", INSTRUCTION + text),), Sampling(**sampling)) for text in texts]


def answers(backend: LocalBackend, requests: Sequence[Request]) -> dict[str, Completion]:
    found = list(backend.generate(requests, is_cancelled=never))
    assert sorted(done.key for done in found) == sorted(request.key for request in requests)
    return {done.key: done for done in found}


def greedy_by_transformers(model: ModelVersion, text: str, tokens: int) -> list[int]:
    """The answer of transformers' own generate with its own attention, one row at a time, end tokens taken off."""
    from transformers import AutoModelForCausalLM

    chat = Chat(load_tokenizer(model.path))
    prompt = chat.prompt_ids([Message("user", INSTRUCTION + text)])
    whole: Any = AutoModelForCausalLM.from_pretrained(model.path, dtype=torch.float32)
    ids = torch.tensor([prompt])
    out = whole.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=tokens,
        do_sample=False,
        eos_token_id=list(chat.end_ids),
    )
    return [token for token in out[0, len(prompt) :].tolist() if token not in chat.end_ids]


@pytest.mark.parametrize("family", ["llama", "qwen2"])
def test_greedy_answers_are_those_of_transformers_one_by_one(version: Build, family: str) -> None:
    model = version(family)
    found = answers(open_backend(), ask(model, TEXTS))
    chat = Chat(load_tokenizer(model.path))
    for text in TEXTS:
        theirs = greedy_by_transformers(model, text, 24)
        ours = found[text]
        assert theirs[: ours.completion_tokens] == theirs or ours.finish == "repetition"
        assert chat.decode(theirs[: ours.completion_tokens]) == ours.text


@pytest.mark.parametrize("family", ["llama", "qwen2"])
@pytest.mark.parametrize(
    "sampling", [{}, {"temperature": 0.8, "seed": 7}, {"temperature": 1.0, "top_p": 0.7, "seed": 3}]
)
@pytest.mark.parametrize("shape", [{"batch_rows": 1}, {"batch_rows": 3, "batch_tokens": 90}, {"batch_rows": 64}])
def test_an_answer_does_not_depend_on_the_batch(
    version: Build, family: str, sampling: dict[str, Any], shape: dict[str, Any]
) -> None:
    requests = ask(version(family), TEXTS, **sampling)
    alone = {text: answers(open_backend(), [request])[text] for text, request in zip(TEXTS, requests, strict=True)}
    together = answers(open_backend(**shape), requests[::-1])
    assert {key: (done.text, done.finish) for key, done in together.items()} == {
        key: (done.text, done.finish) for key, done in alone.items()
    }


def test_rows_that_lost_their_memory_answer_as_if_nothing_had_happened(
    version: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = ask(version("llama"), TEXTS, max_tokens=40)
    calm = answers(open_backend(), requests)
    monkeypatch.setattr(batch, "RESERVE", 1)
    monkeypatch.setattr(batch, "KV_BYTES", 100 * 3 * 2 * 2 * 8 * 4)  # 100 tokens in all
    tight = answers(open_backend(), requests)
    assert {key: done.text for key, done in tight.items()} == {key: done.text for key, done in calm.items()}
    assert sum(done.computed_tokens for done in tight.values()) > sum(done.computed_tokens for done in calm.values())


def test_a_seed_gives_the_same_answer_and_another_seed_another(version: Build) -> None:
    model = version("llama")
    first, again, other = (
        answers(open_backend(), ask(model, ["a"], temperature=1.0, seed=seed))["a"].text for seed in (1, 1, 2)
    )
    assert first == again != other


def test_token_counts_of_a_shared_prefix(version: Build) -> None:
    model = version("llama")
    texts = ["lost phone", "lost phones", "roaming", "roaming fee"]
    found = answers(open_backend(batch_rows=64), ask(model, texts, max_tokens=3))
    chat = Chat(load_tokenizer(model.path))
    prompts = {text: chat.prompt_ids([Message("user", INSTRUCTION + text)]) for text in texts}
    shared = len("user\n" + INSTRUCTION) + 1  # one token a byte, and the start of the turn
    assert {key: done.prompt_tokens for key, done in found.items()} == {
        text: len(prompt) for text, prompt in prompts.items()
    }
    assert all(0 < done.completion_tokens <= 3 for done in found.values())
    beginnings = {tuple(prompt[:end]) for prompt in prompts.values() for end in range(1, len(prompt) + 1)}
    assert len(beginnings) < sum(len(prompt) - shared for prompt in prompts.values()) + shared
    fed = sum(done.completion_tokens - (done.finish == "length") for done in found.values())
    assert sum(done.computed_tokens for done in found.values()) == len(beginnings) + fed


def test_a_prefix_is_kept_between_calls(version: Build) -> None:
    backend, model = open_backend(), version("llama")
    first = answers(backend, ask(model, TEXTS[:4], max_tokens=1))
    second = answers(backend, ask(model, TEXTS[4:], max_tokens=1))
    shared = len("user\n" + INSTRUCTION) + 1
    assert (
        sum(done.computed_tokens for done in first.values())
        == sum(done.prompt_tokens for done in first.values()) - 3 * shared
    )
    assert (
        sum(done.computed_tokens for done in second.values())
        == sum(done.prompt_tokens for done in second.values()) - 4 * shared
    )


@pytest.mark.parametrize("family", ["llama", "qwen2", "gemma2"])
def test_answers_that_come_again_are_the_same_and_take_fewer_passes(
    version: Build, family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[int] = []
    real = batch.decode_rows

    def decode_rows(model: Any, ids: Any, **options: Any) -> Any:
        passes.append(ids.shape[1])
        return real(model, ids, **options)

    monkeypatch.setattr(batch, "decode_rows", decode_rows)
    model = version(family)
    once = ask(model, TEXTS[:4], max_tokens=9)
    alone = {request.key: answers(open_backend(), [request])[request.key] for request in once}
    passes.clear()
    many = [replace(request, key=f"{request.key} {at}") for request in once for at in range(10)]
    found = answers(open_backend(), many)
    assert {key: (done.text, done.finish) for key, done in found.items()} == {
        f"{key} {at}": (done.text, done.finish) for key, done in alone.items() for at in range(10)
    }
    assert max(passes) > 1
    plain = sum(done.completion_tokens for done in alone.values()) * 10 // 4  # four rows a pass
    assert len(passes) < plain / 2


def test_seconds_sum_to_the_time_that_it_took(version: Build) -> None:
    import time

    backend, requests = open_backend(), ask(version("llama"), TEXTS)
    answers(backend, requests)  # loads the model, whose time belongs to no row
    started = time.perf_counter()
    found = answers(backend, requests)
    taken = time.perf_counter() - started
    assert 0.5 * taken < sum(done.seconds for done in found.values()) <= taken


def test_an_answer_ends_at_max_tokens_and_at_the_cap(version: Build) -> None:
    model = version("llama")
    lengths = {text: len(greedy_by_transformers(model, text, 24)) for text in TEXTS}
    text = max(lengths, key=lambda name: lengths[name])
    assert lengths[text] > 9, "the tiny model ends all its answers at once"
    short = answers(open_backend(), ask(model, [text], max_tokens=5))[text]
    assert (short.finish, short.completion_tokens) == ("length", 5)
    capped = answers(open_backend(max_answer_tokens=9), ask(model, [text]))[text]
    assert (capped.finish, capped.completion_tokens) == ("length", 9)


def test_a_prompt_beyond_the_context_is_an_error_of_its_row(version: Build) -> None:
    model = version("llama", context=100)
    found = answers(open_backend(), ask(model, ["a", "x" * 100], max_tokens=2))
    assert found["a"].error is None
    prompt = len(f"user\n{INSTRUCTION}{'x' * 100}\nassistant\n") + 3
    assert (
        found["x" * 100].error
        == f"max tokens of count exceeded: the prompt has {prompt} tokens, the context of llama-0 is 100"
    )
    assert found["x" * 100].text == ""


def test_an_answer_is_cut_where_the_context_ends(version: Build) -> None:
    model = version("llama")
    long = answers(open_backend(), ask(model, ["add a line please"], max_tokens=12))["add a line please"]
    assert long.finish == "length"
    tight = answers(
        open_backend(), ask(replace(model, context=long.prompt_tokens + 4), ["add a line please"], max_tokens=12)
    )["add a line please"]
    assert (tight.finish, tight.completion_tokens) == ("length", 4)


def test_an_answer_is_told_as_it_grows(version: Build) -> None:
    backend, model = open_backend(), version()
    streamed = [replace(request, is_streamed=True) for request in ask(model, ["one", "two"], max_tokens=6)]
    told = list(backend.generate(streamed, is_cancelled=never))
    wanted = answers(backend, ask(model, ["one", "two"], max_tokens=6))
    for key, whole in wanted.items():
        texts = [done.text for done in told if done.key == key]
        assert texts[-1] == whole.text
        assert all(longer.startswith(shorter) for shorter, longer in itertools.pairwise(texts))
        assert len(texts) > 2


def test_models_that_are_let_go_come_back(version: Build) -> None:
    backend = open_backend()
    loaded = models.Models(CONFIG, prepare=lambda ready: ready)
    size = loaded.get(version("llama")).bytes
    loaded.shrink(size)
    kept = loaded.get(version("llama"))
    assert kept is loaded.get(version("llama"))
    loaded.shrink(size - 1)
    assert loaded.get(version("llama")) is not kept

    before = answers(backend, ask(version("llama"), TEXTS[:1]))
    backend.shrink(0)
    assert answers(backend, ask(version("llama"), TEXTS[:1]))[TEXTS[0]].text == before[TEXTS[0]].text


def test_cancelling_ends_without_an_error(version: Build) -> None:
    calls: list[int] = []

    def is_cancelled() -> bool:
        calls.append(1)
        return len(calls) > 5

    found = list(open_backend(batch_rows=1).generate(ask(version("llama"), TEXTS), is_cancelled=is_cancelled))
    assert len(found) < len(TEXTS)
    assert len(calls) == 6


def test_models_are_prepared_only_when_used_and_once(version: Build) -> None:
    asked: list[str] = []

    def prepare(model: ModelVersion) -> ModelVersion:
        asked.append(model.name)
        return replace(model, path=paths[model.name])

    ready = [version("llama"), version("qwen2")]
    paths = {model.name: model.path for model in ready}
    bare = [replace(model, path="") for model in ready]
    backend = LocalBackend(CONFIG, prepare=prepare)
    assert asked == []
    requests = [
        replace(request, key=f"{model.name}{request.key}")
        for model in bare
        for request in ask(model, TEXTS[:2], max_tokens=1)
    ]
    answers(backend, [requests[0], requests[2], requests[1], requests[3]])
    answers(backend, requests)
    assert asked == ["llama-0", "qwen2-0"]


def test_the_model_not_used_for_longest_leaves_memory(version: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "MODEL_BYTES", 1)
    asked: list[str] = []

    def prepare(model: ModelVersion) -> ModelVersion:
        asked.append(model.name)
        return model

    backend = LocalBackend(CONFIG, prepare=prepare)
    for model in (version("llama"), version("qwen2"), version("llama")):
        answers(backend, ask(model, ["a"], max_tokens=1))
    assert asked == ["llama-0", "qwen2-0", "llama-0"]


def test_tokens_are_counted_without_weights(version: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "load_model", lambda *_: pytest.fail("the weights were loaded"))
    backend = open_backend()
    assert backend.count_text_tokens(version("llama"), "four") == 4
    assert backend.count_tokens(version("llama"), (Message("user", "four"),)) == len("user\nfour\nassistant\n") + 3


def test_the_version_names_the_number_type(version: Build) -> None:
    assert open_backend().version(version()) == "torch-4/fp32"
    assert open_backend(number_type="bf16").version(version()) == "torch-4/bf16"


def test_a_failing_step_fails_its_rows_only(version: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    def steps() -> Iterator[None]:
        yield None
        raise RuntimeError("can't allocate memory: you tried to allocate 7 bytes")

    state, real = steps(), batch.Batch.step

    def step(self: batch.Batch) -> Any:
        next(state)
        return real(self)

    monkeypatch.setattr(batch.Batch, "step", step)
    found = answers(open_backend(batch_rows=2), ask(version("llama"), TEXTS[:5], max_tokens=1))
    assert sorted(done.error is None for done in found.values()) == [False, False, False, True, True]
    assert {done.retryable for done in found.values() if done.error} == {True}


def test_requests_that_come_while_others_are_answered_join_them(
    version: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = version()
    alone = answers(open_backend(), ask(model, TEXTS))
    batches: list[int] = []

    class CountedBatch(batch.Batch):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            batches.append(1)
            super().__init__(*args, **kwargs)

    monkeypatch.setattr(local, "Batch", CountedBatch)
    line: Intake[Request] = Intake.open()
    line.put(ask(model, TEXTS[:5]))
    answering = open_backend().generate(line, is_cancelled=never)
    found = [next(answering)]
    line.put(ask(model, TEXTS[5:]))
    line.close()
    found += answering
    assert {done.key: done.text for done in found} == {key: done.text for key, done in alone.items()}
    assert len(batches) == 1


def test_requests_of_two_prompts_share_two_prefixes(version: Build) -> None:
    model = version("llama")
    long = [
        Request(f"{which}{at}", model, (Message("user", which * 200 + str(at)),), Sampling(max_tokens=1))
        for which in "ab"
        for at in range(9)
    ]
    found = answers(open_backend(), long)
    own = len("0\nassistant\n") + 2
    assert sum(done.computed_tokens for done in found.values()) == 18 * own + 2 * (len("user\n") + 1 + 200)
