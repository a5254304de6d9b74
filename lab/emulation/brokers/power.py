"""What is done to one instance's container: stop, kill, start, pause, resume, each with the engine's own moment.

It keeps in mind how it left each instance, so that nobody asks one that cannot answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import docker.errors
from docker.models.containers import Container

import docker
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
    """The instances' containers, and the state that this process left or found each in."""

    def __init__(
        self, client: docker.DockerClient, note: Note, instances: Sequence[InstanceState], clock: Clock
    ) -> None:
        self._docker, self._clock = client, clock
        out = dict.fromkeys(note.not_created, ABSENT) | dict.fromkeys(note.deleted, DELETED)
        self._states = {each.name: out.get(each.broker, UP) for each in instances}
        self._run, self._instances = note.run, instances

    def look(self, note: Note) -> None:
        """Take each instance's state from the engine: somebody else may have left it otherwise."""
        wanted: dict[str, str | list[str] | bool] = {"label": f"{labels.RUN}={self._run}"}
        found = self._docker.containers.list(all=True, filters=wanted, sparse=True, ignore_removed=True)
        seen = {str(each.id): _SEEN.get(each.status, DOWN) for each in found}
        gone = {
            each.name: DELETED
            for each in self._instances
            if each.broker in note.deleted or self._states[each.name] == DELETED
        }
        self._states = {each.name: seen.get(each.container, DOWN) for each in self._instances} | gone

    def follow(self, note: Note) -> None:
        """Take over what is on file: brokers that others have created, deleted or mended. No engine is asked."""
        for each in self._instances:
            if each.broker in note.deleted:
                self._states[each.name] = DELETED
            elif each.broker in note.not_created:
                self._states[each.name] = ABSENT
            elif self._states[each.name] in (ABSENT, STOPPING, DOWN):
                self._states[each.name] = UP  # whoever asks it hears whether it is

    def state(self, of: InstanceState) -> str:
        """Return an instance's state as far as we know."""
        return self._states[of.name]

    def answers(self, of: InstanceState) -> bool:
        """Return whether asking an instance makes sense."""
        return self._states[of.name] in (UP, STARTING)

    def stop(self, of: InstanceState, within: float) -> BrokerChanged:
        """Ask an instance to end, kill it when it has not, and say which of both it was."""
        before = self._clock.now()
        self._states[of.name] = STOPPING
        self._do(of, lambda its: its.stop(timeout=max(1, round(within))))
        self._states[of.name] = DOWN
        its = self.container(of).attrs["State"]
        how = "killed" if its["ExitCode"] == _KILLED else "stopped"
        return self._changed(of, how, before, its["FinishedAt"])

    def kill(self, of: InstanceState) -> BrokerChanged:
        """End an instance's process at once, and wait until the engine knows."""
        before = self._clock.now()
        self._states[of.name] = DOWN
        self._do(of, lambda its: its.kill())
        self._do(of, lambda its: its.wait(timeout=30))
        return self._changed(of, "killed", before, self.container(of).attrs["State"]["FinishedAt"])

    def expect(self, of: InstanceState) -> None:
        """Note that an instance is about to be started: from now on it is not down for anybody."""
        self._states[of.name] = STARTING

    def start(self, of: InstanceState) -> BrokerChanged:
        """Start an instance's container."""
        before = self._clock.now()
        self.expect(of)
        try:
            self._do(of, lambda its: its.start())
        except BrokerError:
            self._states[of.name] = DOWN
            raise
        return self._changed(of, "starting", before, self.container(of).attrs["State"]["StartedAt"])

    def has_started(self, of: InstanceState) -> None:
        """Note that an instance answers again."""
        if self._states[of.name] == STARTING:
            self._states[of.name] = UP

    def pause(self, of: InstanceState) -> BrokerChanged:
        """Freeze an instance's processes."""
        self._states[of.name] = PAUSED
        self._do(of, lambda its: its.pause())
        return BrokerChanged(t=self._clock.now(), broker=of.broker, state="paused", instance=of.mark)

    def resume(self, of: InstanceState) -> BrokerChanged:
        """Let an instance's processes go on."""
        self._do(of, lambda its: its.unpause())
        self._states[of.name] = UP
        return BrokerChanged(t=self._clock.now(), broker=of.broker, state="resumed", instance=of.mark)

    def delete(self, of: InstanceState) -> None:
        """Remove an instance's container, whatever it does; harmless where somebody was interrupted after that."""
        self._states[of.name] = DELETED
        with suppress(HostError):
            self._do(of, lambda its: its.remove(force=True, v=True))

    def ended(self, of: InstanceState) -> str | None:
        """Say how an instance's container has ended, None where it runs; what nobody asked for is noted too."""
        try:
            its = self.container(of)
        except HostError:
            if self._states[of.name] == DELETED:
                return DELETED
            self._states[of.name] = DOWN
            return "its container has gone"
        if its.status not in ("exited", "dead"):
            return None
        self._states[of.name] = DOWN
        how = its.attrs["State"]
        return f"exit code {how['ExitCode']}" + (", out of memory" if how["OOMKilled"] else "")

    def container(self, of: InstanceState) -> Container:
        """Return an instance's container as it is now; HostError where there is none."""
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
        """Take the engine's moment where it fits: its clock may be another one, in a virtual machine."""
        now = self._clock.now()
        t = now - (time.time() - datetime.fromisoformat(moment).timestamp())
        return BrokerChanged(t=t if before <= t <= now else now, broker=of.broker, state=state, instance=of.mark)
