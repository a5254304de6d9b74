"""A window opens once a week in its own zone; what is pending by then is due, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lab.amazonmq.account.account import Account, move_clock, next_opening, open_windows
from lab.amazonmq.account.brokers import begin_reboot, update_broker
from lab.amazonmq.account.maintenance import window
from lab.amazonmq.account.users import delete_user
from lab.errors import InputError
from tests.amazonmq.account.accounts import NOON, account

TOKYO = window("Sunday", "03:00", "Asia/Tokyo")
OPENS = datetime(2019, 12, 7, 18, 0, tzinfo=UTC)  # Sunday 03:00 in Tokyo


def waiting() -> Account:
    return delete_user(update_broker(account(), "tokyo", window=TOKYO), "tokyo", "testuser")


def test_it_opens_in_its_own_zone() -> None:
    assert TOKYO.opens_after(NOON) == OPENS
    assert TOKYO.opens_after(OPENS) == OPENS + timedelta(days=7), "later than the moment, not at it"
    assert TOKYO.opens_after(OPENS - timedelta(seconds=1)) == OPENS


def test_daylight_saving_shifts_it() -> None:
    berlin = window("sunday", "12:00", "Europe/Berlin")
    winter, summer = datetime(2019, 3, 23, tzinfo=UTC), datetime(2019, 3, 30, tzinfo=UTC)
    assert [each.hour for each in (berlin.opens_after(winter), berlin.opens_after(summer))] == [11, 10]


def test_what_is_pending_is_due_when_the_window_opens_and_only_once() -> None:
    made = waiting()
    before, nobody = open_windows(made, OPENS - timedelta(seconds=1))
    assert nobody == ()
    after, brokers = open_windows(before, OPENS)
    assert brokers == ("tokyo",), "singapore has nothing pending"
    assert open_windows(after, OPENS + timedelta(hours=1))[1] == ()
    assert open_windows(after, OPENS + timedelta(days=7))[1] == ("tokyo",), "nobody rebooted it meanwhile"


def test_a_broker_that_reboots_already_is_not_due() -> None:
    assert open_windows(begin_reboot(waiting(), "tokyo"), OPENS)[1] == ()


def test_a_clock_that_is_moved_past_an_opening_reaches_it() -> None:
    made = move_clock(waiting(), OPENS + timedelta(days=30), NOON)
    assert made.now(NOON) == OPENS + timedelta(days=30)
    assert open_windows(made, NOON)[1] == ("tokyo",)


def test_the_next_opening_that_matters_is_told() -> None:
    assert next_opening(waiting(), NOON) == OPENS
    assert next_opening(account(), NOON) is None
    assert next_opening(replace(waiting(), attended=None), OPENS) == OPENS + timedelta(days=7)


@pytest.mark.parametrize(
    ("day", "at", "zone", "words"),
    [
        ("caturday", "03:00", "UTC", "'caturday' is not a day of the week"),
        ("sunday", "24:00", "UTC", "'24:00' is not a time of day"),
        ("sunday", "3:00", "UTC", "'3:00' is not a time of day"),
        ("sunday", "03:00", "Asia/Edo", "'Asia/Edo' is not a time zone"),
        ("sunday", "03:00", "../../etc/passwd", "is not a time zone"),
        ("sunday", "03:00", "Asia", "'Asia' is not a time zone"),
        ("sunday", "03:00", "", "'' is not a time zone"),
    ],
)
def test_what_is_no_window(day: str, at: str, zone: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        window(day, at, zone)
