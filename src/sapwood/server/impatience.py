"""Connections that send nothing, or a request's head byte by byte, are closed after some seconds.

uvicorn waits for the first request of a connection, and for the rest of a head, as long as it takes; a crowd of such
connections would use up the file descriptors. Knows nothing of what a request says.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

HEAD_S = 20.0
"""Seconds in which the head of a request must have come."""


class ImpatientProtocol(H11Protocol):
    """uvicorn's HTTP protocol with a limit on the time that the head of a request takes."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._has_request:
            self._unwatch()
        elif self._deadline is None:
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    @property
    def _has_request(self) -> bool:
        """Whether a request is being answered, so that what takes its time is the answer."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is not None and not cycle.response_complete

    def _watch(self) -> None:
        self._deadline = self.loop.call_later(HEAD_S, self._give_up)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if not self._has_request and not self.transport.is_closing():
            self.transport.close()
