"""What a keeper finds in a lab's history: what it need not tell again, and where to look for demand."""

from __future__ import annotations

from pathlib import Path

from lab.activemq.destinations import has_wildcard
from lab.history import BEAT, Demand, Follower, LogLine, Publishing, Subscribed, Watched
from lab.runtime.messages import Destination

_ALIKE = 0.5  # seconds; the moment of a log line is reckoned from two clocks


class Past:
    """A history, read as far as it has come."""

    def __init__(self, path: Path) -> None:
        self._follower = Follower(path)
        self._demands: dict[tuple[str, str], bool] = {}
        self._lines: list[LogLine] = []  # of the time since somebody said that he watches
        self._destinations: dict[Destination, None] = {}
        self._begun = 0.0  # lines of a log that are older may be told twice
        self.watched: float | None = None  # until when somebody did

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """Return where clients sent, or listened."""
        return tuple(self._destinations)

    def read(self) -> None:
        """Take in what has come."""
        for seen in self._follower.new():
            match seen:
                case Watched():
                    self.watched = seen.t
                    self._lines = [each for each in self._lines if each.t > seen.t - 2 * BEAT]
                case LogLine():
                    self._lines.append(seen)
                case Subscribed() | Publishing() if not has_wildcard(seen.destination):
                    kind, _, name = seen.destination.partition("://")
                    self._destinations[Destination(kind=kind, name=name)] = None

    def is_news(self, seen: Demand | LogLine) -> bool:
        """Return whether what was seen just now is not in the history yet."""
        if isinstance(seen, LogLine):
            return seen.t >= self._begun or not any(
                (each.broker, each.instance, each.text) == (seen.broker, seen.instance, seen.text)
                and abs(each.t - seen.t) < _ALIKE
                for each in tuple(self._lines)
            )
        key = (seen.broker, seen.destination)
        before, self._demands[key] = self._demands.get(key), seen.present
        return before is not seen.present

    def begin(self, t: float) -> None:
        """Have all demand told again, as nobody watched until now; and no line of a log twice."""
        self._begun = t
        self._demands.clear()

    def close(self) -> None:
        """Close the file."""
        self._follower.close()
