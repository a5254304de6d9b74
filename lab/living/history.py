"""The history of an open lab: verbs as numbered steps, observations, marks.

After the history has ended, nothing is recorded, and a mark is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pydantic import SecretStr

from lab.base.masking import Mask
from lab.declare.steps.base import Step
from lab.errors import InputError
from lab.history import Ended, Marked, Observation, SharedHistory, StepEnded, StepStarted
from lab.history.shared_file import lock_file
from lab.operating import Done
from lab.runtime.state_file import StateFile

FILE = "history.jsonl"
COMMAND, PYTHON, MONITOR, API, PAGE = "command", "python", "monitor", "api", "page"  # the origins of verbs


def file_of(note: StateFile) -> Path:
    """Return the file of a lab's history."""
    return Path(note.folder) / FILE


class LivingHistory:
    """Writes to the history of an open lab, masked by `mask`; thread-safe. `by` is the origin of its verbs."""

    def __init__(self, note: StateFile, now: Callable[[], float], by: str, mask: Callable[[], Mask] = Mask) -> None:
        self.file = SharedHistory(file_of(note), mask)
        self.now = now
        self.run, self._by = note.run, by

    def record(self, *observations: Observation) -> None:
        """Record observations."""
        self.file.record(*observations)

    @contextmanager
    def step(self, verb: Step, numbered: Callable[[int], object] = lambda number: None) -> Iterator[list[Done]]:
        """Record a verb, done in the block, as a step; the block adds the outcome to the list that it is given.

        A password of the verb is masked in everything that is recorded from now on. `numbered` gets the step's number.
        """
        done: list[Done] = []
        if isinstance(password := getattr(verb, "password", None), SecretStr):
            self.file.hide(password.get_secret_value())

        number = self.file.step(lambda number: self.begun(verb, number))
        numbered(number)
        try:
            yield done
        except BaseException as error:
            why = str(error).partition("\n")[0] or type(error).__name__
            self.file.step_ended(StepEnded(t=self.now(), step=number, ok=False, note=why))
            raise
        ok = not any(each.failed for each in done)
        words = (word for each in done for word in (each.failed, each.note) if word)
        self.file.step_ended(StepEnded(t=self.now(), step=number, ok=ok, note="; ".join(words)))

    def begun(self, verb: Step, number: int) -> StepStarted:
        """Return the beginning of a verb, now, as an observation."""
        asked, written = verb.words(), verb.written()
        return StepStarted(t=self.now(), step=number, verb=verb.verb, asked=asked, by=self._by, fields=written)

    def end_interrupted(self, going_on: Collection[int] = ()) -> None:
        """Record the end of verbs that were interrupted, except some steps. The caller holds the lab's turn."""
        for number in self.file.interrupted():
            if number in going_on:
                continue
            note = "its process was killed, or lost the lab"
            self.file.step_ended(StepEnded(t=self.now(), step=number, ok=False, note=note))

    def mark(self, text: str, t: float | None = None) -> float:
        """Record a name for a moment, or for this one, and return the moment."""
        if not lock_file(self.file.path).exists():
            raise InputError.of(f"the history of lab {self.run} has ended", "open a lab: mqlab up SCENARIO")
        if not text.strip():
            raise InputError.of("a mark needs a text", 'write a text, for example "before the cut"')
        marked = Marked(t=self.now() if t is None else t, text=text, by=self._by)
        self.record(marked)
        return marked.t

    def close(self) -> None:
        """Close the file; other processes may still write to the history."""
        self.file.close()


def end_history(
    note: StateFile, t: float | None = None, *, complete: bool = True, note_of_it: str = "the lab was ended"
) -> None:
    """Record the end of a lab's history, at `t` or now. Harmless if the history has ended, or the lab has none."""
    with closing(SharedHistory(file_of(note))) as file:
        file.end(Ended(t=note.now() if t is None else t, complete=complete, note=note_of_it))
