"""What the steps on a link do: its state is changed, or how well it carries packets."""

from __future__ import annotations

from lab.declare.steps.link import OnLink
from lab.link.impairment import Impairment, LinkState
from lab.replay.bridge_paths import initial_states
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.turn import Turn


class LinkStates:
    """In which state each direction of a link is."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.ways = initial_states(rehearsal.plan)


def perform(rehearsal: Rehearsal, step: OnLink, turn: Turn) -> Outcome:
    """Bring a link to the state in which the step leaves it."""
    return change(rehearsal, step, state=step.brings)


def change(
    rehearsal: Rehearsal, step: OnLink, *, impairment: Impairment | None = None, state: LinkState | None = None
) -> Outcome:
    """Change the link that a step names, and record what came of it."""
    for changed in rehearsal.lab.change_link(step.link, leaving=step.leaving, impairment=impairment, state=state):
        rehearsal.record_of_lab(changed)
        if state is not None:
            rehearsal.recall(LinkStates).ways[changed.link, changed.leaving] = state
    return Outcome()
