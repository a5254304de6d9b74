"""actionlint finds nothing in the workflows that the pages show, nor with the action of this checkout in them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.docs.pages import ROOT, Block, blocks

ACTIONLINT = shutil.which("actionlint", path=str(Path(sys.executable).parent))
WORKFLOWS = blocks("yaml", "workflow")
LOCAL = re.compile(r"uses: OWNER/mqlab@\S+")

pytestmark = pytest.mark.skipif(
    ACTIONLINT is None, reason="actionlint is not there: no wheel for this platform, or an older .venv (make)"
)


def said(folder: Path, workflow: str) -> str:
    """Return what actionlint says of a workflow in a repository; nothing of shellcheck's, which may be there or not."""
    (folder / ".git").mkdir(exist_ok=True)
    (folder / ".github" / "workflows").mkdir(parents=True, exist_ok=True)
    (folder / ".github" / "workflows" / "shown.yml").write_text(workflow, "utf-8")
    command = [str(ACTIONLINT), "-no-color", "-shellcheck=", "-pyflakes="]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def of_this_checkout(folder: Path, workflow: str, was: str = "", now: str = "") -> str:
    """Return a workflow with the action of the repository it is in; the action is this one, or spoilt."""
    (folder / "docker").mkdir()
    shutil.copytree(ROOT / "docker" / "ci", folder / "docker" / "ci")
    action = (ROOT / "action.yml").read_text("utf-8")
    assert was in action
    (folder / "action.yml").write_text(action.replace(was, now, 1), "utf-8")
    assert LOCAL.search(workflow)
    return LOCAL.sub("uses: ./", workflow)


@pytest.mark.parametrize("block", WORKFLOWS, ids=lambda block: block.id)
def test_of_a_workflow_that_is_shown_nothing_is_said(block: Block, tmp_path: Path) -> None:
    assert said(tmp_path, block.text) == ""
    assert said(tmp_path, of_this_checkout(tmp_path, block.text)) == ""


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        ("ubuntu-latest", "ubuntu-newest", 'label "ubuntu-newest" is unknown'),
        ("timeout-minutes", "timeout-hours", 'unexpected key "timeout-hours"'),
        ("runtime: simulation", "run-time: simulation", 'input "run-time" is not defined'),
    ],
)
def test_what_is_wrong_in_a_workflow_is_said(tmp_path: Path, was: str, now: str, says: str) -> None:
    text = WORKFLOWS[0].text
    assert was in text
    assert says in said(tmp_path, of_this_checkout(tmp_path, text.replace(was, now)))


def as_workflow(action: str) -> str:
    """Return a workflow whose one job has an action's steps and inputs: in the action itself they are not looked at."""
    its = yaml.safe_load(action)
    inputs = {name: {"type": "string", **fields} for name, fields in its["inputs"].items()}
    job = {"runs-on": "ubuntu-latest", "timeout-minutes": 5, "steps": its["runs"]["steps"]}
    whole = {"name": "a job", "on": {"workflow_call": {"inputs": inputs}}, "permissions": {}, "jobs": {"its": job}}
    return yaml.safe_dump(whole, sort_keys=False)


def test_of_the_actions_steps_nothing_is_said(tmp_path: Path) -> None:
    assert said(tmp_path, as_workflow((ROOT / "action.yml").read_text("utf-8"))) == ""


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        ("actions/upload-artifact@v6", "actions/upload-artifact@v4", 'runtime "node20" is deprecated'),
        (
            "actions/cache/save@v5\n      with:\n        path",
            "actions/cache/save@v5\n      with:\n        paths",
            "missing input",
        ),
        ("inputs.python", "inputs.pyhton", 'property "pyhton" is not defined'),
        ("steps.images.outputs", "steps.image.outputs", 'property "image" is not defined'),
        ("always() && ", "alway() && ", 'undefined function "alway"'),
    ],
)
def test_what_is_wrong_in_the_actions_steps_is_said(tmp_path: Path, was: str, now: str, says: str) -> None:
    text = (ROOT / "action.yml").read_text("utf-8")
    assert was in text
    assert says in said(tmp_path, as_workflow(text.replace(was, now)))


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        ("using: composite", "using: compound", 'invalid runner name "compound"'),
        ("name: mqlab\n", "", "name is required"),
        ("color: blue", "color: mauve", 'incorrect color "mauve"'),
        ("  scenarios:\n", "  scenario:\n", 'input "scenarios" is not defined'),
    ],
)
def test_what_is_wrong_in_the_action_is_said(tmp_path: Path, was: str, now: str, says: str) -> None:
    assert says in said(tmp_path, of_this_checkout(tmp_path, WORKFLOWS[0].text, was, now))
