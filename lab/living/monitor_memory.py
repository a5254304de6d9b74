"""The part of a lab's history that its monitor needs: the recorded states, and the destinations in use."""

from __future__ import annotations

from pathlib import Path

from lab.activemq.destinations import has_wildcard
from lab.history import BEAT, Demand, Follower, LogLine, Publishing, Subscribed, Watched
from lab.runtime.messages import Destination

_SAME_LINE_WITHIN = 0.5  # seconds; the moment of a log line is computed from two clocks


class MonitorMemory:
    """A history that is read as it grows."""

    def __init__(self, path: Path) -> None:
        self._follower = Follower(path)
        self._demands: dict[tuple[str, str], bool] = {}
        self._lines: list[LogLine] = []  # since the last `Watched`
        self._destinations: dict[Destination, None] = {}
        self._begun = 0.0  # older lines of a log may be in the history already
        self.watched: float | None = None  # the moment of the last `Watched`

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """Return the destinations to which clients sent or listened."""
        return tuple(self._destinations)

    def read(self) -> None:
        """Read the new observations."""
        for observation in self._follower.new():
            match observation:
                case Watched():
                    self.watched = observation.t
                    self._lines = [each for each in self._lines if each.t > observation.t - 2 * BEAT]
                case LogLine():
                    self._lines.append(observation)
                case Subscribed() | Publishing() if not has_wildcard(observation.destination):
                    kind, _, name = observation.destination.partition("://")
                    self._destinations[Destination(kind=kind, name=name)] = None

    def is_news(self, observation: Demand | LogLine) -> bool:
        """Return whether an observation is not in the history yet."""
        if isinstance(observation, LogLine):
            return observation.t >= self._begun or not any(
                (each.broker, each.instance, each.text) == (observation.broker, observation.instance, observation.text)
                and abs(each.t - observation.t) < _SAME_LINE_WITHIN
                for each in tuple(self._lines)
            )
        key = (observation.broker, observation.destination)
        before, self._demands[key] = self._demands.get(key), observation.present
        return before is not observation.present

    def begin(self, t: float) -> None:
        """Begin a watch at a moment: all demand is news again; of the log, only lines that are not in the history."""
        self._begun = t
        self._demands.clear()

    def close(self) -> None:
        """Close the file."""
        self._follower.close()
