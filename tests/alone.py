"""`python -m tests.alone WHEEL`: the wheel simulates on a machine that has nothing but Python.

Downloads what the wheel requires, as wheels. Then, in namespaces without a network, without Docker's socket and with
nothing in PATH but a new environment, installs all of it, runs the article, which must pass, and finds a page of the
documentation. Linux alone has the namespaces: elsewhere it says that nothing was tried.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]

# What is true inside, before anything is installed there; /run has Docker's socket.
_BARE = """
import os, shutil, socket
assert [each for each in ("docker", "podman", "cc", "gcc", "clang", "g++", "rustc", "make") if shutil.which(each)] == []
assert os.listdir("/run") == [] and not os.path.exists("/var/run/docker.sock")
assert [name for _, name in socket.if_nameindex()] == ["lo"]
try:
    socket.create_connection(("192.0.2.1", 443), 5)
except OSError:
    pass
else:
    raise SystemExit("there is an outside")
"""


def download(wheel: Path, to: Path) -> None:
    """Put the wheel, and a wheel of each distribution that it requires, into a folder."""
    pip = (sys.executable, "-m", "pip", "download", "-q", "--only-binary", ":all:")
    subprocess.run([*pip, "-c", str(ROOT / "constraints.txt"), "-d", str(to), str(wheel)], check=True)
    assert all(each.suffix == ".whl" for each in to.iterdir())


def inside(environment: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of an environment where there is no network, no Docker and no other program."""
    own = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    shut = ("unshare", *own, "--net", "--mount", "--", "/bin/sh", "-c", 'mount -t tmpfs none /run && exec "$@"', "sh")
    bare = {"PATH": str(environment / "bin"), "HOME": str(environment), "MQLAB_HOME": str(environment / "mqlab")}
    program = str(environment / "bin" / command[0])
    env = ("/usr/bin/env", "-i", *(f"{key}={value}" for key, value in bare.items()))
    return subprocess.run([*shut, *env, program, *command[1:]], capture_output=True, text=True, check=False)


def main(wheel: Path) -> int:
    if sys.platform != "linux" or shutil.which("unshare") is None:
        print("alone: not tried, since namespaces are Linux's")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        wheels, environment = Path(folder) / "wheels", Path(folder) / "environment"
        wheels.mkdir()
        download(wheel, wheels)
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        install = ("python", "-m", "pip", "install", "-q", "--no-index", "--find-links", str(wheels), "mqlab")
        for step in (("python", "-c", _BARE), install):
            if (done := inside(environment, *step)).returncode:
                print(f"alone: {' '.join(step)}\n{done.stdout}{done.stderr}")
                return 1
        begun = time.monotonic()
        ran = inside(environment, "mqlab", "run", "tokyo-singapore", "--runtime", "simulation", "--json", "--quiet")
        took = time.monotonic() - begun
        passed = ran.returncode == 0 and json.loads(ran.stdout)["outcome"] == "passed"
        opened = inside(environment, "mqlab", "docs", "quickstart")
        if not opened.stdout.startswith("file://"):
            print(f"alone: mqlab docs: {opened.stdout}{opened.stderr}")
            return 1
        print(
            f"alone: {'passed' if passed else ran.stdout + ran.stderr}, {len([*wheels.iterdir()])} wheels, {took:.1f} s"
        )
        return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
