"""Build the site of the documentation: `python -m tests.docs.site [FOLDER]`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from . import OUTPUT, build

if __name__ == "__main__":
    output = Path(sys.argv[1]).resolve() if sys.argv[1:] else OUTPUT
    try:
        build(output)
    except subprocess.CalledProcessError:
        sys.exit("docs: the site was not built: correct the pages that are named above")
    files = [each for each in output.rglob("*") if each.is_file()]
    print(
        f"docs: {len(files)} files, {sum(each.stat().st_size for each in files) / 1e6:.1f} MB: {output / 'index.html'}"
    )
