"""images: the images on this machine, with the missing ones built."""

from __future__ import annotations

import os

from rich.table import Table

from lab.cli import options
from lab.cli.options import ARCHIVE, JSON, QUIET, VERSION
from lab.runtimes import AllRuntimes


def images(
    activemq_version: VERSION = None, activemq_archive: ARCHIVE = None, quiet: QUIET = False, json: JSON = False
) -> None:
    """Build what is missing of the three images, and list them."""
    with AllRuntimes(os.environ) as its:
        listed = its.images(options.progress(quiet), version=activemq_version, archive=activemq_archive)
    if json:
        options.print_json([{"name": each.name, "size": each.size, "created": each.created} for each in listed])
        return
    table = Table("image", "size", "built", box=None, pad_edge=False)
    for each in listed:
        table.add_row(each.name, f"{each.size / 1e6:.0f} MB", each.created)
    options.out().print(table)
