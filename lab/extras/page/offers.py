"""The buttons of each row of the page: the acts that a person can do to it in its present state. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from lab.amazonmq.account.broker_record import BrokerRecord
from lab.extras.page.acts import Offer
from lab.history import LinkSeen
from lab.link.impairment import LinkState
from lab.network.vpc import Rule, SecurityGroup
from lab.runtime.status import BridgeStatus, BrokerStatus, LinkStatus


def of_instance(broker: str, number: str, status: BrokerStatus, record: BrokerRecord | None) -> Iterator[Offer]:
    """Yield the buttons of a broker's instance; `number` is "" for a single instance."""
    named = {"broker": broker, **({"instance": number} if number else {})}
    labels: tuple[str, ...] = ()
    match status.container:
        case "running":
            labels = "stop", "kill"
        case "paused":
            labels = ("resume",)
        case "exited" | "created":
            labels = ("start",)
    for label in labels:
        yield Offer(label=label, object=status.name, fields={"act": label, **named})
    if status.container == "running" and record is not None and number in ("", "1"):
        yield Offer(label="reboot", object=broker, fields={"act": "reboot", "broker": broker})


def of_bridge(status: BridgeStatus) -> Iterator[Offer]:
    """Yield the buttons of a bridge, which are about its connector."""
    for do in ("stop", "start"):
        fields = {"act": "connector", "do": do, "broker": status.initiator, "name": status.connector}
        yield Offer(label=do, object=f"{status.connector} of {status.initiator}", fields=fields)


def of_direction(direction: LinkSeen, *, cut: bool) -> Offer:
    """Return the button that cuts one direction of a link, or else heals it."""
    label = "cut" if cut else "heal"
    fields = {"act": label, "link": direction.link, "leaving": direction.leaving}
    return Offer(label=label, object=f"{direction.leaving} → {direction.reaching}", fields=fields)


def of_link(link: LinkStatus) -> Iterator[Offer]:
    """Yield the buttons of a link's both directions."""
    open_ways = [state == LinkState.OPEN for state in link.states]
    for label, offered in (("cut", any(open_ways)), ("heal", not all(open_ways))):
        if offered:
            yield Offer(label=f"{label} both ways", object=link.name, fields={"act": label, "link": link.name})


def of_rule(group: SecurityGroup, rule: Rule) -> Offer:
    """Return the button that closes an inbound rule of a security group."""
    ports = {"port": rule.allowed.partition(" ")[2]} if " " in rule.allowed else {}
    fields = {"group": group.name, "source": rule.peer, "protocol": str(rule.protocol), **ports}
    return Offer(label="close", object=f"{rule} in {group.name}", fields={"act": "revoke", **fields})
