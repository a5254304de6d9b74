"""Messages of applications, which the lab did not send: no history has their bodies or their clients."""

from __future__ import annotations

from collections.abc import Iterator

from lab.base.units import several
from lab.extras.transcript.values import Note
from lab.history import MessageSeen, Observation, Publishing, Received, Sent, Subscribed

_MOST = 20  # clients that are named


class Strangers:
    """The messages of clients that are not the lab's, counted observation by observation."""

    def __init__(self, run: str) -> None:
        self._prefix = f"mqlab-{run}-"
        self._digests: set[str] = set()
        self._own: set[str] = set()  # client ids
        self._sent: dict[tuple[str, ...], list[float]] = {}  # client id, broker, destination → first, count
        self._received: dict[tuple[str, ...], list[float]] = {}  # client, destination → first, count

    def add(self, observation: Observation) -> None:
        """Add an observation."""
        match observation:
            case Sent():
                self._digests.update(filter(None, (observation.digest, observation.digest_as_text)))
            case Publishing() | Subscribed():
                self._own.add(observation.client)
            case Received(id=None) if not observation.retained and observation.digest not in self._digests:
                self._count(self._received, (observation.client, observation.destination), observation.t)
            case MessageSeen(event="sent", network=False) if not self._is_own(observation.client_id):
                self._count(
                    self._sent, (observation.client_id, observation.broker, observation.destination), observation.t
                )

    def _is_own(self, client_id: str) -> bool:
        return client_id.startswith(self._prefix) or client_id in self._own

    @staticmethod
    def _count(counts: dict[tuple[str, ...], list[float]], key: tuple[str, ...], t: float) -> None:
        counts.setdefault(key, [t, 0])[1] += 1

    def notes(self) -> Iterator[Note]:
        """Yield notes on the messages that the lab did not send."""
        for (client_id, broker, destination), (t, count) in list(self._sent.items())[:_MOST]:
            whose = f"of the application with the client id {client_id}" if client_id else "of an application"
            text = f"{several(int(count), 'message')} {whose} to {destination} at {broker}: the lab did not send them"
            yield Note(t=t, text=text)
        for (client, destination), (t, count) in list(self._received.items())[:_MOST]:
            text = f"{several(int(count), 'message')} of {destination} at {client}: the lab did not send them"
            yield Note(t=t, text=text)
        if (more := max(len(self._sent) - _MOST, 0) + max(len(self._received) - _MOST, 0)) > 0:
            yield Note(t=0.0, text=f"and messages of {several(more, 'other application')}, which the lab did not send")
