"""The policy: the connections that are permitted between addresses, checked as a whole before it is in force.

A way is one direction between two addresses: whether packets arrive at all, and which connections may begin.
Established connections go on as long as packets arrive.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from typing import Any

from lab.link import fields
from lab.link.fields import ConfigError

INTERNET = "internet"
WHAT = "{what}"  # in a way's words, a placeholder for what was dropped, such as "tcp 61617"
_MOST_WAYS, _MOST_RANGES, _LONGEST = 20_000, 500, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """A protocol and a range of ports to which connections may begin; ignored for protocols without ports."""

    protocol: str  # tcp, udp, icmp or all
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One direction between two addresses: whether packets arrive, and which connections may begin."""

    source: IPv4Address | None  # None: the internet
    target: IPv4Address
    stop: str  # why no packet arrives; empty if packets do
    out: tuple[Ports, ...]  # what the source may send
    no_out: str  # why it may not send anything else
    into: tuple[Ports, ...]  # what the target accepts
    no_in: str  # why it accepts nothing else

    @property
    def key(self) -> tuple[str, str]:
        """Return source and target as text."""
        return (INTERNET if self.source is None else str(self.source), str(self.target))


def parse_policy(written: Any, place: str = "policy") -> tuple[Way, ...]:
    """Return the ways of a policy in JSON; raise ConfigError with the first mistake."""
    top = fields.table(written, place, {"ways"}, set())
    listed = fields.items(top["ways"], f"{place}.ways")
    if len(listed) > _MOST_WAYS:
        raise ConfigError(f"{place}.ways: at most {_MOST_WAYS} ways are allowed, found {len(listed)}")
    ways = tuple(_way(item, f"{place}.ways[{at}]") for at, item in enumerate(listed))
    fields.check_unique([each.key for each in ways], f"{place}.ways", "way")
    return ways


def _way(written: Any, place: str) -> Way:
    table = fields.table(written, place, {"from", "to"}, {"stop", "out", "no_out", "in", "no_in"})
    source = table["from"]
    return Way(
        source=None if source == INTERNET else parse_address(source, f"{place}.from"),
        target=parse_address(table["to"], f"{place}.to"),
        stop=_text(table.get("stop", ""), f"{place}.stop"),
        out=_allowed(table.get("out", []), f"{place}.out"),
        no_out=_text(table.get("no_out", ""), f"{place}.no_out"),
        into=_allowed(table.get("in", []), f"{place}.in"),
        no_in=_text(table.get("no_in", ""), f"{place}.no_in"),
    )


def _allowed(written: Any, place: str) -> tuple[Ports, ...]:
    listed = fields.items(written, place)
    if len(listed) > _MOST_RANGES:
        raise ConfigError(f"{place}: at most {_MOST_RANGES} ranges of ports are allowed, found {len(listed)}")
    return tuple(_ports(item, f"{place}[{at}]") for at, item in enumerate(listed))


def _ports(written: Any, place: str) -> Ports:
    parts = fields.items(written, place)
    if len(parts) != 3:
        raise ConfigError(f"{place}: expected [PROTOCOL, FIRST, LAST], found {len(parts)} parts")
    first = fields.integer(parts[1], place, 0, 65535)
    return Ports(
        protocol=fields.word(parts[0], place, ["tcp", "udp", "icmp", "all"]),
        first=first,
        last=fields.integer(parts[2], place, first, 65535),
    )


def parse_address(written: Any, place: str) -> IPv4Address:
    """Return a value that is an IPv4 address; raise ConfigError if it is not."""
    try:
        return IPv4Address(str(written))
    except AddressValueError:
        raise ConfigError(f"{place}: expected an IPv4 address, found {written!r}"[:200]) from None


def _text(written: Any, place: str) -> str:
    if not isinstance(written, str) or len(written) > _LONGEST:
        raise ConfigError(f"{place}: expected a text of at most {_LONGEST} characters")
    return written
