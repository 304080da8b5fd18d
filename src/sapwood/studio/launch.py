"""Starts the Studio process and waits until it answers. Needs nothing of the extra itself."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO

START_S = 60.0
"""Seconds that the process gets to answer for the first time."""

STOP_S = 5.0
"""Seconds that it gets to end by itself."""


@dataclass(frozen=True)
class Studio:
    """A running Studio process."""

    process: subprocess.Popen[bytes]
    url: str

    def wait(self) -> None:
        """Until it ends."""
        self.process.wait()

    def stop(self) -> None:
        """End it, by force if it takes longer than STOP_S. A process that has ended stays ended."""
        self.process.terminate()
        try:
            self.process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class StudioError(Exception):
    """Studio can't be started; the text says why."""


def start_studio(place: str, *, host: str, port: int) -> Studio:
    """Start it on a server's URL or a connection's name, and wait for it. Raises StudioError."""
    command = [sys.executable, "-m", "sapwood.studio", place, "--host", host, "--port", str(port)]
    with TemporaryFile() as log:
        studio = Studio(subprocess.Popen(command, stdout=log, stderr=log), f"http://{host}:{port}")
        end = time.monotonic() + START_S
        while not _answers(studio.url):
            if studio.process.poll() is not None:
                raise StudioError(_last_line(log) or f"its process ended with code {studio.process.returncode}")
            if time.monotonic() > end:
                studio.stop()
                raise StudioError(f"no answer on {studio.url} within {START_S:.0f} seconds")
            time.sleep(0.1)
    return studio


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
