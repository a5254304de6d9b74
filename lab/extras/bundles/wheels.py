"""The wheels of a bundle: mqlab's own, and a wheel of each distribution that it requires on another machine.

pip downloads them, with the user's settings, in the versions that `constraints.txt` names.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import importlib.util
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from email import message_from_string
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

from lab.base.offline import refuse_offline
from lab.errors import HostError
from lab.extras.bundles.platforms import PLATFORMS, Target

_ROOT = Path(__file__).resolve().parents[3]  # of a checkout
_PIP = "run: python -m ensurepip"
_NOT_KEPT = re.compile(r".*\.pyc|.*\.dist-info/(?:INSTALLER|REQUESTED|RECORD|direct_url\.json)")
_LAST_LINES = 10  # of pip


def own_wheel(folder: Path, environment: Mapping[str, str]) -> Path:
    """Make the wheel of this mqlab in a folder: built from a checkout, or made of the installed files."""
    if not (_ROOT / "pyproject.toml").is_file():
        return repacked(distribution("mqlab"), folder)
    build = ["wheel", "-q", "--no-deps", "-w", str(folder)]
    if importlib.util.find_spec("hatchling") is not None:
        build.append("--no-build-isolation")
    else:
        refuse_offline(
            environment, "hatchling, which builds the wheel of a checkout,", "install it in this environment"
        )
    _pip(*build, str(_ROOT))
    return next(folder.glob("mqlab-*.whl"))


def repacked(dist: Distribution, folder: Path) -> Path:
    """Make a wheel of an installed distribution in a folder; scripts come from its entry points."""
    name = re.sub("[-_.]+", "_", dist.metadata["Name"])
    tags = re.findall(r"^Tag: *(\S+)-(\S+)-(\S+)$", dist.read_text("WHEEL") or "", re.MULTILINE)
    if not tags or dist.files is None:
        raise HostError(f"{name} was not installed from a wheel", "install mqlab from a wheel, or use a checkout")
    joined = "-".join(".".join(sorted(set(column))) for column in zip(*tags, strict=True))
    wheel = folder / f"{name}-{dist.version}-{joined}.whl"
    rows = []
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(map(str, dist.files)):
            if ".." in path.split("/") or Path(path).is_absolute() or _NOT_KEPT.fullmatch(path):
                continue
            content = Path(str(dist.locate_file(path))).read_bytes()
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            rows.append(f"{path},sha256={digest},{len(content)}")
            archive.writestr(path, content)
        record = next(row.partition(".dist-info/")[0] for row in rows if ".dist-info/" in row) + ".dist-info/RECORD"
        archive.writestr(record, "\n".join([*rows, f"{record},,", ""]))
    return wheel


def collect(
    own: Path, chosen: Target, folder: Path, environment: Mapping[str, str], *, source: Path | None = None
) -> tuple[Path, ...]:
    """Put the wheels that a wheel requires beside it, into a folder, and return all of them.

    They come from the folder `source`, or are downloaded; a downloaded wheel must have a hash of `requirements.lock`,
    if this is a checkout.
    """
    if source is None:
        refuse_offline(environment, "the wheels of a bundle", "name a folder that has them: --wheels DIR")
    versions, hashes = _constraints(), {} if source is not None else _hashes()
    wheels = {_name(own): own}
    wanted = list(requirements(own, frozenset(), chosen))
    asked: set[tuple[str, frozenset[str]]] = set()
    while wanted:
        lacking = sorted({name for name, _ in wanted} - wheels.keys())
        pinned = [f"{name}=={versions[name]}" if name in versions else name for name in lacking]
        if pinned:
            _download(pinned, chosen, folder, source)
        wheels |= {_name(path): path for path in folder.glob("*.whl")}
        for name in lacking:
            if name not in wheels:
                raise HostError(
                    f"pip did not download a wheel of {name}", "check that the package index has this wheel"
                )
            check_hash(wheels[name], hashes.get(name, frozenset()) if hashes else None)
        following, wanted = wanted, []
        for name, extras in following:
            if (name, extras) not in asked:
                asked.add((name, extras))
                wanted += requirements(wheels[name], extras, chosen)
    return tuple(sorted(wheels.values()))


def _download(pinned: Sequence[str], chosen: Target, folder: Path, source: Path | None) -> None:
    version = chosen.python.replace(".", "")
    tags = [word for tag in PLATFORMS[chosen.platform].tags for word in ("--platform", tag)]
    abis = [word for abi in (f"cp{version}", "abi3", "none") for word in ("--abi", abi)]
    where = [] if source is None else ["--no-index", "--find-links", str(source)]
    _pip(
        *("download", "-q", "--no-deps", "--only-binary", ":all:", "--disable-pip-version-check", "-d", str(folder)),
        *("--implementation", "cp", "--python-version", chosen.python, *abis, *tags, *where, *pinned),
    )


def _pip(*arguments: str) -> None:
    if importlib.util.find_spec("pip") is None:
        raise HostError(f"{sys.executable} has no pip, which downloads the wheels", _PIP)
    done = subprocess.run([sys.executable, "-m", "pip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stdout + done.stderr).splitlines()[-_LAST_LINES:]
        tail = "\n".join(f"  | {line}" for line in last)
        raise HostError(f"pip {arguments[0]} ended with {done.returncode}", f"read its last lines:\n{tail}")


def _name(wheel: Path) -> str:
    return _canonical(wheel.name.partition("-")[0])


def _canonical(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


def requirements(wheel: Path, extras: frozenset[str], chosen: Target) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the name and the extras of each distribution that a wheel requires there."""
    requirement: Any = importlib.import_module("pip._vendor.packaging.requirements").Requirement  # pip has no other
    with zipfile.ZipFile(wheel) as archive:
        path = next(name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        lines = message_from_string(archive.read(path).decode("utf-8")).get_all("Requires-Dist") or []
    for line in map(str, lines):
        its = requirement(line)
        variables = ({**chosen.variables(), "extra": extra} for extra in extras or {""})
        if its.marker is None or any(map(its.marker.evaluate, variables)):
            yield _canonical(its.name), frozenset(its.extras)


def _constraints() -> Mapping[str, str]:
    """Return the versions of `constraints.txt`, by name."""
    places = (_ROOT / "lab" / "_shipped" / "constraints.txt", _ROOT / "constraints.txt")
    if (path := next((place for place in places if place.is_file()), None)) is None:
        raise HostError("this installation of mqlab lacks constraints.txt", "install mqlab again")
    rows = (line.partition("==") for line in path.read_text("utf-8").splitlines() if "==" in line)
    return {_canonical(name): version.split()[0] for name, _, version in rows}


def _hashes() -> Mapping[str, frozenset[str]]:
    """Return the hashes of `requirements.lock`, by name; empty without a checkout."""
    path = _ROOT / "requirements.lock"
    text = path.read_text("utf-8") if path.is_file() else ""
    found: dict[str, frozenset[str]] = {}
    for name, rest in re.findall(r"^([^\s#=]+)==(.*\n(?:[ ].*\n)*)", text, re.MULTILINE):
        found[_canonical(name)] = frozenset(re.findall("--hash=sha256:([0-9a-f]{64})", rest))
    return found


def check_hash(wheel: Path, hashes: frozenset[str] | None) -> None:
    """Raise HostError if a wheel has none of the hashes that are known for it."""
    with wheel.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if hashes is not None and digest not in hashes:
        raise HostError(
            f"{wheel.name} has none of the hashes in requirements.lock",
            f"find out whether the package index or a proxy replaced the wheel\nfound SHA-256 {digest}",
        )
