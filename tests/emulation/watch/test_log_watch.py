"""A broker's log becomes lines of a history: entries with their logger, a stack trace's lines apart from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lab.emulation.clock import RealClock
from lab.emulation.engine.logs import whole_lines
from lab.emulation.state import InstanceState
from lab.emulation.watch.log_watch import follow
from lab.history import LogLine, Observation

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

    def record(self, observation: Observation) -> None:
        self.seen.append(observation)


class Engine:
    """The engine's log of one container, in chunks of seven octets."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        stamped = (f"2026-11-24T20:44:{n:02}.000000000Z {line}\n" for n, line in enumerate(lines))
        self._log = "".join(stamped).encode()
        self.api = self

    def logs(self, container: str, **how: Any) -> Iterator[bytes]:
        return (self._log[at : at + 7] for at in range(0, len(self._log), 7))


def recorded(lines: tuple[str, ...]) -> list[LogLine]:
    its = InstanceState(broker="a", name="a", number=1, container="c", address="", ports={}, management_port=0)
    kept = Recorded()
    (watch,) = follow(Engine(lines), (its,), RealClock(), kept)  # type: ignore[arg-type]
    watch.end()
    return [each for each in kept.seen if isinstance(each, LogLine)]


def test_a_line_of_a_stack_trace_is_no_entry() -> None:
    assert [(each.trace, each.name) for each in recorded(LOG)] == [
        (False, ""),
        (True, "certificate-untrusted"),
        (False, ""),
    ]


def test_a_line_ends_with_a_line_feed_and_with_nothing_else() -> None:
    log = "one\u2028more\x85and\x0bmore\ntwo\r\nthrée".encode()
    for size in (1, 3, 100):
        chunks = [log[at : at + size] for at in range(0, len(log), size)]
        assert list(whole_lines(chunks)) == ["one\u2028more\x85and\x0bmore", "two", "thrée"]
