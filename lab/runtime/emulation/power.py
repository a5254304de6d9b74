"""What is done to one broker's container: stop, kill, start, pause, resume, each with the engine's own moment.

It keeps in mind how it left each broker, so that nobody asks one that cannot answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import docker.errors
from docker.models.containers import Container

import docker
from lab.errors import BrokerError, HostError
from lab.history import BrokerChanged
from lab.runtime.base import Clock
from lab.runtime.emulation.state import LabState

UP, STOPPING, DOWN, STARTING, PAUSED = "up", "stopping", "down", "starting", "paused"
_KILLED = 137  # 128 and the number of SIGKILL


class Power:
    """The brokers' containers, and the state that this process left each in."""

    def __init__(self, client: docker.DockerClient, state: LabState, clock: Clock) -> None:
        self._docker, self._lab, self._clock = client, state, clock
        self._states = dict.fromkeys(state.brokers, UP)

    def state(self, broker: str) -> str:
        """Give a broker's state as far as we know."""
        return self._states[broker]

    def answers(self, broker: str) -> bool:
        """Tell whether asking a broker makes sense."""
        return self._states[broker] in (UP, STARTING)

    def stop(self, broker: str, within: float) -> BrokerChanged:
        """Ask a broker to end, kill it when it has not, and say which of both it was."""
        before = self._clock.now()
        self._states[broker] = STOPPING
        self._do(broker, lambda its: its.stop(timeout=max(1, round(within))))
        self._states[broker] = DOWN
        its = self.container(broker).attrs["State"]
        how = "killed" if its["ExitCode"] == _KILLED else "stopped"
        return self._changed(broker, how, before, its["FinishedAt"])

    def kill(self, broker: str) -> BrokerChanged:
        """End a broker's process at once, and wait until the engine knows."""
        before = self._clock.now()
        self._states[broker] = DOWN
        self._do(broker, lambda its: its.kill())
        self._do(broker, lambda its: its.wait(timeout=30))
        return self._changed(broker, "killed", before, self.container(broker).attrs["State"]["FinishedAt"])

    def start(self, broker: str) -> BrokerChanged:
        """Start a broker's container."""
        before = self._clock.now()
        self._do(broker, lambda its: its.start())
        self._states[broker] = STARTING
        return self._changed(broker, "starting", before, self.container(broker).attrs["State"]["StartedAt"])

    def has_started(self, broker: str) -> None:
        """Note that a broker answers again."""
        if self._states[broker] == STARTING:
            self._states[broker] = UP

    def pause(self, broker: str) -> BrokerChanged:
        """Freeze a broker's processes."""
        self._states[broker] = PAUSED
        self._do(broker, lambda its: its.pause())
        return BrokerChanged(t=self._clock.now(), broker=broker, state="paused")

    def resume(self, broker: str) -> BrokerChanged:
        """Let a broker's processes go on."""
        self._do(broker, lambda its: its.unpause())
        self._states[broker] = UP
        return BrokerChanged(t=self._clock.now(), broker=broker, state="resumed")

    def ended(self, broker: str) -> str | None:
        """Say how a broker's container has ended, None where it runs; what nobody asked for is noted too."""
        try:
            its = self.container(broker)
        except HostError:
            self._states[broker] = DOWN
            return "its container has gone"
        if its.status not in ("exited", "dead"):
            return None
        self._states[broker] = DOWN
        how = its.attrs["State"]
        return f"exit code {how['ExitCode']}" + (", out of memory" if how["OOMKilled"] else "")

    def container(self, broker: str) -> Container:
        """Give a broker's container as it is now; HostError where there is none."""
        try:
            return self._docker.containers.get(self._lab.brokers[broker].container)
        except docker.errors.NotFound as error:
            raise HostError(f"the container of broker {broker} has gone", "was the lab removed meanwhile?") from error

    def _do(self, broker: str, what: Callable[[Container], Any]) -> None:
        try:
            what(self.container(broker))
        except docker.errors.APIError as error:
            raise BrokerError(f"the engine refused it for broker {broker}: {error.explanation or error}") from error

    def _changed(self, broker: str, state: str, before: float, moment: str) -> BrokerChanged:
        """Take the engine's moment where it fits: its clock may be another one, in a virtual machine."""
        now = self._clock.now()
        t = now - (time.time() - datetime.fromisoformat(moment).timestamp())
        return BrokerChanged(t=t if before <= t <= now else now, broker=broker, state=state)
