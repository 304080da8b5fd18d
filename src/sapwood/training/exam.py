"""The evaluations of one run, before, between and after; kept in a file of the job's folder, so that nothing is asked twice."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sapwood.jobs.durable import write_file
from sapwood.training.evaluation import Evaluation, Examiner
from sapwood.training.run import Run
from sapwood.training.train import Trained, evaluate

FILE = "evaluations.json"


class Exam:
    """Asks the run's model when it is due. `facts` are all that was found, in order; each find is an event of the job, too."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._examiner = Examiner(run.chat, run.dataset, run.plan, run.labels, check=run.task.check)
        self._path = run.task.folder / FILE
        self.facts: list[Mapping[str, Any]] = (
            json.loads(self._path.read_text(encoding="utf-8")) if self._path.is_file() else []
        )

    @property
    def rows(self) -> tuple[int, int]:
        """How many rows are asked after an epoch and at the end: none where answers are too long to be asked for."""
        return self._examiner.rows_asked if self._examiner.can_ask else (0, 0)

    def base(self) -> None:
        """The model before it is tuned."""
        if self._is_due("base", 0):
            self._run.task.report(0.0, "asking the base model")
            loss = evaluate(self._run.model, self._examiner.rows, self._run.dataset.prefix, self._run.plan.own_tokens)
            self._add(self._examiner.base(self._run.model, loss))

    def epoch(self, epoch: int, loss: float) -> None:
        """The model after an epoch."""
        if self._is_due("epoch", epoch):
            self._add([self._examiner.epoch(self._run.model, epoch, loss)])

    def end(self, trained: Trained) -> None:
        """The model that is kept."""
        if self._is_due("tuned", trained.epochs):
            self._run.task.report(0.999, "asking the tuned model")
            self._add(self._examiner.end(self._run.model, trained.epochs, trained.validation_loss))

    def _is_due(self, subject: str, epoch: int) -> bool:
        is_done = any((fact["subject"], fact["epoch"]) == (subject, epoch) for fact in self.facts)
        return self._examiner.can_ask and not is_done

    def _add(self, evaluations: Iterable[Evaluation]) -> None:
        new = [evaluation.facts for evaluation in evaluations]
        self.facts += new
        text = json.dumps(self.facts, ensure_ascii=False)
        write_file(self._path, lambda file: file.write(text.encode()))
        for facts in new:
            self._run.task.note("evaluation", **facts)
