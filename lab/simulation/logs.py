"""An instance's log in virtual time: its lines as a file, and those that a history keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from lab.activemq.log_lines import LoggedLine, is_kept, name_of, shortened
from lab.base.masking import Mask
from lab.base.printable import plain
from lab.history import LogLine
from lab.runtime.log_flood import Flood
from lab.simulation.kernel import SECOND, Kernel


class InstanceLog:
    """The log of one instance; `began` is the moment at which the lab's clock began."""

    def __init__(self, kernel: Kernel, began: datetime, broker: str, mark: int, mask: Callable[[], Mask]) -> None:
        self._kernel, self._began, self._broker, self._mark, self._mask = kernel, began, broker, mark, mask
        self.lines: list[str] = []
        self._kept: list[LogLine] = []
        self._told: Callable[[LogLine], None] | None = None
        self._flood = Flood()

    def write(self, level: str, logger: str, text: str) -> None:
        """Write an entry; lines of the text after the first are its stack trace."""
        first, *trace = self._mask().text(text).split("\n")
        at = self._began + timedelta(microseconds=self._kernel.now // 1000)
        stamp = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
        self.lines += [f"{stamp} {level:<5} [model] {logger} | {first}", *trace]
        said = LoggedLine(at=at, level=level, text=shortened(f"{logger} | {first}", str))
        named = {name_of(said.text)}
        if is_kept(said):
            self._keep(level, said.text, trace=False)
        for line in trace:
            if (name := name_of(line)) and name not in named:
                named.add(name)
                self._keep(level, shortened(line.strip(), str), trace=True)

    def _keep(self, level: str, text: str, *, trace: bool) -> None:
        t, name = self._kernel.now / SECOND, name_of(text)
        line = LogLine(t=t, broker=self._broker, level=level, text=text, name=name, instance=self._mark, trace=trace)
        if self._told is None:
            self._kept.append(line)
        elif (kept := self._flood.add(line)) is not None:
            self._told(kept)

    def follow(self, on_line: Callable[[LogLine], None], since: float | None) -> None:
        """Report the lines since a moment of the lab's clock, or all, and then each new line."""
        self._told, self._flood = on_line, Flood()
        earlier, self._kept = self._kept, []
        for line in earlier:
            if (since is None or line.t >= since) and (kept := self._flood.add(line)) is not None:
                on_line(kept)

    def unfollow(self) -> None:
        """Report the lines that were held back, then no more."""
        if self._told is not None:
            for held in self._flood.rest():
                self._told(held)
        self._told = None

    def tail(self, count: int | None) -> Iterator[str]:
        """Yield the last lines, or all, safe for a terminal."""
        yield from map(plain, self.lines if count is None else self.lines[-count:] if count else ())
