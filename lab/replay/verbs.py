"""The verbs of the cloud while a replay runs: what comes of one is how its step ends."""

from __future__ import annotations

from lab.declare.kinds import Find, of_kind
from lab.declare.steps.base import Step
from lab.declare.steps.network import OnNetwork
from lab.errors import BrokerError, InputError, LabError
from lab.operating import operate
from lab.replay.outcome import Outcome, refused
from lab.replay.rehearsal import Rehearsal


def do(rehearsal: Rehearsal, verb: Step, find: Find = of_kind) -> Outcome:
    """Do a verb; what is refused, or does not come back, is an outcome that is not ok."""
    try:
        done = operate(rehearsal.service, verb, find)
    except InputError as error:
        if isinstance(verb, OnNetwork):
            return refused(rehearsal, "network", error)
        return refused(rehearsal, "Amazon MQ", LabError("; ".join(problem.what for problem in error.problems)))
    except BrokerError as error:
        return refused(rehearsal, f"broker {getattr(verb, 'broker', '')}", error)
    return Outcome(ok=not done.failed, note="; ".join(each for each in (done.failed, done.note) if each))
