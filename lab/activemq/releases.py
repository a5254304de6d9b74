"""The engine versions that Amazon MQ has offered, and the ActiveMQ release that the lab runs for each."""

from __future__ import annotations

import re
from collections.abc import Mapping

RELEASES: Mapping[str, str] = {"5.16": "5.16.7", "5.17": "5.17.6", "5.18": "5.18.3"}
OFFERED = ("5.15", "5.16", "5.17", "5.18", "5.19")  # by Amazon MQ, now or once
_VERSION = re.compile(r"5\.1[5-9](\.\d{1,2})?")


def release(engine_version: str, activemq_version: str | None = None) -> str | None:
    """Return the ActiveMQ release that stands for an engine version, or None; a version handed in stands for all."""
    if activemq_version is not None:
        return activemq_version
    named = engine_version if engine_version in RELEASES.values() else None
    return RELEASES.get(engine_version, named)


def check_engine_version(engine_version: str, activemq_version: str | None = None) -> tuple[str, str] | None:
    """Say what is wrong with an engine version, and what would be right, or None."""
    offered = f"Amazon MQ has offered: {', '.join(OFFERED)}"
    listed = f"the lab runs: {', '.join(f'{engine} (ActiveMQ {found})' for engine, found in RELEASES.items())}"
    if not _VERSION.fullmatch(engine_version):
        return f"{engine_version!r} is not an engine version of Amazon MQ", f"{offered}\n{listed}"
    if release(engine_version, activemq_version) is None:
        own = "another release is run with --activemq-version, or from disk with --activemq-archive"
        return f"the lab has no ActiveMQ {engine_version} of its own", f"{listed}\n{own}"
    return None
