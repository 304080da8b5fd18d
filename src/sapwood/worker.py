"""The process of one job: `python -m sapwood.worker JOB --data DIR`. Whoever starts jobs starts it; see jobs/launcher.py."""

from __future__ import annotations

import argparse
import atexit
import gc
from pathlib import Path

from sapwood import config, office


def main() -> None:
    """Do the job to its end."""
    atexit.register(gc.freeze)  # as the command line does
    parser = argparse.ArgumentParser(prog="python -m sapwood.worker", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("job")
    parser.add_argument("--data", type=Path, required=True)
    given = parser.parse_args()
    office.work(config.load(given.data), given.job)


if __name__ == "__main__":
    main()
