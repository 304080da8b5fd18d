"""Make the client environments of tests/wire: one virtual environment, `.clients/<name>`, for each entry of CLIENTS.

The entry names the packages that are tested; `tests/wire/clients/<name>.txt` holds the version of each package beneath
them. An environment is made anew when its list changes. `--lock` resolves the lists anew instead, and installs nothing.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

CLIENTS = {
    "connector4": (
        "snowflake-connector-python[pandas]==4.8.1",
        "snowflake-snowpark-python==1.56.0",
        "snowflake-ml-python==2.6.0",
    ),
    "connector5": (
        "snowflake-connector-python[pandas]==5.2.0",
        "snowflake-sqlalchemy==2.1.0",
        "SQLAlchemy==2.1.9",
        *("pytest", "syrupy"),
    ),
    "snow": ("snowflake-cli==3.30.0",),
    "dbt": ("dbt-core==1.10.23", "dbt-snowflake==1.10.8", *("pytest", "dbt-tests-adapter")),
}
"""What each environment is for. They contradict one another in the connector that they need."""
SUITES = {"connector5": "snowflake-sqlalchemy==2.1.0", "dbt": "dbt-snowflake==1.10.8"}
"""Packages whose own tests are run in an environment; its folder `suite` has their source distribution."""

ROOT = Path(__file__).parents[1]
LISTS = ROOT / "tests" / "wire" / "clients"
PLACE = ROOT / ".clients"
STAMP = "installed.txt"


def main() -> None:
    """Make, or lock, those that are named, else all."""
    names = [word for word in sys.argv[1:] if word != "--lock"] or list(CLIENTS)
    for name in names:
        if "--lock" in sys.argv:
            lock(name)
        else:
            make(name)


def make(name: str) -> None:
    folder, packages = PLACE / name, LISTS / f"{name}.txt"
    stamp = folder / STAMP
    if stamp.is_file() and stamp.read_text() == packages.read_text():
        return
    if folder.is_symlink():
        folder.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    subprocess.run([*pip(folder / "bin" / "python"), "--requirement", str(packages), *CLIENTS[name]], check=True)
    if name in SUITES:
        unpack(SUITES[name], folder)
    stamp.write_text(packages.read_text())


def unpack(package: str, folder: Path) -> None:
    """The source distribution of a package, as `suite` in a folder."""
    with tempfile.TemporaryDirectory() as place:
        fetch = [
            str(folder / "bin" / "python"),
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--no-binary",
            ":all:",
        ]
        subprocess.run([*fetch, "--dest", place, package], check=True)
        (archive,) = Path(place).glob("*.tar.gz")
        with tarfile.open(archive) as packed:
            packed.extractall(place, filter="data")
        shutil.move(Path(place) / archive.name.removesuffix(".tar.gz"), folder / "suite")


def lock(name: str) -> None:
    dry = ["--dry-run", "--ignore-installed", "--report", "-", *CLIENTS[name]]
    report = json.loads(subprocess.run([*pip(Path(sys.executable)), *dry], check=True, capture_output=True).stdout)
    found = [each["metadata"] for each in report["install"]]
    pins = sorted((f"{each['name']}=={each['version']}" for each in found), key=str.lower)
    (LISTS / f"{name}.txt").write_text("\n".join(pins) + "\n")


def pip(python: Path) -> list[str]:
    return [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]


if __name__ == "__main__":
    main()
