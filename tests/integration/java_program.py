"""Programs in Java with ActiveMQ's own client library."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from lab.base.shipped import shipped
from lab.emulation.images.downloads import cache_folder, fetch, maven, read_archives

LIBRARIES = re.compile(
    r"[^/]+/lib/((activemq-(client|openwire)|geronimo|hawtbuf|jakarta|slf4j-api)[^/]*|optional/log4j-[^/]*)\.jar"
)


def compiled(source: Path, folder: Path) -> list[str]:
    """Return the command of a compiled program, with the library of the distribution that the images are made of."""
    if shutil.which("javac") is None:
        pytest.skip("no javac here: install a JDK")
    archives = read_archives((shipped("docker") / "broker" / "archives.toml").read_text("utf-8"))
    # With images that another user built, it is not in this one's cache yet.
    distribution = fetch(archives.distribution("5.18.3"), cache_folder(os.environ), str, maven(str, os.environ))
    with tarfile.open(distribution) as archive:
        for member in archive:
            if LIBRARIES.fullmatch(member.name) and (inside := archive.extractfile(member)) is not None:
                (folder / Path(member.name).name).write_bytes(inside.read())
    libraries = f"{folder}:{folder}/*"
    subprocess.run(["javac", "--release", "11", "-cp", libraries, "-d", folder, source], check=True)
    return ["java", "-cp", libraries]
