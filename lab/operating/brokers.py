"""A broker's configuration made pending, and a reboot that applies what is pending: a real stop, other files, a start.

A reboot has three parts, for whoever has something to do in between: `begin_reboot`, `apply_pending` while the broker
is down, `finish_reboot`. `reboot` does all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from lab.amazonmq.account import brokers as verbs
from lab.amazonmq.account.account import Account
from lab.amazonmq.account.broker_record import BrokerRecord
from lab.amazonmq.account.maintenance import Window
from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.sanitising import Sanitised, sanitise
from lab.errors import BrokerError, LabError, LabTimeout
from lab.history import BrokerChanged, Observation
from lab.network.security_groups import check_groups
from lab.operating.done import Done, seen_of
from lab.operating.network import set_security_groups
from lab.plan.change import applied, leading_nowhere
from lab.plan.control import Control
from lab.plan.values import Plan
from lab.runtime.lab import Lab

STOPS_WITHIN = 20.0  # seconds that a reboot gives a broker to end by itself; measured: 1 to 2 s
STARTS_WITHIN = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied(Done):
    """What applying gives: the Plan of what stands from now on too."""

    plan: Plan


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
    return _done(control, account, broker, t, note)


def begin_reboot(control: Control, broker: str, *, t: float) -> Done:
    """Order a reboot; refused unless the broker is RUNNING."""
    return _done(control, verbs.begin_reboot(control.account, broker), broker, t)


def apply_pending(control: Control, lab: Lab, plan: Plan, broker: str) -> Applied:
    """Return a broker that is down for its reboot all that is pending; with nothing pending, nothing is touched."""
    before = control.account.broker(broker)
    account = verbs.applied(control.account, broker)
    record = account.broker(broker)
    if record == before:
        return Applied(control=control, plan=plan)
    text = current_text(account, record)
    after = applied(plan, broker, text, record.identities)
    lab.prepare(broker, after, record.passwords)
    nowhere = leading_nowhere(plan, text)
    note = f"no broker of this lab is at {', '.join(nowhere)}" if nowhere else ""
    grouped: Done = Done(control=control)
    if record.security_groups != before.security_groups:
        grouped = set_security_groups(control, lab, broker=record.name, groups=record.security_groups)
    done = _done(grouped.control, account, broker, lab.clock.now(), note)
    return Applied(control=done.control, seen=(*grouped.seen, *done.seen), note=done.note, plan=after)


def finish_reboot(control: Control, broker: str, *, t: float) -> Done:
    """Say that a broker has started again."""
    return _done(control, verbs.finish_reboot(control.account, broker), broker, t)


def reboot(
    control: Control,
    lab: Lab,
    plan: Plan,
    broker: str,
    *,
    downtime: float = 0.0,
    within: float = STARTS_WITHIN,
    keep: Callable[[Control], None] = lambda control: None,
    resumed: bool = False,
) -> Applied:
    """Reboot a broker: stop it, apply what is pending, leave it down for so long, start it and wait until it listens.

    Of a pair the standby is rebooted first, and takes over with what is new. Where an instance does not start in time
    LabTimeout is raised; what the broker itself refuses is a BrokerError. `keep` is given each Control on the way, so
    that a reboot which was cut off in the middle can be `resumed`.
    """
    seen: list[Observation] = []
    begun = Done(control=control) if resumed else begin_reboot(control, broker, t=lab.clock.now())
    keep(begun.control)
    seen += begun.seen
    numbers = [each.number for each in plan.broker(broker).instances]
    active = lab.active(broker) or numbers[0]
    given: Applied | None = None
    others = [each for each in numbers if each != active]
    for number in (*others, active):
        mark = 0 if len(numbers) == 1 else number
        seen.append(BrokerChanged(t=lab.clock.now(), broker=broker, state="stopping", instance=mark))
        seen.append(lab.stop(broker, within=STOPS_WITHIN, instance=number))
        if given is None:
            try:
                given = apply_pending(begun.control, lab, plan, broker)
            except (LabError, OSError):
                lab.start(broker, number)  # with what it had: nothing has been applied
                raise
            keep(given.control)
            seen += given.seen
        if number == active:
            with suppress(BrokerError):  # it ended when it took over: the one that follows is to tell the same
                lab.clock.wait(lambda: taken_over(lab, broker, others), within)
            lab.clock.sleep(downtime)
        seen.append(lab.start(broker, number))
        await_start(lab, broker, number, within, "reboot")
        seen.append(BrokerChanged(t=lab.clock.now(), broker=broker, state="started", instance=mark))
    assert given is not None  # a broker has an instance
    finished = finish_reboot(given.control, broker, t=lab.clock.now())
    keep(finished.control)
    return Applied(control=finished.control, seen=(*seen, *finished.seen), note=given.note, plan=given.plan)


def await_start(lab: Lab, broker: str, number: int, within: float, of: str) -> None:
    """Return when an instance has started; LabTimeout where it has not within so many seconds of its reboot, say."""
    if not lab.clock.wait(lambda: lab.started(broker, number), within):
        what = f"broker {broker} had not started within {within:g} s of its {of}"
        raise LabTimeout(what, f"see: mqlab logs {broker}")


def taken_over(lab: Lab, broker: str, others: Sequence[int]) -> bool:
    """Return whether another instance is the active one now, or there is none; BrokerError where one ended."""
    if not others or lab.active(broker) is not None:
        return True
    for each in others:
        lab.started(broker, each)  # who has ended is not asked in vain
    return False


def current_text(account: Account, record: BrokerRecord) -> Sanitised:
    """Return the text of a broker's current revision; saved texts are sanitised already, so nothing more goes."""
    current = record.current
    text = account.configuration(current.configuration).revision(current.revision).text
    return sanitise(read(text.encode(), str(current)), record.engine_version)


def _done(control: Control, account: Account, broker: str, t: float, note: str = "") -> Done:
    return Done(control=replace(control, account=account), seen=(seen_of(account.broker(broker), t),), note=note)
