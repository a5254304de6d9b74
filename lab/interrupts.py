"""Signals that end a program: raised as exceptions, and held back during a clean-up."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_HANGUP = getattr(signal, "SIGHUP", None)  # not on Windows
_ENDING = tuple(each for each in (signal.SIGINT, signal.SIGTERM, _HANGUP) if each is not None)


class Terminated(SystemExit):
    """A signal asked the program to end; the exit code is the shell's: 128 plus the signal's number."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self._signal = signal.Signals(number).name

    def __str__(self) -> str:
        """Return which signal it was, where a history says why something ended."""
        return self._signal


def end_on_signals() -> None:
    """Make SIGTERM and SIGHUP unwind the program as Ctrl-C does, so that everything opened is closed."""

    def end(number: int, frame: FrameType | None) -> None:
        raise Terminated(number)

    signal.signal(signal.SIGTERM, end)
    if _HANGUP is not None and signal.getsignal(_HANGUP) is not signal.SIG_IGN:  # nohup ignores it on purpose
        signal.signal(_HANGUP, end)
    # A script's background jobs start with SIGINT ignored; a lab that cannot be interrupted is worse.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def beneath(error: BaseException | None) -> Terminated | KeyboardInterrupt | None:
    """Return the signal that an error came of, or was; None if there was none.

    One that comes while the interpreter takes a lock of its own, as a thread is begun, ends in a RuntimeError there.
    """
    while error is not None and not isinstance(error, (Terminated, KeyboardInterrupt)):
        error = error.__context__
    return error


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ignore signals that end the program during the block; no effect in threads other than the main one."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def left_to_others() -> Iterator[None]:
    """Do nothing at Ctrl-C during the block, in which a program runs that answers it; no effect in other threads.

    It is no SIG_IGN, which that program would inherit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
