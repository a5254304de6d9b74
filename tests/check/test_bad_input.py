"""Every bad file gets exactly the message that lies beside it.

One whose topology is not at fault names one of topologies/; the others declare as much as their message needs.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lab.check.scenario import check
from lab.declare.loading import load
from lab.errors import InputError

FOLDER = Path(__file__).parent / "bad"


def refusal(path: Path) -> str:
    """Say all that is said about a file, with its folder left out."""
    try:
        problems = check(load(path, environment={}))
    except InputError as error:
        problems = error.problems
    return "".join(f"{problem}\n" for problem in problems).replace(f"{FOLDER}/", "").replace(str(FOLDER), "FOLDER")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_bad_file_gets_its_message(path: Path) -> None:
    assert refusal(path) == path.with_suffix(".txt").read_text()


def test_every_bad_file_is_refused() -> None:
    assert all(path.with_suffix(".txt").read_text().strip() for path in FOLDER.glob("*.yaml"))


def test_no_topology_is_written_twice() -> None:
    texts = [path.read_text(errors="replace") for path in FOLDER.glob("*.yaml")]
    found = [block[0] for text in texts if (block := re.search(r"^topology:\n(?:[ #].*\n)+", text, re.M))]
    assert sorted(set(found)) == sorted(found)
