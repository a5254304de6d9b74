"""The monitor of an open lab: it watches the lab for its history, and records every few seconds that it does.

The program that opened a lab (`mqlab up`, `labs.up`) is its monitor. A detached lab has a process for it, which also
attends to maintenance windows, and ends with the lab.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import Self

from lab.amazonmq.account.broker_record import BrokerState
from lab.errors import LabError
from lab.history import BEAT, Demand, LogLine, Observation, Trouble, Unwatched, Watched
from lab.living import monitor_process
from lab.living.attach import attend
from lab.living.history import MONITOR, LivingHistory
from lab.living.monitor_memory import MonitorMemory
from lab.living.windows import POLL_SECONDS, stand
from lab.operating.runtimes import runtime
from lab.plan.values import BrokerPlan
from lab.runtime import state_file as state_files
from lab.runtime.lab import StandingLab, note_failure
from lab.runtime.messages import Destination
from lab.runtime.progress import Logged
from lab.runtime.state_file import note_folder

_LOG = logging.getLogger("lab")
_LATE_SECONDS = 3 * BEAT  # seconds without a record, after which the lab counts as unwatched


class Monitor:
    """Watches a lab from the beginning of its block to its end, or until an error ends the watch, which is logged.

    `given_up` is called after such an error, from the monitor's own thread.
    """

    def __init__(self, lab: StandingLab, history: LivingHistory, given_up: Callable[[], None] = lambda: None) -> None:
        self._given_up = given_up
        self._lab, self._history, self._clock = lab, history, lab.clock
        self._memory = MonitorMemory(history.file.path)
        self._last = 0.0  # the moment of the last `Watched`
        self._over = False
        self._blind = False  # whether a part of the watch has ended by an error
        self._failed: OSError | None = None

    def __enter__(self) -> Self:
        self._memory.read()
        self._watch(self._memory.watched)
        self._clock.begin("mqlab-monitor", self._keep)
        return self

    def __exit__(self, *error: object) -> None:
        self._over = True
        self._lab.unwatch()

    def record(self, *observations: Observation) -> None:
        """Record observations, without those that the history has, or that a verb causes."""
        news = [observation for observation in observations if self._is_news(observation)]
        try:
            if news:
                self._history.record(*news)
        except OSError as error:
            self._failed = error

    def _is_news(self, observation: Observation) -> bool:
        if isinstance(observation, Demand | LogLine):
            return self._memory.is_news(observation)
        return not (isinstance(observation, Trouble) and self._is_at_work(observation.who))

    def _watch(self, since: float | None) -> None:
        now = self._clock.now()
        self._memory.begin(now)
        if since is not None:
            self._history.record(Unwatched(t=now, since=since))
        self._blind = False
        self._lab.watch(self, self._demands(), since=since, failed=self._fail)
        self._beat()

    def _fail(self, error: Exception) -> None:
        """Handle an error that ended a part of the watch: from now on the lab does not count as watched."""
        self._blind = True
        note_failure(error)

    def _keep(self) -> None:
        try:
            with closing(self._memory):
                while not self._over:
                    self._clock.sleep(POLL_SECONDS)
                    if self._failed is not None:
                        raise self._failed
                    if not self._over:
                        self._look()
        except (LabError, OSError) as error:
            _LOG.error("lab %s is not monitored any more: %s", self._lab.note.run, error)
            self._given_up()

    def _look(self) -> None:
        now = self._clock.now()
        self._memory.read()
        if now - self._last > _LATE_SECONDS:  # the process was stopped, the machine was busy, or the watch is blind
            self._lab.unwatch()
            self._watch(self._last)
            return
        self._lab.refresh()
        self._lab.watch_demand(self._demands())
        if now - self._last >= BEAT and not self._blind:  # a blind watch begins again when it is late
            self._beat()

    def _beat(self) -> None:
        self._last = self._clock.now()
        self._history.record(Watched(t=self._last))
        self._history.file.trim(self._last)

    def _demands(self) -> Sequence[tuple[str, Destination]]:
        return [(broker.name, to) for to in self._memory.destinations for broker in self._lab.note.plan.brokers]

    def _is_at_work(self, who: str) -> bool:
        """Return whether a broker is silent because a verb is in progress on it, or has ended an instance of it."""
        try:
            self._lab.refresh()
            note = self._lab.note
            at_work = [each.name for each in note.control.account.brokers if each.state is not BrokerState.RUNNING]
            its = next((each for each in note.plan.brokers if who == f"broker {each.name}"), None)
            return its is not None and (its.name in at_work or self._is_off(its))
        except (LabError, OSError):
            return False  # unknown: a needless record misleads less than a missing one

    def _is_off(self, broker: BrokerPlan) -> bool:
        """Return whether verbs have ended instances of a broker, and nothing else any other one."""
        off = self._lab.note.off
        return any(its.name in off for its in broker.instances) and all(
            its.name in off or not self._lab.instances.has_ended(broker.name, its.number) for its in broker.instances
        )


def main(run: str) -> None:
    """Keep a detached lab until it has ended; return at once if it has a monitor."""
    folder = note_folder(os.environ)
    note = state_files.load(run, folder)
    if note is None:
        return
    logging.basicConfig(format="%(asctime)s %(message)s")
    logging.getLogger("lab").setLevel(logging.INFO)
    threading.excepthook = _end_by
    with (
        suppress(BlockingIOError),
        monitor_process.locked(note),
        runtime(note.runtime, os.environ) as its,
        its.attach(note, folder) as lab,
        closing(LivingHistory(note, lab.clock.now, MONITOR, lab.mask)) as history,
        Monitor(lab, history, given_up=_end),
    ):
        _LOG.info("lab %s is kept", run)
        stand(run, folder, lab.clock, lambda: datetime.now(UTC), lambda: attend(run, Logged(), by=MONITOR))
        _LOG.info("lab %s has ended", run)


def _end_by(error: threading.ExceptHookArgs) -> None:
    """End the process with its first error."""
    _LOG.error("the monitor cannot watch any more", exc_info=error.exc_value)
    _end()


def _end() -> None:
    """End the process: a monitor that does not watch must not be taken for one that does."""
    os._exit(1)
