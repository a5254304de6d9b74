"""One call of an operation: the caller, the operation, the region."""

from __future__ import annotations

from lab.base.dataclass import dataclass

ACCOUNT_ID = "000000000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An operation of a service in a region, without its request."""

    service: str  # mq, ec2 or sts
    operation: str  # as the service's model names it: CreateBroker
    region: str
    request_id: str
    account_id: str = ACCOUNT_ID
