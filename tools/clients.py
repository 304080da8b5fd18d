"""Make the client environments of tests/wire: one virtual environment for each list of packages in tests/wire/clients.

`.clients/<name>` is made from `tests/wire/clients/<name>.txt`, and made anew when that list changes.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LISTS = ROOT / "tests" / "wire" / "clients"
PLACE = ROOT / ".clients"
STAMP = "installed.txt"


def main() -> None:
    """Make those that are named, else all."""
    wanted = sys.argv[1:] or sorted(path.stem for path in LISTS.glob("*.txt"))
    for name in wanted:
        make(LISTS / f"{name}.txt", PLACE / name)


def make(packages: Path, folder: Path) -> None:
    stamp = folder / STAMP
    if stamp.is_file() and stamp.read_text() == packages.read_text():
        return
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--requirement", str(packages)], check=True)
    stamp.write_text(packages.read_text())


if __name__ == "__main__":
    main()
