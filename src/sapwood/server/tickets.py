"""Tickets for people who have shown a right password that must be changed: with one they come back with the new password.

The official client sends the new password without the old one, and the ticket instead. Knows nothing of passwords.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from hashlib import sha256

LIFETIME_MS = 5 * 60 * 1000
"""Milliseconds that a ticket is good for."""


class Tickets:
    """Tickets by their digest, each good once. Safe for threads; `clock` gives epoch milliseconds."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[bytes, tuple[str, int]] = {}

    def give(self, user: str) -> str:
        """A ticket for a user; an older one of theirs is worth nothing from then on."""
        ticket, until = secrets.token_urlsafe(32), self._clock() + LIFETIME_MS
        with self._lock:
            self._open = {key: each for key, each in self._open.items() if each[0] != user and each[1] > self._clock()}
            self._open[_digest(ticket)] = (user, until)
        return ticket

    def take(self, ticket: str, user: str) -> bool:
        """Whether it is a ticket of the user that is still good; it is not from then on."""
        with self._lock:
            owner, until = self._open.pop(_digest(ticket), ("", 0))
        return owner == user and until > self._clock()


def _digest(ticket: str) -> bytes:
    return sha256(ticket.encode()).digest()
