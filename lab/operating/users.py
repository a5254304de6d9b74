"""A broker's users: created, changed, deleted, from the broker's next reboot on.

Passwords go to the lab and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydantic import SecretStr

from lab.amazonmq.account import users as verbs
from lab.amazonmq.account.account import Account
from lab.operating.done import Done, seen_of
from lab.plan.control import Control
from lab.runtime.lab import Lab


def create_user(
    control: Control,
    lab: Lab,
    broker: str,
    user: str,
    password: SecretStr,
    *,
    groups: Sequence[str] = (),
    console_access: bool = False,
) -> Done:
    """Make a user whom the broker knows after its next reboot."""
    account = verbs.create_user(control.account, broker, user, password, groups=groups, console_access=console_access)
    lab.keep_password(broker, user, account.passwords, password)
    return _done(control, lab, account, broker)


def update_user(
    control: Control,
    lab: Lab,
    broker: str,
    user: str,
    *,
    password: SecretStr | None = None,
    groups: Sequence[str] | None = None,
    console_access: bool | None = None,
) -> Done:
    """Change what is given of a user, from the broker's next reboot on."""
    account = verbs.update_user(
        control.account, broker, user, password=password, groups=groups, console_access=console_access
    )
    if password is not None:
        lab.keep_password(broker, user, account.passwords, password)
    return _done(control, lab, account, broker)


def delete_user(control: Control, lab: Lab, broker: str, user: str) -> Done:
    """Remove a user with the broker's next reboot."""
    return _done(control, lab, verbs.delete_user(control.account, broker, user), broker)


def _done(control: Control, lab: Lab, account: Account, broker: str) -> Done:
    record = account.broker(broker)
    waits = "it waits for a reboot" if record.has_pending else ""
    return Done(control=replace(control, account=account), seen=(seen_of(record, lab.clock.now()),), note=waits)
