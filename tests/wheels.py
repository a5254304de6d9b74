"""`python -m tests.wheels WHEEL`: whether all that it requires has wheels for each system and Python."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
SYSTEMS = {
    "Linux x86-64": "x86_64-manylinux_2_28",
    "Linux arm64": "aarch64-manylinux_2_28",
    "macOS arm64": "aarch64-apple-darwin",
    "Windows x86-64": "x86_64-pc-windows-msvc",
}
PYTHONS = ("3.11", "3.12", "3.13")
SITE = "lab/_shipped/site/"
MOST_SITE = 3_000_000  # bytes of the documentation's site, compressed


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


def wrong_site(wheel: Path) -> str:
    """Return why the documentation's site in a wheel is not as it should be; an empty text if it is."""
    with zipfile.ZipFile(wheel) as archive:
        files = [each for each in archive.infolist() if each.filename.startswith(SITE)]
    size = sum(each.compress_size for each in files)
    if SITE + "index.html" not in {each.filename for each in files}:
        return "the wheel lacks the documentation's site: run make docs"
    return f"the site has {size} bytes, and {MOST_SITE} are the most" if size > MOST_SITE else ""


def main(wheel: Path) -> int:
    wrong = 0
    if why := wrong_site(wheel):
        print(why)
        wrong += 1
    for name, system in SYSTEMS.items():
        for python in PYTHONS:
            why = resolve(wheel, ROOT / "constraints.txt", system, python)
            print(f"{name}, Python {python}: {why or 'wheels for all'}")
            wrong += bool(why)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
