"""A broker's work by the clock: it removes destinations out of use, and lets messages expire."""

from __future__ import annotations

from collections.abc import Callable

from lab.simulation.broker.destination import Destination
from lab.simulation.broker.process import Process
from lab.simulation.broker.regions import Regions
from lab.simulation.broker.sentences import inactive
from lab.simulation.broker.settings import Settings
from lab.simulation.kernel import MILLISECOND

Log = Callable[[str, str, str], None]


class Upkeep:
    """The scheduler's periodic tasks of one process."""

    def __init__(self, process: Process, regions: Regions, settings: Settings, log: Log) -> None:
        self._process, self._regions, self._settings, self._log = process, regions, settings, log
        self._watched: dict[str, None] = {}
        if settings.purge_every > 0:
            self._timer = process.after(settings.purge_every, self._purge)

    def stand(self, age: int) -> None:
        """Set the next look at destinations as if the process had run for so many ns longer."""
        if self._settings.purge_every > 0:
            self._timer = self._process.stand(self._timer, self._settings.purge_every, age)

    def watch(self, destination: Destination) -> None:
        """Let a destination's messages expire at its next look at them: `Queue.expireMessagesTask`, `Topic.…`.

        Each destination looks every `expireMessagesPeriod` from its creation on.
        """
        every = destination.policy.expire_every
        if every > 0 and destination.name not in self._watched:
            self._watched[destination.name] = None
            age = self._process.now - destination.made
            self._process.after(every - age % every, self._expire, destination)

    def _expire(self, destination: Destination) -> None:
        if self._regions.all.get(destination.name) is destination and destination.expire():
            self._process.after(destination.policy.expire_every, self._expire, destination)
        else:
            self._watched.pop(destination.name, None)

    def _purge(self) -> None:
        """Remove the destinations that have been out of use for long enough: `RegionBroker.purgeInactiveDestinations`.

        One pass marks idle destinations. A later one removes those idle for `inactiveTimeoutBeforeGC` by then.
        """
        now, over = self._process.now, []
        for each in self._regions.all.values():
            may = each.policy.gc and each.policy.idle > 0
            idle = may and each.queued == 0 and each.consumers == 0 and each.producers == 0
            if not idle:
                each.idle_since = None
            elif each.idle_since is None:
                each.idle_since = now
            if each.idle_since is not None and now - each.idle_since >= each.policy.idle:
                over.append(each)
        for each in over[: self._settings.purged_at_once or None]:
            self._log(*inactive(each.name, each.policy.idle // MILLISECOND))
            self._regions.remove(each.name)
        self._timer = self._process.after(self._settings.purge_every, self._purge)
