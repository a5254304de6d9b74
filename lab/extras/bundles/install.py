"""Sets up mqlab from its bundle, on a machine with Python and no network: python BUNDLE.zip FOLDER.

In a bundle that is unpacked already: python install.py. A bundle has a copy of this file, which therefore imports the
standard library alone. A bundle is not trusted: each member is checked before anything is written.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import stat
import struct
import subprocess
import sys
import venv
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple

FORMAT = 1
MANIFEST, WHEELS, IMAGES = "manifest.json", "wheels/", "images.tar"
_LARGEST_MANIFEST = 2**22  # bytes
_MOST_MEMBERS = 5000
_MOST_BYTES = 8 * 2**30  # bytes of all members: images are the largest
_AT_ONCE = 2**20  # bytes
_INSTALLED = 6  # bytes on the disk for each byte of a wheel, at most
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+!-]{0,150}")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    struct.error,
)
_SYSTEMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}
_PROCESSORS = {"amd64": "x86_64", "aarch64": "arm64"}


class Refused(Exception):
    """mqlab cannot be set up from a bundle, or on this machine: the problem and the remedy."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem, self.remedy = problem, remedy


class Member(NamedTuple):
    """A file of a bundle."""

    size: int
    sha256: str


class Manifest(NamedTuple):
    """The contents of a bundle."""

    mqlab: str  # version
    platform: str
    python: str
    activemq: tuple[str, ...]  # the releases of the images
    members: Mapping[str, Member]


def machine() -> tuple[str, str]:
    """Return the platform and the Python of this machine, as bundles name them."""
    processor = platform.machine().lower()
    system = _SYSTEMS.get(sys.platform, sys.platform)
    return f"{system}-{_PROCESSORS.get(processor, processor)}", f"{sys.version_info[0]}.{sys.version_info[1]}"


def read_manifest(octets: bytes, bundle: str) -> Manifest:
    """Return the manifest of a bundle; raise Refused if it is not one, or if a name may lead out of a folder."""
    try:
        its = json.loads(octets)
        if its["format"] != FORMAT:
            raise Refused(
                f"{bundle}: the format is {its['format']!r}, not {FORMAT}", "save the bundle again with this mqlab"
            )
        members = {str(path): Member(int(row["size"]), str(row["sha256"])) for path, row in its["members"].items()}
        manifest = Manifest(
            str(its["mqlab"]), str(its["platform"]), str(its["python"]), tuple(map(str, its["activemq"])), members
        )
    except (ValueError, OverflowError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(bundle, f"{MANIFEST} cannot be read") from error
    if len(members) > _MOST_MEMBERS or sum(abs(row.size) for row in members.values()) > _MOST_BYTES:
        raise _damaged(bundle, "it has too many files or bytes")
    if len({path.lower() for path in members}) < len(members):
        raise _damaged(bundle, "two names differ only in upper and lower case")
    for path, row in members.items():
        parts = path.split("/")
        if len(parts) > 8 or not all(map(_is_plain, parts)) or path == MANIFEST:
            raise _damaged(bundle, f"the name {path!r} is not allowed")
        if row.size < 0 or not _DIGEST.fullmatch(row.sha256):
            raise _damaged(bundle, f"{path} has no size, or no SHA-256")
    return manifest


def _is_plain(part: str) -> bool:
    return bool(_PART.fullmatch(part)) and not part.endswith(".") and not _RESERVED.fullmatch(part)


def _damaged(bundle: str, problem: str) -> Refused:
    return Refused(f"{bundle}: {problem}", "copy the file again: it was cut short or changed")


class Bundle:
    """An opened bundle of which each member is checked: a zip file, or a folder that it was unpacked to."""

    def __init__(self, path: Path, archive: zipfile.ZipFile | None) -> None:
        self._path, self._zip, self._name = path, archive, str(path)
        if archive is not None:
            self._check_kinds(archive)
        with self._open(MANIFEST) as source:
            octets = source.read(_LARGEST_MANIFEST + 1)
        if len(octets) > _LARGEST_MANIFEST:
            raise _damaged(self._name, f"{MANIFEST} is too large")
        self.manifest = read_manifest(octets, self._name)
        self.octets = octets
        if archive is not None:
            self._check_names(archive)
        for path_inside in self.manifest.members:
            self.copy(path_inside, None)

    def _check_kinds(self, archive: zipfile.ZipFile) -> None:
        rows = archive.infolist()
        if len(rows) > _MOST_MEMBERS or len({row.filename for row in rows}) < len(rows):
            raise _damaged(self._name, "it has too many files, or two files with one name")
        for row in rows:
            kind, packed = stat.S_IFMT(row.external_attr >> 16), row.compress_type
            if kind not in (0, stat.S_IFREG) or packed not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise _damaged(self._name, f"{row.filename!r} is not a plain file")

    def _check_names(self, archive: zipfile.ZipFile) -> None:
        for row in archive.infolist():
            if row.filename != row.orig_filename or row.filename not in (*self.manifest.members, MANIFEST):
                raise _damaged(self._name, f"{row.filename!r} is not in its {MANIFEST}")

    @contextmanager
    def _open(self, member: str) -> Iterator[IO[bytes]]:
        try:
            if self._zip is not None:
                with self._zip.open(member) as source:
                    yield source
                return
            path = self._path.joinpath(*member.split("/"))
            if path.is_symlink() or not path.is_file():
                raise _damaged(self._name, f"{member} is not there, or is not a plain file")
            with path.open("rb") as source:
                yield source
        except KeyError as error:
            raise _damaged(self._name, f"{member} is not there") from error
        except _DAMAGE as error:
            raise _damaged(self._name, f"{member} cannot be read") from error

    def copy(self, member: str, target: BinaryIO | None) -> None:
        """Write a member to a file, or nowhere; raise Refused if it is not the file of the manifest."""
        wanted, total, left = self.manifest.members[member], hashlib.sha256(), self.manifest.members[member].size
        with self._open(member) as source:
            while octets := source.read(min(_AT_ONCE, left + 1)):
                left -= len(octets)
                total.update(octets)
                if left < 0:
                    break
                if target is not None:
                    target.write(octets)
        if left or total.hexdigest() != wanted.sha256:
            raise _damaged(self._name, f"{member} is not the file that was saved")

    def check_machine(self, this: tuple[str, str]) -> None:
        """Raise Refused if the wheels are for another platform or another Python."""
        wanted = (self.manifest.platform, self.manifest.python)
        if this != wanted:
            raise Refused(
                f"{self._name}: it is for Python {wanted[1]} on {wanted[0]}, and this is Python {this[1]} on {this[0]}",
                f"use a bundle that was saved by: mqlab bundle save FILE --platform {this[0]} --python {this[1]}",
            )

    def unpack(self, folder: Path) -> None:
        """Write all members to a new or empty folder, whole or not at all."""
        present = folder.exists()
        if present and (not folder.is_dir() or any(folder.iterdir())):
            raise Refused(f"{folder}: it exists and is not an empty folder", "name a new folder")
        needed = sum(row.size for row in self.manifest.members.values())
        check_space(folder, needed)
        try:
            for member in self.manifest.members:
                target = folder.joinpath(*member.split("/"))
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("xb") as file:
                    self.copy(member, file)
            (folder / MANIFEST).write_bytes(self.octets)
        except BaseException as error:
            if folder.is_dir():
                for child in folder.iterdir():
                    shutil.rmtree(child) if child.is_dir() else child.unlink()
                if not present:
                    folder.rmdir()
            if isinstance(error, OSError):
                raise _unwritable(folder, error) from error
            raise


def check_space(folder: Path, needed: int) -> None:
    """Raise Refused if the disk of a folder, which need not be there yet, has less space than needed."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.is_dir())
    if (free := shutil.disk_usage(there).free) < needed:
        raise Refused(
            f"{folder}: {needed / 1e6:.0f} MB are needed, and the disk has {free / 1e6:.0f} MB", "name another disk"
        )


def _unwritable(folder: Path, error: OSError) -> Refused:
    return Refused(
        f"{error.filename or folder}: cannot be written: {error.strerror}", "make room, or name another disk"
    )


@contextmanager
def opened(path: Path, sha256: str | None = None) -> Iterator[Bundle]:
    """Open a bundle; raise Refused unless each member is as saved, and the whole has the SHA-256, if that is known."""
    if path.is_dir():
        if sha256 is not None:
            raise Refused(f"{path}: a folder has no SHA-256", "name the file of the bundle, or leave --sha256 out")
        yield Bundle(path, None)
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise Refused(f"{path}: cannot be read: {error.strerror}", "name the file of a bundle") from error
    with file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise Refused(f"{path}: it is not a file", "name the file of a bundle")
        _check_digest(path, file, sha256)
        try:
            archive = zipfile.ZipFile(file)
        except (*_DAMAGE, OSError) as error:
            raise _damaged(str(path), "it is not a whole bundle") from error
        with archive:
            yield Bundle(path, archive)


def digest_beside(path: Path) -> str | None:
    """Return the SHA-256 in the file beside a bundle; None if there is none."""
    try:
        with path.with_name(f"{path.name}.sha256").open("rb") as file:
            words = file.read(200).decode("ascii", "replace").split()
    except OSError:
        return None
    return words[0].lower() if words else ""


def _check_digest(path: Path, file: IO[bytes], sha256: str | None) -> None:
    wanted, total = digest_beside(path) if sha256 is None else sha256, hashlib.sha256()
    if wanted is None:
        return
    while octets := file.read(_AT_ONCE):
        total.update(octets)
    if total.hexdigest() != wanted.lower():
        raise Refused(
            f"{path}: it is not the file that was saved",
            f"copy the file again\nexpected SHA-256 {wanted}\nfound            {total.hexdigest()}",
        )


def install(bundle: Bundle, folder: Path) -> Path:
    """Make a virtual environment from the wheels in a bundle's folder, and return the path of mqlab in it."""
    wheels = [path for path in bundle.manifest.members if path.startswith(WHEELS)]
    environment = folder / "venv"
    if environment.exists():
        raise Refused(f"{environment}: it exists already", "remove it, or name a new folder")
    if importlib.util.find_spec("ensurepip") is None:
        raise Refused(
            f"{sys.executable}: this Python has no ensurepip",
            "install it: on Debian and Ubuntu apt-get install python3-venv",
        )
    check_space(folder, _INSTALLED * sum(bundle.manifest.members[path].size for path in wheels))
    scripts = environment / ("Scripts" if os.name == "nt" else "bin")
    suffix = ".exe" if os.name == "nt" else ""
    mqlab = scripts / f"mqlab{suffix}"
    try:
        venv.create(environment, with_pip=True)
        pip = (str(scripts / f"python{suffix}"), "-I", "-m", "pip", "--isolated", "--disable-pip-version-check")
        options = ("install", "-q", "--no-index", "--no-deps", "--no-cache-dir", "--no-compile")
        _run(*pip, *options, *(str(folder.joinpath(*path.split("/"))) for path in wheels))
        _run(str(mqlab), "--version")
    except BaseException as error:
        shutil.rmtree(environment, ignore_errors=True)
        if isinstance(error, OSError):
            raise _unwritable(folder, error) from error
        if isinstance(error, subprocess.CalledProcessError):
            said = b"".join(filter(None, (error.output, error.stderr))).decode(errors="replace")
            last = "\n".join(said.splitlines()[-10:])
            raise Refused(f"{folder}: mqlab cannot be installed", f"read the last lines of pip:\n{last}") from error
        raise
    return mqlab


def _run(*command: str) -> None:
    variables = {name: text for name, text in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
    subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=variables)


def main(arguments: Sequence[str] | None = None) -> int:
    """Set up mqlab, and return the exit code."""
    source = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="Set up mqlab from its bundle, without network.")
    parser.add_argument("folder", nargs="?", help="the new folder (default: mqlab, or the folder of install.py)")
    parser.add_argument("--sha256", metavar="HEX", help="the SHA-256 of the bundle")
    its: Any = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors="replace")
    try:
        with opened(source, its.sha256) as bundle:
            bundle.check_machine(machine())
            folder = Path(its.folder or (source if source.is_dir() else "mqlab")).absolute()
            if folder != source:
                bundle.unpack(folder)
            mqlab = install(bundle, folder)
    except Refused as refused:
        sys.stderr.write("\n  ".join((f"mqlab: {refused.problem}", *refused.remedy.splitlines())) + "\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"mqlab: {error}\n")
        return 3
    sys.stdout.write(f"mqlab {bundle.manifest.mqlab} is installed; run:\n")
    sys.stdout.write(f'  "{mqlab}" run tokyo-singapore --runtime simulation\n')
    return 0


if __name__ == "__main__":
    sys.exit(main())
