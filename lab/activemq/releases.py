"""The engine versions that Amazon MQ has offered, and the ActiveMQ release that the lab runs for each."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Every engine version offered so far, and the release that stands for it, None: the lab has none of its own.
# docker/broker/archives.toml has the releases' digests; a release that it lacks has a list of jars beside it.
ENGINES: Mapping[str, str | None] = {"5.15": None, "5.16": None, "5.17": "5.17.6", "5.18": "5.18.3", "5.19": "5.19.1"}
ENDED: Mapping[str, str] = {"5.15": "2024-09-16", "5.16": "2024-11-15", "5.17": "2025-06-16"}  # when the service did
DEFAULT, RECOMMENDED = "5.18", "5.19"  # for a broker that declares none; by the service
# The newest release known of an engine version: real brokers are of it where its archive can be fetched.
NEWEST: Mapping[str, str] = {"5.19": "5.19.10"}
RELEASES: Mapping[str, str] = {engine: found for engine, found in ENGINES.items() if found is not None}
OLDEST = (5, 17)  # the first release that the images are made for
MODULES: Mapping[str, str] = {  # what people call those of ActiveMQ's modules that may be of another release
    "activemq-stomp": "STOMP",
    "activemq-console": "the launcher",
    "activemq-web": "the web console",
    "activemq-web-console": "the web console",
}
_VERSION = re.compile(rf"({'|'.join(map(re.escape, ENGINES))})(\.\d{{1,2}})?")
_MIXED = re.compile(r"(?P<release>[\d.]+)-with-(?P<other>[\d.]+)-")


def release(engine_version: str, activemq_version: str | None = None) -> str | None:
    """Return the ActiveMQ release for an engine version, None if the lab has none; `activemq_version` overrides it."""
    if activemq_version is not None:
        return activemq_version
    named = engine_version if engine_version in (*RELEASES.values(), *NEWEST.values()) else None
    return RELEASES.get(engine_version, named)


def check_engine_version(engine_version: str, activemq_version: str | None = None) -> tuple[str, str] | None:
    """Return the problem with an engine version and its remedy, or None."""
    offered = f"Amazon MQ has offered: {', '.join(ENGINES)}"
    runs = {engine: " or ".join(filter(None, (NEWEST.get(engine), found))) for engine, found in RELEASES.items()}
    listed = f"the lab runs: {', '.join(f'{engine} (ActiveMQ {found})' for engine, found in runs.items())}"
    if not _VERSION.fullmatch(engine_version):
        return f"{engine_version!r} is not an engine version of Amazon MQ", f"{offered}\n{listed}"
    if activemq_version is not None and is_too_old(activemq_version):
        oldest = ".".join(map(str, OLDEST))
        return f"mqlab does not support ActiveMQ {activemq_version}", f"use ActiveMQ {oldest} or newer"
    if release(engine_version, activemq_version) is None:
        oldest = ".".join(map(str, OLDEST))
        own = f"another release, from {oldest} on, is run with --activemq-version, or from disk with --activemq-archive"
        why = f"Amazon MQ ended it on {day}\n" if (day := ended(engine_version)) else ""
        return f"the lab has no ActiveMQ {engine_version} of its own", f"{why}{listed}\n{own}"
    return None


def ended(engine_version: str) -> str | None:
    """Return the day on which the service ended an engine version such as 5.17 or 5.17.6; None if it has not.

    >>> ended("5.17"), ended("5.19")
    ('2025-06-16', None)
    """
    return ENDED.get(".".join(engine_version.split(".")[:2]))


def numbers(release: str) -> tuple[int, ...]:
    """Return the numbers of a release, which compare: (5, 18, 3)."""
    return tuple(int(part) for part in re.findall(r"\d+", release)[:3])


def is_too_old(release: str) -> bool:
    """Return whether a release such as 5.16.7 is too old for the broker's image."""
    return numbers(release)[:2] < OLDEST


def mixture(image: str) -> str:
    """Return the modules that a broker's image has of another release, in words; "" if all are of one release.

    The image's name has both releases.

    >>> mixture("mqlab/broker:5.19.1-with-5.18.3-amd64-0123456789ab")
    'STOMP, the launcher and the web console are of 5.18.3'
    """
    found = _MIXED.match(image.partition(":")[2])
    if found is None:
        return ""
    *some, last = dict.fromkeys(MODULES.values())
    return f"{', '.join(some)} and {last} are of {found['other']}"


def mixtures(images: Mapping[str, str]) -> Mapping[str, str]:
    """Return of the broker's images, release → name, those releases that are mixtures, with the words of `mixture`."""
    found = {release: mixture(image) for release, image in images.items()}
    return {release: words for release, words in found.items() if words}
