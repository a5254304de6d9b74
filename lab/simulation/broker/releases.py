"""The lines of ActiveMQ's releases that the models of a broker stand for; others are not modelled."""

from __future__ import annotations

from lab.activemq.releases import numbers
from lab.base.dataclass import dataclass
from lab.errors import PlanError

LINES = ("5.17", "5.18", "5.19")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerRules:
    """The rules in which brokers of these lines differ; docs/engine-versions.md has further differences."""

    # AMQ-9698: a look at a topic lets an expired message expire for each durable subscriber that is away, also for one
    # that has acknowledged it, and again at each look while another one keeps it in the store.
    expires_acknowledged: bool
    # AMQ-9685: a queue whose name is a virtual topic's prefix and postfix alone cannot be made.
    refuses_nameless_topics: bool


def broker_rules(release: str) -> BrokerRules:
    """Return the rules of a release such as 5.18.3."""
    since = numbers(release) >= (5, 19, 1)
    return BrokerRules(expires_acknowledged=not since, refuses_nameless_topics=not since)


def why_not(release: str) -> tuple[str, str] | None:
    """Return the problem and remedy of a release without a model, such as 5.15.16; None if it has one."""
    if ".".join(release.split(".")[:2]) in LINES:
        return None
    return (
        f"the simulation has no model of ActiveMQ {release}",
        f"use a release of one of these lines: {', '.join(LINES)}",
    )


def check_release(release: str) -> None:
    """Raise PlanError if a release such as 5.15.16 is not modelled."""
    if (wrong := why_not(release)) is not None:
        raise PlanError(*wrong)
