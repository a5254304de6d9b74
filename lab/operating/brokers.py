"""A broker's configuration and security groups made pending, and its maintenance window set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lab.amazonmq.account import brokers as verbs
from lab.amazonmq.account.maintenance import Window
from lab.network.security_groups import check_groups
from lab.operating.done import Done, seen_of
from lab.plan.control import Control


def update_broker(
    control: Control,
    broker: str,
    *,
    configuration: str | None = None,
    revision: int | None = None,
    security_groups: Sequence[str] | None = None,
    window: Window | None = None,
    roll_back: bool = False,
    t: float,
) -> Done:
    """Make a revision pending, or the last one before it; a maintenance window is set at once."""
    account = control.account
    if security_groups is not None:
        for its in control.network.of_broker(account.broker(broker).name):
            check_groups(control.network, its.vpc, security_groups)
    if roll_back:
        account = verbs.roll_back(account, broker)
    account = verbs.update_broker(
        account,
        broker,
        configuration=configuration,
        revision=revision,
        security_groups=security_groups,
        window=window,
    )
    record = account.broker(broker)
    waiting = [] if record.pending is None else [str(record.pending)]
    if record.pending_security_groups is not None:
        waiting.append(f"security groups {', '.join(record.pending_security_groups)}")
    note = f"pending until a reboot: {', '.join(waiting)}" if waiting else ""
    return Done(control=replace(control, account=account), seen=(seen_of(record, t),), note=note)
