"""The common parts of EC2's handlers: members that are served, members that are required, ids and blocks."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from ipaddress import IPv4Network
from typing import Any

from lab.extras.api.call import Call
from lab.extras.api.ec2.default_vpc import open_region
from lab.extras.api.ec2.ec2_records import Ec2Records
from lab.extras.api.handler import Handler
from lab.extras.api.records import Records
from lab.extras.api.refused import ApiRefused
from lab.extras.api.served_account import ServedAccount
from lab.network.ids import DIGITS
from lab.network.vpc import Network
from lab.plan.control import Control

_PAGING = ("MaxResults", "NextToken")  # which the paging of all answers reads

Answer = dict[str, Any]
Request = Mapping[str, Any]


def takes(*members: str) -> Callable[[Handler], Handler]:
    """Return a decorator of a handler that reads these members; a request that asks for more is refused."""

    def serving(handler: Handler) -> Handler:
        @wraps(handler)
        def serve(account: ServedAccount, call: Call, request: Request) -> Mapping[str, Any]:
            for name, content in request.items():
                if name not in (*members, *_PAGING) and _asks(content):
                    raise ApiRefused(
                        "UnsupportedOperation",
                        f"The functionality you requested is not available: mqlab's {call.operation} has no {name}. "
                        f"Leave {name} out.",
                    )
            open_region(account, call.region)
            return handler(account, call, request)

        return serve

    return serving


def required(request: Request, name: str) -> Any:
    """Return a member of a request, or refuse the request without it."""
    content = request.get(name)
    if content is None or content in ("", [], {}):
        raise ApiRefused("MissingParameter", f"The request must contain the parameter {name}", attribute=name)
    return content


def new_id(prefix: str) -> str:
    """Return a new id."""
    return f"{prefix}-{secrets.token_hex(DIGITS)[:DIGITS]}"


def block(text: str, name: str) -> IPv4Network:
    """Return a block of addresses in its canonical form, as AWS keeps it."""
    try:
        if "/" not in text:
            raise ValueError(text)
        return IPv4Network(text, strict=False)
    except ValueError:
        raise ApiRefused(
            "InvalidParameterValue",
            f"Value ({text}) for parameter {name} is invalid. This is not a valid CIDR block.",
            attribute=name,
        ) from None


def change(account: ServedAccount, verb: Callable[[Network, Ec2Records], tuple[Network, Ec2Records]]) -> None:
    """Keep the outcome of a verb on the network and EC2's records."""

    def changed(control: Control, records: Records) -> tuple[Control, Records]:
        network, ec2 = verb(control.network, records.ec2)
        return replace(control, network=network), replace(records, ec2=ec2)

    account.change(changed)


def _asks(content: Any) -> bool:
    """Return whether a member asks for something: an absent or a false one does not."""
    return bool(content) and content != {"Value": False}
