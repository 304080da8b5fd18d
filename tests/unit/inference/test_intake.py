"""The line between who asks and who answers."""

from __future__ import annotations

import threading

from sapwood.inference.intake import CHUNK, Intake
from sapwood.inference.request import Message, Request
from sapwood.store.records import ModelVersion


def ask(name: str, model: str = "m") -> Request:
    return Request(name, ModelVersion(model, "local", model), (Message("user", name),))


def keys(requests: list[Request]) -> list[str]:
    return [request.key for request in requests]


def test_a_list_is_a_line_that_gets_no_more() -> None:
    line = Intake.of([ask(str(number)) for number in range(CHUNK + 1)])
    assert not line.has_ended
    assert keys(line.take(2)) == ["0", "1"]
    assert len(list(line)) == CHUNK - 1
    assert line.has_ended
    assert line.take(1) == []
    assert Intake.of(line) is line


def test_who_takes_waits_for_the_first_and_for_no_more() -> None:
    line: Intake[Request] = Intake.open()
    assert line.take(1, waits=False) == []
    assert not line.has_ended
    threading.Timer(0.05, lambda: line.put([ask("a"), ask("b")])).start()
    assert keys(line.take(9)) == ["a", "b"]
    threading.Timer(0.05, line.close).start()
    assert line.take(9) == []
    assert line.has_ended


def test_runs_are_of_one_kind_and_go_on_while_it_comes() -> None:
    line: Intake[Request] = Intake.open()
    line.put([ask("a", "m"), ask("b", "n")])
    taken: list[tuple[str, list[str]]] = []
    for first, run in line.runs(lambda request: request.model.name):
        if first.key == "b":
            line.put([ask("c", "n"), ask("d", "m")])
            line.close()
        taken.append((first.model.name, keys(list(run))))
        assert run.has_ended
    assert taken == [("m", ["a"]), ("n", ["b", "c"]), ("m", ["d"])]


def test_runs_in_runs() -> None:
    line = Intake.of([ask("a", "m1"), ask("b", "m2"), ask("c", "n1")])
    taken = [
        keys(list(some))
        for _, run in line.runs(lambda request: request.model.name[0])
        for _, some in run.runs(lambda request: request.model.name)
    ]
    assert taken == [["a"], ["b"], ["c"]]


def test_whoever_watches_hears_of_each_change() -> None:
    line, heard = Intake[Request].open(), list[str]()
    line.watch(lambda: heard.append("changed"))
    line.put([ask("a")])
    line.close()
    line.watch(None)
    line.put([ask("b")])
    assert heard == ["changed", "changed"]
