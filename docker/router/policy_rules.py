"""A policy as an nftables table beside the router's own, as text; `policing` puts it in force. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lab.link.policy import Ports, Way


def policy_text(
    ways: Sequence[Way], table: str, regions: Sequence[str], links: Sequence[str], internet: str | None, management: int
) -> str:
    """Return the table for `nft -f -`; `regions`, `links` and `internet` are interfaces."""
    between = [way for way in ways if way.source is not None]
    calling = [way for way in ways if way.source is None]
    lines = [f"table inet {table}", f"delete table inet {table}", f"table inet {table} {{"]
    for name, key in (
        ("no_way", "ipv4_addr . ipv4_addr"),
        ("no_out", "ipv4_addr . ipv4_addr . inet_proto . inet_service"),
        ("no_in", "ipv4_addr . ipv4_addr . inet_proto . inet_service"),
        ("no_out_portless", "ipv4_addr . ipv4_addr . inet_proto"),
        ("no_in_portless", "ipv4_addr . ipv4_addr . inet_proto"),
    ):
        lines += [f"  set {name} {{", f"    type {key}; size 65536; flags dynamic;", "  }"]
    for at, way in enumerate(ways):
        lines += _chains(way, at)
    numbers = {way.key: at for at, way in enumerate(ways)}
    lines += _map("ways", "ipv4_addr . ipv4_addr", ((f"{w.source} . {w.target}", numbers[w.key]) for w in between))
    lines += _map("callers", "ipv4_addr", ((str(way.target), numbers[way.key]) for way in calling))
    lines += ["  chain forward {", "    type filter hook forward priority filter - 10; policy accept;"]
    if links:
        lines.append(f"    iifname {_names(links)} accept")  # decided when it entered the link
    if links and regions:
        crossing = f"iifname {_names(regions)} oifname {_names(links)}"
        lines += [f"    {crossing} ip saddr . ip daddr vmap @ways", f"    {crossing} {_NO_WAY}", f"    {crossing} drop"]
    if internet is not None:
        lines += [
            f'    iifname "{internet}" tcp dport {management} accept',
            f'    iifname "{internet}" ip daddr vmap @callers',
            f'    iifname "{internet}" drop',
        ]
    lines += ["  }", "}"]
    return "\n".join(lines) + "\n"


def _chains(way: Way, at: int) -> Iterator[str]:
    yield f"  chain way{at} {{"
    if way.stop:
        yield from (f"    {_NO_WAY}", "    drop", "  }")
        return
    yield "    ct state established,related accept"
    if not _all(way.out):
        yield from (f"    {rule}" for rule in _only(way.out, "out"))
    if _all(way.into):
        yield from ("    accept", "  }")
        return
    yield from (f"    {match} accept" for match in _matches(way.into))
    yield from (f"    {rule}" for rule in (*_counting("in"), "drop"))
    yield "  }"


def _only(allowed: Sequence[Ports], name: str) -> Iterator[str]:
    """Yield rules that drop and count forbidden packets, and pass all others on."""
    tcp, udp = (_ranges(allowed, protocol) for protocol in ("tcp", "udp"))
    icmp = any(each.protocol == "icmp" for each in allowed)
    for protocol, ranges in (("tcp", tcp), ("udp", udp)):
        match = f"{protocol} dport != {ranges}" if ranges else f"meta l4proto {protocol}"
        yield f"{match} update @no_{name} {{ {_FULL} counter }}"
        yield f"{match} drop"
    others = "meta l4proto != { tcp, udp, icmp }" if icmp else "meta l4proto != { tcp, udp }"
    yield f"{others} update @no_{name}_portless {{ {_PORTLESS} counter }}"
    yield f"{others} drop"


def _matches(allowed: Sequence[Ports]) -> Iterator[str]:
    for protocol in ("tcp", "udp"):
        if ranges := _ranges(allowed, protocol):
            yield f"{protocol} dport {ranges}"
    if any(each.protocol == "icmp" for each in allowed):
        yield "meta l4proto icmp"


def _counting(name: str) -> Iterator[str]:
    yield f"meta l4proto {{ tcp, udp }} update @no_{name} {{ {_FULL} counter }}"
    yield f"meta l4proto != {{ tcp, udp }} update @no_{name}_portless {{ {_PORTLESS} counter }}"


def _ranges(allowed: Sequence[Ports], protocol: str) -> str:
    """Return a protocol's ports as an nftables set; overlaps, which it refuses, are joined."""
    joined: list[list[int]] = []
    for first, last in sorted((each.first, each.last) for each in allowed if each.protocol == protocol):
        if joined and first <= joined[-1][1] + 1:
            joined[-1][1] = max(joined[-1][1], last)
        else:
            joined.append([first, last])
    listed = ", ".join(f"{first}-{last}" if first != last else str(first) for first, last in joined)
    return f"{{ {listed} }}" if joined else ""


def _all(allowed: Sequence[Ports]) -> bool:
    return any(each.protocol == "all" for each in allowed)


def _map(name: str, key: str, members: Iterable[tuple[str, int]]) -> Iterator[str]:
    listed = ", ".join(f"{ends} : goto way{at}" for ends, at in members)
    yield f"  map {name} {{"
    yield f"    type {key} : verdict;" + (f" elements = {{ {listed} }}" if listed else "")
    yield "  }"


def _names(interfaces: Sequence[str]) -> str:
    return "{ " + ", ".join(f'"{each}"' for each in interfaces) + " }"


_NO_WAY = "update @no_way { ip saddr . ip daddr counter }"
_FULL = "ip saddr . ip daddr . meta l4proto . th dport"
_PORTLESS = "ip saddr . ip daddr . meta l4proto"
