"""What `mqlab watch` prints at any moment is true in the worlds behind the events, also where events are lost."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest
from msgspec.structs import replace

from lab.declare.steps import STEPS
from lab.history import BEAT, Ended, Observation, ObserverChanged, Watched
from lab.judge import Streamed
from lab.judge.judging import _judged
from lab.judge.wording import moment
from lab.report.application_fates import DOUBLED, LATE, SETTLES, Events, Fate, Fates, Key, Reader, changes
from tests.judge.application_worlds import END, WITHIN, Message, World, draw
from tests.judge.test_application_worlds import OBSERVED

RUNNING = replace(OBSERVED, standing=True)
TOGETHER = 40


def moments(world: World) -> list[float]:
    """Return moments of a world at which observers owe no word about events that they lost."""
    dice = Random(world.seed)
    lost = [(its.since, its.t) for its in world.lines if isinstance(its, ObserverChanged) and its.state == "lost"]
    drawn = sorted(dice.uniform(5, END) for _ in range(4))
    return [t for t in drawn if not any(since <= t <= told + 0.2 for since, told in lost)]


def looks(world: World) -> Iterator[tuple[Fates, dict[Key, Fate]]]:
    """Yield the fates that `mqlab watch` knows at moments of a world, with all that it has printed."""
    watched: list[Observation] = [Watched(t=n * BEAT) for n in range(1, int(END / BEAT))]
    lines = [its for its in world.lines if not isinstance(its, Watched | Ended)]
    lines = sorted([*lines, *watched], key=lambda its: its.t)
    events, known, before = Events(), dict[Key, Fate](), 0.0
    for until in moments(world):
        events.add(its for its in lines if before < its.t <= until)
        judged = _judged([], Streamed(RUNNING, [its for its in lines if its.t <= until]), STEPS)
        now = Reader(judged.evidence, judged.limits, events, known, WITHIN).fates()
        for _ in changes(known, now):
            pass
        events.keep(now, known)
        before = until
        yield now, known


def faults(world: World) -> Iterator[str]:
    """Yield each false fate of a world's messages, and each fate that is missing in a world without faults."""
    for now, known in looks(world):
        for fate in known.values():
            meant = [its for its in world.messages if fate.message in (its.id, _name(its))]
            why = [_why_false(fate, its, now.t) for its in meant]
            if all(why):
                yield f"seed {world.seed} at {now.t:.3f} s: {fate.state} {fate.name}: {fate.text}\n  but {why[0]}"
        in_time = sum(_came(its, now.t) and its.had[0] - its.sent <= WITHIN for its in world.messages)
        if now.in_time > in_time and not world.automatic:
            yield f"seed {world.seed} at {now.t:.3f} s: {now.in_time} in time, and {in_time} were"
        if not (world.faulty or world.automatic):
            late = {its.id for its in world.messages if _came(its, now.t - SETTLES) and its.had[0] - its.sent > WITHIN}
            told = {fate.message for fate in known.values() if fate.state == LATE}
            if missing := late - told - {fate.message for fate in known.values() if fate.state == DOUBLED}:
                yield f"seed {world.seed} at {now.t:.3f} s: {sorted(missing)} came late, and nothing says so"


def _name(message: Message) -> str:
    return f"{message.id} sent at {moment(message.sent)}"


def _came(message: Message, until: float) -> bool:
    return any(t <= until for t in message.had)


def _why_false(fate: Fate, message: Message, t: float) -> str:
    """Return why a fate is false; "" if the truth bears it out."""
    had = sorted(message.had)
    if fate.text.startswith("it was dispatched"):
        return ""  # it does not say that the client read the message
    match fate.state:
        case "late" if not had or (had[0] - message.sent <= WITHIN and not message.unacknowledged):
            return f"it came at {had}"
        case "doubled" if len(had) < 2:
            return f"it came once, at {had}"
        case "lost" if not message.expired or (had and not message.unacknowledged):
            return f"it did not expire, and came at {had}"
        case "waiting" | "overdue" if not message.unacknowledged and _came(message, t - SETTLES):
            return f"it came at {had}"
        case "arrived" if not _came(message, t):
            return "it did not come"
    return ""


@pytest.mark.parametrize("start", range(1, 161, TOGETHER))
def test_no_fate_of_a_message_is_false(start: int) -> None:
    wrong = [each for seed in range(start, start + TOGETHER) for each in faults(draw(seed))]
    assert not wrong, "\n".join(wrong[:10])


def main(first: int, end: int) -> int:
    """Compare the worlds of some seeds, and print how often each state was found; return 1 if any was false."""
    counts: Counter[str] = Counter()
    wrong = 0
    for seed in range(first, end):
        for text in faults(draw(seed)):
            wrong += 1
            print(text)
        for _, known in looks(draw(seed)):
            counts.update(fate.state for fate in known.values())
    print(*(f"{number:6} {state}" for state, number in sorted(counts.items())), f"{wrong:6} wrong", sep="\n")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
