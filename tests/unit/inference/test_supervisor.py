from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from sapwood.config import InferenceConfig
from sapwood.errors import ContextLengthError, InternalError, ModelError, ModelUnavailableError
from sapwood.inference import supervisor
from sapwood.inference.frames import read_completion, read_request, request_values, to_line
from sapwood.inference.intake import Intake
from sapwood.inference.request import Completion, Embed, Message, Request, Sampling
from sapwood.inference.supervisor import Supervisor
from sapwood.store.records import ModelVersion

MODEL = ModelVersion("small", "local", "d")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Supervisor]]:
    """Supervisors of the fake worker; they are closed at the end."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    made: list[Supervisor] = []

    def start(*, prepare: Callable[[ModelVersion], ModelVersion] = lambda model: model, rows: int = 64) -> Supervisor:
        made.append(Supervisor(InferenceConfig(batch_rows=rows), prepare=prepare, module="fake_worker"))
        return made[-1]

    yield start
    for one in made:
        one.close()


def ask(*texts: str, model: ModelVersion = MODEL) -> list[Request]:
    return [
        Request(f"{at}", model, (Message("system", "s"), Message("user", text)), Sampling(seed=1), '{"a": 1}')
        for at, text in enumerate(texts)
    ]


def answers(backend: Supervisor, requests: list[Request]) -> dict[str, Completion]:
    return {done.key: done for done in backend.generate(requests, is_cancelled=lambda: False)}


def test_a_worker_answers_and_prepares_nothing_itself(started: Callable[..., Supervisor]) -> None:
    prepared: list[str] = []

    def prepare(model: ModelVersion) -> ModelVersion:
        prepared.append(model.name)
        return model

    backend = started(prepare=prepare)
    other = ModelVersion("other", "local", "e")
    found = answers(backend, [*ask("ä\n\ud800", "b"), Request("x", other, (Message("user", "c"),))])
    assert {key: done.text for key, done in found.items()} == {"0": "Ä\n\ud800", "1": "B", "x": "C"}
    assert {done.seconds for done in found.values()} != {os.getpid()}
    assert len({done.seconds for done in found.values()}) == 1
    assert prepared == ["small", "other"]


def test_vectors_come_from_the_worker_too_and_a_text_that_kills_it_is_found(started: Callable[..., Supervisor]) -> None:
    texts = {"a": "\x00\xff", "b": "die", "c": "last"}
    requests = [Embed(key, MODEL, text, 7) for key, text in texts.items()]
    found = {done.key: done for done in started().embed(requests, is_cancelled=lambda: False)}
    assert {key: (done.values, done.tokens) for key, done in found.items()} == {
        "a": ("\x00\xff".encode(), 7),
        "b": (b"", 0),
        "c": (b"last", 7),
    }
    assert found["b"].error == "the inference process was killed by signal 9 2 times at this row"


def test_scores_and_labels_pass_through() -> None:
    request = Request("k", MODEL, (Message("user", "a"),), labels=("x", "y"), wants_confidence=True)
    again = read_request(json.loads(to_line(request_values(request))), MODEL)
    assert again == request
    done = Completion("k", "x", scores=(0.75, 0.25), confidence=0.75)
    assert read_completion(json.loads(to_line(asdict(done)))) == done


def test_how_an_answer_begins_comes_before_it(started: Callable[..., Supervisor]) -> None:
    (request,) = ask("ab")
    told = list(started().generate([replace(request, is_streamed=True)], is_cancelled=lambda: False))
    assert [(done.text, done.is_whole) for done in told] == [("A", False), ("AB", True)]


def test_short_tasks_and_their_errors(started: Callable[..., Supervisor]) -> None:
    backend = started()
    assert backend.count_tokens(MODEL, (Message("user", "four"), Message("user", "two"))) == 7
    assert backend.count_text_tokens(MODEL, "three") == 5
    with pytest.raises(ContextLengthError, match="nothing to count"):
        backend.count_text_tokens(MODEL, "")
    assert backend.version(MODEL) == backend.version(MODEL)


def test_a_statement_that_fails_leaves_the_worker_at_work(started: Callable[..., Supervisor]) -> None:
    backend = started()
    with pytest.raises(ModelError, match="no weights") as caught:
        answers(backend, ask("fail"))
    assert caught.value.hint == "Fetch them."
    with pytest.raises(InternalError, match="ZeroDivisionError: by zero"):
        answers(backend, ask("defect"))
    assert answers(backend, ask("a"))["0"].text == "A"


def test_a_row_that_kills_its_worker_is_found_and_the_others_are_answered_once(
    started: Callable[..., Supervisor],
) -> None:
    found = list(started().generate(ask("a", "b", "die", "c", "d", "e"), is_cancelled=lambda: False))
    by_key = {done.key: done for done in found}
    assert len(found) == len(by_key) == 6
    assert [by_key[key].text for key in "01345"] == ["A", "B", "C", "D", "E"]
    assert by_key["2"].error == "the inference process was killed by signal 9 2 times at this row"
    assert by_key["2"].retryable


def test_each_row_has_its_own_deaths(started: Callable[..., Supervisor], tmp_path: Path) -> None:
    texts = [f"die 2 {tmp_path / 'a'}", f"die 1 {tmp_path / 'b'}"]  # the first dies beside the other, then alone
    found = answers(started(), ask(*texts))
    assert [done.error for done in found.values()] == [None, None]


def test_rows_that_come_while_the_worker_works_go_to_it_even_if_it_dies(started: Callable[..., Supervisor]) -> None:
    line: Intake[Embed] = Intake.open()
    line.put([Embed("0", MODEL, "a")])
    answering = started().embed(line, is_cancelled=lambda: False)
    assert next(answering).key == "0"
    line.put([Embed("1", MODEL, "die"), Embed("2", MODEL, "b")])
    line.put([Embed("3", ModelVersion("other", "local", "e"), "c")])
    line.close()
    found = {done.key: (done.values, done.error is not None) for done in answering}
    assert found == {"1": (b"", True), "2": (b"b", False), "3": (b"c", False)}


def test_a_worker_that_was_killed_comes_back_with_half_the_batch(started: Callable[..., Supervisor]) -> None:
    found = answers(started(rows=8), ask(*"abcdefghij", model=ModelVersion("2", "local", "d")))
    assert [found[str(at)].text for at in range(10)] == list("ABCDEFGHIJ")
    assert not any(done.error for done in found.values())


def test_a_cancelled_statement_ends_at_once_and_another_goes_on(started: Callable[..., Supervisor]) -> None:
    backend = started()
    answers(backend, ask("a"))
    stop, kept = threading.Event(), list[Completion]()
    hanging = threading.Thread(target=lambda: kept.extend(backend.generate(ask("x", "hang"), is_cancelled=stop.is_set)))
    hanging.start()
    assert answers(backend, ask("b"))["0"].text == "B"
    stop.set()
    started_at = time.perf_counter()
    hanging.join()
    assert time.perf_counter() - started_at < 1
    assert [done.text for done in kept] == ["X"]


def test_a_worker_that_dies_in_a_short_task_gives_an_error(started: Callable[..., Supervisor]) -> None:
    backend = started()
    with pytest.raises(ModelError, match="the inference process was killed by signal 9"):
        backend.count_text_tokens(MODEL, "die")
    assert answers(backend, ask("a"))["0"].text == "A"


def test_an_idle_worker_ends_where_memory_is_wanted_and_a_busy_one_stays(started: Callable[..., Supervisor]) -> None:
    backend = started()
    backend.shrink(0)  # no worker yet, so nothing to be done
    answering = backend.generate(ask("a", "b"), is_cancelled=lambda: False)
    next(answering)
    first = backend.worker
    backend.shrink(0)
    assert [done.text for done in answering] == ["B"]
    assert backend.worker == first is not None
    backend.shrink(0)
    assert backend.worker is None
    assert answers(backend, ask("c"))["0"].text == "C"


def test_the_worker_ends_with_its_owner(started: Callable[..., Supervisor]) -> None:
    backend = started()
    worker = int(backend.version(MODEL).partition("/")[2])
    backend.close()
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_a_missing_library_is_named(started: Callable[..., Supervisor], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "PACKAGES", ("json", "not_installed"))
    with pytest.raises(ModelUnavailableError, match="local models need not_installed") as caught:
        answers(started(), ask("a"))
    assert "sapwood[local]" in caught.value.hint
