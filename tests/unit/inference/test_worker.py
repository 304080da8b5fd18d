from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

pytest.importorskip("torch")

from sapwood.config import InferenceConfig
from sapwood.inference.local import LocalBackend
from sapwood.inference.request import Completion, Message, Request, Sampling
from sapwood.inference.supervisor import Supervisor
from sapwood.store.records import ModelVersion

CONFIG = InferenceConfig(number_type="fp32", threads=1, batch_rows=2)


def test_a_real_worker_that_is_killed_in_the_middle_costs_no_answer(version: Callable[..., ModelVersion]) -> None:
    model = version("llama")
    requests = [Request(text, model, (Message("user", text),), Sampling(max_tokens=8)) for text in "abcdefghij"]
    wanted = LocalBackend(CONFIG, prepare=lambda ready: ready).generate(requests, is_cancelled=lambda: False)
    supervisor = Supervisor(CONFIG, prepare=lambda ready: ready)
    found: list[Completion] = []
    try:
        for completion in supervisor.generate(requests, is_cancelled=lambda: False):
            found.append(completion)
            if len(found) == 3:
                assert supervisor.worker is not None
                os.kill(supervisor.worker, signal.SIGKILL)
    finally:
        supervisor.close()
    assert {done.key: done.text for done in found} == {done.key: done.text for done in wanted}
    assert len(found) == len(requests)
