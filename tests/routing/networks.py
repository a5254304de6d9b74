"""Random networks of brokers, as files that mqlab reads: a scenario, its topology, its configurations.

One generator makes the attributes that the forwarding rules know, alone and together; a network is named by its seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from xml.sax.saxutils import quoteattr

import yaml

from lab.activemq.protocols import OPENWIRE
from lab.amazonmq.names import host_name

MESSAGES = 5  # to each destination
SETTLING = "6s"  # for demand to spread, or to be seen not to; links have no delay here
FAMILIES = ("orders", "jobs")
VIRTUAL = "VirtualTopic."
More = Callable[[random.Random], Mapping[str, str]]
_ID = "b-0000000{number}-0000-4000-8000-000000000000"


def _none(_: random.Random) -> Mapping[str, str]:
    return {}


def write_network(folder: Path, seed: int) -> Path:
    """Write the files of a network of 3 to 6 brokers into a folder, and return its scenario's path."""
    chance = random.Random(seed)
    names = [f"broker{number}" for number in range(1, chance.randint(3, 6) + 1)]
    edges = list(edges_between(names, chance))
    write_brokers(folder, seed, names, edges, chance)
    scenario = folder / "scenario.yaml"
    scenario.write_text(yaml.safe_dump(_scenario(names, seed, chance), sort_keys=False))
    return scenario


def write_brokers(
    folder: Path, seed: int, names: list[str], edges: list[tuple[str, str]], chance: random.Random, more: More = _none
) -> None:
    """Write a topology, and a configuration of each of its brokers; `more` makes further attributes of connectors."""
    engine = chance.choice(("5.16", "5.17", "5.18", "5.18"))
    topology: dict[str, object] = {
        "topology": f"network-{seed}",
        "regions": {
            f"region{number}": {"aws-region": "eu-west-1", "vpc": f"10.{number}.0.0/16"}
            for number in range(1, len(names) + 1)
        },
        "brokers": {
            name: {
                "region": f"region{number}",
                "broker-id": _ID.format(number=number),
                "engine-version": engine,
                "memory": "224MiB",
                "configuration": f"{name}.xml",
                "users": {"bridge": {"password": "a-password-of-14"}},
            }
            for number, name in enumerate(names, 1)
        },
        "links": [
            {
                "between": [f"region{names.index(one) + 1}", f"region{names.index(other) + 1}"],
                "link": {"delay": "1ms"},
            }
            for one, other in edges
        ],
    }
    for name in names:
        (folder / f"{name}.xml").write_text(_configuration(name, names, edges, chance, more))
    (folder / "topology.yaml").write_text(yaml.safe_dump(topology, sort_keys=False))


def edges_between(names: list[str], chance: random.Random) -> Iterator[tuple[str, str]]:
    """Yield the pairs that are joined: a random tree, and sometimes another edge or two."""
    joined: list[tuple[str, str]] = []
    for number in range(1, len(names)):
        joined.append((names[number], names[chance.randrange(number)]))
    for _ in range(chance.choice((0, 0, 1, 2))):
        one, other = chance.sample(names, 2)
        if {one, other} not in [set(each) for each in joined]:
            joined.append((one, other))
    yield from joined


def _configuration(name: str, names: list[str], edges: list[tuple[str, str]], chance: random.Random, more: More) -> str:
    connectors = [
        connector for one, other in edges if one == name for connector in _connectors(one, other, names, chance, more)
    ]
    inside = "\n".join(connectors)
    replaying = (
        '<destinationPolicy><policyMap><policyEntries><policyEntry queue="&gt;"><networkBridgeFilterFactory>'
        '<conditionalNetworkBridgeFilterFactory replayWhenNoConsumers="true"/></networkBridgeFilterFactory>'
        "</policyEntry></policyEntries></policyMap></destinationPolicy>"
        if chance.random() < 0.1
        else ""
    )
    interceptors = _interceptors(chance) if chance.random() < 0.15 else ""
    silent = ' advisorySupport="false"' if chance.random() < 0.03 else ""
    networks = f"<networkConnectors>\n{inside}\n</networkConnectors>" if connectors else ""
    head = f'<broker xmlns="http://activemq.apache.org/schema/core"{silent}>'
    return f"{head}{interceptors}{replaying}\n{networks}\n</broker>\n"


def _interceptors(chance: random.Random) -> str:
    """Return a composite destination; virtual topics are as without it."""
    kind, family = chance.choice(("Queue", "Topic")), chance.choice(FAMILIES)
    keeps = ' forwardOnly="false"' if chance.random() < 0.5 else ""
    return (
        "<destinationInterceptors><virtualDestinationInterceptor><virtualDestinations>"
        f'<virtualTopic name="{VIRTUAL}&gt;"/><composite{kind} name="{family}.*.*"{keeps}><forwardTo>'
        f'<queue physicalName="kept.{family}"/></forwardTo></composite{kind}>'
        "</virtualDestinations></virtualDestinationInterceptor></destinationInterceptors>"
    )


def _connectors(one: str, other: str, names: list[str], chance: random.Random, more: More) -> Iterator[str]:
    """Yield one connector, or two that share the work: queues and topics, as AWS recommends, or the same twice."""
    host = host_name(_ID.format(number=names.index(other) + 1), "eu-west-1", 1)
    uri = f"static:({OPENWIRE.url(host)})"
    shape = chance.choice(("one", "one", "one", "two kinds", "twice"))
    for place in range(1 if shape == "one" else 2):
        lists = (
            _element("dynamicallyIncludedDestinations", (("queue", "topic")[place], ">"))
            if shape == "two kinds"
            else _lists(names, chance)
        )
        its = {**_attributes(chance), **more(chance)}
        attributes = {"name": f"{one}-{other}-{place}", "userName": "bridge", "uri": uri, **its}
        text = " ".join(f"{key}={quoteattr(value)}" for key, value in attributes.items())
        yield f"<networkConnector {text}>{lists}</networkConnector>"


def _attributes(chance: random.Random) -> dict[str, str]:
    found: dict[str, str] = {}
    if chance.random() < 0.75:
        found["duplex"] = "true"
    ttl = chance.choice(("none", "networkTTL", "networkTTL", "both", "messageTTL", "consumerTTL", "all"))
    for name in ("networkTTL", "messageTTL", "consumerTTL"):
        if ttl in (name, "all") or (ttl == "both" and name != "networkTTL"):
            found[name] = chance.choice(("1", "2", "2", "3", "-1"))
    for name, often in (
        ("conduitSubscriptions", 0.15),
        ("decreaseNetworkConsumerPriority", 0.3),
        ("suppressDuplicateQueueSubscriptions", 0.2),
        ("suppressDuplicateTopicSubscriptions", 0.15),
        ("conduitNetworkQueueSubscriptions", 0.1),
    ):
        if chance.random() < often:
            found[name] = (
                "true" if name.startswith(("decrease", "suppressDuplicateQueue", "conduitNetwork")) else "false"
            )
    if chance.random() < 0.06:
        found["staticBridge"] = "true"
    elif chance.random() < 0.08:
        found["destinationFilter"] = chance.choice(("Queue.>", "Topic.>", "Queue.orders.>", "Topic.jobs.>"))
    return found


def _lists(names: list[str], chance: random.Random) -> str:
    """Return up to two of a connector's lists, with names, `*` and `>`."""
    text = ""
    for name, often in (
        ("excludedDestinations", 0.15),
        ("dynamicallyIncludedDestinations", 0.2),
        ("staticallyIncludedDestinations", 0.15),
    ):
        if chance.random() < often:
            text += _element(name, *(_pattern(names, chance) for _ in range(chance.choice((1, 2)))))
    return text


def _pattern(names: list[str], chance: random.Random) -> tuple[str, str]:
    family, (one, other) = chance.choice(FAMILIES), chance.sample(names, 2)
    pattern = chance.choice(
        (f"{family}.>", f"{family}.>", f"*.{one}.>", f"*.*.{other}", f"{family}.{one}.{other}", ">")
    )
    return chance.choice(("queue", "topic")), pattern


def _element(name: str, *destinations: tuple[str, str]) -> str:
    inside = "".join(f"<{kind} physicalName={quoteattr(pattern)}/>" for kind, pattern in destinations)
    return f"<{name}>{inside}</{name}>"


def _scenario(names: list[str], seed: int, chance: random.Random) -> dict[str, object]:
    pairs = [(one, other) for one in names for other in names if one != other]
    destinations = [
        (one, other, kind, f"{_virtual(kind, chance)}{chance.choice(FAMILIES)}.{one}.{other}")
        for one, other in pairs
        for kind in ("queue", "topic")
    ]
    subscribe = [
        {"subscribe": {"client": f"at-{other}", "broker": other, "over": "stomp", kind: name}}
        for _, other, kind, name in destinations
    ]
    publish = [
        {"publish": {"broker": one, "over": "stomp", kind: name, "count": MESSAGES}}
        for one, _, kind, name in destinations
    ]
    return {
        "scenario": f"network {seed}",
        "about": "Each broker's messages to each other one, in a queue and a topic of their own.",
        "topology": "topology.yaml",
        "seed": seed,
        "steps": [*subscribe, {"wait": SETTLING}, *publish, {"wait": "4s"}],
    }


def _virtual(kind: str, chance: random.Random) -> str:
    return VIRTUAL if kind == "topic" and chance.random() < 0.15 else ""
