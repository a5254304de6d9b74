"""A recording sent into an open lab, as the step `replay` sends it, while others do verbs to the lab."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lab.base.interrupts import beneath
from lab.base.suggestions import unknown
from lab.check.steps.replay import check_replay
from lab.declare.recording_file import RecordingFile
from lab.declare.recordings import summarise
from lab.declare.steps.replay import MADE_ANEW, Replay
from lab.errors import BrokerError, HostError, InputError, Problem
from lab.history import Observation, StepEnded, Trouble
from lab.living.history import LivingHistory
from lab.living.sent import Sent
from lab.living.verb_arguments import read
from lab.replay.first_error import EndedByError
from lab.replay.steps.replay import RecordedSending
from lab.runtime.lab import StandingLab


def replay_of(recording: str | Path, broker: str, mark: str = "", **written: Any) -> Replay:
    """Return the verb that sends a recording into a broker; raise InputError as a check of the step does.

    `mark` is put before the name of an argument in a message.
    """
    path = Path(recording)
    named = RecordingFile(path=str(path), file=path, summary=summarise(path))
    verb = read(Replay, mark, recording=named, into=broker, **written)
    if found := list(check_replay(_Arguments(mark), verb)):
        raise InputError(found)
    return verb


def send(lab: StandingLab, history: LivingHistory, verb: Replay) -> Sent:
    """Send the recording of a verb, and return when each message has its outcome.

    Raise BrokerError if fewer were accepted than are enough, or the broker fell silent; HostError if the pace was not
    held. An interruption has a note with the number of accepted messages.
    """
    number = history.file.number(lambda number: history.begun(verb, number), verb.numbers)
    sending = RecordedSending(_Stage(lab, history), verb, number, {})
    try:
        outcome = sending.perform()
    except BaseException as error:
        why = str(error).partition("\n")[0] or type(error).__name__
        if beneath(error) is not None:
            why = f"interrupted when {sending.accepted} of {verb.messages} were accepted"
            error.add_note(why)  # for the report of the error
        history.record(StepEnded(t=history.now(), step=number, ok=False, note=why))
        raise
    history.record(StepEnded(t=history.now(), step=number, ok=outcome.ok, note=outcome.note))
    if not outcome.ok:
        problem = f"{verb.words()}: {outcome.note}"
        if sending.enough and sending.off_pace:
            raise HostError(problem, "choose a pace that this machine and the broker can keep")
        raise BrokerError(problem)
    loss = "" if verb.recording.summary is None else verb.recording.summary.loss
    anew = MADE_ANEW if verb.of_run else ""
    note = "; ".join(each for each in (outcome.note, anew, loss) if each)
    return Sent(step=number, messages=sending.accepted, note=note)


class _Arguments:
    """The arguments of a command or a method, as the place of a replay."""

    def __init__(self, mark: str) -> None:
        self._mark = mark

    def wrong(self, field: str, problem: str, remedy: str) -> Problem:
        return Problem(what=problem, remedy=remedy)

    def missing(self, field: str, kind: str, name: str, valid: Iterable[str], label: str) -> Problem:
        return unknown(kind, name, valid, label, None)

    def written(self, field: str, entry: str) -> str:
        return f"{self._mark}{field} {entry}" if self._mark else f"{field}={entry!r}"


class _Stage(EndedByError):
    """An open lab as the stage of a replay; its moments are of the lab's clock."""

    def __init__(self, lab: StandingLab, history: LivingHistory) -> None:
        super().__init__()
        self.lab, self.run, self._history = lab, history.run, history
        self.clock, self.now = lab.clock, history.now

    def record(self, *observations: Observation) -> None:
        self._history.record(*observations)

    def trouble(self, name: str, problem: str) -> None:
        self.record(Trouble(t=self.now(), who=name, what=problem))

    def user(self, broker: str, user: str | None) -> str:
        assert user is not None, "the verb has one"
        return user
