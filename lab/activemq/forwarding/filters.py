"""Which destinations a pattern covers, as ActiveMQ's `DestinationFilter` decides it.

A pattern may be tested against another pattern: a consumer of a.> is a destination too. That is not symmetric, and
`lab.activemq.destinations.hears`, which asks whether two patterns have a destination in common, is another question.
"""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=16_384)  # asked again and again for the same few while demand spreads in a large network
def covers(pattern: str, destination: str) -> bool:
    """Return whether a pattern such as queue://a.> covers a destination such as queue://a.b, or one with wildcards.

    A composite pattern (queue://a,b) covers what one of its parts covers.
    """
    kind, _, names = pattern.partition("://")
    other, _, name = destination.partition("://")
    return kind == other and any(_covers(_levels(each), _levels(name)) for each in names.split(","))


def contains(pattern: str, other: str) -> bool:
    """Return whether a pattern covers every destination that another one covers; `covers` may say more of wildcards.

    >>> contains("queue://a.*", "queue://a.>"), contains("queue://a.>", "queue://a.*")
    (False, True)
    """
    kind, _, names = pattern.partition("://")
    its, _, others = other.partition("://")
    return kind == its and all(
        any(_contains(_levels(mine), _levels(one)) for mine in names.split(",")) for one in others.split(",")
    )


def example(pattern: str) -> str:
    """Return a destination that a pattern covers, of a name that no list is likely to have."""
    return pattern.replace("*", "any").replace(">", "any.of.them")


@lru_cache(maxsize=16_384)
def parts(destination: str) -> tuple[str, ...]:
    """Return the parts of a composite destination (queue://a,topic://b), or else the destination itself."""
    kind, _, names = destination.partition("://")
    return tuple(each if "://" in each else f"{kind}://{each}" for each in names.split(","))


def _levels(name: str) -> list[str]:
    return name.strip().split(".")


def _contains(pattern: list[str], other: list[str]) -> bool:
    fixed, its = [each for each in pattern if each != ">"], [each for each in other if each != ">"]
    if len(its) < len(fixed) or (pattern[-1] != ">" and (other[-1] == ">" or len(its) > len(fixed))):
        return False
    return all(mine in ("*", one) for mine, one in zip(fixed, its, strict=False))


def _covers(pattern: list[str], levels: list[str]) -> bool:
    if pattern[-1] == ">":  # PrefixDestinationFilter
        while pattern[-2:] == [">", ">"]:
            pattern = pattern[:-1]
        prefix = pattern[:-1]
        if len(levels) < len(prefix):
            return False
        return all("*" in (mine, its) or mine == its for mine, its in zip(prefix, levels, strict=False))
    if "*" in pattern:  # WildcardDestinationFilter
        return len(pattern) == len(levels) and all(
            mine in ("*", its) for mine, its in zip(pattern, levels, strict=True)
        )
    return pattern == levels  # SimpleDestinationFilter
