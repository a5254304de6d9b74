"""A package's templates are rendered as text that is escaped, and nothing is left beside them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
RENDER = (
    "from lab.report.html import environment; print(environment('shown').get_template('page.html').render(who='<you>'))"
)


def test_nothing_is_written_beside_a_template_which_pip_would_leave_there(tmp_path: Path) -> None:
    templates = tmp_path / "shown" / "templates"
    templates.mkdir(parents=True)
    (templates / "page.html").write_text("for {{ who }}")
    (tmp_path / "shown" / "__init__.py").touch()
    own = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", RENDER],
        env={**own, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "for &lt;you&gt;\n"
    assert [each.name for each in templates.iterdir()] == ["page.html"]
