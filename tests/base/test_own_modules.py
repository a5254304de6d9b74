"""Other processes of mqlab import this process's modules, and nothing from the current folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from lab.base.own_modules import with_own_modules


def test_another_process_runs_no_module_of_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "signal.py").write_text("print('of the folder')\n")
    code = "import signal, lab; print(lab.__file__)"
    printed = subprocess.run(
        [sys.executable, "-c", code],
        env=with_own_modules(os.environ),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    import lab

    assert printed.strip() == lab.__file__
