"""Random networks whose consumers listen otherwise: by wildcards, to queues of virtual topics, or durably and away.

They are made of what `networks` makes others of. Each destination has one consumer, and a name of its own.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from lab.activemq.forwarding.durable import Absence
from tests.routing.networks import FAMILIES, MESSAGES, SETTLING, VIRTUAL, edges_between, write_brokers

FIRST = 101  # the seeds of such networks begin here


class Pair(NamedTuple):
    """A destination of one broker's messages, and what its consumer on another one listens to."""

    source: str
    target: str
    destination: str
    heard: str


class Listening(NamedTuple):
    """What consumers of a network listen to."""

    consumers: tuple[Pair, ...]  # there all the time
    durable: tuple[Pair, ...]  # topics whose durable subscriber is away when messages come
    absence: Absence


def listening(names: list[str], seed: int) -> Listening:
    """Return what the consumers of a network of these brokers listen to."""
    chance = random.Random(f"listening {seed}")
    pairs = [(one, other) for one in names for other in names if one != other]
    consumers = [each for pair in pairs for each in (_by_wildcard(*pair, chance), _of_virtual_topic(*pair, chance))]
    durable = [Pair(*pair, its := f"topic://{chance.choice(FAMILIES)}.kept.{'.'.join(pair)}", its) for pair in pairs]
    return Listening(tuple(consumers), tuple(durable), tuple(Absence)[seed % len(Absence)])


def write_listening(folder: Path, seed: int) -> Path:
    """Write the files of a network of 3 or 4 brokers into a folder, and return its scenario's path."""
    chance = random.Random(seed)
    names = [f"broker{number}" for number in range(1, chance.choice((3, 3, 4)) + 1)]
    edges = list(edges_between(names, chance))
    write_brokers(folder, seed, names, edges, chance, more=_durable_settings)
    steps = _steps(listening(names, seed), names, [f"region{a[6:]}-region{b[6:]}" for a, b in edges])
    scenario = folder / "scenario.yaml"
    text = {
        "scenario": f"network {seed}",
        "about": "Consumers listen by wildcards, to queues of virtual topics, and durably while they are away.",
        "topology": "topology.yaml",
        "seed": seed,
        "steps": steps,
    }
    scenario.write_text(yaml.safe_dump(json.loads(json.dumps(text)), sort_keys=False))  # without aliases
    return scenario


def _by_wildcard(one: str, other: str, chance: random.Random) -> Pair:
    kind, name = chance.choice(("queue", "topic")), f"{chance.choice(FAMILIES)}.{one}.{other}"
    pattern = chance.choice((f"*.{one}.{other}", f"{name}.>", f"*.{one}.{other}.>", f"{name}.*.>"))
    its = f"{name}.today" if pattern.endswith("*.>") else name
    return Pair(one, other, f"{kind}://{its}", f"{kind}://{pattern}")


def _of_virtual_topic(one: str, other: str, chance: random.Random) -> Pair:
    name = f"{VIRTUAL}{chance.choice(FAMILIES)}.{one}.{other}"
    return Pair(one, other, f"topic://{name}", f"queue://Consumer.c.{name}")


def _durable_settings(chance: random.Random) -> Mapping[str, str]:
    """Return what a connector is told about durable subscribers; its demand goes further than by itself."""
    found: dict[str, str] = {}
    if chance.random() < 0.4:
        found["dynamicOnly"] = "true"
    if chance.random() < 0.35:
        found["syncDurableSubs"] = "true"
    if chance.random() < 0.25:
        found["conduitSubscriptions"] = "false"
    return found


def _steps(its: Listening, names: list[str], links: list[str]) -> list[Any]:
    subscribe = [_subscribe(f"at-{each.target}", each) for each in its.consumers]
    keepers: dict[str, list[Any]] = {name: [] for name in names}
    for each in its.durable:
        client = f"keeper-{each.target}"
        keepers[each.target].append(_subscribe(client, each, durable="yes", **{"client-id": client}))
    closed = [{"reject": {"link": link}} for link in links]
    opened = [{"heal": {"link": link}} for link in links]
    arrive = _together(*keepers.values())
    leave = [{"disconnect": {"client": f"keeper-{name}"}} for name in names]
    again = _together(*([{"kill": {"broker": name}}, {"start": {"broker": name}}] for name in names))
    meanwhile: dict[Absence, list[Any]] = {
        Absence.LEFT: [arrive, {"wait": SETTLING}, *leave],
        Absence.REOPENED: [arrive, {"wait": SETTLING}, *leave, *closed, {"wait": "2s"}, *opened, {"wait": "15s"}],
        Absence.RESTARTED: [arrive, {"wait": SETTLING}, *leave, again, {"wait": "15s"}],
        Absence.UNSEEN: [*closed, {"wait": "2s"}, arrive, *leave, *opened, {"wait": "20s"}],
    }
    return [
        *subscribe,
        {"wait": SETTLING},
        *map(_publish, its.consumers),
        {"wait": "4s"},
        *meanwhile[its.absence],
        {"wait": SETTLING},
        *map(_publish, its.durable),
        {"wait": "4s"},
        *({"cut": {"link": link}} for link in links),  # so that what comes back hears what waited on its own broker
        arrive,
        {"wait": "4s"},
    ]


def _together(*all_: list[Any]) -> dict[str, Any]:
    """Return a step that does several lists of steps beside each other."""
    return {"together": [{"repeat": {"times": 1, "steps": steps}} for steps in all_]}


def _subscribe(client: str, pair: Pair, **more: str) -> dict[str, Any]:
    kind, _, name = pair.heard.partition("://")
    return {"subscribe": {"client": client, "broker": pair.target, "over": "stomp", kind: name, **more}}


def _publish(pair: Pair) -> dict[str, Any]:
    kind, _, name = pair.destination.partition("://")
    return {"publish": {"broker": pair.source, "over": "stomp", kind: name, "count": MESSAGES}}
