from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from sapwood.config import InferenceConfig  # noqa: E402
from sapwood.errors import InvalidOptionError  # noqa: E402
from sapwood.inference import batch  # noqa: E402
from sapwood.inference.chat import Chat  # noqa: E402
from sapwood.inference.labels import PRECISION, Search, Trie, Tries  # noqa: E402
from sapwood.inference.local import LocalBackend  # noqa: E402
from sapwood.inference.request import Completion, Message, Request, Sampling  # noqa: E402
from sapwood.inference.weights import load_tokenizer  # noqa: E402
from sapwood.store.records import ModelVersion  # noqa: E402

Build = Callable[..., ModelVersion]
Shares = Callable[[tuple[int, ...], tuple[int, ...]], list[float]]

END = 0


def trie(*labels: str) -> Trie:
    """One token a character, and END."""
    return Tries(lambda label: [*map(ord, label), END]).trie(labels)


def walk(search: Search, shares: Shares) -> list[tuple[int, ...]]:
    """Go on until the answer is sure; gives the places that were looked at."""
    looked: list[tuple[int, ...]] = []
    while not search.is_done:
        looked.append(search.path)
        search.take(shares(search.path, search.tokens))
    return looked


def chances(**parts: float) -> Shares:
    """Shares by the text that a token makes."""

    def share(path: tuple[int, ...], tokens: tuple[int, ...]) -> list[float]:
        texts = ["".join(map(chr, path)) + (chr(token) if token != END else "_") for token in tokens]
        return [parts[text] for text in texts]

    return share


def test_the_whole_label_counts_not_its_first_token() -> None:
    search = Search(trie("aa", "ab", "ac", "b"), wants_scores=True)
    walk(search, chances(a=0.6, b=0.4, aa=0.5, ab=0.3, ac=0.2))
    assert search.scores == pytest.approx((0.3, 0.18, 0.12, 0.4))
    assert search.best == 3


def test_a_label_may_be_the_beginning_of_another() -> None:
    search = Search(trie("no", "not sure"), wants_scores=True)
    looked = walk(search, chances(no_=0.7, **{"not": 0.3}))
    assert looked == [(ord("n"), ord("o"))]
    assert (search.best, search.answer) == (0, (ord("n"), ord("o")))
    assert search.scores == pytest.approx((0.7, 0.3))


def test_forced_tokens_need_no_step() -> None:
    search = Search(trie("Roaming fees", "Slow data speed", "Lost phone"), wants_scores=True)
    assert walk(search, chances(R=0.2, S=0.5, L=0.3)) == [()]


def test_one_label_needs_no_step_at_all() -> None:
    search = Search(trie("only"), wants_scores=True)
    assert (search.is_done, search.best, search.scores) == (True, 0, (1.0,))


def test_a_branch_that_can_not_win_is_not_looked_into() -> None:
    labels = trie("aa", "ab", "ba", "bb")
    parts = chances(a=0.9, b=0.1, aa=0.8, ab=0.2, ba=0.5, bb=0.5)
    quick, whole = Search(labels, wants_scores=False), Search(labels, wants_scores=True)
    assert walk(quick, parts) == [(), (ord("a"),)]
    assert (quick.best, quick.scores) == (0, ())
    assert len(walk(whole, parts)) == 3
    assert whole.scores == pytest.approx((0.72, 0.18, 0.05, 0.05))


def test_labels_of_a_hopeless_branch_share_it() -> None:
    search = Search(trie("a", "ba", "bb"), wants_scores=True)
    looked = walk(search, chances(a=1 - PRECISION / 2, b=PRECISION / 2))
    assert looked == [()]
    assert search.scores == pytest.approx((1 - PRECISION / 2, PRECISION / 4, PRECISION / 4), abs=1e-12)


def test_labels_that_are_the_same_tokens_are_refused() -> None:
    with pytest.raises(InvalidOptionError, match="the labels 'a' and 'A' are the same to the model"):
        Tries(lambda label: [*map(ord, label.lower()), END]).trie(("a", "b", "A"))


@given(st.lists(st.text("ab", max_size=6), min_size=1, max_size=20, unique=True), st.integers(0, 9))
def test_the_answer_and_all_scores_are_those_of_looking_everywhere(labels: list[str], seed: int) -> None:
    def share(path: tuple[int, ...], tokens: tuple[int, ...]) -> list[float]:
        weights = [1 + hash((seed, path, token)) % 97 for token in tokens]
        return [weight / sum(weights) for weight in weights]

    made = trie(*labels)
    expected = [product(sequence, made.sequences, share) for sequence in made.sequences]
    whole, quick = Search(made, wants_scores=True), Search(made, wants_scores=False)
    walk(whole, share)
    walk(quick, share)
    assert sum(whole.scores) == pytest.approx(1)
    assert whole.scores == pytest.approx(expected, abs=PRECISION)
    assert expected[whole.best] == expected[quick.best] == max(expected)


def product(sequence: tuple[int, ...], all_of_them: Sequence[tuple[int, ...]], share: Shares) -> float:
    """A label's score, place by place; the tokens that may come at a place are those of the labels that begin so."""
    score = 1.0
    for at, token in enumerate(sequence):
        tokens = tuple(dict.fromkeys(other[at] for other in all_of_them if other[:at] == sequence[:at]))
        if len(tokens) > 1:
            score *= share(sequence[:at], tokens)[tokens.index(token)]
    return score


# With a model

LABELS = ("Lost phone", "Lost SIM", "Lost", "Roaming fees", "Roaming", "Slow data", "Add new line", "close", "closed")
TEXTS = ["lost phone", "a", "roaming in Peru was dear", "slow", "add a line please", "close it", "why"]


def open_backend(**changes: Any) -> LocalBackend:
    return LocalBackend(
        replace(InferenceConfig(number_type="fp32", threads=1, batch_rows=4), **changes),
        prepare=lambda version: version,
    )


def ask(model: ModelVersion, *, labels: tuple[str, ...] = LABELS, wants_confidence: bool = True) -> list[Request]:
    return [
        Request(
            text, model, (Message("user", "Category of: " + text),), labels=labels, wants_confidence=wants_confidence
        )
        for text in TEXTS
    ]


def answers(backend: LocalBackend, requests: Sequence[Request]) -> dict[str, Completion]:
    found = list(backend.generate(requests, is_cancelled=lambda: False))
    assert sorted(done.key for done in found) == sorted(request.key for request in requests)
    return {done.key: done for done in found}


def logits_by_transformers(model: ModelVersion) -> Callable[[Sequence[int]], Any]:
    """Logits behind some tokens, by transformers' own attention, one row at a time."""
    from transformers import AutoModelForCausalLM

    whole: Any = AutoModelForCausalLM.from_pretrained(model.path, dtype=torch.float32)

    def logits(tokens: Sequence[int]) -> Any:
        with torch.inference_mode():
            return whole(torch.tensor([list(tokens)])).logits[0, -1].double()

    return logits


@pytest.mark.parametrize("family", ["llama", "qwen2", "gemma2"])
def test_scores_are_those_of_transformers_label_by_label(version: Build, family: str) -> None:
    model = version(family)
    chat, logits = Chat(load_tokenizer(model.path)), logits_by_transformers(model)
    sequences = [tuple(chat.completion_ids(label)) for label in LABELS]
    for text, done in answers(open_backend(), ask(model)).items():
        prompt = chat.prompt_ids([Message("user", "Category of: " + text)])

        def share(path: tuple[int, ...], tokens: tuple[int, ...], prompt: Sequence[int] = prompt) -> list[float]:
            return logits([*prompt, *path])[list(tokens)].softmax(-1).tolist()

        expected = [product(sequence, sequences, share) for sequence in sequences]
        assert done.scores == pytest.approx(expected, abs=1e-4)
        assert done.text == LABELS[expected.index(max(expected))]
        assert done.confidence == max(done.scores)
        assert (done.finish, done.completion_tokens) == ("stop", len(done.text))


@pytest.mark.parametrize("shape", [{"batch_rows": 1}, {"batch_rows": 3, "batch_tokens": 90}, {"batch_rows": 64}])
def test_scores_do_not_depend_on_the_batch(version: Build, shape: dict[str, Any]) -> None:
    model = version("llama")
    requests = ask(model)
    free = [
        Request(f"free {at}", model, (Message("user", text),), Sampling(max_tokens=9)) for at, text in enumerate(TEXTS)
    ]
    together = answers(open_backend(**shape), [*free, *requests[::-1]])
    for request in (*requests, *free):
        alone = answers(open_backend(), [request])[request.key]
        assert (together[request.key].text, together[request.key].finish) == (alone.text, alone.finish)
        assert together[request.key].scores == pytest.approx(alone.scores, abs=1e-5)


def test_rows_that_lost_their_memory_search_on(version: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = ask(version("llama"))
    calm = answers(open_backend(), requests)
    monkeypatch.setattr(batch, "RESERVE", 1)
    monkeypatch.setattr(batch, "KV_BYTES", 100 * 3 * 2 * 2 * 8 * 4)  # 100 tokens in all
    tight = answers(open_backend(), requests)
    assert {key: done.text for key, done in tight.items()} == {key: done.text for key, done in calm.items()}
    assert sum(done.computed_tokens for done in tight.values()) > sum(done.computed_tokens for done in calm.values())
    for key, done in tight.items():
        assert done.scores == pytest.approx(calm[key].scores, abs=1e-5)


def test_labels_that_part_at_once_cost_no_token(version: Build) -> None:
    model = version("llama")
    plain = answers(open_backend(), [replace(request, labels=("x",)) for request in ask(model)])
    parted = answers(open_backend(), ask(model, labels=("Roaming fees", "Slow data", "lost")))
    assert all(done.text == "x" and done.scores == (1.0,) for done in plain.values())
    assert sum(done.computed_tokens for done in parted.values()) == sum(done.computed_tokens for done in plain.values())


def test_without_scores_the_answer_is_the_same_and_costs_less(version: Build) -> None:
    model = version("llama")
    sure = answers(open_backend(), ask(model))
    quick = answers(open_backend(), ask(model, wants_confidence=False))
    assert {key: done.text for key, done in quick.items()} == {key: done.text for key, done in sure.items()}
    assert {done.scores for done in quick.values()} == {()}
    assert sum(done.computed_tokens for done in quick.values()) < sum(done.computed_tokens for done in sure.values())


def test_labels_and_context(version: Build) -> None:
    requests = ask(version("llama", context=70), labels=("short", "x" * 30))
    found = answers(open_backend(), requests)
    assert found["a"].error is None
    expected = "max tokens of count exceeded: prompt and longest label have 86 tokens, the context of llama-0 is 70"
    assert found["roaming in Peru was dear"].error == expected


def test_labels_take_no_schema_and_no_temperature(version: Build) -> None:
    (request, *_) = ask(version("llama"))
    with pytest.raises(ValueError, match="temperature 0 and no schema"):
        replace(request, schema="{}")
    with pytest.raises(ValueError, match="temperature 0 and no schema"):
        replace(request, sampling=Sampling(temperature=1.0))


@pytest.mark.parametrize("sampling", [Sampling(max_tokens=8), Sampling(temperature=1.5, seed=3, max_tokens=8)])
def test_confidence_is_the_mean_probability_of_the_tokens(version: Build, sampling: Sampling) -> None:
    model = version("llama")
    chat, logits = Chat(load_tokenizer(model.path)), logits_by_transformers(model)
    requests = [
        replace(request, labels=(), sampling=sampling, wants_confidence=text != "why")
        for text, request in zip(TEXTS, ask(model), strict=True)
    ]
    found = answers(open_backend(), requests)
    for request in requests[:-1]:
        done = found[request.key]
        tokens = [*chat.text_ids(done.text), *([chat.end_id] if done.finish == "stop" else [])]
        prompt = chat.prompt_ids(request.messages)
        if len(tokens) != done.completion_tokens + (done.finish == "stop"):
            continue  # random bytes that are no text
        logs = [float(logits([*prompt, *tokens[:at]]).log_softmax(-1)[token]) for at, token in enumerate(tokens)]
        assert done.confidence == pytest.approx(math.exp(sum(logs) / len(logs)), rel=1e-3)
    assert found["why"].confidence is None


def test_confidence_counts_only_what_the_schema_allows(version: Build) -> None:
    schema = json.dumps(
        {"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"], "additionalProperties": False}
    )
    (request, *_) = ask(version("llama"), labels=())
    forced = answers(open_backend(), [replace(request, schema=schema)])[request.key]
    assert forced.text == '{"a": 1}'
    assert forced.confidence == pytest.approx(1.0)
