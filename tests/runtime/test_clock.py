"""Who waits is woken at once by a notification, and looks by himself now and then where none comes."""

from __future__ import annotations

import threading

from lab.runtime.clock import RealClock


def test_time_passes_and_begins_at_nothing() -> None:
    clock = RealClock()
    before = clock.now()
    clock.sleep(0.001)
    clock.sleep(-1)
    assert 0 <= before < clock.now()


def test_a_condition_that_holds_is_not_waited_for() -> None:
    assert RealClock().wait(lambda: True, 0)
    assert not RealClock().wait(lambda: False, 0)


def test_a_wait_ends_in_time_where_nothing_happens() -> None:
    clock = RealClock()
    assert not clock.wait(lambda: False, 0.02)
    assert clock.now() >= 0.02


def test_a_change_is_noticed_with_and_without_notification() -> None:
    for notify in (True, False):
        clock = RealClock()
        happened = threading.Event()

        def happen(clock: RealClock = clock, happened: threading.Event = happened, notify: bool = notify) -> None:
            happened.set()
            if notify:
                clock.notify()

        thread = threading.Timer(0.01, happen)
        thread.start()
        assert clock.wait(happened.is_set, 60)
        thread.join()


def test_looking_does_not_hold_up_those_who_notify() -> None:
    clock = RealClock()
    told = threading.Event()

    def tell() -> None:
        clock.notify()
        told.set()

    def look() -> bool:
        threading.Thread(target=tell).start()
        return told.wait(60)

    assert clock.wait(look, 60)
