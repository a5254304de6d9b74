"""The desk between a running lab and its page: polls as values for the page's script, and acts as verbs of the lab."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from time import monotonic
from typing import Any

from lab.activemq.protocols import PROTOCOLS
from lab.base.masking import Mask
from lab.declare.steps.base import Step
from lab.errors import LabError
from lab.extras.film.stage import Stage
from lab.extras.page.acts import ON_CLIENTS, Act, command, question, verbs
from lab.extras.page.listeners import Listeners
from lab.extras.page.parts import Maps, answers, instances, parts
from lab.extras.page.tables import Sight, Table, tables
from lab.extras.page.verdicts import Verdicts
from lab.history.display import Weight
from lab.living.lab import Live
from lab.living.polls import Look, Looks, Rates
from lab.operating import Done
from lab.report.html import visible

EVENTS = 40  # of the history, the latest
_TONES = {Weight.PLAIN: "", Weight.STEP: "step", Weight.FAULT: "shut"}


class Desk:
    """Polls a lab for its page, and does the acts of the page. `look`, `news` and `do` may run in three threads."""

    def __init__(self, live: Live, *, read_only: bool = False, verdicts: Verdicts | None = None) -> None:
        self._live, self._looks, self._maps = live, Looks(live), Maps()
        self.run, self.scenario = live.run, live.lab.note.scenario
        self.read_only = read_only or live.lab.note.replaying  # the scenario alone changes the lab of a run
        self._before: Look | None = None
        self._answered: dict[str, float] = {}
        self._left: dict[tuple[str, str], float] = {}
        self._listeners = Listeners(live)
        self._verdicts, self._judging = verdicts, ThreadPoolExecutor(1, "mqlab-judging")
        self._judged: Future[Table] | None = None
        self._told = -1, False  # lines and a finished judgement that the latest news have
        self._mask = live.lab.mask()

    def look(self) -> Mapping[str, Any]:
        """Return the state of the lab as the page's script reads it; raise InputError once the lab has ended."""
        lab = self._live.lab
        now = self._looks.look()
        ways = tuple(way for link in now.status.links for way in lab.links.now(link.name))
        plan = now.status.note.plan
        for broker in plan.brokers:
            if answers(instances(broker, now.status.brokers)):
                self._answered[broker.name] = now.t
        sight = Sight(now=now, before=self._before, ways=ways, answered=self._answered, left=self._left)
        self._keep_moments(sight)
        self._before = now
        drawn = self._maps.drawn(plan, ways)
        shown = [*tables(sight), *([] if self.read_only else self._listeners.tables())]
        state = {
            "kind": "state",
            "text": "The page follows the lab, and only shows it." if self.read_only else "The page follows the lab.",
            "run": self.run,
            "scenario": self.scenario,
            "clock": now.clock,
            "t": round(now.t, 1),
            "readOnly": self.read_only,
            "svg": drawn.svg,
            "brokers": list(drawn.stage.brokers),
            "choices": {
                "broker": [broker.name for broker in plan.brokers],
                "group": [group.name for group in now.status.note.control.present.groups],
                "over": ["", *PROTOCOLS],
            },
            "parts": [part.to_list() for part in parts(now, ways, drawn.stage)],
            "rates": _rates(drawn.stage, sight.rates),
            "tables": [table.to_dict(self.run, read_only=self.read_only) for table in shown],
        }
        self._mask = lab.mask()
        return _masked_all(state, self._mask)

    def news(self) -> Mapping[str, Any] | None:
        """Return the latest events and verdicts, None if there are no new ones; it may run in a thread of its own."""
        events = self._looks.events
        rows = events.read()
        verdicts, judges = self._verdicts, self._judged is not None and not self._judged.done()
        if verdicts is not None and not judges and verdicts.due(monotonic(), events.steps, events.lines):
            self._judged = self._begin_to_judge(verdicts)
        told = events.lines, self._judged is None or self._judged.done()
        if told == self._told:
            return None
        self._told = told
        urgent = any(row.weight is not Weight.PLAIN for row in rows)
        return {**self._news(), "urgent": urgent}

    def last_news(self) -> Mapping[str, Any]:
        """Return the last events and verdicts of a lab that is over; without "so far" if the history has its end."""
        with suppress(LabError):
            self._looks.events.read()
        if self._verdicts is not None:
            if self._judged is not None:
                self._judged.result()
            self._begin_to_judge(self._verdicts).result()
        return self._news()

    def _news(self) -> Mapping[str, Any]:
        latest = self._looks.events.latest(EVENTS)
        news = {
            "events": [[round(row.t, 1), f"{row.actor}  {row.text}", _TONES[row.weight]] for row in latest],
            "tables": [] if self._verdicts is None else [self._verdicts.table.to_dict(self.run, read_only=True)],
        }
        return _masked_all(news, self._mask)

    def _begin_to_judge(self, verdicts: Verdicts) -> Future[Table]:
        events, t = self._looks.events, self._live.lab.note.now()
        return self._judging.submit(verdicts.judge, t, events.steps, events.lines, ended=events.ended)

    def do(self, content: object) -> Mapping[str, Any]:
        """Do an act, and return the command that does the same, with a note; raise LabError if it is refused.

        For an act that destroys something, return the question to ask, unless the question has been answered.
        """
        act = Act.of(content)
        done: tuple[Step, ...] = ()
        if act.name not in ON_CLIENTS:
            done = verbs(act, self._live.links())
        if (asks := question(act)) and not act.sure:
            reply = {"asks": asks, "command": command(self.run, act, done)}
            return _masked_all(reply, self._live.lab.mask())
        if act.name in ON_CLIENTS:
            notes = [self._on_client(act)]
        else:
            with self._live.turn():
                notes = [word for verb in done for word in _words(self._live.do(verb))]
        reply = {"command": command(self.run, act, done), "note": "; ".join(filter(None, notes)) or "done"}
        return _masked_all(reply, self._live.lab.mask())

    def leave(self) -> None:
        """Leave the messages of queues to other consumers, as no page is open; it runs in the thread of `look`."""
        self._listeners.leave()

    def close(self) -> None:
        """Close the clients of the page, and the history."""
        self._listeners.close()
        self._judging.shutdown(cancel_futures=True)
        self._looks.close()

    def _on_client(self, act: Act) -> str:
        """Publish, or begin or end to listen; return a note."""
        if act.name == "publish":
            with self._live.connect(act.fields["broker"], act.over) as client:
                client.publish(act.fields.get("body", ""), topic=act.topic, queue=act.queue)
            return "accepted"
        if act.name == "listen":
            self._listeners.begin(act)
            return "the table of messages shows them"
        self._listeners.stop(act.fields["listener"])
        return "stopped"

    def _keep_moments(self, sight: Sight) -> None:
        """Remember since when no message has left each queue."""
        now = sight.now
        queues = {(each.broker, each.name): each for each in now.counted if each.name.startswith("queue://")}
        for key, queue in queues.items():
            if key not in self._left or not queue.counters.get("queued", 0) or sight.rates.grows(queue, "dequeued"):
                self._left[key] = now.t


def _words(done: Done) -> tuple[str, str]:
    return done.failed, done.note


def _rates(stage: Stage, rates: Rates) -> list[list[float]]:
    """Return the messages a second of bridges: the stroke + 1, negative against its direction, and the rate."""
    rows = []
    for bridge, number in stage.bridges.items():
        ends = [(bridge.broker, bridge.remote), *([(bridge.remote, bridge.broker)] if bridge.duplex else [])]
        for source, target in ends:
            text = rates.of_bridge(bridge.connector, source, target)
            forth = stage.ends[number][0] == stage.regions[source]
            rows.append([number + 1 if forth else -number - 1, 0.0 if text == "–" else float(text)])
    return rows


def _masked_all(content: Mapping[str, Any], mask: Mask) -> dict[str, Any]:
    """Return content without passwords, and with signs that control a parser or text direction made visible."""
    return {key: _masked(field, mask) for key, field in content.items()}


def _masked(content: Any, mask: Mask) -> Any:
    if isinstance(content, Mapping):
        return _masked_all(content, mask)
    if isinstance(content, list):
        return [_masked(entry, mask) for entry in content]
    return visible(mask.text(content)) if isinstance(content, str) else content
