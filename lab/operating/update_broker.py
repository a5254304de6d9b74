"""A broker's configuration and security groups made pending, and applied by a reboot if the verb asks for one."""

from __future__ import annotations

from lab.amazonmq.account.account import Account
from lab.declare.steps.update_broker import UpdateBroker
from lab.network.security_groups import check_groups
from lab.operating import operations, reboot
from lab.operating.control_plane import ControlPlane
from lab.operating.outcome import Done
from lab.operating.record import keep, pending
from lab.plan.control import Control


@operations.register(UpdateBroker)
def do_update_broker(plane: ControlPlane, verb: UpdateBroker) -> Done:
    """Make the changes pending, and reboot the broker if the verb has `reboot`."""

    def update(control: Control) -> Account:
        if verb.security_groups is not None:
            for its in control.network.of_broker(control.account.broker(verb.broker).name):
                check_groups(control.network, its.vpc, verb.security_groups)
        return verb.update(control.account)

    done = keep(plane, verb.broker, update, pending)
    return done if verb.reboot is None else reboot.do_reboot(plane, verb.reboot)
