"""Checks of the steps that ask Amazon MQ for a change, besides Amazon MQ's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lab.check.context import Context
from lab.check.instances import Brokers, Connectors
from lab.check.network_so_far import NetworkSoFar
from lab.check.steps import checks
from lab.check.steps.instances import check_broker
from lab.declare.steps.service import MoveClock, UpdateBroker
from lab.errors import InputError, Problem
from lab.network import security_groups
from lab.network.quotas import SECURITY_GROUPS_PER_INTERFACE


@checks.register(MoveClock)
def check_move_clock(context: Context, step: MoveClock) -> Iterator[Problem]:
    """Note that a maintenance window may reboot any broker at an unknown time, which starts its connectors."""
    context.recall(Connectors).uncertain.update(context.topology.brokers)
    yield from ()


@checks.register(UpdateBroker)
def check_update_broker(context: Context, step: UpdateBroker) -> Iterator[Problem]:
    """Yield the Problems of the reboot that is ordered at once, and of security groups of another VPC."""
    its = context.recall(Brokers).named.get(step.broker)
    if step.reboot is not None and its is not None and not its.missing:
        yield from check_broker(context, step.reboot)
    network, groups = context.recall(NetworkSoFar).network, step.security_groups or ()
    for interface in (
        network.of_broker(step.broker)[:1] if len(groups) <= SECURITY_GROUPS_PER_INTERFACE else ()
    ):  # more: the service says so
        try:
            security_groups.check_groups(network, interface.vpc, groups)
        except InputError as error:
            place = context.place("security-groups")
            yield from (replace(problem, place=place) for problem in error.problems)
