"""The power switch of broker instances: stop, kill, start, pause and resume a container, at the engine's own moment.

The state that each instance was left in is remembered, so that no request goes to one that cannot answer.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from threading import Lock
from typing import Any

import docker.errors
from docker.models.containers import Container

import docker
from lab.declare.steps.broker import State
from lab.emulation.engine import labels
from lab.emulation.state import InstanceState
from lab.errors import BrokerError, HostError
from lab.history import BrokerChanged
from lab.runtime.clock import Clock
from lab.runtime.note import Note
from lab.runtime.status import ABSENT, DELETED

UP, STOPPING, DOWN, STARTING, PAUSED = "up", "stopping", "down", "starting", "paused"
OUT = (DOWN, ABSENT, DELETED)
_KILLED = 137  # 128 and the number of SIGKILL
_SEEN = {"running": UP, "paused": PAUSED, "created": ABSENT, "restarting": STARTING}  # the engine's words


class Power:
    """Changes the instances' containers and remembers the state of each, as this process left or found it."""

    def __init__(
        self, client: docker.DockerClient, note: Note, instances: Sequence[InstanceState], clock: Clock
    ) -> None:
        self._docker, self._clock = client, clock
        out = dict.fromkeys(note.not_created, ABSENT) | dict.fromkeys(note.deleted, DELETED)
        self._states = {each.name: out.get(each.broker, UP) for each in instances}
        self._run, self._instances = note.run, instances
        self._at_work: Counter[str] = Counter()  # by instance: the switches that this process is at
        self._switched: Counter[str] = Counter()  # by instance: those that are over
        self._awaited: set[str] = set()  # instances that this process has started, and sees to it that they serve
        self._lock = Lock()

    @contextmanager
    def switching(self, of: InstanceState) -> Iterator[None]:
        """While an instance is switched, nobody but the block changes its state; after an error it is as before."""
        with self._lock:
            self._at_work[of.name] += 1
        before = self._states[of.name]
        try:
            yield
        except Exception:  # not at an interruption: what was asked of the engine may be done all the same
            self._states[of.name] = before
            raise
        finally:
            with self._lock:
                self._at_work[of.name] -= 1
                self._switched[of.name] += 1

    def refresh(self, note: Note, *, watched: Collection[str] = (), meanwhile: bool = False) -> None:
        """Read each instance's state from the engine, since another process may have changed it.

        Of the instances that are `watched`, one that has ended by itself is left to the watch to find; while others
        of this process may be at work, `meanwhile`, one that they have started is left for them to see that it serves.
        """
        since = self._switched.copy()
        wanted: dict[str, str | list[str] | bool] = {"label": f"{labels.RUN}={self._run}"}
        found = self._docker.containers.list(all=True, filters=wanted, sparse=True, ignore_removed=True)
        seen = {str(each.id): _SEEN.get(each.status, DOWN) for each in found}
        for each in self._instances:
            before, now = self._states[each.name], seen.get(each.container, DOWN)
            of_its_own = each.name in watched and (before, now) == (UP, DOWN) and each.name not in note.off
            awaited = meanwhile and each.name in self._awaited and (before, now) == (STARTING, UP)
            if each.broker in note.deleted or before == DELETED:
                self._keep(each, DELETED, since[each.name])
            elif not of_its_own and not awaited:
                self._keep(each, now, since[each.name])

    def apply_note(self, note: Note) -> None:
        """Update the states from a note, for brokers that other processes created, deleted or started again.

        The engine is not asked.
        """
        for each in self._instances:
            since = self._switched[each.name]
            if each.broker in note.deleted:
                self._keep(each, DELETED, since)
            elif each.broker in note.not_created:
                self._keep(each, ABSENT, since)
            elif self._states[each.name] in (ABSENT, STOPPING, DOWN):
                self._keep(each, UP, since)  # if it is not, the next request fails

    def state(self, of: InstanceState) -> str:
        """Return an instance's state as this process knows it."""
        return self._states[of.name]

    def found(self, of: InstanceState) -> State:
        """Return an instance's state by the engine, which others may have changed, in the words of steps; remember it.

        One that starts or ends counts as running.
        """
        since = self._switched[of.name]
        if self._states[of.name] != DELETED:
            seen = self.look(of)
            if seen != UP or self._states[of.name] not in (STARTING, STOPPING):
                self._keep(of, seen, since)
        now = self._states[of.name]
        return State.UP if now in (UP, STARTING, STOPPING) else State(now)

    def look(self, of: InstanceState) -> str:
        """Return an instance's state by the engine, and remember nothing of it."""
        try:
            return _SEEN.get(self.container(of).status, DOWN)
        except HostError:
            return DOWN  # as one that has ended

    def may_answer(self, of: InstanceState) -> bool:
        """Return whether a request to an instance can be answered."""
        return self._states[of.name] in (UP, STARTING)

    def stop(self, of: InstanceState, within: float) -> BrokerChanged:
        """Ask an instance to end, and kill it if it has not after so many seconds; the state says which it was."""
        before, was_down = self._clock.now(), self.look(of) == DOWN
        with self.switching(of):
            self._states[of.name] = STOPPING
            self._do(of, lambda its: its.stop(timeout=max(1, round(within))))
            self._states[of.name] = DOWN
        its = self.container(of).attrs["State"]
        how = "killed" if its["ExitCode"] == _KILLED and not was_down else "stopped"  # else it was killed before
        return self._changed(of, how, before, its["FinishedAt"])

    def kill(self, of: InstanceState) -> BrokerChanged:
        """End an instance's process at once, and wait until the engine knows."""
        before = self._clock.now()
        with self.switching(of):
            self._states[of.name] = DOWN
            self._do(of, lambda its: its.kill())
            self._do(of, lambda its: its.wait(timeout=30))
        return self._changed(of, "killed", before, self.container(of).attrs["State"]["FinishedAt"])

    def mark_starting(self, of: InstanceState) -> None:
        """Remember that an instance is about to be started, so that it does not count as down any more."""
        self._states[of.name] = STARTING

    def start(self, of: InstanceState) -> BrokerChanged:
        """Start an instance's container; raise BrokerError if the engine refuses."""
        before = self._clock.now()
        try:
            with self.switching(of):
                self.mark_starting(of)
                self._awaited.add(of.name)
                self._do(of, lambda its: its.start())
        except BrokerError:
            self._awaited.discard(of.name)
            self._states[of.name] = DOWN
            raise
        return self._changed(of, "starting", before, self.container(of).attrs["State"]["StartedAt"])

    def mark_started(self, of: InstanceState) -> None:
        """Remember that an instance that was starting has started."""
        self._awaited.discard(of.name)
        if self._states[of.name] == STARTING:
            self._states[of.name] = UP

    def mark_answering(self, of: InstanceState) -> None:
        """Remember that an instance answers: if it was started from elsewhere, nobody here waits for more."""
        if of.name not in self._awaited:
            self.mark_started(of)

    def pause(self, of: InstanceState) -> BrokerChanged:
        """Freeze an instance's processes."""
        with self.switching(of):
            self._states[of.name] = PAUSED
            self._do(of, lambda its: its.pause())
        return BrokerChanged(t=self._clock.now(), broker=of.broker, state="paused", instance=of.mark)

    def resume(self, of: InstanceState) -> BrokerChanged:
        """Unfreeze an instance's processes."""
        with self.switching(of):
            self._do(of, lambda its: its.unpause())
            self._states[of.name] = UP
        return BrokerChanged(t=self._clock.now(), broker=of.broker, state="resumed", instance=of.mark)

    def delete(self, of: InstanceState) -> None:
        """Remove an instance's container, whatever its state; harmless if it is removed already."""
        self._states[of.name] = DELETED
        with suppress(HostError):
            self._do(of, lambda its: its.remove(force=True, v=True))

    def ended(self, of: InstanceState) -> str | None:
        """Return how an instance's container ended, None while it runs; one that ended by itself is marked down."""
        since = self._switched[of.name]
        try:
            its = self.container(of)
        except HostError:
            if self._states[of.name] == DELETED:
                return DELETED
            self._keep(of, DOWN, since)
            return "its container has gone"
        if its.status not in ("exited", "dead"):
            return None
        self._keep(of, DOWN, since)
        how = its.attrs["State"]
        return f"exit code {how['ExitCode']}" + (", out of memory" if how["OOMKilled"] else "")

    def runs_again(self, of: InstanceState) -> bool:
        """Return whether an instance that is down runs, started from elsewhere; it is marked as starting then."""
        if self._states[of.name] != DOWN or _SEEN.get(self.container(of).status) not in (UP, STARTING):
            return False
        self._awaited.discard(of.name)
        self._states[of.name] = STARTING
        return True

    def _keep(self, of: InstanceState, seen: str, since: int) -> None:
        """Remember a state that was looked for when `since` switches were over, unless a later one knows better."""
        with self._lock:
            if not self._at_work[of.name] and self._switched[of.name] == since:
                self._states[of.name] = seen

    def container(self, of: InstanceState) -> Container:
        """Return an instance's container as it is now; raise HostError if there is none."""
        try:
            return self._docker.containers.get(of.container)
        except docker.errors.NotFound as error:
            raise HostError(f"the container of broker {of.name} has gone", "was the lab removed meanwhile?") from error

    def _do(self, of: InstanceState, what: Callable[[Container], Any]) -> None:
        try:
            what(self.container(of))
        except docker.errors.APIError as error:
            raise BrokerError(f"the engine refused it for broker {of.name}: {error.explanation or error}") from error

    def _changed(self, of: InstanceState, state: str, before: float, moment: str) -> BrokerChanged:
        """Return the observation, at the engine's moment if it is plausible.

        The engine may run in a virtual machine with another clock; then it is at this moment.
        """
        now = self._clock.now()
        t = now - (time.time() - datetime.fromisoformat(moment).timestamp())
        return BrokerChanged(t=t if before <= t <= now else now, broker=of.broker, state=state, instance=of.mark)
