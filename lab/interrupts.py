"""Signals that end a program: raised as exceptions, again where one was dropped, and held back during a clean-up."""

from __future__ import annotations

import signal
import sys
import threading
from _thread import interrupt_main
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

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


class _Asked:
    """What signals have asked for in the block of `ended_by_signals`."""

    def __init__(self) -> None:
        self.unanswered: list[Any] = []  # a type for each exception; what it carries, until it is answered, is of it
        self.answered = False


_asked = _Asked()


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Have SIGINT, SIGTERM and SIGHUP unwind the block by an exception, so that everything that it opened is closed.

    An exception that a handler raises may be dropped: Python raises none out of a generator's disposal, a `__del__` or
    a callback, and libraries take any error for an answer. It is raised again then, until it has left the block, or was
    `answered` in it. No effect in threads other than the main one.
    """
    if not _in_main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        raise _unanswered(number)

    # A script's background jobs start with SIGINT ignored; a lab that cannot be interrupted is worse.
    kept = {_HANGUP} if _HANGUP is not None and signal.getsignal(_HANGUP) is signal.SIG_IGN else set()  # by nohup
    before = {number: signal.signal(number, end) for number in _ENDING if number not in kept}
    hook, sys.unraisablehook = sys.unraisablehook, _silent_about_signals(sys.unraisablehook)
    try:
        yield
    finally:
        answered()
        _asked.answered = False
        sys.unraisablehook = hook
        for its, handler in before.items():
            signal.signal(its, handler)


def answered() -> None:
    """Let the exceptions that signals have raised end here: the program does what they ask for, in its own way."""
    _asked.answered = True
    while _asked.unanswered:
        del _asked.unanswered.pop().__del__


def _unanswered(number: int) -> Terminated | KeyboardInterrupt:
    """Return a signal's exception, which has the signal come again when it is gone.

    It goes when nobody has it any more: nothing is unwound by it then, so that no clean-up is disturbed. It carries an
    object whose end is without a line of Python, in which the signal would be handled and its exception dropped again.
    """
    carried: Any = type("Unanswered", (), {"__del__": staticmethod(partial(interrupt_main, signal.Signals(number)))})
    error = KeyboardInterrupt() if number == signal.SIGINT else Terminated(number)
    error.__dict__["unanswered"] = carried()
    _asked.unanswered.append(carried)
    return error  # raised by the caller, whose frame does not hold it: in a circle it would not go


def _silent_about_signals(hook: Callable[[UnraisableHookArgs], Any]) -> Callable[[UnraisableHookArgs], None]:
    """Return a hook that leaves out what comes of signals, since they come again, and tells the rest."""

    def told(unraisable: UnraisableHookArgs) -> None:
        if beneath(unraisable.exc_value) is None:
            hook(unraisable)
            return
        for each in _with_causes(unraisable.exc_value):
            each.__traceback__ = None  # which may lead back to the signal's: it would not go

    return told


def beneath(error: BaseException | None) -> Terminated | KeyboardInterrupt | None:
    """Return the signal that an error came of, or was; None if there was none.

    One that comes while the interpreter takes a lock of its own, as a thread is begun, ends in a RuntimeError there;
    one that comes in a function that pydantic calls, in an error of pydantic's.
    """
    return next((each for each in _with_causes(error) if isinstance(each, (Terminated, KeyboardInterrupt))), None)


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, and all that it came of; they may form a circle."""
    seen, rest = list[BaseException](), [error]
    while rest:
        if (each := rest.pop()) is not None and each not in seen:
            seen.append(each)
            rest += (each.__context__, each.__cause__)
            yield each


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold signals that end the program back during the block, after which the first of them comes.

    None comes if one ends the program already: that one would be in the way of what else it has to close. No effect in
    threads other than the main one.
    """
    if not _in_main_thread():
        yield
        return
    held: list[int] = []
    ending = _asked.answered or beneath(sys.exc_info()[1]) is not None
    ours = [number for number in _ENDING if signal.getsignal(number) not in (signal.SIG_IGN, None)]
    before = {number: signal.signal(number, lambda its, frame: held.append(its)) for number in ours}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if held and not ending:
            signal.raise_signal(held[0])


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


@contextmanager
def left_to_others() -> Iterator[None]:
    """Do nothing at Ctrl-C during the block, in which a program runs that answers it; no effect in other threads.

    It is no SIG_IGN, which that program would inherit.
    """
    if not _in_main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
