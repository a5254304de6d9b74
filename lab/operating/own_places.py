"""Addresses of this machine in a configuration, such as localhost:24472: in the lab they mean the broker behind them.

Amazon MQ has no such addresses. Clients copy them from descriptions of brokers, where a lab is described by them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from lab.activemq.protocols import OPENWIRE
from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.edits import Edit, apply
from lab.amazonmq.configurations.sanitising import Sanitised, sanitise
from lab.plan.values import Plan
from lab.runtime.status import Whereabouts

_LOCAL = ("localhost", "127.0.0.1")


def places(plan: Plan, where: Whereabouts) -> Mapping[str, str]:
    """Return AWS's name of the instance behind each HOST:PORT of this machine."""
    found: dict[str, str] = {}
    for broker in plan.brokers:
        for declared, its in zip(broker.instances, where.brokers.get(broker.name, ()), strict=False):
            hosts = dict.fromkeys((where.reached_at, *(_LOCAL if where.reached_at in _LOCAL else ())))
            found |= {f"{host}:{its.ports[OPENWIRE.name]}": declared.host_name for host in hosts}
            if its.own_address:
                found[f"{its.own_address}:{OPENWIRE.port}"] = declared.host_name
    return found


def with_names(text: Sanitised, names: Mapping[str, str], engine_version: str) -> tuple[Sanitised, Mapping[str, str]]:
    """Return a configuration with AWS's names in place of HOST:PORT of this machine, and those that it had."""
    if not names:
        return text, {}
    wanted = re.compile(rf"(?<=//)({'|'.join(map(re.escape, names))})(?![0-9])", re.IGNORECASE)
    source, used, edits = text.configuration.text, dict[str, str](), list[Edit]()
    for connector in text.configuration.connectors:
        attribute = connector.xml.attribute("uri")
        if attribute is None:
            continue
        for match in wanted.finditer(source, attribute.value_start, attribute.end):
            name = used[match[1].lower()] = names[match[1].lower()]
            edits.append(Edit(start=match.start(), end=match.end(), text=f"{name}:{OPENWIRE.port}"))
    if not used:
        return text, {}
    changed = apply(source, [*edits, *text.configuration.deletions])
    return sanitise(read(changed.encode(), text.configuration.source), engine_version), used
