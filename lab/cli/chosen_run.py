"""The folders of runs, named by a run id as a person writes it."""

from __future__ import annotations

import os
from pathlib import Path

from lab.errors import InputError
from lab.report.run_folder import home


def runs_folder() -> Path:
    """Return the folder that has the run folders."""
    return home(os.environ) / "runs"


def folder_of(named: str) -> Path:
    """Return the only folder that a run id, its beginning or its end fits; raise InputError, which lists the runs."""
    runs = runs_folder()
    known = sorted(each.name for each in runs.glob("*") if each.is_dir() and not each.is_symlink())
    fitting = [each for each in known if each.startswith(named) or each.endswith(named)]
    if len(fitting) == 1:
        return runs / fitting[0]
    what = f'no run "{named}"' if not fitting else f'more than one run fits "{named}"'
    listed = ", ".join((fitting or known)[-10:])
    raise InputError.of(f"{what} under {runs}", f"name one of: {listed}" if known else "run mqlab run SCENARIO first")
