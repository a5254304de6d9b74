"""`python -m tests.structure [FOLDER]`: what is wrong with the structure of lab/, here or in a folder, and figures."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.structure import measure, rules


def main(root: Path) -> int:
    found = measure.modules(root / "lab")
    wrong = rules.problems(found, root / ".importlinter")
    print("\n".join((*wrong, *rules.figures(found, measure.modules(root / "docker" / "router")))))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve() if sys.argv[1:] else rules.ROOT))
