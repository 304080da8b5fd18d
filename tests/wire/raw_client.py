"""The wire protocol by hand, for what no official client would send."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
from wire_bench import PASSWORD, Server

_RUNNING = "333333"
"""Code of an answer that says: ask again."""


class RawClient:
    """A session over plain HTTP."""

    def __init__(self, server: Server, user: str = "ADMIN", password: str = PASSWORD, **body: Any) -> None:
        self.http = httpx.Client(base_url=server.url, trust_env=False, timeout=60)
        place = {"databaseName": "CORTEX_FINETUNING_DB", "schemaName": "PUBLIC"}
        login = {"data": {"LOGIN_NAME": user, "PASSWORD": password, **body}}
        answer = self.http.post("/session/v1/login-request", params=place, json=login).json()
        assert answer["success"], answer
        self.token, self.master = answer["data"]["token"], answer["data"]["masterToken"]

    def move(self, server: Server) -> RawClient:
        """Go on with the session at another address."""
        self.http.base_url = server.url
        return self

    def post(self, path: str, body: Any = None, *, token: str | None = None) -> Any:
        return self.http.post(path, json=body, headers=headers(token or self.token)).json()

    def get(self, path: str) -> Any:
        return self.http.get(path, headers=headers(self.token)).json()

    def query(self, text: str, *, request_id: str = "", **body: Any) -> Any:
        path = f"/queries/v1/query-request?requestId={request_id or uuid.uuid4()}"
        return self.post(path, {"sqlText": text, **body})

    def finished(self, text: str, **body: Any) -> Any:
        """The answer of a statement, however long it takes."""
        answer = self.query(text, **body)
        while answer["code"] == _RUNNING:
            answer = self.get(answer["data"]["getResultUrl"])
        return answer

    def rows(self, text: str) -> Any:
        """The rows of a statement whose answer is JSON."""
        return self.query(text)["data"]["rowset"]

    def close(self) -> None:
        self.post("/session?delete=true")
        self.http.close()


def headers(token: str) -> dict[str, str]:
    return {"authorization": f'Snowflake Token="{token}"'}
