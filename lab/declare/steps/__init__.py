"""The kinds of steps, in a file for each family, and the list of them."""

from __future__ import annotations

from collections.abc import Mapping

from lab.declare.kinds import Kinds
from lab.declare.steps.base import Step

# In the order in which a person reads them, in the schema and in suggestions for an unknown verb.
STEPS: Mapping[str, type[Step]] = Kinds(
    __name__,
    {
        "subscribe": "clients.Subscribe", "unsubscribe": "clients.Unsubscribe", "disconnect": "clients.Disconnect",
        "consume": "messages.Consume", "browse": "messages.Browse", "publish": "messages.Publish",
        "request": "messages.Request", "traffic": "messages.Traffic", "end-traffic": "messages.EndTraffic",
        "replay": "replay.Replay", "wait": "flow.Wait", "impair": "links.Impair", "cut": "links.Cut",
        "reject": "links.Reject", "heal": "links.Heal", "flap": "links.Flap", "together": "flow.Together",
        "repeat": "flow.Repeat", "stop": "instances.Stop", "kill": "instances.Kill", "start": "instances.Start",
        "reboot": "service.Reboot", "pause": "instances.Pause", "resume": "instances.Resume",
        "connector": "instances.ConnectorStep", "create-broker": "service.CreateBroker",
        "delete-broker": "service.DeleteBroker", "snapshot": "flow.Snapshot",
        "create-peering": "network.CreatePeering", "accept-peering": "network.AcceptPeering",
        "reject-peering": "network.RejectPeering", "delete-peering": "network.DeletePeering",
        "create-route": "network.CreateRoute", "delete-route": "network.DeleteRoute",
        "authorize-ingress": "network.AuthorizeIngress", "revoke-ingress": "network.RevokeIngress",
        "try": "network.Try", "create-configuration": "service.CreateConfiguration",
        "update-configuration": "service.UpdateConfiguration", "update-broker": "service.UpdateBroker",
        "maintenance-window": "service.MaintenanceWindow", "move-clock": "service.MoveClock",
        "create-user": "service.CreateUser", "update-user": "service.UpdateUser", "delete-user": "service.DeleteUser",
        "connect": "clients.Connect",
    },
)  # fmt: skip
