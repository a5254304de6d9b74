"""Record, replay, record: on whichever lab is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab.declare.loading import load
from lab.declare.recordings import Reading, Recorded
from lab.declare.unrolling import unroll
from lab.history import MemoryRecorder, SendOutcome, StepEnded
from lab.living.lab import Live
from lab.living.recording import Source, Wanted, record
from lab.replay.playing import play
from lab.replay.rehearsal import Rehearsal
from lab.runtime.messages import Destination, Outgoing

TOPOLOGY = Path(__file__).parents[2] / "scenarios" / "topologies" / "tokyo-singapore.yaml"
TEXT_ONLY = ("stomp-wss",)  # ActiveMQ's STOMP takes no binary messages in a WebSocket
BODIES = (*(bytes([octet]) for octet in range(256)), b"", b"\xff" * 2**20)


def bodies(over: str) -> list[bytes]:
    """Return each body of one octet, an empty one and a large one, as far as a protocol can carry them."""
    return [each for each in BODIES if over not in TEXT_ONLY or each.isascii()]


def at(live: Live, broker: str, over: str) -> Source:
    return Source(
        name=broker, where="here", over=over, connect=lambda take: live.connect(broker, over, on_message=take)
    )


def recorded(path: Path) -> list[Recorded]:
    with Reading(path) as reading:
        found = list(reading)
    assert reading.footer is not None
    return found


def during(live: Live, work: Callable[[], None]) -> Callable[[], None]:
    """Return what begins some work once everything listens."""
    return lambda: live.lab.clock.begin("work", work)


def lasting(message: Recorded) -> Recorded:
    """Return a message without what each time is another: the moment, and the broker's id.

    An expiry is a moment of the sender's clock less one of the broker's, and a busy machine has time between the two.
    """
    expiry = message.expiry and round(message.expiry, -1)
    return message._replace(t=0.0, id=None, expiry=expiry, headers=dict(message.headers))


class Counted:
    """The events of a client that only sends."""

    def __init__(self) -> None:
        self.accepted = 0

    def acknowledged(self, id: str, outcome: SendOutcome, note: str = "") -> None:
        assert outcome is SendOutcome.OK, (id, note)
        self.accepted += 1

    def received(self, message: Any) -> None: ...

    def lost(self, why: str) -> None: ...

    def broke(self, error: Exception) -> None:
        raise error


def send(live: Live, over: str, given: Sequence[bytes]) -> None:
    """Send bodies, over STOMP and AMQP each with headers and terms, and the first ones as texts."""
    mqtt = over.startswith("mqtt")
    to = Destination(kind="topic", name="prices.eur")
    events = Counted()
    client = live.lab.connect(client="sender", broker="tokyo", over=over, user="testuser", events=events)
    for n, body in enumerate(given, start=1):
        terms: dict[str, Any] = {"expiry": 600.0, "priority": n % 10, "text": 48 < n < 90} if not mqtt else {}
        headers = {"kind": "order", "n": f"{n}:\n\\x"}
        client.publish(Outgoing(f"1-{n}", to, body, headers, n % 3, n % 2 == 0, False, **terms))
    assert live.lab.clock.wait(lambda: events.accepted == len(given), 60)
    client.close()


def replay(live: Live, recording: Path) -> None:
    """Do the step `replay` on an open lab."""
    path = recording.parent / f"{recording.name}.yaml"
    step = f"{{recording: {recording.name}, into: tokyo, pace: acknowledgements}}"
    path.write_text(f"scenario: again\ntopology: {TOPOLOGY}\nsteps:\n  - replay: {step}\n")
    scenario = load(path, environment={})
    program, seen = unroll(scenario.steps), MemoryRecorder()
    rehearsal = Rehearsal(
        live.lab.note.plan,
        program,
        live.lab,
        seen,
        run="r-1",
        closing=ExitStack(),
        began=datetime.now(UTC),
        topology=scenario.topology,
        tells=False,
    )
    with rehearsal.tasks:
        play(rehearsal, program.steps)
    (ended,) = (each for each in seen.observations if isinstance(each, StepEnded))
    assert ended.ok, ended.note


def check_same_again(live: Live, folder: Path, over: str, *, ordered: bool = True) -> list[Recorded]:
    """Record what is sent, and what a replay of that sends; return the second recording, which is as the first.

    Messages of unlike QoS or priority may overtake each other at a real broker: then they are not compared `ordered`.
    """
    given = bodies(over)
    first, again = folder / f"first-{over}.jsonl.gz", folder / f"again-{over}.jsonl"
    topic = "prices.eur" if over == "amqp" else "prices.>"  # what is sent over AMQP need not say where to
    wanted = Wanted(topics=(topic,), most=len(given), seconds=60)
    for path, work in ((first, lambda: send(live, over, given)), (again, lambda: replay(live, first))):
        footer = record([at(live, "tokyo", over)], wanted, path, live.lab.clock, ready=during(live, work))
        assert footer.ended == "count", footer
    before, after = list(map(lasting, recorded(first))), list(map(lasting, recorded(again)))
    if not ordered:
        before, after, given = (sorted(before, key=_body), sorted(after, key=_body), sorted(given))
    assert [each.body for each in before] == given
    assert [(was, now) for was, now in zip(before, after, strict=True) if was != now] == []
    return after


def _body(message: Recorded) -> bytes:
    return message.body
