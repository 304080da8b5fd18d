"""How torch's threads wait for one another. Must be set before torch is first imported, so this module does not import it."""

from __future__ import annotations

import os


def wait_without_spinning() -> None:
    """Let OpenMP's threads sleep at a barrier instead of spinning; a policy that the user has set stays.

    A model's step has some thousand barriers. If anything else wants a core, each may spin for the whole time slice of a
    thread that does not run: beside four busy processes on two cores, spinning gave 2 tickets a second and sleeping 13.
    """
    if "GOMP_SPINCOUNT" not in os.environ:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
