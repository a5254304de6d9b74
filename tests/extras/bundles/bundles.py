"""Small bundles, whole ones and spoilt ones, and a folder with the wheels of this environment."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Mapping
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from lab.extras.bundles.install import MANIFEST, machine
from lab.extras.bundles.platforms import Target
from lab.extras.bundles.saving import save
from lab.extras.bundles.wheels import own_wheel, repacked, requirements

PLATFORM, PYTHON = machine()
HERE = Target(platform=PLATFORM, python=PYTHON)


def small(folder: Path, chosen: Target = HERE) -> Path:
    """Return a bundle whose only wheel has a site, and no module."""
    wheel = folder / "mqlab-0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(zipfile.ZipInfo("lab/_shipped/site/index.html"), b"no page" * 100)
        archive.writestr(zipfile.ZipInfo("lab/_shipped/site/.buildinfo"), b"")
    file = folder / "small.zip"
    save(file, chosen, [wheel], None, [])
    return file


def made(file: Path, contents: Mapping[str, bytes], rows: Mapping[str, Any] = {}, **fields: Any) -> Path:
    """Write a bundle with a manifest that fits its contents, but for `rows` and `fields`."""
    fitting = {
        name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in contents.items()
    }
    about = {"format": 1, "mqlab": "0.1.0", "platform": PLATFORM, "python": PYTHON, "activemq": []}
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
        archive.writestr(MANIFEST, json.dumps({**about, "members": {**fitting, **rows}, **fields}))
    return file


def wheelhouse(folder: Path) -> Path:
    """Make the wheels of this environment that mqlab requires, from what is installed, without network."""
    folder.mkdir()
    scratch = folder.parent / "own"
    scratch.mkdir()
    wanted, there = [own_wheel(scratch, {})], {"mqlab"}
    while wanted:
        for name, extras in requirements(wanted.pop(), frozenset(), HERE):
            assert not extras, "no requirement of mqlab has extras"
            if name not in there:
                there.add(name)
                its = repacked(distribution(name), folder)
                # pip may have installed a wheel for the newest Linux alone; a bundle takes wheels for older ones too.
                wanted.append(its.rename(folder / re.sub(r"manylinux_2_3\d", "manylinux_2_28", its.name)))
    return folder
