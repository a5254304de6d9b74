"""The life of a broker's process: its planned actions wait while it is frozen, and are dropped once it is dead."""

from __future__ import annotations

from collections.abc import Callable

from lab.simulation.kernel import Kernel, Timer, cancel


class Process:
    """One running process, whose own time-outs and delays go through it."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.alive = self.running = True  # running: alive, and not frozen
        self._on_time = self._run  # bound once, as it would be for each event
        self._held: list[tuple[Callable[..., object], tuple[object, ...]]] = []

    @property
    def now(self) -> int:
        """Return the kernel's moment, in ns."""
        return self.kernel.now

    def after(self, delay: int, do: Callable[..., object], *arguments: object) -> Timer:
        """Call a function after so many ns if the process lives then; a frozen process calls it when it resumes."""
        return self.kernel.after(delay, self._on_time, do, arguments)

    def at(self, t: int, do: Callable[..., object], *arguments: object) -> Timer:
        """Call a function at a moment, under the conditions of `after`."""
        return self.kernel.at(t, self._on_time, do, arguments)

    def stand(self, timer: Timer, period: int, age: int) -> Timer:
        """Return a periodic timer set as if the process had run for so many ns longer."""
        do, arguments = timer[3]
        cancel(timer)
        return self.after((timer[0] - self.now - age) % period, do, *arguments)

    def pause(self) -> None:
        """Freeze it: SIGSTOP."""
        self.running = False

    def resume(self) -> None:
        """Resume the process, first with the actions that fell due meanwhile: SIGCONT."""
        self.running = self.alive
        held, self._held = self._held, []
        for do, arguments in held:
            self.kernel.after(0, self._on_time, do, arguments)

    def end(self) -> None:
        """Cancel all planned actions."""
        self.alive = self.running = False
        self._held.clear()

    def hold(self, do: Callable[..., object], *arguments: object) -> None:
        """Call a function that fell due while the process was not `running` when it resumes; never if it is dead."""
        if self.alive:
            self._held.append((do, arguments))

    def _run(self, do: Callable[..., object], arguments: tuple[object, ...]) -> None:
        if self.running:
            do(*arguments)
        else:
            self.hold(do, *arguments)
