"""`python -m tests.wheels WHEEL`: whether all that it requires has wheels for each system and Python."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
SYSTEMS = {
    "Linux x86-64": "x86_64-manylinux_2_28",
    "Linux arm64": "aarch64-manylinux_2_28",
    "macOS arm64": "aarch64-apple-darwin",
    "Windows x86-64": "x86_64-pc-windows-msvc",
}
PYTHONS = ("3.11", "3.12", "3.13")


def resolve(wheel: Path, constraints: Path, system: str, python: str) -> str:
    """Return why what a wheel requires cannot be installed without a compiler; an empty text if it can."""
    with tempfile.TemporaryDirectory() as target:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "uv", "pip", "install", "-q", "--dry-run", "--only-binary", ":all:"),
                *("--python-platform", system, "--python-version", python, "--target", target),
                *("-c", str(constraints), str(wheel)),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    return done.stderr.strip() if done.returncode else ""


def main(wheel: Path) -> int:
    wrong = 0
    for name, system in SYSTEMS.items():
        for python in PYTHONS:
            why = resolve(wheel, ROOT / "constraints.txt", system, python)
            print(f"{name}, Python {python}: {why or 'wheels for all'}")
            wrong += bool(why)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
