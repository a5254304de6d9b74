"""The power switch of broker instances: stop, kill, start, pause and resume a container, with the engine's timestamps.

The last state of each instance is remembered: an instance that cannot answer gets no request.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from threading import Lock
from typing import Any

import docker.errors
from docker.models.containers import Container

import docker
from lab.declare.steps.base import State
from lab.emulation.engine import labels
from lab.emulation.state import InstanceState
from lab.errors import BrokerError, HostError
from lab.history import BrokerChanged
from lab.runtime.clock import Clock
from lab.runtime.state_file import StateFile
from lab.runtime.status import ABSENT, DELETED, DOWN, PAUSED, STARTING, STOPPING, UP

_KILLED = 137  # 128 and the number of SIGKILL
_SEEN = {"running": UP, "paused": PAUSED, "created": ABSENT, "restarting": STARTING}  # the engine's words


class Power:
    """Changes the instances' containers, and remembers the last state of each that this process set or read."""

    def __init__(
        self, client: docker.DockerClient, note: StateFile, instances: Sequence[InstanceState], clock: Clock
    ) -> None:
        self._docker, self._clock = client, clock
        out = dict.fromkeys(note.not_created, ABSENT) | dict.fromkeys(note.deleted, DELETED)
        self._states = {each.name: out.get(each.broker, UP) for each in instances}
        self._run, self._instances = note.run, instances
        self._at_work: Counter[str] = Counter()  # by instance: the switches that this process is at
        self._switched: Counter[str] = Counter()  # by instance: those that are over
        self._awaited: set[str] = set()  # instances that this process has started, and sees to it that they serve
        self._lock = Lock()

    def take_over(self, states: Mapping[str, str]) -> None:
        """Take the states, by container, that this process remembered before the lab got a broker."""
        self._states |= {each.name: states[each.container] for each in self._instances if each.container in states}

    @contextmanager
    def switching(self, instance: InstanceState) -> Iterator[None]:
        """Let only the block change an instance's state; after an error the state is as before."""
        with self._lock:
            self._at_work[instance.name] += 1
        before = self._states[instance.name]
        try:
            yield
        except Exception:  # not at an interruption: what was asked of the engine may be done all the same
            self._states[instance.name] = before
            raise
        finally:
            with self._lock:
                self._at_work[instance.name] -= 1
                self._switched[instance.name] += 1

    def refresh(self, note: StateFile, *, watched: Collection[str] = (), meanwhile: bool = False) -> None:
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

    def apply_note(self, note: StateFile) -> None:
        """Update the states from a state file: other processes may have created, deleted or started brokers.

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

    def state(self, instance: InstanceState) -> str:
        """Return the state that this process remembers of an instance."""
        return self._states[instance.name]

    def found(self, instance: InstanceState) -> State:
        """Read an instance's state from the engine, remember it, and return it in the words of steps.

        One that starts or ends counts as running.
        """
        since = self._switched[instance.name]
        if self._states[instance.name] != DELETED:
            seen = self.look(instance)
            if seen != UP or self._states[instance.name] not in (STARTING, STOPPING):
                self._keep(instance, seen, since)
        now = self._states[instance.name]
        return State.UP if now in (UP, STARTING, STOPPING) else State(now)

    def look(self, instance: InstanceState) -> str:
        """Return an instance's state by the engine, and remember nothing of it."""
        try:
            return _SEEN.get(self.container(instance).status, DOWN)
        except HostError:
            return DOWN  # as one that has ended

    def may_answer(self, instance: InstanceState) -> bool:
        """Return whether a request to an instance can be answered."""
        return self._states[instance.name] in (UP, STARTING)

    def stop(self, instance: InstanceState, within: float) -> BrokerChanged:
        """Stop an instance; kill it if it has not ended after `within` seconds. The state is "stopped" or "killed"."""
        before, was_down = self._clock.now(), self.look(instance) == DOWN
        with self.switching(instance):
            self._states[instance.name] = STOPPING
            self._do(instance, lambda its: its.stop(timeout=max(1, round(within))))
            self._states[instance.name] = DOWN
        its = self.container(instance).attrs["State"]
        how = "killed" if its["ExitCode"] == _KILLED and not was_down else "stopped"  # else it was killed before
        return self._changed(instance, how, before, its["FinishedAt"])

    def kill(self, instance: InstanceState) -> BrokerChanged:
        """End an instance's process at once, and wait until the engine reports the end."""
        before = self._clock.now()
        with self.switching(instance):
            self._states[instance.name] = DOWN
            self._do(instance, lambda its: its.kill())
            self._do(instance, lambda its: its.wait(timeout=30))
        return self._changed(instance, "killed", before, self.container(instance).attrs["State"]["FinishedAt"])

    def mark_starting(self, instance: InstanceState) -> None:
        """Remember that an instance is about to be started, so that it does not count as down any more."""
        self._states[instance.name] = STARTING

    def start(self, instance: InstanceState) -> BrokerChanged:
        """Start an instance's container; raise BrokerError if the engine refuses."""
        before = self._clock.now()
        try:
            with self.switching(instance):
                self.mark_starting(instance)
                self._awaited.add(instance.name)
                self._do(instance, lambda its: its.start())
        except BrokerError:
            self._awaited.discard(instance.name)
            self._states[instance.name] = DOWN
            raise
        return self._changed(instance, "starting", before, self.container(instance).attrs["State"]["StartedAt"])

    def mark_started(self, instance: InstanceState) -> None:
        """Remember that an instance that was starting has started."""
        self._awaited.discard(instance.name)
        if self._states[instance.name] == STARTING:
            self._states[instance.name] = UP

    def mark_answering(self, instance: InstanceState) -> None:
        """Remember that an instance answers; if this process did not start it, it counts as started."""
        if instance.name not in self._awaited:
            self.mark_started(instance)

    def pause(self, instance: InstanceState) -> BrokerChanged:
        """Freeze an instance's processes."""
        with self.switching(instance):
            self._states[instance.name] = PAUSED
            self._do(instance, lambda its: its.pause())
        return BrokerChanged(t=self._clock.now(), broker=instance.broker, state="paused", instance=instance.mark)

    def resume(self, instance: InstanceState) -> BrokerChanged:
        """Unfreeze an instance's processes."""
        with self.switching(instance):
            self._do(instance, lambda its: its.unpause())
            self._states[instance.name] = UP
        return BrokerChanged(t=self._clock.now(), broker=instance.broker, state="resumed", instance=instance.mark)

    def delete(self, instance: InstanceState) -> None:
        """Remove an instance's container, whatever its state; harmless if it is removed already."""
        self._states[instance.name] = DELETED
        with suppress(HostError):
            self._do(instance, lambda its: its.remove(force=True, v=True))

    def ended(self, instance: InstanceState) -> str | None:
        """Return how an instance's container ended, None while it runs; an ended instance is marked as down."""
        since = self._switched[instance.name]
        try:
            its = self.container(instance)
        except HostError:
            if self._states[instance.name] == DELETED:
                return DELETED
            self._keep(instance, DOWN, since)
            return "its container has gone"
        if its.status not in ("exited", "dead"):
            return None
        self._keep(instance, DOWN, since)
        how = its.attrs["State"]
        return f"exit code {how['ExitCode']}" + (", out of memory" if how["OOMKilled"] else "")

    def runs_again(self, instance: InstanceState) -> bool:
        """Return whether an instance that is down runs, started from elsewhere; it is marked as starting then."""
        if self._states[instance.name] != DOWN or _SEEN.get(self.container(instance).status) not in (UP, STARTING):
            return False
        self._awaited.discard(instance.name)
        self._states[instance.name] = STARTING
        return True

    def _keep(self, instance: InstanceState, state: str, since: int) -> None:
        """Remember a state that was read after `since` switches, unless another switch began or ended later."""
        with self._lock:
            if not self._at_work[instance.name] and self._switched[instance.name] == since:
                self._states[instance.name] = state

    def container(self, instance: InstanceState) -> Container:
        """Return an instance's container as it is now; raise HostError if there is none."""
        try:
            return self._docker.containers.get(instance.container)
        except docker.errors.NotFound as error:
            raise HostError(
                f"the container of broker {instance.name} has gone", "check whether the lab was removed: mqlab status"
            ) from error

    def _do(self, instance: InstanceState, change: Callable[[Container], Any]) -> None:
        try:
            change(self.container(instance))
        except docker.errors.APIError as error:
            raise BrokerError(
                f"the Docker engine refused to change broker {instance.name}: {error.explanation or error}"
            ) from error

    def _changed(self, instance: InstanceState, state: str, before: float, moment: str) -> BrokerChanged:
        """Return the observation, at the engine's moment if it is plausible.

        The engine may run in a virtual machine with another clock; then it is at this moment.
        """
        now = self._clock.now()
        t = now - (time.time() - datetime.fromisoformat(moment).timestamp())
        return BrokerChanged(
            t=t if before <= t <= now else now, broker=instance.broker, state=state, instance=instance.mark
        )
