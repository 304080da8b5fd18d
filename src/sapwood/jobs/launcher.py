"""Starts a worker process that outlives its parent. A folder in, a running process out; knows nothing of jobs.

The worker holds an flock on `<folder>/worker.lock` from its first instant (it inherits the locked file) to its last,
however it ends. So whoever gets that lock knows that no worker of this job runs or starts on this machine.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

LOG = "worker.log"
LOCK, QUEUE = "worker.lock", "queue.lock"


@contextmanager
def worker_lock(folder: Path) -> Generator[int | None]:
    """Hold the folder's worker lock and give its descriptor; None if a worker, or somebody starting one, holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def queue_lock(folder: Path) -> Generator[None]:
    """Be the only one on this machine who starts workers of this folder's jobs; waits for others to be done."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / QUEUE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def launch(command: Sequence[str], folder: Path, lock: int) -> int:
    """Start `command` as a detached process that keeps `lock`, with its output in the folder's log; returns its pid."""
    with (folder / LOG).open("ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, pass_fds=(lock,)
        )
    # While this process lives, it must fetch the exit status of its child, or the child stays as a zombie.
    threading.Thread(target=process.wait, name=f"wait-{process.pid}", daemon=True).start()
    return process.pid
