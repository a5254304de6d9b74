"""The watch over the brokers' logs during a replay: lines that matter, at the broker's own moment.

The engine ends a log's stream with the container, so it is opened again from where it ended. While the engine does not
give it, the history records that; when it does again, missed lines are read first.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import docker.errors

import docker
from lab.activemq.log_lines import LoggedLine, is_kept, name_of, read, shortened
from lab.base.masking import Mask
from lab.emulation.engine.answers import MOST_LINE_BYTES
from lab.emulation.engine.engine import ENGINE_TROUBLE
from lab.emulation.state import InstanceState
from lab.history import LogLine, Recorder, SightChanged
from lab.runtime.clock import Clock
from lab.runtime.lab import Failed, note_failure
from lab.runtime.log_flood import Flood

_REOPEN_SECONDS = 0.3  # seconds until a stream that ended is opened again


class LogWatch:
    """Follows one container's log, from its beginning or from `since`, a moment of the clock, until `end`."""

    def __init__(
        self,
        client: docker.DockerClient,
        instance: InstanceState,
        clock: Clock,
        recorder: Recorder,
        since: float | None,
        failed: Failed,  # is told of an error that ends the watch
        mask: Callable[[], Mask] = Mask,  # returns the mask of the passwords that the lab has now
        said: Callable[[LogLine], None] = lambda _: None,  # is told of every line that is kept, also of one held back
    ) -> None:
        self._failed, self._mask, self._said = failed, mask, said
        self._docker, self._instance, self._clock, self._recorder = client, instance, clock, recorder
        self._stop = threading.Event()
        self._read_at = clock.now()  # when all that there was had been read, as far as is known
        self._lost = False
        self._stream: Any = None
        self._last = ""  # the engine's own stamp of the last line read
        if since is not None:
            then = datetime.fromtimestamp(time.time() - (clock.now() - since), UTC)
            self._last = f"{then:%Y-%m-%dT%H:%M:%S.%f}000Z"
        self._part = b""  # the beginning of a line whose end is not read yet
        self._logged: LoggedLine | None = None  # the last line with a time, which a stack trace belongs to
        self._named: set[str] = set()  # names of exceptions recorded for it
        self._flood = Flood()
        self._thread = threading.Thread(target=self._follow, name=f"mqlab-log-{instance.name}", daemon=True)

    def begin(self) -> None:
        """Follow in the background."""
        self._thread.start()

    def end(self) -> None:
        """Record the lines that are there by now, and stop."""
        self._stop.set()
        with suppress(OSError, AttributeError):  # it may be between two streams
            self._stream.close()
        self._thread.join()
        self._read(follow=False)
        for held in self._flood.rest():
            self._recorder.record(held)

    def _follow(self) -> None:
        try:
            while not self._stop.is_set() and self._read(follow=not self._lost):
                self._stop.wait(_REOPEN_SECONDS)
        except Exception as error:  # noqa: BLE001 (of whatever kind: the log is not read from here on)
            self._lose_sight(f"its watch has ended: {type(error).__name__}: {error}")
            self._failed(error)

    def _read(self, *, follow: bool) -> bool:
        """Record everything after the last line; return False if the log has gone."""
        since = int(_seconds(self._last)) if self._last else None
        try:
            self._stream = self._docker.api.logs(
                self._instance.container, stream=True, follow=follow, timestamps=True, since=since
            )
            if follow and self._stop.is_set():
                self._stream.close()
            for chunk in self._stream:
                *lines, self._part = (self._part + chunk).split(b"\n")
                for line in lines:
                    self._line(line.decode(errors="replace").rstrip("\r"))
                if len(self._part) > MOST_LINE_BYTES:
                    self._line(self._part.decode(errors="replace"))
                    self._part = b""
                self._read_at = self._clock.now()
        except docker.errors.NotFound:
            return False
        except ENGINE_TROUBLE as error:
            if not (follow and self._stop.is_set()):  # else `end` closed the stream
                self._lose_sight(f"its log cannot be read: {error}")
            return True
        self._part = b""  # a line that was cut short comes again, whole
        self._read_at = self._clock.now()
        if self._lost:
            self._lost = False
            self._record_sight("regained")
        return True

    def _lose_sight(self, why: str) -> None:
        self._part = b""
        if not self._lost:
            self._lost = True
            self._record_sight("lost", why)

    def _record_sight(self, state: str, why: str = "") -> None:
        its, t = self._instance, self._clock.now()
        self._recorder.record(
            SightChanged(t=t, broker=its.broker, of="log", state=state, since=self._read_at, why=why, instance=its.mark)
        )

    def _line(self, line: str) -> None:
        stamp, _, text = line.partition(" ")
        if stamp <= self._last:  # engines give whole seconds again
            return
        self._last = stamp
        said = read(text, self._masked)
        if said is not None:
            self._logged, self._named = said, set()
            if is_kept(said):
                self._record(said, said.text)
        elif self._logged is not None and (name := name_of(text)) and name not in self._named:
            self._record(self._logged, shortened(text.strip(), self._masked), trace=True)

    def _masked(self, text: str) -> str:
        return self._mask().text(text)

    def _record(self, said: LoggedLine, text: str, *, trace: bool = False) -> None:
        name = name_of(text)
        self._named.add(name)
        now = self._clock.now()
        t = min(now, now - (time.time() - said.at.timestamp()))
        its, mark = self._instance.broker, self._instance.mark
        line = LogLine(t=t, broker=its, level=said.level, text=text, name=name, instance=mark, trace=trace)
        self._said(line)
        kept = self._flood.add(line)
        if kept is not None:
            self._recorder.record(kept)


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()


def follow(
    client: docker.DockerClient,
    instances: Sequence[InstanceState],
    clock: Clock,
    recorder: Recorder,
    since: float | None = None,
    failed: Failed = note_failure,
    mask: Callable[[], Mask] = Mask,
    said: Callable[[LogLine], None] = lambda _: None,
) -> tuple[LogWatch, ...]:
    """Return a watch for each instance's log, begun, from its beginning or from `since`, a moment of the clock."""
    watches = tuple(LogWatch(client, each, clock, recorder, since, failed, mask, said) for each in instances)
    for watch in watches:
        watch.begin()
    return watches
