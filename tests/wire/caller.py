"""Raw HTTP against the server, as somebody would send it who has no client: login, statements, headers of one's choice."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
from wire_bench import PASSWORD, Server


@dataclass
class Caller:
    """One user's requests. `token` is empty before the login."""

    url: str
    token: str = field(default="", repr=False)

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        own = {"Authorization": f'Snowflake Token="{self.token}"'} if self.token else {}
        return httpx.post(f"{self.url}{path}", json=body, headers={**own, **headers}, timeout=60)

    def get(self, path: str, **headers: str) -> httpx.Response:
        own = {"Authorization": f'Snowflake Token="{self.token}"'} if self.token else {}
        return httpx.get(f"{self.url}{path}", headers={**own, **headers}, timeout=60)

    def log_in(self, user: str, **more: str) -> dict[str, Any]:
        """The answer's body; the session's token is kept if there is one."""
        body = {"LOGIN_NAME": user, "ACCOUNT_NAME": "sapwood", **more}
        answer = self.post("/session/v1/login-request", {"data": body}).json()
        self.token = (answer["data"] or {}).get("token", "")
        return answer

    def run(self, sql: str, **more: Any) -> dict[str, Any]:
        """The answer's body."""
        return self.post(f"/queries/v1/query-request?requestId={uuid.uuid4()}", {"sqlText": sql, **more}).json()

    def rows(self, sql: str) -> list[list[str]]:
        """The rows of a statement that must succeed, as texts."""
        answer = self.run(sql)
        assert answer["success"], answer["message"]
        return answer["data"]["rowset"]


def admin(server: Server) -> Caller:
    """ADMIN, logged in."""
    caller = Caller(server.url)
    assert caller.log_in("ADMIN", PASSWORD=PASSWORD)["success"]
    return caller
