"""An answer while it is made: told on the thread where a model is asked, heard in the event loop.

Comes in: how the answer begins, longer each time. Goes out: what is new, piece by piece. Knows neither models nor HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor

from sapwood.engine.result import OnText
from sapwood.errors import InternalError
from sapwood.server.chat import Reply, pieces


class Speech:
    """One answer, which a speaker makes on a thread of a pool. To be made in the event loop that hears it."""

    def __init__(self, pool: Executor, speaker: Callable[[OnText], Reply]) -> None:
        self._loop = asyncio.get_running_loop()
        self._told: asyncio.Queue[str | None] = asyncio.Queue()
        self.reply = self._loop.run_in_executor(pool, speaker, self._tell)
        """The whole answer, or the speaker's error."""
        self.reply.add_done_callback(self._end)

    async def pieces(self) -> AsyncIterator[str]:
        """What is new, as it comes. An answer of which nothing was told before goes out word by word."""
        said = ""
        while (text := await self._told.get()) is not None:
            new = text[len(said) :]  # nothing, as long as an answer that was begun anew says again what it had said
            said += new
            if new:
                yield new
        whole = (await self.reply).text
        if not whole.startswith(said):
            raise InternalError("the answer was begun anew and became another one", hint="Ask again.")
        for piece in pieces(whole[len(said) :]):
            yield piece

    def _tell(self, text: str) -> None:
        self._loop.call_soon_threadsafe(self._told.put_nowait, text)

    def _end(self, reply: asyncio.Future[Reply]) -> None:
        if not reply.cancelled():
            reply.exception()  # looked at, so that asyncio does not complain where nobody listens any more
        self._told.put_nowait(None)
