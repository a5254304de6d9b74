"""Checks of names that steps have and expectations use; in a repeat, {n} counts the rounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from lab.check.context import Context
from lab.declare.fields import ROUND
from lab.declare.origin import Keys
from lab.declare.scenario import Scenario
from lab.declare.steps import STEPS
from lab.declare.steps.base import Step
from lab.declare.unrolling import every_step, in_every_round, rounds_around
from lab.errors import Problem


class OwnNames:
    """The names of their own that steps have."""

    def __init__(self, scenario: Scenario) -> None:
        self.first: dict[str, Keys] = {}  # by name as written: the path of the first step that has it
        self.of_rounds = names_of_rounds(scenario, lambda step: step.named)


def check_own_name(context: Context, step: Step) -> Iterator[Problem]:
    """Yield a Problem if a step's own name is a verb, belongs to another step, or is the same in every round."""
    if not step.named:
        return
    names, name = context.recall(OwnNames), step.named
    if name in STEPS:
        wrong = f"{name} is a verb, and an expectation that names {name} means all such steps", "give it another name"
    elif found := wrong_round(context, name):
        wrong = found
    elif names.first.setdefault(name, context.path) != context.path:
        wrong = f"two steps named {name}", "give each a name of its own"
    elif name in names.of_rounds:
        wrong = f"another step is named {name} in one of its rounds", "give each a name of its own"
    else:
        return
    place = context.scenario.origin.place(*context.path[:-1], "as")
    yield Problem(what=wrong[0], remedy=wrong[1], place=place)


def names_of_rounds(scenario: Scenario, name_of: Callable[[Step], str]) -> set[str]:
    """Return the names of a step as written, and an example of its name in a round of a repeat."""
    written = Counter(map(name_of, every_step(scenario.steps)))
    done = Counter(map(name_of, in_every_round(scenario.steps)))
    return {name for name, times in done.items() if name and 0 < written[name] < times}


def wrong_round(context: Context, name: str, *, needed: bool = True) -> tuple[str, str] | None:
    """Return the problem of a name for a step in a repeat, or in none, and the remedy; None if the name is right.

    `needed` is whether the rounds must have different names.
    """
    several = rounds_around(context.scenario.steps, context.path) > 1
    if needed and several and ROUND not in name:
        right = f'put the round into the name: "{name}-{ROUND}"'
        return f"every round of the repeat would have the name {name}", right
    if ROUND in name and not several:
        return f"{ROUND} is the round of a repeat, and this step is in no repeat", f"write the name without {ROUND}"
    return None
