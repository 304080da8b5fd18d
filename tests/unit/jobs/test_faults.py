"""Twenty jobs under random faults, by the harness that runs two hundred by hand.

It takes more than five seconds: each job is a process of its own, and some are two.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

HARNESS = Path(__file__).parents[3] / "bench" / "faults.py"


def test_jobs_end_in_a_legal_state_whatever_happens(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("bench_faults", HARNESS)
    assert spec is not None
    assert spec.loader is not None
    faults = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = faults
    spec.loader.exec_module(faults)
    ended = faults.run(tmp_path, count=20, seed=1)
    assert len(ended) == 20
    assert [(each.job.id, each.wrong) for each in ended if each.wrong] == []
