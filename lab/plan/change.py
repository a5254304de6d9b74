"""The Plan after another configuration or other users have been applied to a broker.

Bridges follow the applied configuration: code that watches or judges them reads the current Plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lab.amazonmq.configurations.sanitising import Sanitised
from lab.amazonmq.files.activemq_xml import render
from lab.amazonmq.identity import UserIdentity
from lab.plan.planning import bridges_of
from lab.plan.values import Plan


def applied(
    plan: Plan, broker: str, text: Sanitised, users: Sequence[UserIdentity], *, led: Sanitised | None = None
) -> Plan:
    """Return the Plan with a sanitised configuration and users applied to a broker; nothing else changes.

    The broker starts from `led`, which is the same text with names of the lab; None for the text itself.
    """
    led = led or text
    before = plan.broker(broker)
    new_identity = replace(before.identity, users=tuple(users))
    after = replace(
        before,
        users=tuple(user.name for user in new_identity.users),
        console_users=tuple(user.name for user in new_identity.users if user.console_access),
        identity=new_identity,
        configuration_file=text.configuration.file,
        configuration=text.configuration.text,
        saved=text.text,
        removals=text.removals,
        activemq_xml=render(led, new_identity),
    )
    its = tuple(bridges_of(broker, led.configuration.connectors, hosts(plan)))
    others = tuple(bridge for bridge in plan.bridges if bridge.initiator != broker)
    return replace(
        plan, brokers=tuple(after if each.name == broker else each for each in plan.brokers), bridges=(*others, *its)
    )


def hosts(plan: Plan) -> dict[str, tuple[str, int]]:
    """Return (broker, instance number) for each host name of the lab, in lower case."""
    return {its.host_name.lower(): (broker.name, its.number) for broker in plan.brokers for its in broker.instances}


def leading_nowhere(plan: Plan, text: Sanitised) -> tuple[str, ...]:
    """Return the addresses of a configuration's connectors that no broker of the lab has."""
    known = hosts(plan)
    remotes = (remote for connector in text.configuration.connectors for remote in connector.remotes)
    return tuple(remote.text for remote in remotes if remote.host not in known)
