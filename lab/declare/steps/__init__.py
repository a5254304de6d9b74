"""The kinds of steps, each in a file named as its verb, and the list of them."""

from __future__ import annotations

from collections.abc import Mapping

from lab.declare.kinds import Kinds
from lab.declare.steps.base import Step

# In the order in which a person reads them, in the schema and in suggestions for an unknown verb.
STEPS: Mapping[str, type[Step]] = Kinds(
    __name__,
    {
        "subscribe": "Subscribe",
        "unsubscribe": "Unsubscribe",
        "disconnect": "Disconnect",
        "consume": "Consume",
        "browse": "Browse",
        "publish": "Publish",
        "request": "Request",
        "traffic": "Traffic",
        "end-traffic": "EndTraffic",
        "replay": "Replay",
        "wait": "Wait",
        "impair": "Impair",
        "cut": "Cut",
        "reject": "Reject",
        "heal": "Heal",
        "flap": "Flap",
        "together": "Together",
        "repeat": "Repeat",
        "stop": "Stop",
        "kill": "Kill",
        "start": "Start",
        "reboot": "Reboot",
        "pause": "Pause",
        "resume": "Resume",
        "connector": "ConnectorStep",
        "create-broker": "CreateBroker",
        "delete-broker": "DeleteBroker",
        "snapshot": "Snapshot",
        "create-peering": "CreatePeering",
        "accept-peering": "AcceptPeering",
        "reject-peering": "RejectPeering",
        "delete-peering": "DeletePeering",
        "create-route": "CreateRoute",
        "delete-route": "DeleteRoute",
        "authorize-ingress": "AuthorizeIngress",
        "revoke-ingress": "RevokeIngress",
        "try": "Try",
        "create-configuration": "CreateConfiguration",
        "update-configuration": "UpdateConfiguration",
        "update-broker": "UpdateBroker",
        "maintenance-window": "MaintenanceWindow",
        "move-clock": "MoveClock",
        "create-user": "CreateUser",
        "update-user": "UpdateUser",
        "delete-user": "DeleteUser",
        "connect": "Connect",
    },
)
