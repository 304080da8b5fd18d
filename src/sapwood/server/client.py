"""A session of another process: what `Door` serves, seen from the client's side."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx

from sapwood.engine.result import Progress, Result
from sapwood.errors import DataDirectoryBusyError
from sapwood.server.codec import decode_error, decode_progress, decode_result


class RemoteSession:
    """Runs statements in the process behind `address` ('host:port'). Calls block; `cancel` may come from another thread."""

    def __init__(self, address: str, token: str, on_progress: Callable[[Progress], None] | None = None) -> None:
        self._on_progress = on_progress
        headers = {"Authorization": f"Bearer {token}"}
        # No read time-out: a statement over millions of rows runs for hours. trust_env: a proxy must not see this.
        timeout = httpx.Timeout(None, connect=5.0)
        self._client = httpx.Client(base_url=f"http://{address}", headers=headers, timeout=timeout, trust_env=False)
        try:
            self._id = self._post("/sessions").json()["id"]
        except DataDirectoryBusyError:
            self._client.close()
            raise

    def execute(self, text: str, *, describe_only: bool = False) -> list[Result]:
        """As the engine's session; progress comes while the statement runs."""
        path, body = f"/sessions/{self._id}/statements", {"text": text, "describe_only": describe_only}
        try:
            with self._client.stream("POST", path, json=body) as response:
                if response.status_code != _OK:
                    raise _gone()
                for line in response.iter_lines():
                    answer = json.loads(line)
                    if "results" in answer:
                        return [decode_result(item) for item in answer["results"]]
                    if "error" in answer:
                        raise decode_error(answer["error"])
                    if self._on_progress:
                        self._on_progress(decode_progress(answer["progress"]))
        except httpx.HTTPError as error:
            raise _gone() from error
        raise _gone()

    def cancel(self) -> None:
        self._post(f"/sessions/{self._id}/cancel")

    def close(self) -> None:
        """End the session; an owner that is gone has ended it already."""
        try:
            self._client.delete(f"/sessions/{self._id}")
        except httpx.HTTPError:
            return
        finally:
            self._client.close()

    def _post(self, path: str) -> httpx.Response:
        try:
            response = self._client.post(path)
        except httpx.HTTPError as error:
            raise _gone() from error
        if response.status_code != _OK:
            raise _gone()
        return response


_OK = 200


def _gone() -> DataDirectoryBusyError:
    return DataDirectoryBusyError(
        "the process that owns the data directory does not answer",
        hint="It may be starting or stopping: try again. Finished LLM rows are kept.",
    )
