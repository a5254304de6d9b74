"""AWS's quotas for a network of a shape: fixed quotas, and quotas that AWS raises on request."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from lab.amazonmq.quotas import BROKERS_PER_REGION, CONNECTORS_PER_CONFIGURATION
from lab.errors import InputError
from lab.network.quotas import MOST_PEERINGS_PER_VPC, PEERINGS_PER_VPC, VPCS_PER_REGION

Joins = Callable[[int], Sequence[tuple[int, int]]]  # (initiator, responder) of so many brokers

CONNECTORS_EACH = 2  # for queues, and for topics


def check_quotas(shape: str, joins: Joins, count: int) -> None:
    """Raise InputError, with the maximum number of brokers of a shape, if a fixed quota of AWS forbids it."""
    if not (why := _forbidden(joins, count)):
        return
    most = bisect_left(range(count), True, key=lambda fewer: bool(_forbidden(joins, fewer))) - 1
    raise InputError.of(f"a {shape} of {count} regions: {why}", f"name at most {most}, or choose another shape")


def quota_warnings(joins: Joins, aws_regions: Sequence[str]) -> Iterator[str]:
    """Yield the quotas that AWS must raise, in words."""
    asked = [*asked_of_vpc("a VPC", _peerings(joins, len(aws_regions)))]
    for code, count in Counter(aws_regions).items():
        asked += asked_of_region(code, count, count)
    yield from (f"{what}: {remedy}" for what, remedy in asked)


def asked_of_vpc(name: str, peerings: int) -> Iterator[tuple[str, str]]:
    """Yield, in words, the number of peerings of a VPC and AWS's default quota, if the number is larger."""
    if peerings > PEERINGS_PER_VPC:
        yield (
            f"{name} has {peerings} peerings",
            f"AWS takes {PEERINGS_PER_VPC} of a VPC, and up to {MOST_PEERINGS_PER_VPC} on request",
        )


def asked_of_region(code: str, vpcs: int, brokers: int) -> Iterator[tuple[str, str]]:
    """Yield, in words, each number in an AWS region that is larger than AWS's default quota."""
    if vpcs > VPCS_PER_REGION:
        yield f"{code} has {vpcs} VPCs", f"AWS takes {VPCS_PER_REGION} in a region, and more on request"
    if brokers > BROKERS_PER_REGION:
        yield f"{code} has {brokers} brokers", f"Amazon MQ takes {BROKERS_PER_REGION} in a region"


def _forbidden(joins: Joins, count: int) -> str:
    connectors = CONNECTORS_EACH * max(Counter(initiator for initiator, _ in joins(count)).values(), default=0)
    if connectors > CONNECTORS_PER_CONFIGURATION:
        most = CONNECTORS_PER_CONFIGURATION
        return f"a configuration would have {connectors} network connectors, and Amazon MQ takes {most}"
    if (most := _peerings(joins, count)) > MOST_PEERINGS_PER_VPC:
        return f"a VPC would have {most} peerings, and AWS takes {MOST_PEERINGS_PER_VPC}"
    return ""


def _peerings(joins: Joins, count: int) -> int:
    pairs = {frozenset(pair) for pair in joins(count)}
    return max(Counter(end for pair in pairs for end in pair).values(), default=0)
