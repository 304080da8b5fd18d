"""The rival without a language model: TF-IDF of words and pairs of words, logistic regression on the same labels.

Requests and labels in, answers for other requests out.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from threadpoolctl import threadpool_limits


@dataclass(frozen=True)
class Answered:
    """Answers in the order of the requests, and the seconds that answering took (training not counted)."""

    answers: list[str]
    seconds: float


def linear_baseline(requests: Sequence[str], labels: Sequence[str], asked: Sequence[str]) -> Answered:
    """Train on requests with their labels and answer `asked`. With a single label in all, that label is the answer.

    One thread does it: products this small gain nothing from more, which wait for one another wherever other work runs.
    """
    if len(set(labels)) == 1:
        return Answered([labels[0]] * len(asked), 0.0)
    # These take a second or two, which a job with a single label spares.
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=10.0, max_iter=1000)
    )
    with threadpool_limits(1):
        model.fit(requests, labels)
        start = time.perf_counter()
        answers = [str(answer) for answer in model.predict(asked)]
        return Answered(answers, time.perf_counter() - start)
