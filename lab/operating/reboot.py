"""A reboot, which applies pending changes: a real stop, other files, a start; of a pair one instance at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from lab.amazonmq.account import brokers as verbs
from lab.amazonmq.account.account import Account
from lab.amazonmq.account.broker_record import BrokerRecord
from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.sanitising import Sanitised, sanitise
from lab.declare.steps.base import STOPS_WITHIN, State
from lab.declare.steps.service import Reboot
from lab.errors import BrokerError, LabError
from lab.history import Trouble
from lab.operating import operations
from lab.operating.control_plane import ControlPlane, Done, keep, record_seen
from lab.operating.instances import FAILS_OVER_WITHIN, numbers, start, stop
from lab.operating.network import set_security_groups
from lab.operating.own_places import places, with_names
from lab.plan.change import applied, leading_nowhere
from lab.plan.control import Control
from lab.plan.values import Plan
from lab.runtime.lab import Lab

_STOPS_WITHIN = STOPS_WITHIN.total_seconds()  # that a reboot gives a broker to end by itself; measured: 1 to 2 s


def do_reboot(plane: ControlPlane, verb: Reboot, *, resumed: bool = False) -> Done:
    """Reboot a broker: stop it, apply pending changes, leave it down for a while, start it and wait until it listens.

    The standby of a pair is rebooted first, and takes over with the new files. Set `resumed` for a reboot that was
    interrupted, whose broker is REBOOT_IN_PROGRESS. A broker that cannot be started is RUNNING for the service all the
    same, so that another revision can be applied to it.
    """
    broker, within = plane.control.account.broker(verb.broker).name, verb.within.total_seconds()
    down = plane.reboot_time if verb.downtime is None else verb.downtime.total_seconds()
    last = plane.serving(broker)
    order = reboot_order(numbers(plane, broker), last, plane.stopped(broker))
    if not resumed:
        begin_reboot(plane, broker)
    failures: list[str] = []
    note: str | None = None
    try:
        for number in order:
            failures.append(stop(plane, broker, number, _STOPS_WITHIN).failed)
            note = _apply(plane, broker, number) if note is None else note  # once, for all instances
            if number == order[-1]:
                failures.append(_await_takeover(plane, broker, order[:-1]))
                plane.wait(lambda: False, down)
            failures.append(start(plane, broker, number, within, "reboot").failed)
    except LabError:
        finish_reboot(plane, broker)
        raise
    if failures[-1]:  # the broker may start yet, and is REBOOT_IN_PROGRESS until then
        return Done(control=plane.control, failed=failures[-1])
    done = finish_reboot(plane, broker)
    notes = [each for each in (note, _frozen(plane, broker, order)) if each]
    return replace(done, failed=next((each for each in reversed(failures) if each), ""), note="; ".join(notes))


operations.register(Reboot)(do_reboot)  # which has one parameter more


def begin_reboot(plane: ControlPlane, broker: str) -> None:
    """Begin a reboot: the broker's state becomes REBOOT_IN_PROGRESS."""
    keep(plane, broker, lambda control: verbs.begin_reboot(control.account, broker))


def reboot_order(numbers: Sequence[int], active: int | None, stopped: Collection[int]) -> tuple[int, ...]:
    """Return the numbers of the instances to reboot, in order: standbys first, the active one last."""
    last = next((each for each in numbers if each not in stopped), numbers[0]) if active is None else active
    return (*(each for each in numbers if each != last and each not in stopped), last)


def apply_pending(control: Control, lab: Lab, plan: Plan, broker: str) -> Done:
    """Apply all that is pending to a broker that is down for its reboot; do nothing if nothing is pending."""
    before = control.account.broker(broker)
    account = verbs.applied(control.account, broker)
    record = account.broker(broker)
    if record == before:
        return Done(control=control)
    text = current_text(account, record)
    led, used = with_names(text, places(plan, lab.whereabouts()), record.engine_version)
    after = applied(plan, broker, text, record.identities, led=led)
    lab.prepare(broker, after, record.passwords)
    nowhere = leading_nowhere(plan, led)
    notes = [f"no broker of this lab is at {', '.join(nowhere)}"] if nowhere else []
    notes += [
        f"{here} means {name} only in this lab: no Amazon MQ broker would reach {here}" for here, name in used.items()
    ]
    note = "; ".join(notes)
    grouped = Done(control=control)
    if record.security_groups != before.security_groups:
        grouped = set_security_groups(control, lab, broker=record.name, groups=record.security_groups)
    observations = (*grouped.observations, record_seen(record, lab.clock.now()))
    return Done(control=replace(grouped.control, account=account), observations=observations, note=note, plan=after)


def finish_reboot(plane: ControlPlane, broker: str) -> Done:
    """End a reboot: the broker's state becomes RUNNING."""
    return keep(plane, broker, lambda control: verbs.finish_reboot(control.account, broker))


def current_text(account: Account, record: BrokerRecord) -> Sanitised:
    """Return the text of a broker's current revision; saved texts are sanitised already, so nothing more is removed."""
    current = record.current
    text = account.configuration(current.configuration).revision(current.revision).text
    return sanitise(read(text.encode(), str(current)), record.engine_version)


def _apply(plane: ControlPlane, broker: str, number: int) -> str:
    """Apply pending changes and return their note; if that fails, start the instance with its old files and raise."""
    try:
        return plane.change(lambda control: apply_pending(control, plane.lab, plane.plan, broker)).note
    except (LabError, OSError):
        plane.lab.instances.start(broker, number)
        raise


def _frozen(plane: ControlPlane, broker: str, rebooted: Collection[int]) -> str:
    """Return a note on a frozen instance, which was not rebooted and keeps its old files; "" if there is none."""
    for each in numbers(plane, broker):
        if each not in rebooted and plane.lab.instances.state(broker, each) is State.PAUSED:
            return f"instance {each} of {broker} is paused: it keeps its old files until it is stopped and started"
    return ""


def _await_takeover(plane: ControlPlane, broker: str, standbys: Sequence[int]) -> str:
    """Wait until one of the standbys, if there are any, is active; return words if none becomes active, else "".

    Without the wait, the instance that was just stopped could get the store's lock again first.
    """
    try:
        if not standbys or plane.wait(lambda: _taken_over(plane.lab, broker, standbys), FAILS_OVER_WITHIN):
            return ""
    except BrokerError as error:
        plane.report_ended(broker, standbys, error.what)
        return ""
    late = f"no standby of {broker} has become active within {FAILS_OVER_WITHIN:g} s"
    plane.record(Trouble(t=plane.lab.clock.now(), who=f"broker {broker}", what=late))
    return late


def _taken_over(lab: Lab, broker: str, standbys: Sequence[int]) -> bool:
    """Return whether an instance is active now; BrokerError if a standby has ended."""
    if lab.instances.active(broker) is not None:
        return True
    for each in standbys:
        lab.instances.started(broker, each)  # raises if the standby has ended
    return False
