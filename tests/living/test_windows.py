"""`up` in the foreground attends to each window once, when it opens by the lab's clock, which others may move."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lab.amazonmq.account.account import Account, move_clock, open_windows, unfinished
from lab.amazonmq.account.brokers import applied, begin_reboot, broker_deleted, delete_broker, finish_reboot
from lab.amazonmq.account.users import delete_user
from lab.living.windows import RETRY_AFTER, stand
from lab.runtime import state_file as state_files
from lab.runtime.turns import turn
from tests.command import Commands
from tests.living.notes import noted
from tests.polled_clock import PolledClock

RUN = "20260101-101010-aaaaaa"
OPENS = datetime(2026, 1, 4, tzinfo=UTC)  # the first Sunday 00:00 after the lab of `noted` was opened
BEGAN = OPENS - timedelta(minutes=10)


class Stood:
    """A lab on file whose `up` stands in virtual time, while others do what they are told at their moments."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = PolledClock()
        self.attended: list[datetime] = []
        self.works = True

    def machine(self) -> datetime:
        return BEGAN + timedelta(seconds=self.clock.now())

    def at(self, moment: datetime, what: Callable[[], None]) -> None:
        self.clock.at((moment - BEGAN).total_seconds(), what)

    def change(self, verb: Callable[[Account], Account]) -> None:
        note = state_files.load(RUN, self.folder)
        assert note is not None
        changed = replace(note.control, account=verb(note.control.account))
        assert state_files.update(note.with_fields(control=changed), self.folder)

    def attend(self) -> None:
        self.attended.append(self.machine())

        def rebooted(account: Account) -> Account:
            for what, broker in unfinished(account):
                account = (broker_deleted if what == "deletion" else finish_reboot)(account, broker)
            after, brokers = open_windows(account, self.machine())
            for broker in brokers:
                after = finish_reboot(applied(begin_reboot(after, broker), broker), broker)
            return after

        if self.works:
            self.change(rebooted)

    def stand(self, until: datetime) -> None:
        self.at(until, lambda: state_files.forget(RUN, self.folder))
        stand(RUN, self.folder, self.clock, self.machine, self.attend)


@pytest.fixture
def stood(tmp_path: Path) -> Stood:
    mqlab = Commands(folder=tmp_path)
    noted(mqlab, RUN)
    return Stood(mqlab.state)


def deleted(account: Account) -> Account:
    return delete_user(account, "tokyo", "testuser")


def near(moments: list[datetime], *expected: datetime) -> bool:
    """Tell whether what happened did so at the moments expected, or by the next look."""
    return len(moments) == len(expected) and all(
        timedelta(0) <= moment - wanted <= timedelta(seconds=2)
        for moment, wanted in zip(moments, expected, strict=True)
    )


def test_a_window_with_nothing_pending_is_nothing_to_do(stood: Stood) -> None:
    stood.stand(OPENS + timedelta(minutes=1))
    assert stood.attended == []


def test_what_a_command_leaves_pending_is_applied_when_the_window_opens_and_once(stood: Stood) -> None:
    stood.at(OPENS - timedelta(minutes=2), lambda: stood.change(deleted))
    stood.stand(OPENS + timedelta(minutes=10))
    assert near(stood.attended, OPENS)


def test_a_clock_that_another_command_moves_brings_the_window(stood: Stood) -> None:
    moved = BEGAN + timedelta(seconds=30)
    stood.change(deleted)
    stood.at(moved, lambda: stood.change(lambda account: move_clock(account, OPENS, stood.machine())))
    stood.stand(moved + timedelta(minutes=5))
    assert near(stood.attended, moved)


def test_a_window_that_cannot_be_attended_to_is_not_tried_all_the_time(stood: Stood) -> None:
    stood.works = False
    stood.change(lambda account: move_clock(deleted(account), OPENS, stood.machine()))
    stood.stand(BEGAN + timedelta(seconds=RETRY_AFTER * 2.5))
    assert near(stood.attended, *(BEGAN + timedelta(seconds=RETRY_AFTER * times) for times in range(3)))


@pytest.mark.parametrize("verb", [begin_reboot, delete_broker])
def test_what_was_cut_short_is_ended_once_nobody_is_at_it(
    stood: Stood, verb: Callable[[Account, str], Account]
) -> None:
    at_it = ExitStack()
    cut_short = BEGAN + timedelta(seconds=30)

    def begin() -> None:
        at_it.enter_context(turn(RUN, stood.folder))
        stood.change(lambda account: verb(account, "tokyo"))

    stood.at(BEGAN + timedelta(seconds=10), begin)
    stood.at(cut_short, at_it.close)
    stood.stand(BEGAN + timedelta(minutes=5))
    assert near(stood.attended, cut_short)


def test_a_reboot_that_cannot_be_ended_is_not_tried_all_the_time(stood: Stood) -> None:
    stood.works = False
    stood.change(lambda account: begin_reboot(account, "tokyo"))
    stood.stand(BEGAN + timedelta(seconds=RETRY_AFTER * 1.5))
    assert near(stood.attended, BEGAN, BEGAN + timedelta(seconds=RETRY_AFTER))
