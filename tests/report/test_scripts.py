"""The scripts of the film and of the live page are typed by their comments, and TypeScript accepts them."""

from __future__ import annotations

import json
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from lab.extras.film.page import SCRIPTS, joined, shipped
from tests.npm import packages

pytestmark = [pytest.mark.tools, pytest.mark.release]
TYPESCRIPT = "typescript@7.0.2"
STRICT = {
    "allowJs": True, "checkJs": True, "noEmit": True, "strict": True, "target": "es2023", "types": [],
    "lib": ["es2023", "dom", "dom.iterable"], "noUnusedLocals": True, "noUnusedParameters": True,
    "noImplicitReturns": True, "noFallthroughCasesInSwitch": True,
}  # fmt: skip
LIVE = files("lab.extras.page").joinpath("templates", "live.js").read_text("utf-8")
PLAYED = {"film": [shipped(name) for name in SCRIPTS], "live": [shipped("stage.js"), LIVE]}


def problems(text: str, folder: Path) -> list[str]:
    """Return what TypeScript finds in a script."""
    (folder / "script.js").write_text(text, "utf-8")
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": STRICT, "files": ["script.js"]}), "utf-8")
    command = ["node", str(packages(TYPESCRIPT) / ".bin" / "tsc"), "--project", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert not done.stderr and bool(done.returncode) == bool(done.stdout), done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", PLAYED)
def test_the_types_of_a_script_hold(name: str, tmp_path: Path) -> None:
    assert problems(joined(*PLAYED[name]), tmp_path) == []


def test_wrong_types_are_refused(tmp_path: Path) -> None:
    lines = {
        "makeStage('a map', []);": "TS2345",  # a type that a comment declares
        "const twice = (number) => number; twice(1);": "TS7006",  # a parameter without a type
        "document.querySelector('svg').remove();": "TS2531",  # an element that may be missing
    }
    told = problems(joined(shipped("stage.js"), *(f"{line}\n" for line in lines)), tmp_path)
    assert {f"error {code}" for code in lines.values()} <= {each.split(": ")[1] for each in told}
