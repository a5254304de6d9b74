"""The verbs of a lab as steps of a replay: the result of a verb becomes the Outcome of its step."""

from __future__ import annotations

from lab.declare.steps.base import OnNetwork, Step
from lab.errors import BrokerError, InputError, LabError
from lab.operating import operate
from lab.replay.outcome import Outcome, refused
from lab.replay.rehearsal import Rehearsal


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
