"""bundle: one archive that sets up mqlab on machines without network."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from lab.base import offline
from lab.cli import new_files, options
from lab.cli.options import JSON, QUIET, VERSIONS, argument, flag, option
from lab.errors import InputError, LabError
from lab.extras.bundles import install, saving
from lab.extras.bundles.platforms import PLATFORMS, PYTHONS, target
from lab.extras.bundles.wheels import collect, own_wheel
from lab.operating.runtimes import USUAL, runtime

_FILE = argument("FILE", "The file of the bundle, for example mqlab.zip.")


def save(
    file: Path = _FILE,
    platform: str | None = option(
        "--platform NAME", f"The target platform: {', '.join(PLATFORMS)} (default: this machine's platform)."
    ),
    python: str | None = option(
        "--python VERSION", f"The target Python version: {', '.join(PYTHONS)} (default: the version that runs mqlab)."
    ),
    wheels: Path | None = option("--wheels DIR", "A folder of wheels to use instead of downloads."),
    images: bool = flag("--images", "Add the images of real brokers, for emulations."),
    activemq_version: list[str] | None = VERSIONS,
    quiet: bool = QUIET,
    json: bool = JSON,
) -> None:
    """Write mqlab, its wheels, pages and scenarios to one file for machines without network.

    Example: mqlab bundle save mqlab.zip --platform windows-x86_64 --python 3.12
    """
    chosen, releases = target(platform, python), activemq_version or []
    if wheels is not None and not wheels.is_dir():
        raise InputError.of(f"--wheels: {wheels} is not a folder", "name the folder of wheels")
    new_files.check_new(file)
    for ending in (".sha256", ".part"):
        new_files.check_new(file.with_name(f"{file.name}{ending}"))
    if wheels is None:
        offline.refuse_offline(os.environ, "the wheels of a bundle", "name a folder that has them: --wheels DIR")
    told = options.progress(quiet)
    with tempfile.TemporaryDirectory(prefix="mqlab-bundle-") as scratch:
        folder = Path(scratch, "wheels")
        folder.mkdir()
        with told.stage("wheels"):
            found = collect(own_wheel(folder, os.environ), chosen, folder, os.environ, source=wheels)
        tar = Path(scratch, install.IMAGES) if images else None
        if tar is not None:
            with runtime(USUAL, os.environ) as its:
                its.save_images(told, tar, versions=releases, archive=None)
        with told.stage(f"write {file}"):
            digest = saving.save(file, chosen, found, tar, releases)
    size = file.stat().st_size
    shown = {"file": str(file), "sha256": digest, "size": size, "wheels": len(found)}
    lines = [
        f"{digest}  {file}",
        f"{len(found)} wheels for Python {chosen.python} on {chosen.platform}, {size / 1e6:.0f} MB in all",
        f"on the other machine: python {file.name} FOLDER",
    ]
    options.show(shown, lines, json)


def load(
    file: Path = _FILE,
    folder: Path = argument("FOLDER", "The new folder that the bundle is unpacked to."),
    sha256: str | None = option("--sha256 HEX", "The SHA-256 of the bundle (default: the content of FILE.sha256)."),
    quiet: bool = QUIET,
    json: bool = JSON,
) -> None:
    """Check a bundle, unpack it to a new folder, and load its images.

    If a file in the bundle has changed since it was saved, nothing is written.

    Example: mqlab bundle load mqlab.zip handout
    """
    if sha256 is None and not install.digest_beside(file) and file.is_file():
        raise InputError.of(f"{file}: its SHA-256 is not known", "write --sha256 HEX, or copy FILE.sha256 too")
    told = options.progress(quiet)
    try:
        with told.stage(f"check and unpack {file}"), install.opened(file, sha256) as bundle:
            bundle.check_machine(install.machine())
            bundle.unpack(folder)
    except install.Refused as refused:
        raise InputError.of(refused.problem, refused.remedy) from refused
    manifest, script = bundle.manifest, folder / "install.py"
    if row := manifest.members.get(install.IMAGES):
        with runtime(USUAL, os.environ) as its:
            tar = folder / install.IMAGES
            try:
                its.load_images(told, tar, versions=manifest.activemq, archive=None, digest=row.sha256)
            except LabError as error:
                error.add_remedy(
                    f"or use mqlab without images: the bundle is unpacked, and python {script} installs mqlab"
                )
                raise
    shown = {"folder": str(folder), "mqlab": manifest.mqlab, "files": sorted(manifest.members)}
    options.show(shown, [f"{len(manifest.members)} files in {folder}", f"to install mqlab: python {script}"], json)


bundle = {"save": save, "load": load}
