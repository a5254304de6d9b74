"""The ways that are open after a change of a Network, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from lab.network.reach import Ports, Way, ways
from lab.network.vpc import Network


def changed(before: Network, after: Network) -> dict[str, str]:
    """Return the open ports, in words, of every way that differs: "source to target" → words."""
    old = {(each.source, each.target): _words(each) for each in ways(before)}
    found = ((each, _words(each)) for each in ways(after))
    return {
        f"{each.source} to {each.target}": words
        for each, words in found
        if old.get((each.source, each.target)) != words
    }


def _words(way: Way) -> str:
    if way.stop is not None:
        return way.no_route
    inward, outward = _listed(way.inbound), _listed(way.outbound)
    if outward == "everything" or inward == "nothing":
        return f"{inward} is let in"
    return f"{outward} is let out, {inward} in"


def _listed(allowed: Sequence[Ports]) -> str:
    words = []
    for each in allowed:
        if each.protocol == "all":
            return "everything"
        ports = f" {each.first}" + (f"-{each.last}" if each.last != each.first else "")
        words.append(str(each.protocol) + ("" if each.protocol == "icmp" else ports))
    return ", ".join(words) or "nothing"
