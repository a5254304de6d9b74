"""The engine versions that Amazon MQ has offered, and the ActiveMQ release that the lab runs for each."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Every engine version offered so far, and the release that stands for it, None: the lab has none of its own.
# docker/broker/archives.toml has the releases' digests.
ENGINES: Mapping[str, str | None] = {"5.15": None, "5.16": "5.16.7", "5.17": "5.17.6", "5.18": "5.18.3", "5.19": None}
DEFAULT = "5.18"  # for a broker that declares none
RELEASES: Mapping[str, str] = {engine: found for engine, found in ENGINES.items() if found is not None}
_VERSION = re.compile(rf"({'|'.join(map(re.escape, ENGINES))})(\.\d{{1,2}})?")


def release(engine_version: str, activemq_version: str | None = None) -> str | None:
    """Return the ActiveMQ release for an engine version, None if the lab has none; `activemq_version` overrides it."""
    if activemq_version is not None:
        return activemq_version
    named = engine_version if engine_version in RELEASES.values() else None
    return RELEASES.get(engine_version, named)


def check_engine_version(engine_version: str, activemq_version: str | None = None) -> tuple[str, str] | None:
    """Return what is wrong with an engine version, and what would be right, or None."""
    offered = f"Amazon MQ has offered: {', '.join(ENGINES)}"
    listed = f"the lab runs: {', '.join(f'{engine} (ActiveMQ {found})' for engine, found in RELEASES.items())}"
    if not _VERSION.fullmatch(engine_version):
        return f"{engine_version!r} is not an engine version of Amazon MQ", f"{offered}\n{listed}"
    if release(engine_version, activemq_version) is None:
        own = "another release is run with --activemq-version, or from disk with --activemq-archive"
        return f"the lab has no ActiveMQ {engine_version} of its own", f"{listed}\n{own}"
    return None
