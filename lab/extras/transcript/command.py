"""A run's history written as a scenario file, for `mqlab history --as-scenario`."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from lab.base.text_files import STANDARD_INPUT
from lab.base.units import several
from lab.check.scenarios import read
from lab.cli import new_files, options
from lab.declare.passwords import AnyPassword
from lab.errors import InputError
from lab.extras.transcript.making import transcript
from lab.extras.transcript.topologies import file_of
from lab.extras.transcript.writing import scenario_files


def write_scenario(history: Path, path: Path, expect: str | None, *, force: bool) -> int:
    """Write the scenario of a history and the files beside it; return 1 if a check refuses the scenario."""
    new_files.check_writable(path)
    if path == STANDARD_INPUT or path.suffix not in (".yaml", ".yml"):
        raise InputError.of(
            f"{path} is not a valid name for a scenario file", f"write {path.name.strip('-') or 'mine'}.yaml"
        )
    expected = None if expect is None else read(expect, AnyPassword(os.environ))
    if expected is not None and expected.is_topology:
        raise InputError.of(f"--expect: {expect} is a topology, and expects nothing", "name a scenario's file")
    found = transcript(history)
    topology_file = partial(file_of, scenario=expected, folder=path.parent)
    files = scenario_files(found, path.name, topology_file=topology_file, expected=expected)
    new_files.write_texts(path.parent, files.texts, force=force)
    beside = [str(path.parent / name) for name in files.texts if name != path.name]
    options.say(f"{path}: {several(len(found.acts), 'step')}" + (f"; beside it {', '.join(beside)}" if beside else ""))
    options.warn_of_each(files.warnings)
    try:
        read(str(path), AnyPassword(os.environ))
    except InputError as error:
        options.complain(error)
        options.warn_of_each([f"mqlab check refuses {path}: correct the file by hand"])
        return 1
    return 0
