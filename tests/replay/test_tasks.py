"""What goes on beside the steps is over when the replay is, in real time too."""

from __future__ import annotations

import threading

import pytest

from lab.replay.tasks import CLOSED_END_WITHIN, Tasks
from lab.runtime.clock import RealClock


class Held:
    """A client whose sender is held up until it is closed."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def close(self) -> None:
        self.closed.set()


def test_a_task_that_hangs_in_its_client_is_freed_when_the_replay_is_interrupted() -> None:
    clock, client = RealClock(), Held()
    errors: list[Exception] = []
    tasks = Tasks(clock, errors.append)
    tasks.senders[1] = client  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt), tasks:
        task = tasks.begin("hangs", lambda: client.closed.wait(60) and None)
        raise KeyboardInterrupt
    assert task.done
    assert clock.now() < CLOSED_END_WITHIN
    assert len(errors) == 1


def test_nothing_is_stopped_where_all_have_ended() -> None:
    clock = RealClock()
    errors: list[Exception] = []
    with Tasks(clock, errors.append) as tasks:
        task = tasks.begin("ends", lambda: None)
        assert clock.wait(lambda: task.done, 10)
    assert not errors


def test_an_error_of_a_task_is_handed_over() -> None:
    clock = RealClock()
    errors: list[Exception] = []

    def work() -> None:
        raise ZeroDivisionError

    with Tasks(clock, errors.append) as tasks:
        task = tasks.begin("breaks", work)
        assert clock.wait(lambda: task.done, 10)
    assert [type(error) for error in errors] == [ZeroDivisionError]
