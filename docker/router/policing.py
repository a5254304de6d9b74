"""The policy in force, and its counts of dropped packets, by source, target, place and reason.

A change is one transaction of nftables. The old table's counters are read when the new one holds, so none is missed.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import control
from policy_rules import policy_text

from lab.link import fields
from lab.link.fields import ConfigError
from lab.link.policy import INTERNET, WHAT, Way, parse_address, parse_policy

MAX_REQUEST = 4 << 20
_TABLES = ("mqlab_policy_a", "mqlab_policy_b")  # used in turn
_MOST_TOLD = 1_000  # causes in one answer
_NUMBERS = {6: "tcp", 17: "udp", 1: "icmp"}
_Dropped = tuple[str, str, str, str]  # from, to, where (way, out or in), why


class Policy:
    """The policy in force, and its counts of dropped packets."""

    def __init__(self, regions: Sequence[str], links: Sequence[str], internet: str | None, management: int) -> None:
        self._where = (regions, links, internet, management)
        self._ways: tuple[Way, ...] = ()
        self._table: str | None = None  # the one in force
        self._dropped: dict[_Dropped, int] = {}  # the packets counted in earlier tables

    def beginning(self, ways: Sequence[Way] | None) -> str:
        """Return the rules for the router's start, which replace those of an earlier one; None lets everything pass."""
        forget = "".join(f"table inet {name}\ndelete table inet {name}\n" for name in _TABLES)
        if ways is None:
            return forget
        self._ways, self._table = tuple(ways), _TABLES[0]
        return forget + policy_text(ways, _TABLES[0], *self._where)

    def answer(self, line: bytes) -> dict[str, Any]:
        """Carry out one request and return the answer; a wrong request changes nothing."""
        try:
            request = fields.load_json(line)
            verb = request.get("do") if isinstance(request, dict) else None
            verb = fields.word(verb, "do", ["get", "set", "ended"])
            needed = {"get": set[str](), "set": {"policy"}, "ended": {"addresses"}}[verb]
            request = fields.table(request, "request", {"do"} | needed, set())
            if verb == "set":
                return {"ok": True, "stamp": self._set(parse_policy(request["policy"]))}
            if verb == "ended":
                return {"ok": True, "stamp": _ended(request["addresses"])}
            return {"ok": True, "stamp": control.stamp(), "policy": self._table is not None, "dropped": self._told()}
        except ConfigError as error:
            return {"ok": False, "error": str(error)}

    def _set(self, ways: tuple[Way, ...]) -> dict[str, Any]:
        """Replace the policy in force in one transaction, keep the old counts, and return the time of the change."""
        old, new = self._table, _TABLES[self._table == _TABLES[0]]
        text = policy_text(ways, new, *self._where)
        if old is not None:
            text += f"flush chain inet {old} forward\ndelete chain inet {old} forward\n"
        _nft(text)
        moment = control.stamp()
        before, self._ways, self._table = self._ways, ways, new
        if old is not None:
            for key, packets in _counted(old, before):
                self._dropped[key] = self._dropped.get(key, 0) + packets
            _nft(f"delete table inet {old}\n")
        return moment

    def _told(self) -> list[dict[str, Any]]:
        counts = dict(self._dropped)
        if self._table is not None:
            for key, packets in _counted(self._table, self._ways):
                counts[key] = counts.get(key, 0) + packets
        names = ("from", "to", "at", "cause")
        return [dict(zip(names, key, strict=True)) | {"packets": packets} for key, packets in folded(counts).items()]


def folded(counts: Mapping[_Dropped, int]) -> dict[_Dropped, int]:
    """Return the causes with the most packets, and the others summed by source, target and place.

    Every packet is counted. A client that tries every port of a broker makes thousands of causes.
    """
    ordered = sorted(counts.items(), key=lambda each: -each[1])
    told, others = dict(ordered[:_MOST_TOLD]), ordered[_MOST_TOLD:]
    how_many = Counter(key[:3] for key, _ in others)
    for (*ends, _), packets in others:
        source, target, at = ends
        number = how_many[source, target, at]
        key = (source, target, at, f"{number} other cause{'s' if number > 1 else ''}")
        told[key] = told.get(key, 0) + packets
    return told


def _ended(written: Any) -> dict[str, Any]:
    """Make the router refuse connections to brokers that do not run, as their hosts would; return the time."""
    addresses = [str(parse_address(each, "addresses")) for each in fields.items(written, "addresses")]
    members = f"add element inet mqlab ended {{ {', '.join(addresses)} }}\n" if addresses else ""
    _nft(f"flush set inet mqlab ended\n{members}")
    return control.stamp()


def _counted(table: str, ways: Sequence[Way]) -> Iterator[tuple[_Dropped, int]]:
    """Yield a table's drops: (from, to, `way`, `out` or `in`, reason) and the number of packets."""
    by_ends = {way.key: way for way in ways}
    listed = fields.load_json(_nft("", "-j", "list", "table", "inet", table))
    for each in listed.get("nftables", ()):
        found = each.get("set")
        if not found or not str(found["name"]).startswith("no_"):
            continue
        _, at, *_ = str(found["name"]).split("_")
        for member in found.get("elem", ()):
            element = member["elem"]
            source, target, *rest = element["val"]["concat"]
            way = by_ends.get((str(source), str(target))) or by_ends.get((INTERNET, str(target)))
            yield (*_told_ends(way, source, target), at, _why(way, at, rest)), int(element["counter"]["packets"])


def _told_ends(way: Way | None, source: Any, target: Any) -> tuple[str, str]:
    return (str(source), str(target)) if way is None else way.key


def _why(way: Way | None, at: str, rest: Sequence[Any]) -> str:
    if way is None:
        return "neither end is a broker's"
    if at == "way":
        return way.stop
    protocol, *port = rest
    what = " ".join(str(each) for each in (_NUMBERS.get(protocol, protocol), *port))
    return (way.no_out if at == "out" else way.no_in).replace(WHAT, what)


def _nft(text: str, *script: str) -> str:
    command = ["nft", *(script or ("-f", "-"))]
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    if done.returncode:
        raise ConfigError(f"nft: {done.stderr.strip() or f'exit code {done.returncode}'}")
    return done.stdout
