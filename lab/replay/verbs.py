"""The verbs of a lab as steps of a replay, and the reboots of maintenance windows between the steps."""

from __future__ import annotations

from collections.abc import Callable

from lab.declare.steps.base import OnNetwork, Step
from lab.declare.steps.service import Reboot
from lab.errors import BrokerError, InputError, LabError
from lab.history import Maintenance
from lab.operating import operate
from lab.replay.rehearsal import Rehearsal
from lab.replay.turn import Outcome, refused


def do(rehearsal: Rehearsal, verb: Step) -> Outcome:
    """Do a verb, and return its Outcome; record a refusal, or a broker that does not return, as a failure."""
    try:
        with rehearsal.service.at_work(getattr(verb, "broker", "")):
            done = operate(rehearsal.service, verb)
    except InputError as error:
        if isinstance(verb, OnNetwork):
            return refused(rehearsal, "network", error)
        return refused(rehearsal, "Amazon MQ", LabError("; ".join(problem.what for problem in error.problems)))
    except BrokerError as error:
        return refused(rehearsal, f"broker {getattr(verb, 'broker', '')}", error)
    return Outcome(ok=not done.failed, note="; ".join(each for each in (done.failed, done.note) if each))


def reboot_due(rehearsal: Rehearsal) -> None:
    """Reboot the brokers whose maintenance window has opened with a change pending."""
    for broker in rehearsal.service.due():
        outcome = do(rehearsal, Reboot(broker=broker))
        if not outcome.ok:
            rehearsal.trouble(f"broker {broker}", f"its maintenance window: {outcome.note}")
            window = rehearsal.service.control.account.broker(broker).window
            rehearsal.record(Maintenance(t=rehearsal.now(), broker=broker, window=str(window), failed=outcome.note))


def wait_in_service(
    rehearsal: Rehearsal, until: Callable[[], bool], seconds: float, *, of_messages: bool = True
) -> bool:
    """Wait for a condition, and return whether it came true; apply maintenance windows that open meanwhile."""
    end = rehearsal.now() + seconds
    while True:
        left, opens_in = end - rehearsal.now(), rehearsal.service.opens_in()
        if opens_in is None or opens_in > left:
            return rehearsal.wait(until, left, of_messages=of_messages)
        if rehearsal.wait(until, max(opens_in, 0.0), of_messages=of_messages):
            return True
        reboot_due(rehearsal)
