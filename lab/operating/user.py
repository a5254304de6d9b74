"""The verbs on a broker's users: create, change, delete; they take effect at the broker's next reboot.

Passwords go to the lab and nowhere else.
"""

from __future__ import annotations

from lab.amazonmq.account.account import Account
from lab.declare.steps.user import OfUser
from lab.operating import operations
from lab.operating.control_plane import ControlPlane
from lab.operating.outcome import Done
from lab.operating.record import keep
from lab.plan.control import Control


@operations.register(OfUser)
def do_user(plane: ControlPlane, verb: OfUser) -> Done:
    """Keep the account that the verb decides on, and the password that it sets."""

    def change(control: Control) -> Account:
        account = verb.decide(control.account, plane.machine)
        if verb.new_password is not None:
            name = account.broker(verb.broker).name
            plane.lab.keep_password(name, verb.user, account.passwords, verb.new_password)
        return account

    return keep(plane, verb.broker, change, lambda record: "it waits for a reboot" if record.has_pending else "")
