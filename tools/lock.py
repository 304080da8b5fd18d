"""Resolve every dependency of every extra in a fresh environment and print them as constraints, without addresses.

Local build tags ('+cpu') and the CUDA packages that some builds of PyTorch pull are left out, so that one file serves all.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

HEADER = "# Made by `make lock`. Versions only: where packages come from is the user's own pip's business."
PLATFORM = re.compile(r"^(nvidia-|cuda-|triton)", re.IGNORECASE)
"""Packages that only some builds of PyTorch need."""


def main() -> int:
    root = Path(__file__).resolve().parent.parent
    torch = re.search(r"^torch==[\d.]+", (root / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
        # The newest PyTorch is chosen by hand: each one is some hundred megabytes and is tested before it is taken.
        subprocess.run([*pip, "install", "--quiet", torch[0] if torch else "torch"], check=True, stdout=sys.stderr)
        subprocess.run([*pip, "install", "--quiet", f"{root}[local,dev]"], check=True, stdout=sys.stderr)
        frozen = subprocess.run([*pip, "freeze", "--exclude", "sapwood"], check=True, capture_output=True, text=True)
    pins = (re.sub(r"\+[\w.]+$", "", line) for line in frozen.stdout.splitlines() if "==" in line)
    sys.stdout.write("\n".join([HEADER, *(pin for pin in pins if not PLATFORM.match(pin))]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
