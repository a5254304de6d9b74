"""A bundle is written: wheels, pages, scenarios and images in one zip file, with a manifest of their digests."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lab.base.shipped import shipped
from lab.base.text_files import write_text
from lab.base.version import __version__
from lab.errors import HostError
from lab.extras.bundles import install
from lab.extras.bundles.install import FORMAT, IMAGES, MANIFEST, WHEELS
from lab.extras.bundles.platforms import Target

_AT_ONCE = 2**20  # bytes
_SITE = "lab/_shipped/site/"
_FIRST = "from install import main\n\nraise SystemExit(main())\n"  # runs when Python gets the file itself


def save(file: Path, chosen: Target, wheels: Sequence[Path], images: Path | None, activemq: Sequence[str]) -> str:
    """Write a bundle and its SHA-256 beside it, whole or not at all; return the SHA-256."""
    part = file.with_name(f"{file.name}.part")
    try:
        with zipfile.ZipFile(part, "x", zipfile.ZIP_DEFLATED) as archive:
            rows = {path: _add(archive, path, source) for path, source in _members(wheels, images).items()}
            about = {"format": FORMAT, "mqlab": __version__, "platform": chosen.platform, "python": chosen.python}
            manifest = json.dumps({**about, "activemq": list(activemq), "members": rows}, indent=1) + "\n"
            install.read_manifest(manifest.encode(), str(file))
            archive.writestr(zipfile.ZipInfo(MANIFEST), manifest)
        digest = _sha256(part)
        part.replace(file)
    except install.Refused as refused:
        raise HostError(refused.problem, "rename the file, and save the bundle again") from refused
    except OSError as error:
        raise HostError(
            f"{error.filename or file} cannot be written: {error.strerror}", "make room, or name another disk"
        ) from error
    finally:
        part.unlink(missing_ok=True)
    write_text(file.with_name(f"{file.name}.sha256"), f"{digest}  {file.name}\n")
    return digest


def _members(wheels: Sequence[Path], images: Path | None) -> Mapping[str, Path | bytes]:
    """Return the files of a bundle by their paths in it."""
    members: dict[str, Path | bytes] = {f"{WHEELS}{wheel.name}": wheel for wheel in wheels}
    members |= {**dict(_site(wheels)), **dict(_pages("docs")), **dict(_pages("scenarios"))}
    members |= {"install.py": Path(install.__file__), "__main__.py": _FIRST.encode()}
    return members if images is None else {**members, IMAGES: images}


def _site(wheels: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the site in mqlab's wheel, if the wheel has a site, with their paths in a bundle."""
    for wheel in wheels:
        if wheel.name.startswith("mqlab-"):
            with zipfile.ZipFile(wheel) as archive:
                for name in archive.namelist():
                    if name.startswith(_SITE) and "/." not in name and not name.endswith("/"):
                        yield f"site/{name.removeprefix(_SITE)}", archive.read(name)


def _pages(name: str) -> Iterator[tuple[str, Path]]:
    """Yield the files of a shipped folder with their paths in a bundle; nothing if this installation lacks it."""
    try:
        folder = shipped(name)
    except HostError:
        return
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith(".") and "__pycache__" not in path.parts:
            yield f"{name}/{path.relative_to(folder).as_posix()}", path


def _add(archive: zipfile.ZipFile, path: str, source: Path | bytes) -> dict[str, int | str]:
    """Add a file, compressed unless its format is, and return its row of the manifest."""
    info = zipfile.ZipInfo(path)  # with a fixed time: the same files make the same bundle
    info.compress_type = zipfile.ZIP_STORED if path.startswith((WHEELS, IMAGES)) else zipfile.ZIP_DEFLATED
    if isinstance(source, bytes):
        archive.writestr(info, source)
        return {"size": len(source), "sha256": hashlib.sha256(source).hexdigest()}
    size, total = 0, hashlib.sha256()
    with source.open("rb") as content, archive.open(info, "w", force_zip64=path == IMAGES) as member:
        while octets := content.read(_AT_ONCE):
            size += len(octets)
            total.update(octets)
            member.write(octets)
    return {"size": size, "sha256": total.hexdigest()}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
