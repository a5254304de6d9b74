"""The base image, a small Debian with Java: from an image registry if one answers, or bootstrapped on this machine.

Downloads go over the host's network with its proxy and certificates; packages are checked by Debian's signatures.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import docker
from lab.base.offline import refuse_offline
from lab.emulation.images import public_image as image_pulled
from lab.emulation.images.build import chunks, image_labels, take_root
from lab.emulation.images.downloads import ELSEWHERE, Say
from lab.emulation.images.names import SUITE, packages
from lab.errors import HostError

PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_SETTINGS = ("ENV LANG=C.UTF-8", "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")


def make(
    client: docker.DockerClient,
    name: str,
    files: Mapping[str, bytes],
    cache: Path,
    environment: Mapping[str, str],
    say: Say,
) -> None:
    """Make the base image under a name, from the recipe's `files`; raise HostError if no way works, or offline."""
    refuse_offline(environment, f"the base image {name}", ELSEWHERE)
    wanted = packages(files["packages.txt"])
    changes = [*_SETTINGS, *(f"LABEL {key}={value}" for key, value in image_labels(name).items())]
    proxies = {key: environment[key] for key in PROXIES if environment.get(key)}

    def pulled() -> None:
        image_pulled.make(client, name, wanted, files["finish.sh"], changes, proxies, say)

    def bootstrapped() -> None:
        with _bootstrapped(wanted, files["finish.sh"], cache, proxies, say) as tar:
            say("handing the base to the engine")
            take_root(client, name, chunks(tar), changes)

    first_that_works({"a pulled image of Debian": pulled, "mmdebstrap on this machine": bootstrapped}, say)


def first_that_works(ways: Mapping[str, Callable[[], None]], say: Say) -> str:
    """Try ways by name, in their order, until one raises no HostError, and return its name.

    Raise HostError with each one's error if none works.
    """
    barred: list[str] = []
    for name, go in ways.items():
        say(f"base image: trying {name}")
        try:
            go()
        except HostError as error:
            barred.append(f"{name}: {error}")
            say(f"base image: not by {name}")
        else:
            say(f"base image: made by {name}")
            return name
    raise HostError("the base image cannot be built", "\n".join(barred))


def bootstrap_command(wanted: Sequence[str], finish: Path, debs: Path, tar: Path) -> tuple[str, ...]:
    """Return the mmdebstrap call; downloaded packages are kept in `debs` and used again."""
    archives = "/var/cache/apt/archives"
    return (
        "mmdebstrap",
        "--variant=minbase",
        f"--include={','.join(wanted)}",
        '--aptopt=Acquire::http::Timeout "20"',
        '--aptopt=Acquire::Retries "2"',
        "--dpkgopt=force-unsafe-io",
        "--skip=download/empty",
        "--skip=essential/unlink",
        f'--setup-hook=mkdir -p "$1"{archives}',
        f"--setup-hook=sync-in {debs} {archives}",
        f"--customize-hook=sync-out {archives} {debs}",
        f"--customize-hook=copy-in {finish} /tmp",
        '--customize-hook=chroot "$1" sh /tmp/finish.sh',
        '--customize-hook=rm "$1"/tmp/finish.sh',
        SUITE,
        str(tar),
    )


def as_root(command: Sequence[str], kept: Sequence[str] = PROXIES) -> tuple[str, ...]:
    """Return a command as it is run as root; raise HostError if this user cannot run it."""
    if os.geteuid() == 0:
        return tuple(command)
    if shutil.which("sudo") is None:
        raise HostError(f"{command[0]} needs root, and there is no sudo", f"run once as root: {command[0]}")
    # Without a terminal, sudo must not ask for a password.
    ask = () if os.isatty(0) else ("-n",)
    return ("sudo", *ask, f"--preserve-env={','.join(kept)}", *command)


def run(command: Sequence[str], environment: Mapping[str, str], say: Say) -> None:
    """Run a command to its end and report its progress; raise HostError with its last lines if it fails."""
    lines: deque[str] = deque(maxlen=15)
    try:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, **environment},
        )
    except OSError as error:
        raise HostError(f"cannot run {command[0]}: {error}") from error
    with process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip())
            if line.startswith(("I: ", "Setting up ", "Unpacking ")):
                say(f"base image: {line.strip()[:70]}")
    if process.returncode:
        raise HostError(
            f"{command[0]} failed with exit code {process.returncode}", "\n".join(f"  | {line}" for line in lines)
        )


@contextmanager
def _bootstrapped(
    wanted: Sequence[str], finish: bytes, cache: Path, proxies: Mapping[str, str], say: Say
) -> Iterator[Path]:
    _ensure_mmdebstrap(say)
    debs = cache / "debs"
    debs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        script, tar = Path(scratch, "finish.sh"), Path(scratch, "base.tar")
        script.write_bytes(finish)
        run(as_root(bootstrap_command(wanted, script, debs, tar)), proxies, say)
        yield tar


def _ensure_mmdebstrap(say: Say) -> None:
    if shutil.which("mmdebstrap") and Path("/usr/share/keyrings/debian-archive-keyring.gpg").exists():
        return
    if shutil.which("apt-get") is None:
        raise HostError("mmdebstrap is not installed, and this system is not Debian or Ubuntu", "install mmdebstrap")
    say("installing mmdebstrap")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run(as_root(("apt-get", "update", "-q")), quiet, say)
    run(
        as_root(("apt-get", "install", "-q", "-y", "--no-install-recommends", "mmdebstrap", "debian-archive-keyring")),
        quiet,
        say,
    )
