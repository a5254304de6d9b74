"""Bundles: one archive that sets up mqlab on machines without network."""

from lab.base.extras import Command, Extra

EXTRA = Extra(
    commands={
        "bundle": Command(
            "files and tools",
            "Write one file that sets up mqlab on machines without network, or unpack such a file.",
            "command",
        )
    },
)
