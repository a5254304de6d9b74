"""The kinds of steps, each in a file named as its verb, and the list of them."""

from __future__ import annotations

from lab.declare.steps.accept_peering import AcceptPeering
from lab.declare.steps.authorize_ingress import AuthorizeIngress
from lab.declare.steps.base import Step
from lab.declare.steps.browse import Browse
from lab.declare.steps.connect import Connect
from lab.declare.steps.connector import ConnectorStep
from lab.declare.steps.consume import Consume
from lab.declare.steps.create_broker import CreateBroker
from lab.declare.steps.create_configuration import CreateConfiguration
from lab.declare.steps.create_peering import CreatePeering
from lab.declare.steps.create_route import CreateRoute
from lab.declare.steps.create_user import CreateUser
from lab.declare.steps.cut import Cut
from lab.declare.steps.delete_broker import DeleteBroker
from lab.declare.steps.delete_peering import DeletePeering
from lab.declare.steps.delete_route import DeleteRoute
from lab.declare.steps.delete_user import DeleteUser
from lab.declare.steps.disconnect import Disconnect
from lab.declare.steps.end_traffic import EndTraffic
from lab.declare.steps.flap import Flap
from lab.declare.steps.heal import Heal
from lab.declare.steps.impair import Impair
from lab.declare.steps.kill import Kill
from lab.declare.steps.maintenance_window import MaintenanceWindow
from lab.declare.steps.move_clock import MoveClock
from lab.declare.steps.pause import Pause
from lab.declare.steps.publish import Publish
from lab.declare.steps.reboot import Reboot
from lab.declare.steps.reject import Reject
from lab.declare.steps.reject_peering import RejectPeering
from lab.declare.steps.repeat import Repeat
from lab.declare.steps.replay import Replay
from lab.declare.steps.request import Request
from lab.declare.steps.resume import Resume
from lab.declare.steps.revoke_ingress import RevokeIngress
from lab.declare.steps.snapshot import Snapshot
from lab.declare.steps.start import Start
from lab.declare.steps.stop import Stop
from lab.declare.steps.subscribe import Subscribe
from lab.declare.steps.together import Together
from lab.declare.steps.traffic import Traffic
from lab.declare.steps.try_ import Try
from lab.declare.steps.unsubscribe import Unsubscribe
from lab.declare.steps.update_broker import UpdateBroker
from lab.declare.steps.update_configuration import UpdateConfiguration
from lab.declare.steps.update_user import UpdateUser
from lab.declare.steps.wait import Wait

# In the order in which a person reads them, in the schema and in suggestions for an unknown verb.
STEPS: tuple[type[Step], ...] = (
    Subscribe, Unsubscribe, Disconnect, Consume, Browse, Publish, Request, Traffic, EndTraffic, Replay, Wait,
    Impair, Cut, Reject, Heal, Flap, Together, Repeat,
    Stop, Kill, Start, Reboot, Pause, Resume, ConnectorStep, CreateBroker, DeleteBroker, Snapshot,
    CreatePeering, AcceptPeering, RejectPeering, DeletePeering, CreateRoute, DeleteRoute,
    AuthorizeIngress, RevokeIngress, Try,
    CreateConfiguration, UpdateConfiguration, UpdateBroker, MaintenanceWindow, MoveClock,
    CreateUser, UpdateUser, DeleteUser, Connect,
)  # fmt: skip
