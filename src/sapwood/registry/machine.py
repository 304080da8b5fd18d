"""Which class of machine this is, for the alias table. Looks at the GPU's memory without loading torch."""

from __future__ import annotations

import subprocess
from importlib.metadata import PackageNotFoundError, version

from sapwood.errors import ConfigError
from sapwood.registry.table import MACHINES

GPU_MIB = 60_000
"""MiB of memory of one GPU from which on the GPU's column is used: a 24B model in bf16 takes 47 GB."""


def machine_class(setting: str) -> str:
    """`setting` itself, or for auto what this machine is: gpu or small-cpu (large-cpu has to be set).

    Raises ConfigError for a class that does not exist.
    """
    if setting == "auto":
        return "gpu" if _torch_can_use_gpu() and _gpu_mib() >= GPU_MIB else "small-cpu"
    if setting not in MACHINES:
        raise ConfigError(f"no class of machine is called {setting!r}", hint=f"Known: auto, {', '.join(MACHINES)}.")
    return setting


def _torch_can_use_gpu() -> bool:
    try:
        return not version("torch").endswith("+cpu")
    except PackageNotFoundError:
        return False


def _gpu_mib() -> int:
    command = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
        return max((int(line) for line in answer.stdout.split()), default=0)
    except (OSError, subprocess.SubprocessError, ValueError):
        return 0
