"""Signals that end a program: raised as exceptions, again where one was dropped, and held back during a clean-up."""

from __future__ import annotations

import signal
import sys
import threading
from _thread import interrupt_main
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_HANGUP = getattr(signal, "SIGHUP", None)  # not on Windows
_TIMER = ("SIGALRM", "setitimer", "ITIMER_REAL")  # nor these
_ALARM, _SET_TIMER, _REAL = (getattr(signal, name, None) for name in _TIMER)
_ENDING = tuple(each for each in (signal.SIGINT, signal.SIGTERM, _HANGUP) if each is not None)


class Terminated(SystemExit):
    """A signal asked the program to end; the exit code is the shell's: 128 plus the signal's number."""

    def __init__(self, number: int, limit: str = "") -> None:
        super().__init__(128 + number)
        self.limit = limit  # in words, if a time limit was reached; "" for a signal of another program
        self._signal = signal.Signals(number).name

    def __str__(self) -> str:
        """Return the time limit or the name of the signal, for the reason of an end in a history."""
        return self.limit or self._signal


class _Asked:
    """The signals that came in the block of `ended_by_signals`, and whether they are answered."""

    def __init__(self) -> None:
        self.unanswered: list[Any] = []  # a type for each exception; what it carries, until it is answered, is of it
        self.inside = self.answered = False
        self.put_off: list[int] | None = None  # in the block of `put_off`, what is to come after it
        self.limit = ""  # the time limit that was reached, in words


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
    before = {number: signal.getsignal(number) for number in _ENDING if number not in kept}
    hook, inside = sys.unraisablehook, _asked.inside
    try:
        _asked.inside = True
        sys.unraisablehook = _silent_about_signals(hook)
        for its in before:
            signal.signal(its, end)
        yield
    finally:
        answered()
        _asked.inside, _asked.answered = inside, False
        sys.unraisablehook = hook
        for its, handler in before.items():
            signal.signal(its, handler)


def answered() -> None:
    """End the exceptions that signals have raised: the program itself does the work that they ask for."""
    _asked.answered = _asked.inside  # elsewhere the program goes on, and the next signal is another matter
    while _asked.unanswered:
        del _asked.unanswered.pop().__del__


@contextmanager
def until_a_signal(*kinds: type[Terminated | KeyboardInterrupt]) -> Iterator[list[Terminated | KeyboardInterrupt]]:
    """End the block at a signal of these kinds, which is `answered` by that; yield a list that has it then.

    That includes a signal which the interpreter made an error of its own, as in `beneath`. Other errors go on.
    """
    came: list[Terminated | KeyboardInterrupt] = []
    try:
        yield came
    except (KeyboardInterrupt, Terminated, RuntimeError) as error:
        its = beneath(error)
        if not isinstance(its, kinds):
            raise
        answered()
        came.append(its)


@contextmanager
def time_limited(seconds: float | None, limit: str) -> Iterator[list[BaseException]]:
    """End the block as SIGTERM does if it takes longer; yield a list that has the error then, whose words are `limit`.

    If the limit is reached in a clean-up, the block ends by itself. The block must be in `ended_by_signals`.
    """
    reached: list[BaseException] = []
    if seconds is None:
        yield reached
        return
    if _ALARM is None or _SET_TIMER is None or not (_asked.inside and _in_main_thread()):
        raise RuntimeError("a time limit needs the signals of a command")

    def end(number: int, frame: FrameType | None) -> None:
        _asked.limit = limit
        signal.raise_signal(signal.SIGTERM)

    before = signal.signal(_ALARM, end)
    _SET_TIMER(_REAL, seconds)
    try:
        yield reached
    except BaseException as error:
        its = beneath(error)
        if not (isinstance(its, Terminated) and its.limit):
            raise
        answered()
        reached.append(error)
    finally:
        _SET_TIMER(_REAL, 0)
        signal.signal(_ALARM, before)
        _asked.limit = ""


def _unanswered(number: int) -> Terminated | KeyboardInterrupt:
    """Return a signal's exception, which makes the signal come again when it is discarded.

    It is discarded when no code refers to it any more: nothing is unwound by it then, so that no clean-up is disturbed.
    It carries an object with a finalizer in C: a finalizer in Python would let the interpreter handle the signal inside
    it and drop its exception again.
    """
    carried: Any = type("Unanswered", (), {"__del__": staticmethod(partial(interrupt_main, signal.Signals(number)))})
    error = KeyboardInterrupt() if number == signal.SIGINT else Terminated(number, _asked.limit)
    error.__dict__["unanswered"] = carried()
    _asked.unanswered.append(carried)
    return error  # raised by the caller, whose frame does not hold it: in a circle it would not go


def _silent_about_signals(hook: Callable[[UnraisableHookArgs], Any]) -> Callable[[UnraisableHookArgs], None]:
    """Return a hook that skips errors caused by signals, since these come again, and reports the rest."""

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

    An error of the block, or one that it cleans up after, goes on all the same and is reported where `ended_by_signals`
    is on: the signal is `beneath` it then, so that a command exits with the signal's code. Elsewhere the signal's
    exception goes on, with the error as its context: beneath the error it would be lost. None comes if one ends the
    program already, so that the remaining clean-up is not cut short. No effect in threads other than the main thread.
    """
    if not _in_main_thread():
        yield
        return
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in _ENDING}
    held, ended = [number for number in before if before[number] not in (signal.SIG_IGN, None)], False

    def hold(number: int, frame: FrameType | None) -> None:
        if not ended:
            came.append(number)
            return
        signal.signal(number, before[number])  # it comes while handlers are changed back
        signal.raise_signal(number)

    with _coming_after(came):
        try:
            for number in held:
                signal.signal(number, hold)
            yield
        finally:
            ended = True
            for number in held:
                signal.signal(number, before[number])


@contextmanager
def put_off() -> Iterator[list[int]]:
    """Have the signals that `uninterrupted` holds back in the block come at the end of this one; others come at once.

    So a lab is removed and its evidence kept before the signal comes. Yield their numbers, of which the first is to
    come: none does if there is none left. An error of the block goes on, as of `uninterrupted`.
    """
    came: list[int] = []
    if not _in_main_thread():
        yield came
        return
    with _coming_after(came):
        before, _asked.put_off = _asked.put_off, came
        try:
            yield came
        finally:
            _asked.put_off = before


@contextmanager
def _coming_after(came: list[int]) -> Iterator[None]:
    """Have the first of the signals that came in the block come after it, beneath the error that goes on there."""
    going_on = sys.exc_info()[1]
    try:
        yield
    except BaseException as error:
        _come(came, error)
        raise
    _come(came, going_on)


def _come(came: Sequence[int], error: BaseException | None) -> None:
    """Let the first of some signals come: beneath an error that goes on, or else at once, or when it is put off to."""
    if not came or _asked.answered or beneath(error) is not None:
        return
    if error is None and _asked.put_off is not None:
        _asked.put_off.append(came[0])
    elif error is None:
        signal.raise_signal(came[0])
    else:
        try:
            signal.raise_signal(came[0])
        except BaseException as its:
            if "unanswered" not in vars(its):  # a handler of another's raised it: it would not come again
                raise
            its.__context__ = its.__traceback__ = None
            *_, first = _with_causes(error)
            first.__context__ = its


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


@contextmanager
def left_to_others() -> Iterator[None]:
    """Ignore Ctrl-C during the block, in which a program runs that handles it; no effect in other threads.

    SIG_IGN is not used, since that program would inherit it.
    """
    if not _in_main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
