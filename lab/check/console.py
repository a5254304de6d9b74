"""What is wrong with claims about the console: names that nobody has, and topics that nobody uses."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, has_wildcard, hears
from lab.declare.expectations.network_page import NetworkPage
from lab.declare.expectations.topics_page import TopicsPage
from lab.declare.origin import Keys
from lab.declare.scenario import Scenario
from lab.declare.steps.message import Message
from lab.declare.steps.snapshot import END, START, Snapshot
from lab.declare.steps.subscribe import Subscribe
from lab.declare.suggestions import unknown
from lab.declare.unrolling import every_step
from lab.errors import Problem


def check_console(scenario: Scenario) -> Iterator[Problem]:
    """Return every Problem of the claims about the console."""
    brokers = scenario.topology.brokers
    for number, claim in enumerate(scenario.expect):
        path: Keys = ("expect", number, claim.claim)
        if isinstance(claim, NetworkPage):
            for field, name in (("broker", claim.broker), ("remote", claim.remote)):
                if name not in brokers:
                    place = scenario.origin.place(*path, field)
                    yield unknown("broker", name, brokers, "brokers in this topology", place)
            if claim.broker == claim.remote:
                place = scenario.origin.place(*path, "remote")
                yield Problem(what=f"{claim.broker} has no bridge to itself", remedy="name another one", place=place)
        elif isinstance(claim, TopicsPage):
            if claim.broker not in brokers:
                place = scenario.origin.place(*path, "broker")
                yield unknown("broker", claim.broker, brokers, "brokers in this topology", place)
            yield from _topic(scenario, path, claim)


def _topic(scenario: Scenario, path: Keys, claim: TopicsPage) -> Iterator[Problem]:
    steps = tuple(every_step(scenario.steps))
    wanted, place = f"topic://{claim.topic}", scenario.origin.place(*path, "topic")
    used = sorted({str(destination_of(step)) for step in steps if isinstance(step, Message | Subscribe)})
    if has_wildcard(wanted):
        yield Problem(what="a console lists topics by name", remedy="* and > are wildcards: write a name", place=place)
    elif not any(hears(each, wanted) for each in used):
        what = f"no step uses {wanted}, so the claim would hold of nothing"
        yield Problem(what=what, remedy=f"used: {', '.join(used) or 'nothing'}", place=place)
    snapshots = [START, *dict.fromkeys(step.name for step in steps if isinstance(step, Snapshot)), END]
    if claim.at not in snapshots:
        place = scenario.origin.place(*path, "at")
        yield unknown("snapshot", claim.at, snapshots, "snapshots of this scenario", place)
