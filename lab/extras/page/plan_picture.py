"""A Plan → a picture of the lab before it opens: no part is up, and no round trip is measured."""

from __future__ import annotations

from collections.abc import Mapping

from lab.amazonmq.identity import DeploymentMode
from lab.judge.values import BrokerOutline, LinkReport, RegionOutline
from lab.plan.values import BrokerPlan, Plan
from lab.report.picture import Bridge, Picture, compose


def planned(plan: Plan, delays: Mapping[tuple[str, str], float] | None = None) -> Picture:
    """Return the picture of a plan, with the configured round trips.

    `delays` has other delays, in milliseconds, by the region that a direction leaves and the region that it reaches.
    """
    present = delays or {}
    return compose(
        [
            RegionOutline(
                name=region.name,
                aws_region=region.aws_region,
                city=region.city,
                brokers=tuple(_outline(broker) for broker in plan.brokers if broker.region == region.name),
            )
            for region in plan.regions
        ],
        tuple(
            Bridge(connector=each.connector, broker=each.initiator, remote=each.responder, duplex=each.duplex, up=())
            for each in plan.bridges
        ),
        links=[
            LinkReport(
                leaving=way.leaving,
                reaching=way.reaching,
                configured_delay=present.get((way.leaving, way.reaching), way.impairment.delay.total_seconds() * 1000),
                measured_p50=None,
                measured_p99=None,
                packets=0,
            )
            for link in plan.links
            for way in link.directions
        ],
    )


def _outline(broker: BrokerPlan) -> BrokerOutline:
    return BrokerOutline(
        name=broker.name,
        engine_version=broker.engine_version,
        activemq_version=broker.activemq_version,
        pair=broker.deployment_mode is DeploymentMode.ACTIVE_STANDBY_MULTI_AZ,
    )
