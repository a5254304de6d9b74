"""Checks of names: of topics and queues, and of steps' own names; in a repeat, {n} counts the rounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from lab.activemq.destinations import as_shown, no_wildcard, prefixed, why_not_as_shown
from lab.check.context import Context
from lab.declare.fields import ROUND, Declared
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


def check_names(context: Context, declared: Declared) -> Iterator[Problem]:
    """Yield a Problem for a topic or queue that ActiveMQ shows by another name, and note it in `context.unknown`."""
    for field in ("topic", "queue"):
        written = getattr(declared, field, None)
        if not isinstance(written, str) or field not in type(declared).model_fields:
            continue
        what = why_not_as_shown(field, written)
        if not what:
            yield from _look_like_wildcards(context, field, written)
            continue
        context.unknown.add(field)
        its = prefixed(written)
        if its is not None and its.temporary:
            what = "a temporary destination is its client's own, and has no name before it is made"
            yield context.wrong(field, what, "name one that stays, or let a request step make one: its reply-to")
            continue
        first, *others = (f"{kind}: {name or 'NAME'}" for kind, name in as_shown(field, written).items())
        yield context.wrong(field, what, f"write {first}" + "".join(f", and {each} by itself" for each in others))


def _look_like_wildcards(context: Context, field: str, written: str) -> Iterator[Problem]:
    """Yield a Problem for the first part of a name that resembles a wildcard of ActiveMQ."""
    for part in written.split(","):
        if any(wildcard in part for wildcard in "*>") and (reason := no_wildcard(part)):
            context.unknown.add(field)
            yield context.wrong(field, f"{part!r} looks like a wildcard, and is a plain name for ActiveMQ", reason)
            return
