"""generate: the files of a network of a shape, to begin with."""

from __future__ import annotations

from pathlib import Path

from lab.base import units, wide_signs
from lab.base.suggestions import remedy
from lab.cli import options
from lab.cli.options import argument, folder_option, option
from lab.declare.shape_quotas import quota_warnings
from lab.declare.shapes import SHAPES
from lab.declare.shapes import generate as files_of
from lab.declare.topology import MEMORY
from lab.errors import HostError, InputError


def generate(
    shape: str = argument("|".join(SHAPES), "The shape of the network."),
    regions: str = option(
        "--regions A,B,…",
        "The codes of AWS regions, for example eu-west-1,us-east-1; each repetition adds a VPC and a broker.",
        ...,
    ),
    folder: Path | None = folder_option(
        "--folder FOLDER", "The folder to write to (default: a new folder with the name of the shape)."
    ),
    engine_version: str | None = option("--engine-version VERSION", "The engine version of every broker."),
) -> None:
    """Write the topology and the configurations of a network.

    If one of the files exists, no file is written.

    Example: mqlab generate mesh --regions eu-west-1,us-east-1
    """
    if shape not in SHAPES:
        raise InputError.of(f'no shape named "{shape}"', remedy(shape, SHAPES, "shapes"))
    target = folder or Path(shape)
    if signs := wide_signs.remedy(regions):
        raise InputError.of("--regions has characters that are not ASCII", signs)
    codes = [each.strip() for each in regions.split(",") if each.strip()]
    files = files_of(shape, codes, target.resolve().name, engine_version)
    there = [target / name for name in files if (target / name).exists() or (target / name).is_symlink()]
    if there:
        raise InputError.of(f"{there[0]} is there already", "name another folder with --folder")
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            with (target / name).open("x", encoding="utf-8") as stream:
                stream.write(text)
    except OSError as error:
        raise HostError(f"{target} cannot be written: {error.strerror}") from error
    topology = target / "topology.yaml"
    count = len(files) - 1
    configurations = f"{count} configuration{'s' if count != 1 else ''}"
    options.say(f"{topology} and {configurations}; mqlab routes {topology} shows who reaches whom")
    options.say(f"{units.several(len(codes), 'broker')}, {units.format_size(len(codes) * MEMORY)} of memory at most")
    options.warn_of_each(quota_warnings(SHAPES[shape].joins, codes))
