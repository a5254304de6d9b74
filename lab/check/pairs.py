"""Checks of a broker's deployment mode, and of its addresses, storage and instances' names, which depend on it."""

from __future__ import annotations

from collections.abc import Iterator

from lab.amazonmq.identity import DeploymentMode
from lab.declare.origin import Keys, Origin
from lab.declare.topology import Broker, Topology
from lab.errors import Problem
from lab.network.addresses import check_address

LONGEST_NAME = 60  # of a pair: its instances are hosts called NAME-1 and NAME-2, and a host's name has 63 characters
_PAIR = DeploymentMode.ACTIVE_STANDBY_MULTI_AZ


def check_pair(topology: Topology, name: str, broker: Broker, origin: Origin) -> Iterator[Problem]:
    """Yield Problems with fields of the other deployment mode, and with names that two containers would share."""
    path: Keys = ("topology", "brokers", name)
    if broker.deployment_mode is DeploymentMode.SINGLE_INSTANCE:
        if broker.addresses is not None:
            yield Problem(
                what=f"{name} is a single instance and has one address",
                remedy=f"write address, or deployment-mode: {_PAIR}",
                place=origin.key(*path, "addresses"),
            )
        return
    if broker.address is not None:
        yield Problem(
            what=f"{name} has two instances, and each has an address of its own",
            remedy="write addresses: [10.1.0.10, 10.1.0.11], or none",
            place=origin.key(*path, "address"),
        )
    if broker.storage_type == "EBS":
        yield Problem(
            what=f"{name} is {_PAIR} and cannot have EBS storage: its two instances share one store",
            remedy="write EFS, or leave storage-type out; Amazon MQ takes EBS for a single instance only",
            place=origin.place(*path, "storage-type"),
        )
    if broker.region in topology.regions:
        vpc = topology.regions[broker.region].vpc
        for number, address in enumerate(broker.addresses or ()):
            if reason := check_address(address, vpc):
                place = origin.place(*path, "addresses", number)
                yield Problem(what=reason, remedy=f"write one such as {vpc[10]}, or none", place=place)
    if len(name) > LONGEST_NAME:
        yield Problem(
            what=f"the name of a pair has at most {LONGEST_NAME} characters",
            remedy="write a shorter name: mqlab appends -1 or -2 to it for the instances",
            place=origin.key(*path),
        )
    for number in _PAIR.instances:
        instance = _PAIR.instance_name(name, number)
        if instance in topology.brokers:
            yield Problem(
                what=f"the pair {name} has an instance that is also called {instance}",
                remedy="give the broker another name",
                place=origin.key("topology", "brokers", instance),
            )
