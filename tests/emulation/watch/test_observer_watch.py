"""The watch over a broker's observer: its clock, events that the broker lost, and a broker that starts again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from lab.emulation.state import InstanceState
from lab.emulation.watch.observer_answers import Answer, Head, UnreadableError
from lab.emulation.watch.observer_watch import ObserverWatch, Process, _InstanceWatch
from lab.errors import BrokerError
from lab.history import MemoryRecorder, MessageSeen, Observation, ObserverChanged
from lab.runtime.clock import RealClock
from lab.runtime.lab import Down
from lab.runtime.observer_events import Event, ProcessChanged

TOKYO = InstanceState(
    broker="tokyo", name="tokyo", number=1, container="c", address="10.0.0.1", ports={}, management_port=1
)


class Broker:
    """An observer with events, which forgets what it was asked to forget."""

    def __init__(self) -> None:
        self.started, self.first, self.dropped = "process 1", 1, 0
        self.events: list[Event] = []
        self.absent = self.down = False
        self.asked: list[int] = []

    def send(self, message: str) -> None:
        t, orders = self.now() / 1e9, "queue://orders"
        self.events.append(MessageSeen(t=t, broker="tokyo", event="sent", message=message, destination=orders))

    def now(self) -> int:
        return round(CLOCK.now() * 1e9) + 7_000_000_000

    def take(self, instance: InstanceState, started: str, after: int) -> Answer | None:
        self.asked.append(after)
        if self.down:
            raise Down("tokyo is down")
        if self.absent:
            raise BrokerError("tokyo does not answer")
        forgotten = max(0, after + 1 - self.first) if started == self.started else 0
        self.events, self.first = self.events[forgotten:], self.first + min(forgotten, len(self.events))
        head = Head(
            started=self.started, first=self.first, left=len(self.events), dropped=self.dropped, at=0, now=self.now()
        )
        return Answer(head=head, events=tuple(self.events[:2]))

    def restart(self) -> None:
        self.started, self.first, self.events = "process 2", 1, []


CLOCK = RealClock()


def watched(
    broker: Broker,
    do: Callable[[MemoryRecorder], None],
    *,
    patience: float = 60.0,
    instances: Sequence[InstanceState] = (TOKYO,),
) -> MemoryRecorder:
    """Return the observations of a watch during which something is done."""
    recorder, errors = MemoryRecorder(), list[Exception]()
    patterns = {"tokyo": ["orders.>"]}
    watch = ObserverWatch(instances, patterns, broker.take, CLOCK, recorder, errors.append, {}, patience)
    watch.begin()
    try:
        assert until(lambda: bool(recorder.observations) or broker.down)
        do(recorder)
    finally:
        watch.end()
    assert errors == []
    return recorder


def until(condition: Callable[[], bool]) -> bool:
    return CLOCK.wait(condition, 20)


def messages(recorder: MemoryRecorder) -> list[str]:
    return [seen.message for seen in recorder.observations if isinstance(seen, MessageSeen)]


def changes(recorder: MemoryRecorder) -> list[ObserverChanged]:
    return [seen for seen in recorder.observations if isinstance(seen, ObserverChanged)]


def states(recorder: MemoryRecorder) -> list[str]:
    return [seen.state for seen in changes(recorder)]


class CountingRecorder(MemoryRecorder):
    """Counts its calls, each of which locks a history that many processes write to."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def record(self, *observations: Observation) -> None:
        self.calls += any(isinstance(seen, MessageSeen) for seen in observations)
        super().record(*observations)


def test_the_events_of_an_answer_are_recorded_together() -> None:
    broker, recorder = Broker(), CountingRecorder()
    for number in range(4):
        broker.send(f"ID:{number}")
    watch = ObserverWatch([TOKYO], {"tokyo": ["orders.>"]}, broker.take, CLOCK, recorder, [].append, {})
    watch.begin()
    watch.end()
    assert messages(recorder) == ["ID:0", "ID:1", "ID:2", "ID:3"]
    assert recorder.calls == 2, "an answer of this broker has two events"


def test_every_event_is_recorded_once_however_many_an_answer_has() -> None:
    broker = Broker()

    def do(recorder: MemoryRecorder) -> None:
        for number in range(5):
            broker.send(f"m{number}")
        assert until(lambda: len(messages(recorder)) == 5)
        broker.send("m5")

    recorder = watched(broker, do)
    assert messages(recorder) == [f"m{number}" for number in range(6)]
    assert [seen.state for seen in changes(recorder)] == ["began", "ended"]


def test_moments_are_of_the_labs_clock_within_the_error_that_is_stated() -> None:
    broker, sent = Broker(), list[float]()

    def do(recorder: MemoryRecorder) -> None:
        sent.append(CLOCK.now())
        broker.send("m0")

    recorder = watched(broker, do)
    (seen,) = [each for each in recorder.observations if isinstance(each, MessageSeen)]
    began = changes(recorder)[0]
    assert abs(seen.t - sent[0]) <= began.clock_error + 0.005


class Drifting(Broker):
    """A broker whose first answers take long, and whose clock drifts; the lab's clock is handed in."""

    def __init__(self, clock: Stepped, drift: float = 0.0, slow: Sequence[float] = ()) -> None:
        super().__init__()
        self._clock, self._drift, self.slow = clock, drift, list(slow)

    def now(self) -> int:
        return round(self._clock.t * (1 + self._drift) * 1e9)

    def take(self, instance: InstanceState, started: str, after: int) -> Answer | None:
        self._clock.t += self.slow.pop(0) if len(self.slow) > 1 else self.slow[0]
        return super().take(instance, started, after)  # it reads its clock at the very end of its request


class Stepped(RealClock):
    """A clock that stands until it is moved."""

    t = 0.0

    def now(self) -> float:
        return self.t


def read(broker: Broker, clock: Stepped, *, then: Callable[[Callable[[], object]], object]) -> MemoryRecorder:
    """Return the observations of reading a broker's observer, when `then` says so, in this thread."""
    recorder = MemoryRecorder()
    watch = _InstanceWatch(TOKYO, ("orders",), broker.take, clock, recorder, {})
    then(watch.take)
    return recorder


def test_the_clock_of_a_new_process_is_measured_again_while_its_answers_are_slow() -> None:
    clock = Stepped()
    broker = Drifting(clock, slow=[0.4, 0.1, 0.002, 0.3])
    (began,) = changes(read(broker, clock, then=lambda take: take()))
    assert (began.state, began.clock_error) == ("began", 0.005)
    assert len(broker.asked) == 3


def drifted(slow: list[float], seconds: int) -> tuple[MemoryRecorder, float]:
    """Read a broker whose clock drifts, once a second; return the error of a last message's moment, with its sign."""
    clock, sent = Stepped(), list[float]()
    broker = Drifting(clock, drift=1e-4, slow=slow)

    def read_on(take: Callable[[], object]) -> None:
        for _ in range(seconds):
            take()
            clock.t += 1.0
        broker.send("late")
        sent.append(clock.t)
        take()

    recorder = read(broker, clock, then=read_on)
    (message,) = [each for each in recorder.observations if isinstance(each, MessageSeen)]
    return recorder, message.t - sent[0]


def test_a_clock_that_drifts_is_followed() -> None:
    recorder, error = drifted([0.001, 0.004], 3600)
    assert abs(error) <= max(each.clock_error for each in changes(recorder)) <= 0.02, (error, states(recorder))


def test_a_clock_that_cannot_be_measured_as_well_as_before_becomes_less_certain() -> None:
    recorder, error = drifted([0.001, 0.4], 600)
    assert states(recorder)[:2] == ["began", "clock"] and len(states(recorder)) < 10
    assert 0.05 < abs(error) <= changes(recorder)[-1].clock_error


def test_events_that_the_broker_dropped_are_counted_and_dated() -> None:
    broker = Broker()

    def do(recorder: MemoryRecorder) -> None:
        broker.dropped = 12
        assert until(lambda: len(changes(recorder)) == 2)

    lost = changes(watched(broker, do))[1]
    assert (lost.state, lost.lost_events, lost.why) == ("lost", 12, "its buffer of events was full")
    assert lost.since is not None and lost.since <= lost.t


def test_a_process_that_ended_may_have_had_events_that_were_not_read() -> None:
    broker = Broker()

    def do(recorder: MemoryRecorder) -> None:
        broker.send("before")
        assert until(lambda: messages(recorder) == ["before"])
        broker.absent = True
        asked = len(broker.asked)
        assert until(lambda: len(broker.asked) > asked + 1)
        broker.restart()
        broker.send("after")
        broker.absent = False
        assert until(lambda: messages(recorder) == ["before", "after"])

    recorder = watched(broker, do)
    assert [seen.state for seen in changes(recorder)] == ["began", "lost", "began", "ended"]


def test_a_broker_without_patterns_is_not_asked() -> None:
    broker, recorder = Broker(), MemoryRecorder()
    watch = ObserverWatch([TOKYO], {"tokyo": []}, broker.take, CLOCK, recorder, lambda error: None, {})
    watch.begin()
    watch.end()
    assert broker.asked == []
    assert recorder.observations == []


def test_a_process_that_ended_in_order_has_lost_nothing() -> None:
    broker = Broker()

    def do(recorder: MemoryRecorder) -> None:
        broker.send("before")
        broker.events.append(ProcessChanged(t=broker.now() / 1e9, broker="tokyo", state="stopped"))
        assert until(lambda: messages(recorder) == ["before"])
        asked = len(broker.asked)
        assert until(lambda: len(broker.asked) > asked + 1)
        broker.restart()
        broker.send("after")
        assert until(lambda: messages(recorder) == ["before", "after"])

    assert [(seen.state, seen.why) for seen in changes(watched(broker, do))] == [
        ("began", ""), ("ended", "its process ended in order"), ("began", ""), ("ended", ""),
    ]  # fmt: skip


def test_a_broker_that_does_not_come_back_may_have_had_events_that_were_not_read() -> None:
    broker = Broker()

    def do(recorder: MemoryRecorder) -> None:
        broker.absent = True

    assert [seen.state for seen in changes(watched(broker, do))] == ["began", "lost"]


def test_the_next_watch_goes_on_where_the_last_one_ended() -> None:
    broker, recorder, processes = Broker(), MemoryRecorder(), dict[str, Process]()
    for number in range(2):
        watch = ObserverWatch(
            [TOKYO], {"tokyo": ["orders"]}, broker.take, CLOCK, recorder, lambda error: None, processes
        )
        broker.send(f"m{number}")
        watch.begin()
        assert until(lambda number=number: len(messages(recorder)) == number + 1)
        watch.end()
        assert broker.events == []  # they were read, and the broker has forgotten them
    assert messages(recorder) == ["m0", "m1"]
    assert [seen.state for seen in changes(recorder)] == ["began", "ended", "ended"]


def test_events_that_another_process_has_read_are_missing() -> None:
    broker = Broker()
    broker.first = 8
    assert [seen.state for seen in changes(watched(broker, lambda recorder: None))] == ["began", "lost", "ended"]


def test_an_answer_of_another_form_ends_the_watch_by_name() -> None:
    errors, recorder = list[Exception](), MemoryRecorder()

    def take(instance: InstanceState, started: str, after: int) -> Answer:
        raise UnreadableError("broker tokyo's observer answered in another form")

    watch = ObserverWatch([TOKYO], {"tokyo": ["orders"]}, take, CLOCK, recorder, errors.append, {})
    watch.begin()
    assert until(lambda: bool(errors) and bool(recorder.observations))
    watch.end()
    (lost,) = changes(recorder)
    assert (lost.state, "another form" in lost.why) == ("lost", True)


def test_an_observer_that_never_answers_is_in_the_history() -> None:
    broker = Broker()
    broker.absent = True
    (silent,) = changes(watched(broker, lambda recorder: None, patience=0.02))
    assert (silent.state, silent.why) == ("silent", "it does not answer")
    assert silent.since is not None and silent.since <= silent.t


def test_an_observer_that_never_answers_is_in_the_history_of_a_short_watch() -> None:
    broker, recorder = Broker(), MemoryRecorder()
    broker.absent = True
    watch = ObserverWatch([TOKYO], {"tokyo": ["orders"]}, broker.take, CLOCK, recorder, lambda error: None, {}, 60.0)
    watch.begin()
    watch.end()
    assert [seen.state for seen in changes(recorder)] == ["silent"]


def test_a_frozen_broker_is_silent_from_its_last_answer_until_its_next_one() -> None:
    broker = Broker()

    def do(recorder: MemoryRecorder) -> None:
        broker.absent = True
        asked = len(broker.asked)
        assert until(lambda: len(broker.asked) > asked + 1)  # an answer that was under way is recorded
        broker.send("frozen in")
        assert until(lambda: states(recorder)[-1] == "silent")
        broker.absent = False
        assert until(lambda: states(recorder)[-1] == "answering")

    recorder = watched(broker, do, patience=0.5)
    silent, answering = [seen for seen in changes(recorder) if seen.state in ("silent", "answering")][-2:]
    (message,) = [seen for seen in recorder.observations if isinstance(seen, MessageSeen)]
    assert silent.since is not None and silent.since <= message.t
    # It counts as answering once all that happened meanwhile is in the history.
    assert recorder.observations.index(message) < recorder.observations.index(answering)


def test_an_instance_without_a_process_is_not_silent() -> None:
    broker = Broker()
    broker.down = True

    def do(recorder: MemoryRecorder) -> None:
        asked = len(broker.asked)
        assert until(lambda: len(broker.asked) > asked + 3)

    assert changes(watched(broker, do, patience=0.02)) == []


def test_an_observer_that_does_not_come_back_with_its_broker_is_silent() -> None:
    class Without(Broker):
        """Its process answers after a restart, and has no observer."""

        def take(self, instance: InstanceState, started: str, after: int) -> Answer | None:
            answer = super().take(instance, started, after)
            return None if self.started == "process 2" else answer

    broker = Without()

    def do(recorder: MemoryRecorder) -> None:
        broker.down = True
        assert until(lambda: "lost" in states(recorder))
        broker.restart()
        broker.down = False
        assert until(lambda: "silent" in states(recorder))

    watched(broker, do, patience=0.1)


def test_a_process_that_is_gone_may_have_had_events_that_were_not_read_and_is_not_silent_for_ever() -> None:
    broker = Broker()

    def do(recorder: MemoryRecorder) -> None:
        broker.down = True
        assert until(lambda: "lost" in states(recorder))
        asked = len(broker.asked)
        assert until(lambda: len(broker.asked) > asked + 3)

    assert states(watched(broker, do, patience=0.1))[-1] == "lost"


def test_the_standby_of_an_instance_that_answers_is_not_silent() -> None:
    class Pair(Broker):
        def take(self, instance: InstanceState, started: str, after: int) -> Answer | None:
            return super().take(instance, started, after) if instance.number == 1 else None

    broker = Pair()
    pair = [replace(TOKYO, name=f"tokyo-{number}", number=number) for number in (1, 2)]

    def do(recorder: MemoryRecorder) -> None:
        asked = len(broker.asked)
        assert until(lambda: len(broker.asked) > asked + 3)

    known = states(watched(broker, do, patience=0.1, instances=pair))
    assert [state for state in known if state not in ("silent", "answering")] == ["began", "ended"]
    assert known.count("silent") == known.count("answering")  # such as before the first answer
