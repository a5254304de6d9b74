"""A broker's log becomes lines of a history: entries with their logger, a stack trace's lines apart from them.

What the engine does not give for a while is told, and read as soon as it gives it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import requests

from lab.base.masking import Mask
from lab.emulation.engine.logs import whole_lines
from lab.emulation.state import InstanceState
from lab.emulation.watch.log_watch import LogWatch, follow
from lab.history import LogLine, MemoryRecorder, Observation, SightChanged
from lab.runtime.clock import RealClock
from lab.runtime.log_flood import WHOLE_LINES

ENTRY = "2026-11-24T20:43:12.130Z WARN  [ActiveMQ Task-1] TransportConnector | Could not accept connection: "
LOG = (
    f"{ENTRY}refused",
    " java.io.IOException: PKIX path building failed",
    " \tat org.apache.activemq.transport.tcp.TcpTransport.connect(TcpTransport.java:525)",
    " 2026-11-24T20:43:12.131Z INFO  [main] BrokerService | Apache ActiveMQ 5.18.3 (a, ID:a) is shutdown",
    f"{ENTRY}Client: Apache ActiveMQ 5.18.3 (a, ID:a) is shutdown\\nApache ActiveMQ 5.18.3 (a, ID:a) started",
)


class Recorded:
    """A Recorder that keeps what it is told."""

    def __init__(self) -> None:
        self.seen: list[Observation] = []

    def record(self, *observations: Observation) -> None:
        self.seen += observations


class Engine:
    """The engine's log of one container, in chunks of seven octets."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        stamped = (f"2026-11-24T20:44:00.{n:09}Z {line}\n" for n, line in enumerate(lines, 1))
        self._log = "".join(stamped).encode()
        self.api = self

    def logs(self, container: str, **how: Any) -> Iterator[bytes]:
        return (self._log[at : at + 7] for at in range(0, len(self._log), 7))


def recorded(lines: tuple[str, ...], mask: Callable[[], Mask] = Mask) -> list[LogLine]:
    its = InstanceState(broker="a", name="a", number=1, container="c", address="", ports={}, management_port=0)
    kept = Recorded()
    (watch,) = follow(Engine(lines), (its,), RealClock(), kept, None, lambda _: None, mask)  # type: ignore[arg-type]
    watch.end()
    return [each for each in kept.seen if isinstance(each, LogLine)]


def test_a_line_of_a_stack_trace_is_no_entry() -> None:
    assert [(each.trace, each.name) for each in recorded(LOG)] == [
        (False, ""),
        (True, "certificate-untrusted"),
        (False, ""),
    ]


def test_a_line_that_is_held_back_in_a_flood_is_told_all_the_same() -> None:
    its = InstanceState(broker="a", name="a", number=1, container="c", address="", ports={}, management_port=0)
    kept, told = Recorded(), list[LogLine]()
    engine = cast(Any, Engine(tuple(f"{ENTRY}{number}" for number in range(250))))
    (watch,) = follow(engine, (its,), RealClock(), kept, None, lambda _: None, said=told.append)
    watch.end()
    assert len(told) == 250 and len(kept.seen) == WHOLE_LINES + 1


def test_a_line_is_cut_after_it_was_masked() -> None:
    secret, trace = "S3cret-S3cret-1", " java.io.IOException: PKIX path building failed "
    for before in range(430, 460):
        said = f"{'x' * before} {secret} more {'y' * 100}"
        entry, cause = recorded((f"{ENTRY}{said}", f"{trace}{said}"), lambda: Mask.of([secret]))
        assert cause.trace and not entry.trace
        assert [len(each.text) for each in (entry, cause)] == [500, 500]
        assert "S" not in (entry.text + cause.text).replace("TransportConnector", "")


def test_a_line_ends_with_a_line_feed_and_with_nothing_else() -> None:
    log = "one\u2028more\x85and\x0bmore\ntwo\r\nthrée".encode()
    for size in (1, 3, 100):
        chunks = [log[at : at + size] for at in range(0, len(log), size)]
        assert list(whole_lines(chunks)) == ["one\u2028more\x85and\x0bmore", "two", "thrée"]


INSTANCE = InstanceState(broker="a", name="a", number=1, container="a", address="", ports={}, management_port=1)
FIRST = b"2026-01-01T00:00:01.000000000Z 2026-01-01T00:00:01.000Z WARN  [main] Some | the first\n"
SECOND = b"2026-01-01T00:00:02.000000000Z 2026-01-01T00:00:02.000Z WARN  [main] Some | the second\n"


class Fitful:
    """An engine that gives the log some times, and fails at others, as it was told."""

    def __init__(self, *answers: bytes | None) -> None:
        self.api = self
        self._answers = list(answers)  # None: it fails

    def logs(self, *_: object, **__: object) -> Iterator[bytes]:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if answer is None:
            raise requests.exceptions.ConnectionError("no engine")
        return iter([answer])


def followed(engine: Fitful, *, until: int) -> MemoryRecorder:
    """Follow the log until so many observations are there, and end."""
    recorder, clock = MemoryRecorder(), RealClock()
    watch = LogWatch(cast(Any, engine), INSTANCE, clock, recorder, None, lambda _: None)
    watch.begin()
    assert clock.wait(lambda: len(recorder.observations) >= until, 30)
    watch.end()
    return recorder


def told(recorder: MemoryRecorder) -> list[str]:
    return [
        each.text.partition(" | ")[2] if isinstance(each, LogLine) else f"{each.of} {each.state}"
        for each in recorder.observations
        if isinstance(each, LogLine | SightChanged)
    ]


def test_lines_that_were_missed_are_read_before_the_log_counts_as_seen_again() -> None:
    recorder = followed(Fitful(FIRST, None, None, FIRST + SECOND), until=4)
    assert told(recorder) == ["the first", "log lost", "the second", "log regained"]


def test_a_log_that_is_never_given_again_stays_unseen_from_the_last_line_on() -> None:
    recorder = followed(Fitful(FIRST, None), until=2)
    assert told(recorder) == ["the first", "log lost"]
    (lost,) = [each for each in recorder.observations if isinstance(each, SightChanged)]
    assert lost.since < lost.t and "no engine" in lost.why


def test_a_log_that_cannot_be_read_at_the_end_is_told() -> None:
    recorder = followed(Fitful(FIRST, None), until=1)
    assert told(recorder) == ["the first", "log lost"]
