"""What the server counts, for Prometheus. One registry a server, nothing global."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from sapwood.engine.result import Result
from sapwood.server.statements import Statement

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)


class Measures:
    """Counters of statements and models' work; `sessions`, `running` and `result_bytes` are asked when somebody looks."""

    def __init__(
        self, *, sessions: Callable[[], float], running: Callable[[], float], result_bytes: Callable[[], float]
    ) -> None:
        self._registry = CollectorRegistry()
        self._statements = Counter("sapwood_statements", "Statements that ended.", ["outcome"], registry=self._registry)
        self._seconds = Histogram(
            "sapwood_statement_seconds",
            "Time from a statement's arrival to its end.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._rows = Counter("sapwood_result_rows", "Rows of results.", registry=self._registry)
        self._asked = Counter("sapwood_model_rows", "Rows that asked a model.", ["source"], registry=self._registry)
        self._tokens = Counter("sapwood_model_tokens", "Tokens of models.", ["side"], registry=self._registry)
        for name, text, ask in (
            ("sapwood_sessions", "Sessions that are open.", sessions),
            ("sapwood_running_statements", "Statements that run or wait for their turn.", running),
            ("sapwood_results_bytes", "Disk space of results that are kept.", result_bytes),
        ):
            Gauge(name, text, registry=self._registry).set_function(ask)

    def count(self, statement: Statement, results: tuple[Result, ...], seconds: float) -> None:
        """A statement has ended."""
        self._statements.labels("failed" if statement.error else "ok").inc()
        self._seconds.observe(seconds)
        for result in results:
            usage = result.usage
            self._rows.inc(result.table.num_rows)
            self._asked.labels("cache").inc(usage.cached)
            self._asked.labels("model").inc(max(0, usage.distinct - usage.cached))
            self._tokens.labels("prompt").inc(usage.tokens_computed)
            self._tokens.labels("answer").inc(usage.tokens_answered)

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)
