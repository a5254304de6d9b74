"""A reboot while a replay runs: the broker really stops, is given what is pending, and starts again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lab.errors import BrokerError, InputError, LabError
from lab.operating.brokers import STARTS_WITHIN, STOPS_WITHIN, begin_reboot, finish_reboot, taken_over
from lab.replay.outcome import Outcome, refused
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps.instances import FAILS_OVER_WITHIN, off, rebooted_last, start, stop


def reboot(
    rehearsal: Rehearsal, broker: str, instance: int, downtime: float | None, within: float = STARTS_WITHIN
) -> Outcome:
    """Reboot a broker, and apply what is pending; of a pair each instance, so that it fails over meanwhile.

    The standby comes first: it takes over with what is new. Down is the instance named for as long as the topology says
    where no downtime is given.
    """
    service, clock = rehearsal.service, rehearsal.clock
    try:
        service.do(lambda control: begin_reboot(control, broker, t=clock.now()))
    except InputError as error:
        return not_served(rehearsal, error)
    out = rehearsal.off - rehearsal.ended  # stopped by a step: a reboot leaves it so
    standbys = [each for each in rehearsal.numbers(broker) if each != instance and (broker, each) not in out]
    done: list[Outcome] = []
    note: str | None = None
    for number in (*standbys, instance):
        done.append(stop(rehearsal, broker, number, STOPS_WITHIN))
        note = service.apply(broker) if note is None else note  # once, for all instances
        if number == instance:
            # Or the one that has just ended might be quicker to get the store's lock again.
            if standbys and not _await_takeover(rehearsal, broker, standbys):
                what = f"no standby of {broker} has become active within {FAILS_OVER_WITHIN:g} s"
                rehearsal.trouble(f"broker {broker}", what)
                done.append(Outcome(ok=False, note=what))
            rehearsal.wait(lambda: False, rehearsal.reboot_time if downtime is None else downtime)
        try:
            done.append(start(rehearsal, broker, number, within))
        except BrokerError:
            # It ended while starting. For the service it runs all the same: another revision can be applied to it.
            rehearsal.ended.add((broker, number))
            service.do(lambda control: finish_reboot(control, broker, t=clock.now()))
            raise
    if not done[-1].ok:
        return done[-1]
    service.do(lambda control: finish_reboot(control, broker, t=clock.now()))
    failed = next((each for each in reversed(done) if not each.ok), None)
    words = "; ".join(each for each in ("" if failed is None else failed.note, note) if each)
    return Outcome(ok=failed is None, note=words)


def _await_takeover(rehearsal: Rehearsal, broker: str, standbys: Sequence[int]) -> bool:
    """Wait until a standby is the active one; False where none is. One that ends when it takes over is told of."""
    try:
        return rehearsal.wait(lambda: taken_over(rehearsal.lab, broker, standbys), FAILS_OVER_WITHIN)
    except BrokerError as error:
        rehearsal.trouble(f"broker {broker}", error.what)
        for each in standbys:
            off(rehearsal, broker, each)
            rehearsal.ended.add((broker, each))
        return True


def not_served(rehearsal: Rehearsal, error: InputError) -> Outcome:
    """Record that the service would not do it."""
    return refused(rehearsal, "Amazon MQ", LabError("; ".join(problem.what for problem in error.problems)))


def attend(rehearsal: Rehearsal) -> None:
    """Reboot the brokers whose maintenance window has opened with something pending."""
    for broker in rehearsal.service.due():
        try:
            outcome = reboot(rehearsal, broker, rebooted_last(rehearsal, broker), None)
        except BrokerError as error:
            outcome = refused(rehearsal, f"broker {broker}", error)
        if not outcome.ok:
            rehearsal.trouble(f"broker {broker}", f"its maintenance window: {outcome.note}")


def wait_in_service(rehearsal: Rehearsal, until: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition as a rehearsal does; maintenance windows that open meanwhile are attended to."""
    end = rehearsal.now() + seconds
    while True:
        left, opens_in = end - rehearsal.now(), rehearsal.service.opens_in()
        if opens_in is None or opens_in > left:
            return rehearsal.wait(until, left)
        if rehearsal.wait(until, max(opens_in, 0.0)):
            return True
        attend(rehearsal)
