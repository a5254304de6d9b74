"""A signal ends the block that it comes in, wherever it comes, and no clean-up is cut short by it."""

from __future__ import annotations

import os
import signal
import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from types import FrameType
from typing import Any

import pytest
from pydantic import BaseModel, field_serializer

from lab.base.interrupts import (
    Terminated,
    answered,
    beneath,
    ended_by_signals,
    put_off,
    uninterrupted,
    until_a_signal,
)
from lab.cli.options import ending
from lab.errors import HostError

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def others() -> Iterator[None]:
    """Let signals fail the test that come outside of a block; they are ignored where a shell's job is tested."""

    def came(number: int, frame: object) -> None:
        raise AssertionError(f"{signal.Signals(number).name} comes outside of the block")

    before = {each: signal.signal(each, came) for each in NUMBERS}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


def ask(number: int = signal.SIGTERM) -> None:
    os.kill(os.getpid(), number)


def in_a_generators_disposal(number: int) -> None:
    def waits() -> Iterator[None]:
        try:
            yield
        finally:
            ask(number)

    generator = waits()
    next(generator)
    del generator


def in_a_generators_disposal_that_keeps_it(number: int) -> None:
    """Its frame has the exception, whose traceback has the frame."""

    def waits() -> Iterator[None]:
        kept: BaseException | None = None
        try:
            yield
        finally:
            try:
                ask(number)
            except BaseException as error:
                kept = error
                raise
        assert kept is None

    generator = waits()
    next(generator)
    del generator


def in_a_deletion(number: int) -> None:
    class Deleted:
        def __del__(self) -> None:
            ask(number)

    Deleted()


def in_a_callback_of_a_weak_reference(number: int) -> None:
    """As the import system and WeakSets have them."""
    watched = set[int]()  # that can be referred to weakly
    reference = weakref.ref(watched, lambda gone: ask(number))
    del watched
    assert reference() is None


def in_what_takes_any_error_for_an_answer(number: int) -> None:
    with suppress(BaseException):
        ask(number)


def in_several_of_them(number: int) -> None:
    for each in range(3):
        in_a_deletion(number)
        assert each == 0, "it comes again at once"


DROPPING = [
    in_a_generators_disposal,
    in_a_generators_disposal_that_keeps_it,
    in_a_deletion,
    in_a_callback_of_a_weak_reference,
    in_what_takes_any_error_for_an_answer,
    in_several_of_them,
]


@pytest.mark.parametrize("drop", DROPPING, ids=lambda each: each.__name__)
@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_whose_exception_is_dropped_comes_again(
    drop: Callable[[int], None], number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    kind = KeyboardInterrupt if number == signal.SIGINT else Terminated
    with pytest.raises(kind) as raised, ended_by_signals():
        drop(number)
        for _ in range(1000):  # it comes between two lines
            pass
        pytest.fail("the signal is lost")
    assert kind is KeyboardInterrupt or raised.value.code == 128 + number  # type: ignore[attr-defined]
    assert capsys.readouterr().err == "", "it says nothing of what was dropped"


def test_it_comes_once_and_what_it_unwinds_is_not_disturbed() -> None:
    done = list[int]()

    def close() -> None:
        for each in range(1000):
            done.append(each)

    with pytest.raises(Terminated), ended_by_signals():
        try:
            in_a_deletion(signal.SIGTERM)
            for _ in range(1000):
                pass
        finally:
            with suppress(ValueError):
                raise ValueError
            close()
    assert done == list(range(1000))


def test_an_answered_one_does_not_come_again() -> None:
    with ended_by_signals():
        try:
            ask(signal.SIGINT)
        except KeyboardInterrupt:
            answered()
        for _ in range(1000):
            pass
        with uninterrupted():
            ask(signal.SIGINT)  # who asks again for what is being done


def test_one_that_was_answered_where_no_block_was_does_not_silence_later_ones() -> None:
    """As in a program of somebody's that goes on after a recording which Ctrl-C has ended."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with until_a_signal(KeyboardInterrupt) as came:
        ask(signal.SIGINT)
    assert len(came) == 1
    with pytest.raises(Terminated), ended_by_signals(), uninterrupted():
        ask()
    with pytest.raises(KeyboardInterrupt), uninterrupted():
        ask(signal.SIGINT)


def test_outside_of_the_block_all_is_as_it_was() -> None:
    hook, handlers = sys.unraisablehook, [signal.getsignal(each) for each in NUMBERS]
    with suppress(Terminated), ended_by_signals():
        ask()
    for _ in range(1000):
        pass
    assert (sys.unraisablehook, [signal.getsignal(each) for each in NUMBERS]) == (hook, handlers)


def test_a_hang_up_that_nohup_ignores_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with ended_by_signals():
        ask(signal.SIGHUP)
        with uninterrupted():
            ask(signal.SIGHUP)


def test_other_errors_that_can_go_nowhere_are_told() -> None:
    told = list[str]()

    class Deleted:
        def __del__(self) -> None:
            raise ValueError("a mistake")

    hook, sys.unraisablehook = sys.unraisablehook, lambda its: told.append(str(its.exc_value))
    try:
        with ended_by_signals():
            Deleted()
    finally:
        sys.unraisablehook = hook
    assert told == ["a mistake"]


def test_a_signal_during_a_clean_up_comes_after_it() -> None:
    done = list[str]()
    with pytest.raises(Terminated) as raised, ended_by_signals():
        with uninterrupted():
            ask(signal.SIGTERM)
            ask(signal.SIGINT)
            done.append("closed")
        done.append("went on")
    assert (done, raised.value.code) == (["closed"], 143)


def test_one_that_is_dropped_before_a_clean_up_comes_after_it() -> None:
    done = list[str]()

    def late() -> None:
        with uninterrupted():
            in_what_takes_any_error_for_an_answer(signal.SIGTERM)
            done.append("closed")

    with pytest.raises(Terminated), ended_by_signals():
        late()
        done.append("went on")
    assert done == ["closed"]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("within", [True, False], ids=["of the block", "before it"])
def test_an_error_of_a_clean_up_is_told_and_the_signals_code_is_the_commands(
    number: int, within: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also one that is cleaned up after: it says what went wrong, and what is to be done about it."""

    def command() -> None:
        trouble = HostError("a part of the lab stays", "mqlab sweep x")
        try:
            if not within:
                raise trouble
        finally:
            with uninterrupted():
                ask(number)
                if within:
                    raise trouble

    with pytest.raises(SystemExit) as ended:
        ending(command)()
    said = capsys.readouterr().err
    assert "a part of the lab stays" in said and "mqlab sweep x" in said
    assert ended.value.code == 128 + number


def test_one_that_is_beneath_an_error_that_nobody_tells_comes_again() -> None:
    with pytest.raises(Terminated), ended_by_signals():
        with suppress(HostError), uninterrupted():
            ask()
            raise HostError("this lab stays, and so nobody asks for the next one")
        for _ in range(1000):
            pass
        pytest.fail("the signal is lost")


def ask_as_handlers_are_changed(number: int) -> None:
    """Ask when the next handler has been changed, which others are to follow."""

    def returned(frame: FrameType, event: str, value: object) -> None:
        if event == "return" and frame.f_code is signal.signal.__code__:
            sys.setprofile(None)
            ask(number)

    sys.setprofile(returned)


@pytest.mark.parametrize("restoring", [False, True])
@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_between_two_changes_of_handlers_leaves_none_that_loses_others(number: int, restoring: bool) -> None:
    found, ran = list[type](), False
    with ended_by_signals():
        try:
            if not restoring:
                ask_as_handlers_are_changed(number)
            with uninterrupted():
                ran = True
                if restoring:
                    ask_as_handlers_are_changed(number)
        except (KeyboardInterrupt, Terminated) as error:
            found.append(type(error))
            answered()
        for each in NUMBERS:
            try:
                ask(each)
            except (KeyboardInterrupt, Terminated) as error:
                found.append(type(error))
                answered()
    kind = KeyboardInterrupt if number == signal.SIGINT else Terminated
    assert found == [kind, KeyboardInterrupt, Terminated, Terminated]
    assert ran == (restoring or number == signal.SIGINT), "whose handler is changed first, and holds it back"


def test_one_of_a_clean_up_that_fails_is_raised_where_no_command_is() -> None:
    """As in a program of somebody's, or in a test session, whose handlers raise what does not come again."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt) as raised, uninterrupted():
        ask(signal.SIGINT)
        raise AssertionError("the test fails")
    assert isinstance(raised.value.__context__, AssertionError)


def test_one_of_a_clean_up_is_put_off_until_what_was_done_is_kept() -> None:
    done = list[str]()
    with pytest.raises(Terminated) as raised, ended_by_signals():
        with put_off():
            with put_off(), uninterrupted():
                ask()
            done.append("kept")
        done.append("the next one")
    assert (done, raised.value.code) == (["kept"], 143)
    with ended_by_signals(), put_off() as came:
        with uninterrupted():
            ask()
        came.clear()
    with pytest.raises(KeyboardInterrupt), ended_by_signals(), put_off():
        ask(signal.SIGINT)
        pytest.fail("one that comes outside of a clean-up comes at once")


@pytest.mark.parametrize("of_a_lock", [False, True])
def test_ctrl_c_ends_a_block_that_waits_for_it(of_a_lock: bool) -> None:
    with ended_by_signals():
        with until_a_signal(KeyboardInterrupt) as came:
            try:
                ask(signal.SIGINT)
            finally:
                if of_a_lock:
                    raise RuntimeError("release unlocked lock")
        assert [type(each) for each in came] == [KeyboardInterrupt]
        came.clear()
        for _ in range(1000):
            pass  # it does not come again
    with pytest.raises(Terminated), ended_by_signals(), until_a_signal(KeyboardInterrupt):
        ask()
    with pytest.raises(RuntimeError, match="a mistake"), until_a_signal(KeyboardInterrupt):
        raise RuntimeError("a mistake")


class _Closing:
    """A context whose end is uninterrupted, and during which a signal comes."""

    def __init__(self, done: list[str]) -> None:
        self._done = done

    def __enter__(self) -> None:
        pass

    def __exit__(self, *of: object) -> None:
        with uninterrupted():
            ask(signal.SIGINT)
            self._done.append("closed")


@pytest.mark.parametrize("stacked", [False, True])
def test_a_signal_that_comes_again_while_one_ends_the_program_is_in_nobodys_way(stacked: bool) -> None:
    done = list[str]()
    its: AbstractContextManager[Any] = _Closing(done)
    with pytest.raises(Terminated), ended_by_signals():
        try:
            with ExitStack() as stack:
                if stacked:
                    stack.enter_context(its)
                    ask(signal.SIGTERM)
                with its:
                    ask(signal.SIGTERM)
        finally:
            done.append("closed the rest")
    assert done == ["closed", "closed the rest"]


class Written(BaseModel):
    """A model that a signal comes in, while it is written."""

    number: int

    @field_serializer("number")
    def _write(self, number: int) -> str:
        ask(number)
        return ""


@pytest.mark.parametrize("number", NUMBERS)
def test_a_command_ends_by_the_signal_also_where_a_library_made_another_error_of_it(number: int) -> None:
    def command() -> None:
        Written(number=number).model_dump()

    with pytest.raises(SystemExit) as ended:
        ending(command)()
    assert ended.value.code == 128 + number


def test_what_an_error_came_of_is_found_in_circles_too() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__, first.__context__ = second, first, Terminated(15)
    assert beneath(second) is first.__context__
    first.__context__ = None
    assert beneath(second) is None
