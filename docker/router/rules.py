"""The router's nftables rules and `ip` commands, as text made from its file. Pure.

Everything is dropped unless a rule here lets it pass. Region to region leads only through a link's TUN device:

    eth(a) ─▶ forward ─▶ linkN (TUN) ─▶ the link's process ─▶ linkN ─▶ forward ─▶ eth(b)

so without that process there is no other way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import probe

from lab.link import fields
from lab.link.config import Config, Link, Network

TABLE = "mqlab"
ENDED = "ended"  # the set of addresses of brokers that do not run: their hosts would refuse connections
_PROBE_TABLE, _FIRST_LINK_TABLE = 100, 101
_PROBE_RULE, _LINK_RULE = "900", "1000"
_LAST_RESORT = "4278198272"  # the metric of a route that every other one precedes
# Answers to callers beyond the internet's network have a mark, and a route of their own after all others.
_CALLER_MARK, _CALLER_TABLE, _CALLER_RULE = "1", "99", "40000"
_OUR_RULES = (_PROBE_RULE, _LINK_RULE, _CALLER_RULE)


def device(index: int) -> str:
    """Return the name of a link's TUN device."""
    return f"link{index}"


def nft_text(config: Config, interfaces: Mapping[str, str]) -> str:
    """Return the rules for `nft -f -`; `interfaces` names each network's interface."""
    # nft 1.0.6 wants a newline between one `}` and the next.
    lines = [
        *(line for family in ("inet", "ip") for line in (f"table {family} {TABLE}", f"delete table {family} {TABLE}")),
        f"table inet {TABLE} {{",
        f"  set {ENDED} {{",
        "    type ipv4_addr;",
        "  }",
        *_chain("arriving", "filter", "prerouting", "raw", "accept", _arriving(config, interfaces)),
        *_chain("forward", "filter", "forward", "filter", "drop", _forward(config, interfaces)),
        *_chain("input", "filter", "input", "filter", "drop", _input(config)),
        *_chain("output", "filter", "output", "filter", "drop", _output(config, interfaces)),
        *_marking(config, interfaces),
        "}",
        f"table ip {TABLE} {{",
        *_chain("published", "nat", "prerouting", "dstnat", "accept", _published(config, interfaces)),
        *_chain("calling", "nat", "postrouting", "srcnat", "accept", _calling(config, interfaces)),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _chain(name: str, kind: str, hook: str, priority: str, policy: str, rules: Iterator[str]) -> Iterator[str]:
    yield f"  chain {name} {{"
    yield f"    type {kind} hook {hook} priority {priority}; policy {policy};"
    yield from (f"    {rule}" for rule in rules)
    yield "  }"


def _arriving(config: Config, interfaces: Mapping[str, str]) -> Iterator[str]:
    if config.links:
        # Packets between regions pass here twice, before and after the link. Connections are tracked before it alone:
        # tracking after it too would count packets twice. A link's process waits while the kernel applies these rules
        # to its packets, so their rule is the first here and in `_forward`.
        yield f"iifname {_links(config)} notrack accept"
    for network in config.networks:
        if network.internet and config.callers_anywhere and config.published:
            outside, ports = interfaces[network.name], _set(str(each.port) for each in config.published)
            forged = f"ip saddr {_set(str(region.subnet) for region in config.regions)}"
            yield f'iifname "{outside}" {forged} counter drop comment "forged source"'
            yield f'iifname "{outside}" ip daddr {network.interface.ip} tcp dport {ports} accept'
        yield f'iifname "{interfaces[network.name]}" ip saddr != {network.subnet} counter drop comment "forged source"'


def _marking(config: Config, interfaces: Mapping[str, str]) -> Iterator[str]:
    """Yield the chain that marks the packets of callers beyond the internet's network, and the answers to them."""
    if not config.callers_anywhere:
        return
    rules = [
        f'iifname "{interfaces[network.name]}" ip saddr != {network.subnet} ct mark set {_CALLER_MARK}'
        for network in config.networks
        if network.internet
    ]
    yield from _chain("callers", "filter", "prerouting", "mangle", "accept", iter([*rules, "meta mark set ct mark"]))


def _forward(config: Config, interfaces: Mapping[str, str]) -> Iterator[str]:
    if config.links:
        yield f"iifname {_links(config)} ip daddr @{ENDED} meta l4proto tcp reject with tcp reset"
    for index, source, target in _all_ways(config):
        leaving = f'iifname "{device(index)}" oifname "{interfaces[target.name]}"'
        yield f"{leaving} ip saddr {source.subnet} ip daddr {target.subnet} accept"
    if config.links:
        hosts = _set(str(network.host) for network in config.regions)
        yield f'oifname {_links(config)} ip daddr {hosts} counter drop comment "the host itself"'
        yield f'oifname {_links(config)} tcp dport {config.management_port} counter drop comment "management"'
    for index, source, target in _all_ways(config):
        entering = f'iifname "{interfaces[source.name]}" oifname "{device(index)}"'
        yield f"{entering} ip saddr {source.subnet} ip daddr {target.subnet} accept"
    for internet in (network for network in config.networks if network.internet):
        outside = interfaces[internet.name]
        yield f'iifname "{outside}" ip daddr @{ENDED} meta l4proto tcp reject with tcp reset'
        for each in config.published:
            inside = next(interfaces[network.name] for network in config.regions if each.address in network.subnet)
            port = f"ip daddr {each.address} tcp dport {each.to_port}"
            yield f'iifname "{outside}" oifname "{inside}" {port} ct status dnat accept'
        for region in config.regions:
            answers = "ct status dnat ct direction reply accept"
            yield f'iifname "{interfaces[region.name]}" oifname "{outside}" ct state established,related {answers}'


def _input(config: Config) -> Iterator[str]:
    yield 'iifname "lo" accept'
    for index in range(len(config.links)):
        inside = probe.network(index)
        yield f'iifname "{device(index)}" ip saddr {inside} ip daddr {inside} meta l4proto udp accept'


def _output(config: Config, interfaces: Mapping[str, str]) -> Iterator[str]:
    yield 'oifname "lo" accept'
    for index in range(len(config.links)):
        yield f'oifname "{device(index)}" ip daddr {probe.network(index)} meta l4proto udp notrack accept'
    for network in config.networks:
        yield f'oifname "{interfaces[network.name]}" ip daddr {network.subnet} accept'
        if network.internet and config.callers_anywhere:  # only refusals: no program here opens connections
            yield f'oifname "{interfaces[network.name]}" ct mark {_CALLER_MARK} accept'


def _published(config: Config, interfaces: Mapping[str, str]) -> Iterator[str]:
    for internet in (network for network in config.networks if network.internet):
        here = f'iifname "{interfaces[internet.name]}" ip daddr {internet.interface.ip}'
        for each in config.published:
            yield f"{here} tcp dport {each.port} dnat to {each.address}:{each.to_port}"


def _calling(config: Config, interfaces: Mapping[str, str]) -> Iterator[str]:
    """Yield the rules by which a broker sees the router as the one who calls through a published port.

    With the host's own address, Docker's rules for an engine without userland proxy would change the source of the
    frame again on the broker's bridge, and its answers would pass by the router.
    """
    for region in config.regions:
        if any(each.address in region.subnet for each in config.published):
            yield f'oifname "{interfaces[region.name]}" ct status dnat snat to {region.interface.ip}'


def address_commands(config: Config, interfaces: Mapping[str, str]) -> list[list[str]]:
    """Return the commands that remove the default route, add the gateways' addresses, and lead answers to callers."""
    callers = [
        command
        for network in config.networks
        if network.internet and config.callers_anywhere
        for command in (
            [
                "ip",
                "route",
                "replace",
                "default",
                "via",
                str(network.host),
                "dev",
                interfaces[network.name],
                "table",
                _CALLER_TABLE,
            ],
            ["ip", "rule", "add", "pref", _CALLER_RULE, "fwmark", _CALLER_MARK, "lookup", _CALLER_TABLE],
        )
    ]
    return [
        ["ip", "route", "flush", "exact", "default"],
        *(
            ["ip", "addr", "replace", f"{network.gateway}/{network.subnet.prefixlen}", "dev", interfaces[network.name]]
            for network in config.networks
            if not network.internet
        ),
        *callers,
    ]


def forget_commands(listed: str | bytes) -> list[list[str]]:
    """Return the commands that remove an earlier router's rules from this namespace, given `ip -json rule`."""
    ours = [str(rule["priority"]) for rule in fields.load_json(listed) if str(rule["priority"]) in _OUR_RULES]
    return [["ip", "rule", "del", "pref", priority] for priority in ours]


def link_commands(config: Config, interfaces: Mapping[str, str], index: int) -> list[list[str]]:
    """Return the commands that route one link's traffic, and its probes, into its TUN device."""
    tun, table, probes = device(index), str(_FIRST_LINK_TABLE + index), str(probe.network(index))
    # No IPv6 address on the device: the kernel would announce it through the link.
    commands = [
        ["ip", "link", "set", tun, "up", "mtu", "1500", "txqueuelen", "10000", "addrgenmode", "none"],
        ["ip", "route", "replace", "blackhole", "default", "table", table, "metric", _LAST_RESORT],
        ["ip", "route", "replace", "default", "dev", tun, "table", table],
    ]
    for source, target in _ways(config, config.links[index]):
        lead = ["iif", interfaces[source.name], "to", str(target.subnet), "lookup", table]
        commands.append(["ip", "rule", "add", "pref", _LINK_RULE, *lead])
    # Probes leave by the TUN device; those that come out of it are for this machine.
    commands.append(["ip", "route", "replace", probes, "dev", tun])
    for address in probe.addresses(index):
        commands.append(["ip", "route", "replace", "local", str(address), "dev", "lo", "table", str(_PROBE_TABLE)])
    lead = ["iif", tun, "to", probes, "lookup", str(_PROBE_TABLE)]
    commands.append(["ip", "rule", "add", "pref", _PROBE_RULE, *lead])
    return commands


def _ways(config: Config, link: Link) -> Sequence[tuple[Network, Network]]:
    first, second = (config.network(name) for name in link.between)
    return ((first, second), (second, first))


def _all_ways(config: Config) -> Iterator[tuple[int, Network, Network]]:
    return ((index, *way) for index, link in enumerate(config.links) for way in _ways(config, link))


def _links(config: Config) -> str:
    return _set(f'"{device(index)}"' for index in range(len(config.links)))


def _set(members: Iterator[str]) -> str:
    return "{ " + ", ".join(members) + " }"
