"""The detection of a silent end by the other end: `AbstractInactivityMonitor`."""

from __future__ import annotations

from collections.abc import Callable

from lab.simulation.broker.process import Process
from lab.simulation.kernel import Timer, cancel
from lab.simulation.tcp.connection import Connection


class InactivityMonitor:
    """The two ticks of one end of a connection: one checks for incoming traffic, the other sends keep-alives.

    Its owner notes incoming and outgoing traffic in `heard` and `spoke`.
    """

    def __init__(
        self,
        time: Process,
        connection: Connection,
        *,
        every: int,  # ns; 0 has no ticks: maxInactivityDuration=0
        first: int,  # ns until the first of both
        speak: Callable[[], None],
        silent: Callable[[], None],
    ) -> None:
        self._time, self._connection, self._every = time, connection, every
        self._speak, self._silent = speak, silent
        self._write_every = max(every // 3, 1)
        self._looked = -1  # when the last tick looked
        self.heard = True  # a command, since the flag was cleared
        self.spoke = False  # something was sent since the last tick
        self._timers: dict[str, Timer] = {}
        if every > 0:
            self._timers = {"read": time.after(first, self._read), "write": time.after(first, self._write)}

    def stand(self, age: int) -> None:
        """Set both ticks as if the connection had lived for so many ns longer."""
        for name, every in (("read", self._every), ("write", self._write_every)) if self._timers else ():
            self._timers[name] = self._time.stand(self._timers[name], every, age)

    def stop(self) -> None:
        """End the ticks."""
        for each in self._timers.values():
            cancel(each)
        self._timers.clear()

    def _read(self) -> None:
        """Fail at the second tick in a row before which nothing came in: `readCheck`.

        The first of them clears the flag that a command sets; a tick after which bytes came leaves it alone. So silence
        is noticed after more than two and at most three times `every`, or one to two where the flag was clear.
        """
        moved, self._looked = self._connection.heard > self._looked, self._time.now
        if not moved:
            if not self.heard:
                self._silent()
                return
            self.heard = False
        self._timers["read"] = self._time.after(self._every, self._read)

    def _write(self) -> None:
        """Send a sign of life if nothing was sent since the last tick, three times as often: `writeCheck`."""
        if not self.spoke:
            self._speak()
        self.spoke = False
        self._timers["write"] = self._time.after(self._write_every, self._write)
