"""watch: the messages of applications that need a look, as it becomes known."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from math import inf
from pathlib import Path
from typing import Any

from lab.base.interrupts import until_a_signal
from lab.base.units import several
from lab.check.scenarios import applications, expectations
from lab.cli import client_options, options
from lab.cli.history import HISTORY, find
from lab.cli.options import JSON, option
from lab.declare.application import Application
from lab.declare.expectations.base import Expectation
from lab.history import Follower
from lab.history.display import Row, Weight
from lab.judge import Report, judge_whole
from lab.report.application_fates import (
    ARRIVED,
    DOUBLED,
    LATE,
    LOST,
    STATES,
    UNKNOWN,
    Events,
    Fate,
    Fates,
    Key,
    Reader,
    changes,
)
from lab.report.timeline import text
from lab.report.trace import unobserved
from lab.runtime.clock import RealClock

_WITHIN_SECONDS = 10.0  # as the expectation `delivered` has it
_RESTS = 4  # times as long as a look took, the next one waits
_FAULTS = (LATE, LOST, DOUBLED)


def watch(
    run: str | None = HISTORY,
    scenario: str | None = option(
        "--scenario SCENARIO",
        "The scenario whose applications and expectations are used (default: the scenario of the run).",
    ),
    since: str | None = option("--from MARK", "The mark from which messages are watched (default: the start)."),
    within: str | None = option(
        "--within TIME", "The time after which a message is late, if no expectation covers the message (default: 10s)."
    ),
    json: bool = JSON,
) -> None:
    """Print the applications' messages that are waiting, late, lost or doubled, until Ctrl-C.

    Each line is true when it is printed. A later line has the new state of the same message, for example when a
    message that was waiting arrives.

    Example: mqlab watch --scenario orders.yaml
    """
    usual = _WITHIN_SECONDS if within is None else client_options.seconds("--within", within)
    asked = expectations(scenario, os.environ) if scenario else None
    clients = applications(scenario, os.environ) if scenario else None
    with closing(Watch(find(run, "watch"), asked, clients, since, usual)) as watched:
        with until_a_signal(KeyboardInterrupt):
            RealClock().wait(lambda: _print(watched, json=json), inf)
        _print_summary(watched, json=json, verdicts=scenario is not None)


class Watch:
    """The fates of a history's messages, looked at again as the history grows."""

    def __init__(
        self,
        path: Path,
        asked: Sequence[Expectation] | None,
        clients: Mapping[str, Application] | None,
        since: str | None,
        usual: float,
    ) -> None:
        self._path, self._asked, self._clients, self._since, self._usual = path, asked, clients, since, usual
        self._follower = Follower(path)
        self._clock = RealClock()
        self._events, self._known = Events(), dict[Key, Fate]()
        self._doubts = set[str]()
        self._next = 0.0  # when the next look may be
        self._new = True  # whether the history has grown since the last look
        self.last: Fates | None = None
        self.report: Report | None = None

    @property
    def ended(self) -> bool:
        """Return whether the history has ended, and everything in it was looked at."""
        return self._follower.ended and not self._new

    def look(self) -> Iterator[Fate | str]:
        """Yield the fates that have changed, and new reasons why messages are unknown; none if it is not yet time."""
        self._new |= self._read()
        if not self._new or (self._clock.now() < self._next and not self._follower.ended):
            return
        self._new, begin = False, self._clock.now()
        judged = judge_whole(self._path, self._asked, since=self._since, clients=self._clients)
        if judged.evidence.applications is None:
            raise unobserved()
        self._new |= self._read()  # so that no event is older than the evidence
        self.report = judged.report
        if judged.evidence.damage:
            yield f"the history is damaged: {judged.evidence.damage}"
            return
        now = Reader(judged.evidence, judged.limits, self._events, self._known, self._usual).fates()
        self.last = now
        for doubt in now.doubts:
            if doubt not in self._doubts:
                self._doubts.add(doubt)
                yield doubt
        yield from changes(self._known, now)
        self._events.keep(now, self._known)
        self._next = self._clock.now() + _RESTS * (self._clock.now() - begin)

    def close(self) -> None:
        """Close the history."""
        self._follower.close()

    def _read(self) -> bool:
        """Read the new lines of the history; return whether there are any."""
        found = list(self._follower.new())
        self._events.add(found)
        return bool(found)


def _print(watched: Watch, *, json: bool) -> bool:
    """Print the changes, and return whether the history has ended."""
    only_ascii, colour = options.only_ascii(), options.out().color_system is not None
    for change in watched.look():
        t = 0.0 if watched.last is None else watched.last.t
        if isinstance(change, str):
            if json:
                options.print_json_line({"t": t, "state": UNKNOWN, "text": change})
            else:
                options.err().print(f"mqlab: {change}", soft_wrap=True, markup=False, highlight=False)
        elif json:
            options.print_json_line(_plain(change, t))
        else:
            weight = Weight.FAULT if change.state in _FAULTS else Weight.PLAIN
            row = Row(t=t, actor=change.state, text=f"{change.name}: {change.text}", weight=weight)
            line = text(row, only_ascii=only_ascii, colour=colour)
            sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace"))
    sys.stdout.flush()
    return watched.ended


def _plain(fate: Fate, t: float) -> dict[str, Any]:
    its = {"correlation": fate.correlation, "client": fate.client}
    return {"t": t, "state": fate.state, "message": fate.message, **its, "text": fate.text}


def _print_summary(watched: Watch, *, json: bool, verdicts: bool) -> None:
    """Print the number of messages by their state, and with `verdicts` those on the expectations."""
    now, report = watched.last, watched.report
    if now is None or report is None:
        return
    counts = {"sent": now.sent, "in time": now.in_time, **{state: now.counts.get(state, 0) for state in STATES}}
    counts["in time"] += counts.pop(ARRIVED)
    counts["not due yet or unknown"] = now.pending + counts.pop(UNKNOWN)
    if json:
        more = [
            {"outcome": str(each.outcome), "expectation": each.expectation, "reason": each.reason}
            for each in (report.verdicts if verdicts else ())
        ]
        options.print_json_line({"t": now.t, "summary": counts, "verdicts": more})
        return
    sent, *others = counts.items()
    words = ", ".join(f"{number} {state}" for state, number in others)
    options.say(f"{several(sent[1], 'message')} of applications: {words}")
    for each in report.verdicts if verdicts else ():
        options.say(f"{each.outcome}: {each.expectation}: {each.reason}")
