"""How good a model is on rows held out: a model and a dataset in, scores as rows out. Knows no jobs and no adapters.

The model is asked as COMPLETE asks it: greedily, behind the shared prefix. Where completions are labels it is also asked for
the labels' probabilities, as AI_CLASSIFY asks. Asking costs time that training waits for, so the rows asked are bounded by a
share of the rows that training reads: all figures say of how many rows they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from transformers import PreTrainedModel

from sapwood.inference.attention import encode_prefix
from sapwood.inference.batch import Batch, Row
from sapwood.inference.chat import Chat
from sapwood.inference.choosing import Choice
from sapwood.inference.labels import Search, Tries
from sapwood.inference.request import Sampling
from sapwood.training.baseline import linear_baseline
from sapwood.training.data import Dataset
from sapwood.training.plan import Plan
from sapwood.training.rows import Example
from sapwood.training.scores import Answer, Scores, score

SHARE = 0.025
"""Rows of one question, by the rows that training reads in all. A row read costs a third of a row trained on, and a model
is asked at most five times (base: loss and answers; epochs together: answers; end: answers and labels): 4 % of training's
time."""
FEWEST_ROWS = 8
"""Rows that are asked even where training reads few."""
LONGEST_ANSWER = 64
"""Tokens of a completion up to which models are asked for answers; for longer texts there is a loss only."""
BASELINE_ROWS = 5_000
"""Training rows that the baseline learns from."""


@dataclass(frozen=True)
class Evaluation:
    """Scores of one `subject`: base, epoch (the model after that epoch), tuned, or linear, which is the baseline.

    `method` is how it was asked: answers (free text) or labels (the likeliest of them). `epoch` counts from 1; 0 is before
    training.
    """

    subject: str
    method: str
    epoch: int
    scores: Scores
    loss: float | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """The evaluation as JSON-able values, flat."""
        scores = {**asdict(self.scores), "confusion": [list(pair) for pair in self.scores.confusion]}
        return {"subject": self.subject, "method": self.method, "epoch": self.epoch, "loss": self.loss, **scores}


class Examiner:
    """Asks models about rows held out. `labels` are the completions of the training rows, () if they are free text."""

    def __init__(
        self, chat: Chat, dataset: Dataset, plan: Plan, labels: Sequence[str], check: Callable[[], None] = lambda: None
    ) -> None:
        """`check` is called between the passes over a model, and may raise to stop."""
        self._chat, self._dataset, self._check = chat, dataset, check
        self._labels = tuple(label for label in labels if label.strip())
        self._limit = max(len(row.completion) for row in dataset.validation)
        wanted = max(FEWEST_ROWS, round(SHARE * plan.epochs * len(dataset.train)))
        self.rows = dataset.validation[:wanted]
        self._rows_an_epoch = dataset.validation[: max(FEWEST_ROWS, round(wanted / plan.epochs))]
        self._known: tuple[float, list[Answer]] = (float("nan"), [])

    @property
    def can_ask(self) -> bool:
        """Whether answers are short enough to be asked for."""
        return self._limit <= LONGEST_ANSWER

    @property
    def rows_asked(self) -> tuple[int, int]:
        """How many rows are asked after an epoch, and at the end of a run in which each epoch was asked."""
        an_epoch, all_rows = len(self._rows_an_epoch), len(self.rows)
        return an_epoch, all_rows - an_epoch + (all_rows if len(self._labels) > 1 else 0)

    def base(self, model: PreTrainedModel, loss: float) -> list[Evaluation]:
        """What the model says before it is tuned, and what a linear model says."""
        found = [self._evaluation("base", "answers", 0, self.rows, self._answers(model, self.rows), loss)]
        if len(self._labels) > 1:
            found.append(self._evaluation("linear", "labels", 0, self._dataset.validation, self._baseline()))
        return found

    def epoch(self, model: PreTrainedModel, epoch: int, loss: float) -> Evaluation:
        """What the model says after an epoch, of fewer rows."""
        rows = self._rows_an_epoch
        self._known = loss, self._answers(model, rows)
        return self._evaluation("epoch", "answers", epoch, rows, self._known[1], loss)

    def end(self, model: PreTrainedModel, epoch: int, loss: float) -> list[Evaluation]:
        """What the finished model says: freely, and as the likeliest label. If it is the last epoch's, by its loss, what
        that one has said is not asked again.
        """
        known = self._known[1] if self._known[0] == loss else []
        answers = [*known, *self._answers(model, self.rows[len(known) :])]
        found = [self._evaluation("tuned", "answers", epoch, self.rows, answers, loss)]
        if len(self._labels) > 1:
            chosen = self._likeliest(model, self.rows)
            found.append(self._evaluation("tuned", "labels", epoch, self.rows, chosen, loss))
        return found

    def _evaluation(
        self,
        subject: str,
        method: str,
        epoch: int,
        rows: Sequence[Example],
        answers: list[Answer],
        loss: float | None = None,
    ) -> Evaluation:
        truth = [self._chat.decode(row.completion) for row in rows]
        return Evaluation(subject, method, epoch, score(answers, truth, self._labels), loss)

    def _answers(self, model: PreTrainedModel, rows: Sequence[Example]) -> list[Answer]:
        """Free answers, a little longer than the completions may be."""
        done = self._ask(model, rows, lambda: Choice(Sampling(), wants_confidence=True))
        return [
            Answer(self._chat.decode(row.answer), row.choice.confidence)
            for row in done
            if isinstance(row.choice, Choice)
        ]

    def _likeliest(self, model: PreTrainedModel, rows: Sequence[Example]) -> list[Answer]:
        trie = Tries(self._chat.completion_ids).trie(self._labels)
        done = self._ask(model, rows, lambda: Search(trie, wants_scores=True))
        searches = [row.choice for row in done if isinstance(row.choice, Search)]
        return [Answer(self._labels[search.best], search.scores[search.best]) for search in searches]

    def _ask(self, model: PreTrainedModel, rows: Sequence[Example], choice: Callable[[], Choice | Search]) -> list[Row]:
        """The rows once answered, in order."""
        if not rows:
            return []
        shared = self._dataset.prefix
        limit = self._limit + 4
        asked = [Row(at, row.prompt[len(shared) :], limit, choice()) for at, row in enumerate(rows)]
        for row in asked:
            if isinstance(row.choice, Search):
                row.answer[:] = row.choice.path
        with torch.inference_mode():
            prefix = encode_prefix(model, shared) if shared else None
        batch = Batch(model, asked, prefix=prefix, end_ids=self._chat.end_ids, batch_rows=64, batch_tokens=4_096)
        while batch.is_busy:
            self._check()
            batch.step()
        return asked

    def _baseline(self) -> list[Answer]:
        """TF-IDF and logistic regression on the same prompts."""
        rows = self._dataset.train[:BASELINE_ROWS]
        labels = [self._chat.decode(row.completion) for row in rows]
        answers = linear_baseline(*(self._texts(rows), labels, self._texts(self._dataset.validation))).answers
        return [Answer(answer) for answer in answers]

    def _texts(self, rows: Sequence[Example]) -> list[str]:
        """What the prompts have beside what all share."""
        return [self._chat.decode(row.prompt[len(self._dataset.prefix) :]) for row in rows]
