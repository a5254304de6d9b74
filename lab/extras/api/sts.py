"""The operation of STS that clients call at their start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.extras.api.call import Call
from lab.extras.api.handler import Handler
from lab.extras.api.served_account import ServedAccount

USER_ID = "AIDAMQLAB00000000000"


def get_caller_identity(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the only user of the account."""
    return {"UserId": USER_ID, "Account": call.account_id, "Arn": f"arn:aws:iam::{call.account_id}:user/mqlab"}


OPERATIONS: Mapping[str, Handler] = {"GetCallerIdentity": get_caller_identity}
