"""No verdict is better than the truth where brokers' counters decide: a kind beside those of `test_truth`.

A run is made up in which messages are taken, forwarded, held back by a bridge, discarded and left waiting, and brokers
and bridges start anew, so that counters begin again. The truth counts on; the history has what snapshots showed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.declare.between import Amount
from lab.declare.expectations.base import Expectation
from lab.declare.expectations.forwarding import Counters, Discarded, Forwarded, Stuck
from lab.history import (
    Acknowledged,
    BridgeSeen,
    BrokerChanged,
    ClientChanged,
    Counted,
    Ended,
    Observation,
    Publishing,
    Received,
    Sent,
    SnapshotTaken,
    Subscribed,
    Unsubscribed,
)
from lab.judge.values import Outcome

from .test_truth import BROKERS, EXAMPLES, judged

NEAR, FAR = BROKERS
NAMES = ("start", "middle", "end")
LAST = 24  # of the events, which are three seconds apart: counters of two brokers are of one moment
END = 3.0 * LAST + 9
COUNTED = ("enqueued", "dequeued", "forwarded", "discarded")
# What may become of a message sent to the near broker: who counts it, and how.
FATES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "taken there": {NEAR: ("enqueued", "dequeued")},
    "left there": {NEAR: ("enqueued", "queued")},
    "taken beyond": {NEAR: ("enqueued", "dequeued", "forwarded"), FAR: ("enqueued", "dequeued")},
    "left beyond": {NEAR: ("enqueued", "dequeued", "forwarded"), FAR: ("enqueued", "queued")},
    "held back": {NEAR: ("enqueued", "dequeued", "forwarded")},
    "discarded": {NEAR: ("enqueued", "discarded")},
    "sent beyond": {FAR: ("enqueued", "dequeued")},  # by a client of the far broker, to another one of it
}
# A stranger, whom no step knows, sends to the far broker, where another one takes it.
COUNTS = {**FATES, "a stranger's beyond": {FAR: ("enqueued", "dequeued")}}
CAME = ("taken beyond", "left beyond")
OF_A_TOPIC = ("taken there", "taken beyond", "held back", "discarded", "sent beyond", "a stranger's beyond")
OF_A_QUEUE = (
    "taken there",
    "left there",
    "taken beyond",
    "left beyond",
    "held back",
    "sent beyond",
    "a stranger's beyond",
)
# What may befall brokers, and whose counters begin again with it: all of a broker's, or the bridge's discards alone.
TURNS = (
    "near starts anew",
    "far starts anew",
    "the bridge comes anew",
    "the listener comes anew",
    "the listener is lost",
)
ANEW = {NEAR: "near starts anew", FAR: "far starts anew"}
CONSUMERS = ("a consumer there", "no consumer there", "a bridge asks there", "no bridge asks there")


@dataclass(frozen=True, kw_only=True)
class Truth:
    destination: str
    events: tuple[str, ...]  # in the order of time
    taken: tuple[int, int, int]  # before which event each snapshot was taken
    silent: frozenset[tuple[str, str]]  # brokers that did not answer to a snapshot

    @property
    def queue(self) -> bool:
        return self.destination.startswith("queue://")

    def at(self, name: str) -> int:
        return self.taken[NAMES.index(name)]

    def counts(self, broker: str, until: int) -> Counter[str]:
        """Return what a broker really counted until an event, however often it started."""
        return Counter(name for event in self.events[:until] for name in COUNTS.get(event, {}).get(broker, ()))

    def consumers(self, broker: str, until: int) -> dict[str, int]:
        own = bridges = 0
        for event in self.events[:until] if broker == FAR else ():
            own = {"a consumer there": 1, "no consumer there": 0}.get(event, own)
            bridges = {"a bridge asks there": 1, "no bridge asks there": 0}.get(event, bridges)
        return {"consumers": own + bridges, "network-consumers": bridges}

    def rise(self, broker: str, between: Sequence[str], counter: str) -> int:
        first, last = (self.counts(broker, self.at(name))[counter] for name in between)
        return last - first

    # The history

    def observations(self) -> tuple[Observation, ...]:
        seen = [*self._beginning()]
        sent = Counter[str]()
        for place, event in enumerate(self.events):
            seen += self._snapshots(place)
            seen += self._event(3.0 * place + 1, event, sent)
        seen += self._snapshots(len(self.events))
        return (*seen, Ended(t=END, complete=True))

    def _beginning(self) -> list[Observation]:
        own = sum(event == "sent beyond" for event in self.events)
        here = sum(event in FATES for event in self.events) - own
        seen: list[Observation] = [end.with_fields(t=0) for end in self._ends(0, up=True)]
        seen += [self._listens(0, "ear", FAR), self._listens(0, "near", NEAR)]
        for step, broker, count in ((1, NEAR, here), (2, FAR, own)):
            its = Publishing(
                t=0, step=step, client=f"p{step}", broker=broker, over="stomp", destination=self.destination,
                persistent=True, count=count, body="generated",
            )  # fmt: skip
            seen += [its] if count else []
        return seen

    def _listens(self, t: float, client: str, broker: str) -> Subscribed:
        return Subscribed(t=t, client=client, broker=broker, over="stomp", destination=self.destination, step=3)

    def _event(self, t: float, event: str, sent: Counter[str]) -> list[Observation]:
        if event in FATES:
            step = 2 if event == "sent beyond" else 1
            sent[str(step)] += 1
            its = f"{step}-{sent[str(step)]}"
            seen: list[Observation] = [Sent(t=t, id=its), Acknowledged(t=t + 0.001, id=its)]
            who = {"taken there": "near", "taken beyond": "ear", "sent beyond": "ear"}.get(event)
            return [*seen, Received(t=t + 0.1, client=who, destination=self.destination, id=its)] if who else seen
        broker, to = NEAR if event.startswith("near") else FAR, {"client": "ear", "broker": FAR}
        match event:
            case "near starts anew" | "far starts anew":
                back = [BrokerChanged(t=t + 0.2, broker=broker, state=state) for state in ("starting", "started")]
                return [BrokerChanged(t=t, broker=broker, state="killed"), *back]
            case "the bridge comes anew":
                down = [each.with_fields(last_look=t - 0.4) for each in self._ends(t, up=False)]
                return [*down, *(each.with_fields(last_look=t) for each in self._ends(t + 0.4, up=True))]
            case "the listener comes anew":
                return [Unsubscribed(t=t, destination=self.destination, **to), self._listens(t + 0.1, "ear", FAR)]
            case "the listener is lost":
                return [ClientChanged(t=t, state="lost", **to), self._listens(t + 0.1, "ear", FAR)]
        return []

    def _ends(self, t: float, *, up: bool) -> list[BridgeSeen]:
        near = BridgeSeen(
            t=t, connector="wan", broker=NEAR, remote=FAR, remote_address="a:1", created_by_duplex=False, up=up
        )  # fmt: skip
        return [near, near.with_fields(broker=FAR, remote=NEAR, remote_address="b:1", created_by_duplex=True)]

    def _snapshots(self, place: int) -> list[Observation]:
        """Return the snapshots that were taken before an event: what each broker counted since it last started."""
        seen: list[Observation] = []
        for name, broker in product(NAMES, BROKERS):
            if self.at(name) != place:
                continue
            t, told = 3.0 * place + (0 if broker == NEAR else 0.1), {"snapshot": name, "broker": broker}
            if (name, broker) in self.silent:
                seen.append(SnapshotTaken(t=t, answered=False, **told))
                continue
            counted = self._counted(broker, place)
            session = f"{broker} {self._last(ANEW[broker], place)}"
            seen.append(Counted(t=t, of="broker", name=broker, counters={}, session=session, **told))
            if counted["enqueued"] or counted["queued"] or self.consumers(broker, place)["consumers"]:
                counters = {**{each: counted[each] for each in (*COUNTED, "queued")}, **self.consumers(broker, place)}
                seen.append(Counted(t=t, of="destination", name=self.destination, counters=counters, **told))
            if broker == NEAR:
                session, gave = self._bridge(place)
                its = {"dequeued": gave, "received": 0}
                seen.append(Counted(t=t, of="bridge", name="wan", counters=its, session=session, remote=FAR, **told))
            seen.append(SnapshotTaken(t=t, **told))
        return seen

    def _bridge(self, until: int) -> tuple[str, int]:
        """Return the session of the near end of the bridge, and how many messages it has given on."""
        begun = max(self._last(turn, until) for turn in TURNS[:3]) + 1
        return f"wan {begun}", sum(event in CAME for event in self.events[begun:until])

    def _last(self, turn: str, until: int) -> int:
        return max((place for place, event in enumerate(self.events[:until]) if event == turn), default=-1)

    def _counted(self, broker: str, until: int) -> Counter[str]:
        begun = self._last(ANEW[broker], until) + 1
        found = self.counts(broker, until)
        queued = found["queued"]
        found.subtract(self.counts(broker, begun))
        found["queued"] = queued  # a queue keeps what waits
        bridge = max(self._last(turn, until) for turn in TURNS) + 1  # a new subscription of the bridge
        found["discarded"] = self.counts(broker, until)["discarded"] - self.counts(broker, bridge)["discarded"]
        return found

    # Which expectations are true

    def true(self, expectation: Expectation) -> bool:
        match expectation:
            case Counters() if expectation.amounts:
                ((counter, amount),) = expectation.amounts.items()
                return amount.holds(self.rise(expectation.broker, expectation.between, counter))
            case Counters():
                assert expectation.at is not None
                ((name, level),) = expectation.levels.items()
                until = self.at(expectation.at)
                levels = {
                    "waiting": self.counts(expectation.broker, until)["queued"],
                    **self.consumers(expectation.broker, until),
                }
                assert isinstance(level, Amount)
                return level.holds(levels[name])
            case Forwarded():
                first, last = (self.at(name) for name in expectation.between)
                return expectation.count.holds(sum(event in CAME for event in self.events[first:last]))
            case Discarded():
                return expectation.count.holds(self.rise(expectation.broker, expectation.between, "discarded"))
            case Stuck():
                until = self.at(expectation.at)
                its = self.consumers(expectation.broker, until)
                own = its["consumers"] - its["network-consumers"]
                return expectation.count.holds(0 if own else self.counts(expectation.broker, until)["queued"])
        raise AssertionError(expectation)


def _expectations(destination: str) -> tuple[Expectation, ...]:
    kind, _, name = destination.partition("://")
    amounts = ("0", "1", "2", {"at-least": "1"}, {"at-most": "2"})
    of = {kind: name}
    found: list[Expectation] = []
    pairs = [list(each) for each in (NAMES[:2], NAMES[1:], NAMES[::2])]
    for amount, pair in product(amounts, pairs):
        for broker, counter in product(BROKERS, COUNTED[:3]):
            found.append(Counters.model_validate({"broker": broker, **of, "between": pair, counter: amount}))
        found.append(Forwarded.model_validate({"broker": NEAR, **of, "between": pair, "count": amount}))
        if kind == "topic":
            found.append(Discarded.model_validate({"broker": NEAR, **of, "between": pair, "count": amount}))
            its = {"broker": NEAR, **of, "between": pair, "discarded": amount}
            found.append(Counters.model_validate(its))
    for amount, broker, at in product(amounts, BROKERS, NAMES) if kind == "queue" else ():
        found.append(Stuck.model_validate({"broker": broker, **of, "at": at, "count": amount}))
        for level in ("waiting", "consumers"):
            found.append(Counters.model_validate({"broker": broker, **of, "at": at, level: amount}))
    return tuple(found)


EXPECTED = {destination: _expectations(destination) for destination in ("topic://t", "queue://q")}


@st.composite
def _truths(draw: st.DrawFn, destination: str) -> Truth:
    fates = OF_A_QUEUE if destination.startswith("queue") else OF_A_TOPIC
    often = st.sampled_from([*fates, *fates, *fates, *TURNS, *CONSUMERS])
    events = tuple(draw(st.lists(often, min_size=1, max_size=LAST)))
    first, second, last = sorted(draw(st.lists(st.integers(0, len(events)), min_size=3, max_size=3)))
    both = [(name, broker) for name in NAMES for broker in BROKERS]
    silent = draw(st.sampled_from([(), (), (), *((each,) for each in both)]))
    return Truth(
        destination=destination, events=events, taken=(first, second, last), silent=frozenset(silent)
    )  # fmt: skip


KIND = pytest.mark.parametrize("destination", EXPECTED)


@KIND
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_no_verdict_is_better_than_what_was_counted(destination: str, data: st.DataObject) -> None:
    truth = data.draw(_truths(destination))
    expectations = EXPECTED[destination]
    for expectation, verdict in zip(expectations, judged(expectations, truth.observations()).verdicts, strict=True):
        true = truth.true(expectation)
        right = {Outcome.PASSED: True, Outcome.FAILED: False}.get(verdict.outcome, true)
        assert true is right, f"{verdict.outcome}: {verdict.expectation}: {verdict.reason}"


@KIND
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_nothing_counted_holds_in_a_history_cut_before_it(destination: str, data: st.DataObject) -> None:
    truth = data.draw(_truths(destination))
    expectations, seen = EXPECTED[destination], truth.observations()
    cut = seen[: data.draw(st.integers(1, len(seen) - 1))]
    taken = Counter(each.snapshot for each in cut if isinstance(each, SnapshotTaken))
    for expectation, verdict in zip(expectations, judged(expectations, cut).verdicts, strict=True):
        if any(not taken[name] for name in expectation.snapshots):
            assert verdict.outcome is Outcome.UNKNOWN, f"{verdict.expectation}: {verdict.reason}"
