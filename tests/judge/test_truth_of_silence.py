"""No verdict is better than the truth where brokers were silent: a kind beside those of `test_truth`.

A run is made up in which a bridge's ends and a broker's demand come and go and its log fills, while the brokers'
management and logs cannot be read for stretches of time, brokers are paused, killed and started, and a client loses its
connection. What nobody saw happens all the same, and the history tells only what was seen.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.declare.expectations.base import Expectation
from lab.declare.expectations.forwarding import Bridge, Demanded
from lab.declare.expectations.logs import Log
from lab.declare.expectations.messages import Delivered, Duplicates
from lab.declare.expectations.states import NetworkPage
from lab.history import (
    Acknowledged,
    BridgeSeen,
    BrokerChanged,
    ClientChanged,
    Demand,
    Ended,
    LogLine,
    Observation,
    Publishing,
    Received,
    Sent,
    SightChanged,
    StepEnded,
    StepStarted,
    Subscribed,
)

from .test_truth import BROKERS, EXAMPLES, none_is_better_than, none_is_held

LAST = 30  # looks; a broker is looked at every second, a while after what changes
LAGS = (0.1, 0.35)  # seconds of that while: an expectation may be about a moment before it is over, or after
END = LAST + 0.5
BEFORE = 0.02  # seconds from a step's beginning to what it does
TOPIC = "topic://t"
Span = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Broker:
    """What was so of one broker, and when nobody could see it; moments are whole seconds, looks follow at once."""

    name: str
    turns: tuple[int, ...]  # when its end of the bridge came, went, came …
    demand: tuple[int, ...]  # when its demand came, went …
    lines: tuple[int, ...]  # when its log had a line
    silent: tuple[Span, ...]  # its management did not answer
    unread: tuple[Span, ...]  # its log could not be read
    lag: float  # from a change to the next look
    out: Span = (inf, inf)  # a step paused or killed it, and another one brought it back
    how: str = "killed"

    def runs(self, t: float) -> bool:
        return self.how == "paused" or not self.out[0] <= t < self.out[1]

    def has_end(self, t: float) -> bool:
        """Return whether it had an end of the bridge; a process that is paused may lose it unseen."""
        return self.runs(t) and bisect_right(self.turns, t) % 2 == 1

    def seen_with_end(self, t: float) -> bool:
        """Return whether the last look before a moment saw that it had an end of the bridge, and it runs still."""
        look = max((look + self.lag for look in range(LAST + 1) if look + self.lag <= t), default=-1.0)
        return self.runs(t) and bisect_right(self.turns, look) % 2 == 1

    def seen_with_demand(self, t: float) -> bool:
        look = max((look + self.lag for look in range(LAST + 1) if look + self.lag <= t), default=-1.0)
        return self.runs(t) and bisect_right(self.demand, look) % 2 == 1

    def has_demand(self, t: float) -> bool:
        return self.runs(t) and bisect_right(self.demand, t) % 2 == 1

    def answers(self, t: float) -> bool:
        paused = self.how == "paused" and self.out[0] <= t < self.out[1]
        return not paused and not any(begin <= t < end for begin, end in self.silent)

    @property
    def logged(self) -> tuple[int, ...]:
        return tuple(t for t in self.lines if not self.out[0] <= t < self.out[1])

    # What the watch writes

    def observations(self) -> list[Observation]:
        near, far = self.name, next(name for name in BROKERS if name != self.name)
        end = BridgeSeen(
            t=0, connector="wan", broker=near, remote=far, remote_address=f"{near}:1",
            created_by_duplex=near != BROKERS[0], up=True,
        )  # fmt: skip
        seen: list[Observation] = []
        up, lost, before = False, False, 0.0
        demand: bool | None = None
        for look in range(LAST + 1):
            t = look + self.lag
            if not self.answers(t):
                seen += [] if lost else [self._sight(t, "lost", before)]
                lost = True
                continue
            if up is not self.has_end(t):
                up = not up
                seen.append(end.with_fields(t=t, up=up, last_look=before))
            if demand is not self.has_demand(t):
                demand = self.has_demand(t)
                seen.append(Demand(t=t, broker=near, destination=TOPIC, present=demand, last_look=before))
            seen += [self._sight(t, "regained", t)] if lost else []
            lost, before = False, t
        return [*seen, *self._log()]

    def _log(self) -> list[Observation]:
        """Return the lines that were read: those that were missed, when the log could be read again."""
        seen: list[Observation] = []
        for begin, end in self.unread:
            seen.append(self._sight(begin, "lost", begin, of="log"))
            seen += [self._sight(end, "regained", end, of="log")] if end < inf else []
        missed = [begin for begin, end in self.unread if end == inf]
        lines = (t for t in self.logged if t < min(missed, default=inf))
        return [*seen, *(LogLine(t=t, broker=self.name, level="WARN", text="it happened") for t in lines)]

    def _sight(self, t: float, state: str, since: float, of: str = "management") -> SightChanged:
        return SightChanged(t=t, broker=self.name, of=of, state=state, since=since)

    def steps(self, number: int) -> list[Observation]:
        """Return the steps that paused or killed it and brought it back, each begun a little before it is."""
        back = {"paused": "resumed", "killed": "started"}[self.how]
        seen: list[Observation] = []
        for place, (t, verb, state) in enumerate(zip(self.out, ("kill", "start"), (self.how, back), strict=True)):
            if t < inf:
                step = number + place
                seen += [
                    StepStarted(t=t - BEFORE, step=step, verb=verb, asked=verb),
                    BrokerChanged(t=t, broker=self.name, state=state),
                    StepEnded(t=t + 0.02, step=step),
                ]
        return seen


@dataclass(frozen=True, kw_only=True)
class Listener:
    """A client that received copies of a message as long as its connection lasted: later ones are on their way."""

    copies: tuple[float, ...]  # of one message, sent at 1 s: when each was there for it
    lost: float = inf
    back: float = inf

    def hears(self, t: float) -> bool:
        return not self.lost <= t < self.back

    def observations(self) -> list[Observation]:
        to: dict[str, Any] = {"client": "ear", "broker": "tokyo"}
        subscribed = Subscribed(t=0, over="stomp", destination=TOPIC, step=1, **to)
        seen: list[Observation] = [
            subscribed,
            Publishing(
                t=1, step=2, client="p", broker="tokyo", over="stomp", destination=TOPIC, persistent=True, count=1,
                body="generated",
            ),
            Sent(t=1, id="2-1"),
            Acknowledged(t=1.01, id="2-1"),
        ]  # fmt: skip
        seen += [Received(t=t, client="ear", destination=TOPIC, id="2-1") for t in self.copies if self.hears(t)]
        seen += [ClientChanged(t=self.lost, state="lost", **to)] if self.lost < END else []
        seen += [subscribed.with_fields(t=self.back)] if self.back < END else []
        return seen


@dataclass(frozen=True, kw_only=True)
class Truth:
    near: Broker
    far: Broker
    listener: Listener
    heal: int  # when a step was done from which some expectations count

    def observations(self) -> tuple[Observation, ...]:
        heal = [
            StepStarted(t=self.heal + 0.2, step=3, verb="heal", asked="heal"),
            StepEnded(t=self.heal + 0.25, step=3),
        ]
        seen = [*self.near.observations(), *self.far.observations(), *self.near.steps(10), *self.far.steps(20)]
        seen += [*heal, *self.listener.observations()]
        return (*sorted(seen, key=lambda each: each.t), Ended(t=END, complete=True))

    def true(self, expectation: Expectation) -> bool:
        match expectation:
            case Bridge():
                return self._state(expectation) == expectation.up
            case NetworkPage():
                return self.near.has_end(END)
            case Demanded():
                t = self._moment(expectation, interrupted=True)
                has = self.near.seen_with_demand if self._interrupted(expectation) else self.near.has_demand
                return has(t) is expectation.present
            case Log():
                begin = self.heal + 0.2 if expectation.after is not None else -inf
                number = sum(begin <= t <= self._moment(expectation, interrupted=False) for t in self.near.logged)
                return expectation.wanted.holds(number)
            case Duplicates():
                assert expectation.quiet is not None
                return not self._again(expectation.quiet.total_seconds())
            case Delivered() if expectation.promise == "nothing":
                return not self._came
            case Delivered():
                assert expectation.quiet is not None
                in_time = any(t <= 1 + expectation.within.total_seconds() for t in self._came)
                return in_time and not self._again(expectation.quiet.total_seconds())
        raise AssertionError(expectation)

    def _moment(self, expectation: Any, *, interrupted: bool) -> float:
        """Return when an expectation is judged: at the end, or when its time is over or a step comes between."""
        if expectation.after is None:
            return END
        done = self.heal + 0.25
        others = (t for each in (self.near, self.far) for t in each.out if t > done) if interrupted else ()
        return min(done + expectation.within.total_seconds(), END, *(t - BEFORE for t in others))

    def _interrupted(self, expectation: Any) -> bool:
        """Return whether a step comes before an expectation's time is over: then the last poll before it counts."""
        return self._moment(expectation, interrupted=True) < self._moment(expectation, interrupted=False)

    def _state(self, expectation: Bridge) -> str:
        t = self._moment(expectation, interrupted=True)
        of = (self.near, self.far)
        near, far = (each.seen_with_end(t) if self._interrupted(expectation) else each.has_end(t) for each in of)
        ends = (near, far)
        return {(True, True): "both-ends", (True, False): "initiator", (False, False): "nowhere"}.get(ends, "responder")

    @property
    def _came(self) -> list[float]:
        return [t for t in self.listener.copies if self.listener.hears(t)]

    def _again(self, quiet: float) -> bool:
        """Return whether a copy followed the first: received, or on its way while somebody was to listen for it.

        What comes while a connection is lost that comes back is never received, and so no duplicate.
        """
        gone_for_good = self.listener.back == inf
        there = [t for t in self.listener.copies if self.listener.hears(t) or gone_for_good]
        last = max(self._came, default=inf)
        return len([t for t in there if t <= last + quiet]) > 1


_UP = ("both-ends", "initiator", "nowhere")
_TERM = {"after": "heal", "within": "5s"}
_LINES: tuple[dict[str, Any], ...] = ({"absent": True}, {"times": "1"}, {"times": {"at-least": "2"}}, {})
EXPECTED: tuple[Expectation, ...] = (
    *(Bridge.model_validate({"connector": "wan", "up": up, **term}) for up in _UP for term in ({}, _TERM)),
    *(
        Demanded.model_validate({"broker": "tokyo", "topic": "t", "present": present, **term})
        for present in (True, False)
        for term in ({}, _TERM)
    ),
    NetworkPage.model_validate({"broker": "tokyo", "remote": "singapore"}),
    *(
        Log.model_validate({"broker": "tokyo", "matches": "it happened", **number, **term})
        for number in _LINES
        for term in ({}, _TERM)
    ),
    Duplicates.model_validate({"to": "ear", "quiet": "8s"}),
    Delivered.model_validate({"to": "ear", "promise": "exactly-once", "within": "20s", "quiet": "8s"}),
    Delivered.model_validate({"to": "ear", "promise": "nothing", "within": "5s"}),
)


def _moments(draw: st.DrawFn, most: int) -> tuple[int, ...]:
    """Draw moments at least two seconds apart: what lasts shorter a watch may not see, and does not expectation to."""
    found: list[int] = []
    for each in sorted(draw(st.lists(st.integers(0, LAST), max_size=most))):
        found += [each] if not found or each - found[-1] >= 2 else []
    return tuple(found)


def _spans(draw: st.DrawFn) -> tuple[Span, ...]:
    edges = _moments(draw, 4)
    spans = [(edge + 0.05, end + 0.05) for edge, end in zip(edges[::2], edges[1::2], strict=False)]
    return tuple(spans if len(edges) % 2 == 0 else [*spans, (edges[-1] + 0.05, inf)])


def _broker(draw: st.DrawFn, name: str) -> Broker:
    begin = draw(st.sampled_from([inf, inf, *range(3, LAST), LAST + 0.3]))
    end = draw(st.sampled_from([inf, begin + 3, begin + 7]))
    return Broker(
        name=name,
        turns=tuple(t for t in _moments(draw, 5) if not begin - 2 < t <= begin),
        demand=_moments(draw, 4),
        lines=tuple(sorted(draw(st.sets(st.integers(0, LAST), max_size=3)))),
        lag=draw(st.sampled_from(LAGS)),
        silent=_spans(draw),
        unread=_spans(draw),
        out=(begin + 0.15, end + 0.15 if end < LAST else inf) if begin < inf else (inf, inf),
        how=draw(st.sampled_from(["killed", "paused"])),
    )


@st.composite
def _truths(draw: st.DrawFn) -> Truth:
    lost = draw(st.sampled_from([inf, 0.5, 3.5, 12.5, 25.5]))
    copies = draw(st.sampled_from([(1.2,), (1.2,), (1.2, 4.0), (1.2, 13.0), (2.0, 29.0), ()]))
    back = draw(st.sampled_from([inf, lost + 2, lost + 10]))
    return Truth(
        near=_broker(draw, BROKERS[0]),
        far=_broker(draw, BROKERS[1]),
        listener=Listener(copies=copies, lost=lost, back=back if back < LAST else inf),
        heal=draw(st.integers(0, LAST)),
    )


@settings(max_examples=5 * EXAMPLES)
@given(_truths())
def test_no_verdict_is_better_than_the_truth_where_brokers_were_silent(truth: Truth) -> None:
    none_is_better_than(truth.true, EXPECTED, truth.observations())


@settings(max_examples=2 * EXAMPLES)
@given(_truths(), st.data())
def test_nothing_of_the_end_holds_in_a_history_that_is_cut_short(truth: Truth, data: st.DataObject) -> None:
    seen: Sequence[Observation] = truth.observations()
    cut = seen[: data.draw(st.integers(1, len(seen) - 1))]
    none_is_held(EXPECTED, cut)
