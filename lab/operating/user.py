"""The verbs on a broker's users: create, change, delete; they take effect at the broker's next reboot.

Passwords go to the lab and nowhere else.
"""

from __future__ import annotations

from dataclasses import replace

from lab.declare.steps.create_user import CreateUser
from lab.declare.steps.update_user import UpdateUser
from lab.declare.steps.user import OfUser
from lab.operating.control_plane import ControlPlane
from lab.operating.done import Done, record_seen
from lab.plan.control import Control


def operate(plane: ControlPlane, verb: OfUser) -> Done:
    """Keep the account that the verb decides on, and the password that it sets."""

    def change(control: Control) -> Done:
        account = verb.decide(control.account, plane.machine)
        record = account.broker(verb.broker)
        if isinstance(verb, CreateUser | UpdateUser) and verb.password is not None:
            plane.lab.keep_password(record.name, verb.user, account.passwords, verb.password)
        seen = (record_seen(record, plane.lab.clock.now()),)
        note = "it waits for a reboot" if record.has_pending else ""
        return Done(control=replace(control, account=account), seen=seen, note=note)

    return plane.change(change)
