"""What the steps on a link do: its state is changed, or how well it carries packets."""

from __future__ import annotations

from lab.declare.steps.link import OnLink
from lab.link.impairment import Impairment, LinkState
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.turn import Turn


def perform(rehearsal: Rehearsal, step: OnLink, turn: Turn) -> Outcome:
    """Bring a link to the state in which the step leaves it."""
    return change(rehearsal, step, state=step.brings)


def change(
    rehearsal: Rehearsal, step: OnLink, *, impairment: Impairment | None = None, state: LinkState | None = None
) -> Outcome:
    """Change the link that a step names, and record what came of it."""
    rehearsal.last_begun[step.verb] = rehearsal.now()
    for changed in rehearsal.lab.change_link(step.link, leaving=step.leaving, impairment=impairment, state=state):
        rehearsal.record_of_lab(changed)
        if state is not None:
            rehearsal.links[changed.link, changed.leaving] = state
    rehearsal.last_change[step.verb] = rehearsal.now()
    return Outcome()
